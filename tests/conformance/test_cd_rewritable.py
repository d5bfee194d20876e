"""CD-RW: both ways of blanking lead to the same blank disc; CD-R can't be blanked."""

from __future__ import annotations

import pytest

from burnlab.scsi.mmc.commands import Blank
from support.cd import burn_audio_track, burn_data_at_once, burn_data_track, lba_pattern, read_cd, samples
from support.drive import MakeDrive
from support.expect import INCOMPATIBLE_MEDIUM, INVALID_FIELD_IN_CDB


@pytest.mark.parametrize("minimal", [False, True])
def test_blank(make_drive: MakeDrive, minimal: bool) -> None:
    drive = make_drive("cd-rw")
    blank = drive.state_bytes()
    burn_data_at_once(drive, 400)
    burn_data_track(drive, 300, multi=False)
    assert drive.disc_information().status == 2
    progress = drive.blank(minimal=minimal)
    assert progress and progress == sorted(progress)
    assert drive.state_bytes() == blank
    burn_data_at_once(drive, 300)
    assert drive.read(0, 300) == lba_pattern(0, 300)


def test_nothing_of_the_audio_is_left(make_drive: MakeDrive) -> None:
    drive = make_drive("cd-rw")
    burn_audio_track(drive, samples(320))
    drive.close_session()
    drive.blank(minimal=True)
    burn_audio_track(drive, samples(10, 2))
    drive.close_session()
    assert read_cd(drive, 0, 10) == samples(10, 2)
    assert read_cd(drive, 10, 290) == bytes(290 * 2352)


def test_cd_r_can_not_be_blanked(make_drive: MakeDrive) -> None:
    drive = make_drive("cd-r")
    burn_data_track(drive, 300)
    before = drive.state_bytes()
    assert drive.outcome(Blank(blanking_type=0)) == INCOMPATIBLE_MEDIUM
    assert drive.state_bytes() == before


@pytest.mark.parametrize("blanking_type", [2, 3, 4, 5, 6])
def test_other_types(make_drive: MakeDrive, blanking_type: int) -> None:
    drive = make_drive("cd-rw")
    burn_data_track(drive, 300)
    assert drive.outcome(Blank(blanking_type=blanking_type)) == INVALID_FIELD_IN_CDB
