"""WRITE past the end of the medium: 5/63/00, on overwritable ones 5/21/00; and what fits is still taken."""

from __future__ import annotations

import pytest

from burnlab.disc import Disc
from support.drive import MakeDrive
from support.expect import END_OF_USER_AREA, GOOD, LBA_OUT_OF_RANGE
from support.media import make_disc


def test_end_of_the_medium(make_drive: MakeDrive) -> None:
    drive = make_drive(Disc.in_memory("dvd-rw", capacity_blocks=1600))
    drive.select()
    drive.write(0, 1584)
    assert drive.write_outcome(1584, 17) == END_OF_USER_AREA
    assert drive.track(1).next_writable == 1584
    assert drive.write_outcome(1584, 16) == GOOD
    assert drive.write_outcome(1600, 16) == END_OF_USER_AREA
    assert drive.track(1).free_blocks == 0
    drive.synchronize()
    drive.close_track(1)
    drive.close_session()
    assert drive.disc_information().status == 2, "there is no room for another session"
    assert drive.capacity() == 1599


def test_in_one_command_larger_than_the_medium(make_drive: MakeDrive) -> None:
    drive = make_drive(Disc.in_memory("dvd-rw", capacity_blocks=160))
    drive.select()
    before = drive.state_bytes()
    assert drive.write_outcome(0, 176) == END_OF_USER_AREA
    assert drive.state_bytes() == before


def test_second_session(make_drive: MakeDrive) -> None:
    drive = make_drive(Disc.in_memory("dvd-rw", capacity_blocks=16 + 28688 + 32))
    drive.burn_session(16)
    drive.select()
    start = drive.last_track().next_writable
    assert start == 16 + 28688
    assert drive.last_track().free_blocks == 32
    drive.write(start, 32)
    assert drive.write_outcome(start + 32) == END_OF_USER_AREA


@pytest.mark.parametrize("kind", ["dvd-ram", "dvd+rw", "bd-re", "dvd-rw-ovw"])
def test_overwritable(make_drive: MakeDrive, kind: str) -> None:
    drive = make_drive(make_disc(kind, formatted=True))
    last = drive.capacity() + 1 - 32
    for lba, blocks in ((last, 64), (last + 32, 32), (-32, 32), (0x7FFFFFE0, 32)):
        assert drive.write_outcome(lba, blocks) == LBA_OUT_OF_RANGE
    assert drive.write_outcome(last, 32) == GOOD
