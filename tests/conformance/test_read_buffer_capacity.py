"""READ BUFFER CAPACITY: 12 bytes, never more free than there is; in blocks it is not offered."""

from __future__ import annotations

from support.drive import Drive, MakeDrive
from support.expect import INVALID_FIELD_IN_CDB

CDB = bytes.fromhex("5c000000000000000c00")


def sizes(drive: Drive) -> tuple[int, int]:
    raw = drive.run(CDB)
    assert len(raw) == 12
    assert raw[0:2] == b"\x00\x0a"
    return int.from_bytes(raw[4:8], "big"), int.from_bytes(raw[8:12], "big")


def test_before_the_first_write(drive: Drive) -> None:
    size, free = sizes(drive)
    assert size == free == 4096 * 1024


def test_it_fills_and_empties(make_drive: MakeDrive) -> None:
    drive = make_drive(speed=4)
    drive.select()
    last = sizes(drive)[1]
    for lba in range(0, 640, 16):
        drive.write(lba, 16)
        size, free = sizes(drive)
        assert 0 <= free <= last <= size
        last = free
    drive.clock.advance(60)
    assert sizes(drive)[1] == size


def test_in_blocks(drive: Drive) -> None:
    assert drive.outcome(bytes.fromhex("5c010000000000000c00")) == INVALID_FIELD_IN_CDB
