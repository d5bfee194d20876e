"""WRITE (12) and WRITE AND VERIFY (10) record as WRITE (10) does; VERIFY tells what is recorded."""

from __future__ import annotations

from burnlab.scsi.commands import Verify10, Write10, Write12, WriteAndVerify10
from support.drive import Drive, pattern
from support.expect import GOOD, INVALID_FIELD_IN_CDB, LBA_OUT_OF_RANGE, MISCOMPARE_DURING_VERIFY


def test_mixed(drive: Drive) -> None:
    drive.select()
    drive.run(Write10(0, 16), pattern(0, 16))
    drive.run(Write12(16, 16, streaming=True), pattern(16, 16))
    drive.run(WriteAndVerify10(32, 16), pattern(32, 16))
    assert drive.read(0, 48) == pattern(0, 48)
    assert drive.outcome(Verify10(0, 48)) == GOOD
    assert drive.outcome(Verify10(0, 49)) == LBA_OUT_OF_RANGE
    assert drive.outcome(Verify10(-1, 1)) == LBA_OUT_OF_RANGE


def test_verify_compares_what_is_brought(drive: Drive) -> None:
    drive.select()
    drive.write(0, 32)
    assert drive.outcome(Verify10(0, 32, bytchk=True), pattern(0, 32)) == GOOD
    other = bytearray(pattern(0, 32))
    other[-1] ^= 1
    assert drive.outcome(Verify10(0, 32, bytchk=True), other) == MISCOMPARE_DURING_VERIFY
    assert drive.outcome(Verify10(0, 31, bytchk=True), other) == GOOD, "more than the length is not looked at"
    assert drive.outcome(Verify10(0, 32, bytchk=True), pattern(0, 31)) == INVALID_FIELD_IN_CDB
    assert drive.outcome(Verify10(16, 32, bytchk=True), pattern(16, 32)) == LBA_OUT_OF_RANGE


def test_growisofs_bytes(drive: Drive) -> None:
    # growisofs 7.1 on DVD-RW: 2A, LBA 0, 16 blocks.
    drive.select()
    assert drive.outcome(bytes.fromhex("2a000000000000001000"), pattern(0, 16)) == GOOD
    assert drive.outcome(bytes.fromhex("2a000000001000001000"), pattern(16, 16)) == GOOD
    assert drive.track(1).next_writable == 32


def test_wodim_writes_31_blocks_at_a_time(drive: Drive) -> None:
    drive.select()
    drive.write(0, 31)
    assert drive.write_outcome(31, 31) == GOOD
    assert drive.read(0, 62) == pattern(0, 62)
