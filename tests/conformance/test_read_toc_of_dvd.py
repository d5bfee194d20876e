"""READ TOC: tracks and sessions of what is closed; 5/24/00 where there is nothing."""

from __future__ import annotations

import pytest

from support.drive import Drive, MakeDrive
from support.expect import INVALID_FIELD_IN_CDB

# What sr of Linux 6.1 sends at attach and after each change.
SESSIONS = bytes.fromhex("43000000000000000c40")
TRACKS = bytes.fromhex("43000000000000000c00")
LEAD_OUT_MSF = bytes.fromhex("430200000000aa000c00")


@pytest.mark.parametrize("cdb", [SESSIONS, TRACKS, LEAD_OUT_MSF])
def test_blank(drive: Drive, cdb: bytes) -> None:
    assert drive.outcome(cdb) == INVALID_FIELD_IN_CDB


def test_open_session_is_not_in_it(drive: Drive) -> None:
    drive.select()
    drive.write(0, 32)
    drive.synchronize()
    assert drive.outcome(TRACKS) == INVALID_FIELD_IN_CDB


def test_format_1_in_byte_9(drive: Drive) -> None:
    drive.burn_session(160)
    assert drive.run(SESSIONS) == bytes.fromhex("000a01010014010000000000")
    start = drive.burn_session(32)
    expected = bytes.fromhex("000a010200140200") + start.to_bytes(4, "big")
    assert drive.run(SESSIONS) == expected
    assert drive.run(bytes.fromhex("43000100000000000c00")) == expected, "the same with the format in byte 2"


def test_byte_2_wins_over_byte_9(drive: Drive) -> None:
    drive.burn_session(160)
    drive.burn_session(32)
    assert drive.run(bytes.fromhex("43000100000000000c80"))[2:4] == b"\x01\x02"


def test_format_0(drive: Drive) -> None:
    drive.burn_session(160)
    start = drive.burn_session(32, close=True)
    raw = drive.run(bytes.fromhex("4300000000000000ff00"))
    assert raw[0:4] == bytes.fromhex("001a0102")
    rows = [raw[n : n + 8] for n in range(4, len(raw), 8)]
    assert [(r[1] >> 4, r[1] & 0x0F, r[2]) for r in rows] == [(1, 4, 1), (1, 4, 2), (1, 4, 0xAA)]
    assert [int.from_bytes(r[4:8], "big") for r in rows] == [0, start, start + 32]


def test_from_a_track_on(drive: Drive) -> None:
    drive.burn_session(160)
    start = drive.burn_session(32)
    raw = drive.run(bytes.fromhex("4300000000000200ff00"))
    assert [raw[n + 2] for n in range(4, len(raw), 8)] == [2, 0xAA]
    lead_out = drive.run(bytes.fromhex("430000000000aa00ff00"))
    assert int.from_bytes(lead_out[8:12], "big") == start + 32
    assert drive.outcome(bytes.fromhex("4300000000000300ff00")) == INVALID_FIELD_IN_CDB


def test_addresses_as_msf(drive: Drive) -> None:
    drive.burn_session(160)
    raw = drive.run(bytes.fromhex("4302000000000000ff00"))
    assert raw[8:12] == bytes((0, 0, 2, 0)), "LBA 0 is 00:02:00"
    assert raw[16:20] == bytes((0, 0, 4, 10)), "160 + 150 frames are 00:04:10"


@pytest.mark.parametrize("form", [2, 3, 4, 5, 15])
def test_formats_of_cd(drive: Drive, form: int) -> None:
    drive.burn_session(160)
    assert drive.outcome(bytes((0x43, 0, form, 0, 0, 0, 0, 0, 12, 0))) == INVALID_FIELD_IN_CDB


def test_dvd_rom(rom: Drive) -> None:
    raw = rom.run(bytes.fromhex("4300000000000000ff00"))
    assert raw[2:4] == b"\x01\x01"
    assert int.from_bytes(raw[16:20], "big") == 1000


def test_after_finalizing_at_once(make_drive: MakeDrive) -> None:
    drive = make_drive(model="bd-5300s")
    drive.burn_at_once(35)
    raw = drive.run(bytes.fromhex("4300000000000000ff00"))
    assert int.from_bytes(raw[16:20], "big") == 35
