"""WRITE in a mode that the medium's state does not allow: 5/64/00."""

from __future__ import annotations

import pytest

from burnlab.scsi.mmc.commands import ReserveTrack
from support.drive import DISC_AT_ONCE, INCREMENTAL, Drive
from support.expect import ILLEGAL_MODE_FOR_THIS_TRACK


@pytest.mark.parametrize("write_type", [1, 3, 4])
def test_track_at_once_raw_and_layer_jump_are_not_for_dvd_rw(drive: Drive, write_type: int) -> None:
    drive.select(write_type)
    before = drive.state_bytes()
    assert drive.write_outcome(0) == ILLEGAL_MODE_FOR_THIS_TRACK
    assert drive.state_bytes() == before


def test_at_once_on_an_appendable_disc(drive: Drive) -> None:
    start = 16 + 28688
    drive.burn_session(16)
    drive.select(DISC_AT_ONCE)
    before = drive.state_bytes()
    assert drive.outcome(ReserveTrack(size=32)) == ILLEGAL_MODE_FOR_THIS_TRACK
    assert drive.write_outcome(start) == ILLEGAL_MODE_FOR_THIS_TRACK
    assert drive.state_bytes() == before


def test_incremental_into_an_at_once_recording(drive: Drive) -> None:
    drive.select(DISC_AT_ONCE)
    drive.run(ReserveTrack(size=64))
    drive.write(0, 32)
    drive.select(INCREMENTAL)
    assert drive.write_outcome(32) == ILLEGAL_MODE_FOR_THIS_TRACK
