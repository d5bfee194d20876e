"""WRITE, RESERVE, CLOSE on a finalized disc: 7/27/00, and nothing changes."""

from __future__ import annotations

import pytest

from burnlab.scsi.mmc.commands import CloseTrackSession, ReserveTrack
from support.drive import DISC_AT_ONCE, INCREMENTAL, Drive
from support.expect import GOOD, WRITE_PROTECTED


@pytest.mark.parametrize("at_once", [False, True])
@pytest.mark.parametrize("write_type", [INCREMENTAL, DISC_AT_ONCE])
def test_refused(drive: Drive, at_once: bool, write_type: int) -> None:
    if at_once:
        drive.burn_at_once(35)
    else:
        drive.burn_session(32, close=True)
    drive.select(write_type)
    before = drive.state_bytes()
    for lba in (0, 32, 35, 28720):
        assert drive.write_outcome(lba) == WRITE_PROTECTED
    assert drive.outcome(ReserveTrack(size=16)) == WRITE_PROTECTED
    assert drive.outcome(CloseTrackSession(function=1, track=1)) == WRITE_PROTECTED
    assert drive.outcome(CloseTrackSession(function=2)) == WRITE_PROTECTED
    assert drive.state_bytes() == before


def test_blanking_opens_it_again(drive: Drive) -> None:
    drive.burn_session(32, close=True)
    drive.blank()
    drive.select()
    assert drive.write_outcome(0) == GOOD
