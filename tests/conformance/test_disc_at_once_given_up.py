"""DAO that ends early: CLOSE TRACK pads it to the reserved size, CLOSE SESSION finalizes; or BLANK."""

from __future__ import annotations

import pytest

from burnlab.scsi.mmc.commands import ReserveTrack
from support.drive import DISC_AT_ONCE, LAST, MULTI, Drive, pattern
from support.expect import GOOD


@pytest.mark.parametrize("multi", [MULTI, LAST])
def test_closing_ends_in_a_complete_disc(drive: Drive, multi: int) -> None:
    drive.select(DISC_AT_ONCE, multi)
    drive.run(ReserveTrack(size=37))
    drive.write(0, 16)
    drive.synchronize()
    drive.close_track(1)
    drive.close_session()
    information = drive.disc_information()
    assert (information.status, information.last_session_state) == (2, 3)
    assert drive.capacity() == 36
    assert drive.read(0, 37) == pattern(0, 16) + bytes(21 * 2048)


def test_blanking_ends_in_a_blank_disc(drive: Drive) -> None:
    drive.select(DISC_AT_ONCE, LAST)
    drive.run(ReserveTrack(size=37))
    drive.write(0, 16)
    drive.blank()
    drive.select()
    assert drive.write_outcome(0) == GOOD
