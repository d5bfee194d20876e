"""READ CAPACITY: LBA 0 for a blank disc, then the end of the last closed session, never FFFFFFFFh."""

from __future__ import annotations

from support.drive import Drive
from support.expect import NOT_READY_NO_MEDIUM_TRAY_CLOSED, NOT_READY_NO_MEDIUM_TRAY_OPEN

CDB = bytes.fromhex("25000000000000000000000000000000")


def test_blank(drive: Drive) -> None:
    assert drive.run(CDB) == bytes.fromhex("0000000000000800")


def test_open_session_counts_not(drive: Drive) -> None:
    drive.select()
    drive.write(0, 160)
    drive.synchronize()
    assert drive.capacity() == 0
    drive.close_track(1)
    assert drive.capacity() == 0
    drive.close_session()
    assert drive.run(CDB) == bytes.fromhex("0000009f00000800")
    drive.select()
    drive.write(28848, 16)
    drive.synchronize()
    assert drive.capacity() == 159


def test_sessions(drive: Drive) -> None:
    drive.burn_session(160)
    second = drive.burn_session(32)
    assert drive.capacity() == second + 31
    third = drive.burn_session(48, close=True)
    assert drive.capacity() == third + 47


def test_at_once(drive: Drive) -> None:
    drive.burn_at_once(37)
    assert drive.capacity() == 36


def test_rom(rom: Drive) -> None:
    assert rom.capacity() == 999


def test_no_medium(empty: Drive, drive: Drive) -> None:
    assert empty.outcome(CDB) == NOT_READY_NO_MEDIUM_TRAY_CLOSED
    drive.eject()
    assert drive.outcome(CDB) == NOT_READY_NO_MEDIUM_TRAY_OPEN
