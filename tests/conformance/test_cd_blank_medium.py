"""A blank CD: status 0, one empty session, addresses as MSF, ATIP, and no table of contents."""

from __future__ import annotations

import pytest

from burnlab.scsi.commands import Read10
from burnlab.scsi.mmc.commands import ReadTocPmaAtip
from support.cd import toc
from support.drive import MakeDrive
from support.expect import INVALID_FIELD_IN_CDB, LBA_OUT_OF_RANGE

CAPACITY = 359849
COMMON = {0x1D, 0x1E, 0x2D, 0x2E}


@pytest.mark.parametrize(("medium", "profile"), [("cd-r", 0x0009), ("cd-rw", 0x000A)])
def test_information(make_drive: MakeDrive, medium: str, profile: int) -> None:
    drive = make_drive(medium)
    information = drive.disc_information()
    assert (information.status, information.last_session_state, information.sessions) == (0, 0, 1)
    assert information.last_track_in_last_session == 1
    assert information.erasable is (medium == "cd-rw")
    assert information.last_possible_lead_out == 0x4F3B4A
    assert information.last_lead_in_start >> 16 == 97
    track = drive.track(0xFF)
    assert (track.track, track.session, track.start, track.next_writable) == (1, 1, 0, 0)
    assert (track.size, track.free_blocks) == (CAPACITY, CAPACITY)
    assert (track.track_mode, track.data_mode, track.packet, track.fixed_packet) == (4, 1, False, False)
    assert track.blank and track.nwa_valid
    assert drive.capacity() == 0
    assert drive.configuration().current_profile == profile


def test_current_features(make_drive: MakeDrive) -> None:
    cd_r, cd_rw = make_drive("cd-r").current_features(), make_drive("cd-rw").current_features()
    assert COMMON | {0x21} <= cd_r and not {0x23, 0x37} & cd_r
    assert COMMON | {0x23, 0x37} <= cd_rw
    assert not {0x1F, 0x2F, 0x40, 0x10} & (cd_r | cd_rw)


def test_no_table_of_contents(make_drive: MakeDrive) -> None:
    drive = make_drive("cd-r")
    for form in (0, 1, 2, 5):
        assert drive.outcome(ReadTocPmaAtip(format=form, allocation_length=12)) == INVALID_FIELD_IN_CDB
    assert len(toc(drive, 3)) == 4
    assert drive.outcome(Read10(0, 1)) == LBA_OUT_OF_RANGE


def test_atip(make_drive: MakeDrive) -> None:
    cd_r, cd_rw = toc(make_drive("cd-r"), 4), toc(make_drive("cd-rw"), 4)
    assert len(cd_r) == len(cd_rw) == 28
    assert cd_r[4] >> 4 & 7 == 5
    assert cd_r[6] & 0xC4 == 0x80
    assert cd_rw[6] & 0xC4 == 0xC4
    assert cd_r[8:11] == bytes((97, 26, 60))
    assert cd_r[12:15] == cd_rw[12:15] == bytes((79, 59, 74))
    assert any(cd_rw[16:19])


def test_atip_is_cut_and_announced_in_full(make_drive: MakeDrive) -> None:
    raw = make_drive("cd-r").run(ReadTocPmaAtip(format=4, msf=True, allocation_length=4))
    assert raw == bytes((0, 26, 0, 0))
