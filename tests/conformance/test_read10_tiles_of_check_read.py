"""A check-read in tiles of 32: the tile across the end fails, then 16-block and single reads succeed."""

from __future__ import annotations

from burnlab.scsi.commands import Read10
from support.drive import Drive, pattern
from support.expect import LBA_OUT_OF_RANGE


def test_end_of_a_session_inside_a_tile(drive: Drive) -> None:
    # 106800 & ~31 = 106784: here 176 & ~31 = 160.
    drive.burn_session(176)
    for lba in range(0, 160, 32):
        assert drive.read(lba, 32) == pattern(lba, 32)
    assert drive.outcome(Read10(160, 32)) == LBA_OUT_OF_RANGE
    assert drive.read(160, 16) == pattern(160, 16)
    assert drive.outcome(Read10(176, 16)) == LBA_OUT_OF_RANGE


def test_start_of_a_session_inside_a_tile(drive: Drive) -> None:
    # As libburn does at LBA 195056: the tile before it begins in the gap, then single blocks.
    drive.burn_session(160)
    start = drive.burn_session(64, close=True)
    assert start % 32
    assert drive.outcome(Read10(start & ~31, 32)) == LBA_OUT_OF_RANGE
    assert drive.outcome(Read10(start & ~31, 16)) == LBA_OUT_OF_RANGE
    for lba in range(start, start + 16):
        assert drive.read(lba, 1) == pattern(lba, 1)
    assert drive.read(start + 16, 32) == pattern(start + 16, 32)
