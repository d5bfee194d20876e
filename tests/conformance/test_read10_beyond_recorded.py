"""READ of blocks that were never recorded: 5/21/00, and no data."""

from __future__ import annotations

import pytest

from burnlab.scsi.commands import Read10, Read12
from support.drive import Drive, pattern
from support.expect import LBA_OUT_OF_RANGE


def test_blank_disc(drive: Drive) -> None:
    for lba in (0, 16, 17, 2298495, 2298496):
        assert drive.outcome(Read10(lba, 1)) == LBA_OUT_OF_RANGE


def test_bios_reads_lba_17(drive: Drive) -> None:
    # 28 00 00 00 00 11 00 00 01 00: SeaBIOS looks for a boot record.
    assert drive.outcome(bytes.fromhex("28000000001100000100000000000000")) == LBA_OUT_OF_RANGE


@pytest.mark.parametrize(("lba", "count"), [(159, 2), (160, 1), (144, 32), (28847, 1), (28847, 2), (0, 161)])
def test_across_the_end_of_a_session_and_in_the_gap(drive: Drive, lba: int, count: int) -> None:
    drive.burn_session(160)
    assert drive.burn_session(32) == 28848
    assert drive.outcome(Read10(lba, count)) == LBA_OUT_OF_RANGE
    assert drive.outcome(Read12(lba, count)) == LBA_OUT_OF_RANGE


@pytest.mark.parametrize(
    ("lba", "count"), [(28880, 1), (28879, 2), (2298496, 1), (0x7FFFFFFF, 1), (-1, 1), (-150, 16)]
)
def test_behind_the_last_and_before_the_first(drive: Drive, lba: int, count: int) -> None:
    drive.burn_session(160)
    drive.burn_session(32, close=True)
    assert drive.outcome(Read10(lba, count)) == LBA_OUT_OF_RANGE


def test_the_longest_read_12(drive: Drive) -> None:
    drive.burn_session(160)
    assert drive.outcome(Read12(0, 0xFFFFFFFF)) == LBA_OUT_OF_RANGE


def test_rom(rom: Drive) -> None:
    assert rom.read(999, 1) == pattern(999, 1)
    assert rom.outcome(Read10(1000, 1)) == LBA_OUT_OF_RANGE
    assert rom.outcome(Read10(999, 2)) == LBA_OUT_OF_RANGE
