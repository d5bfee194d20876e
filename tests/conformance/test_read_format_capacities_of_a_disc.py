"""READ FORMAT CAPACITIES of a disc: header and descriptors of 8 bytes, type by state."""

from __future__ import annotations

from support.drive import Drive

CDB = bytes.fromhex("2300000000000000fc00")


def check(answer: bytes, *kinds: int) -> int:
    assert answer[0:3] == b"\0\0\0"
    assert answer[3] == len(answer) - 4
    assert answer[3] % 8 == 0, "dvd+rw-format demands it"
    assert answer[8] & 3 in kinds
    assert answer[9:12] == b"\x00\x08\x00"
    return int.from_bytes(answer[4:8], "big")


def test_blank(drive: Drive) -> None:
    assert check(drive.run(CDB), 1) == 2298496


def test_written(drive: Drive) -> None:
    drive.burn_session(160)
    assert check(drive.run(CDB), 1, 2) in (160, 2298496)


def test_rom(rom: Drive) -> None:
    assert check(rom.run(CDB), 2) == 1000


def test_first_step_of_libburn(drive: Drive) -> None:
    head = drive.run(bytes.fromhex("23000000000000000400"))
    assert len(head) == 4
    assert head[3] >= 8
