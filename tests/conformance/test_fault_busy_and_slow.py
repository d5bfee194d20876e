"""Faults of the kinds `busy` and `slow`: 2/04/xx with progress for a while; answers that come later."""

from __future__ import annotations

import pytest

from burnlab.scsi import commands
from burnlab.scsi.commands import Inquiry, ModeSense10, Write10
from support.drive import Drive, MakeDrive, pattern
from support.expect import GOOD, NOT_READY_NO_MEDIUM_TRAY_CLOSED, OPERATION_IN_PROGRESS, Outcome
from support.faulty_recorder import lie_in_wait, recorder_of

LONG_WRITE_IN_PROGRESS = Outcome(2, 0x04, 0x08)
BECOMING_READY = Outcome(2, 0x04, 0x01)


def test_busy_with_progress(drive: Drive) -> None:
    lie_in_wait(drive, "busy", seconds=10)
    reply = drive.send(commands.TestUnitReady())
    assert reply.sense[0] == 0x70, "exactly 70h: an F0h byte is not decoded"
    assert drive.ready() == OPERATION_IN_PROGRESS
    assert drive.outcome(Inquiry(allocation_length=36)) == GOOD
    assert drive.outcome(ModeSense10(page_code=0x05, allocation_length=60)) == GOOD
    seen = drive.wait_ready(step=1)
    assert len(seen) in (9, 10) and seen == sorted(set(seen))
    assert drive.ready() == GOOD


def test_a_buffer_that_is_full_for_a_while(drive: Drive) -> None:
    drive.select()
    lie_in_wait(drive, "busy", seconds=2, command="WRITE (10)", nth=2, sense="2/04/08")
    drive.write(0, 16)
    cdb, data = Write10(16, 16), pattern(16, 16)
    assert drive.outcome(cdb, data) == LONG_WRITE_IN_PROGRESS
    drive.clock.advance(1.9)
    assert drive.outcome(cdb, data) == LONG_WRITE_IN_PROGRESS
    drive.clock.advance(0.2)
    assert drive.outcome(cdb, data) == GOOD
    assert drive.read(0, 32) == pattern(0, 32)


def test_becoming_ready_tells_no_progress(drive: Drive) -> None:
    lie_in_wait(drive, "busy", seconds=2, sense="2/04/01")
    reply = drive.send(commands.TestUnitReady())
    assert (reply.sense[12:14], reply.sense[15] & 0x80) == (b"\x04\x01", 0)
    assert drive.ready() == BECOMING_READY


def test_what_takes_longer_goes_on(drive: Drive) -> None:
    drive.burn_session(16)
    drive.run(bytes.fromhex("a11000000000000000000000"))
    lie_in_wait(drive, "busy", seconds=0.5, sense="2/04/08")
    assert drive.ready() == OPERATION_IN_PROGRESS
    drive.clock.advance(1)
    assert drive.ready() == OPERATION_IN_PROGRESS


def test_an_empty_drive_is_empty_first(empty: Drive) -> None:
    lie_in_wait(empty, "busy", seconds=5)
    assert empty.ready() == NOT_READY_NO_MEDIUM_TRAY_CLOSED


def test_it_can_be_ejected_afterwards(drive: Drive) -> None:
    lie_in_wait(drive, "busy", seconds=5, command="START STOP UNIT")
    assert drive.eject() == OPERATION_IN_PROGRESS
    drive.clock.advance(5)
    assert drive.eject() == GOOD


@pytest.mark.parametrize("name", ["WRITE (10)", "write", "2Ah", "0x2a"])
def test_slow(drive: Drive, name: str) -> None:
    drive.select()
    struck = lie_in_wait(drive, "slow", seconds=3, command=name, times=2)
    assert drive.send(Write10(0, 16), pattern(0, 16)).seconds == 3
    assert drive.send(commands.TestUnitReady()).seconds == 0
    assert drive.send(Write10(16, 16), pattern(16, 16)).seconds == 3
    assert drive.send(Write10(32, 16), pattern(32, 16)).seconds == 0
    assert struck() == 2


def test_slow_on_top_of_a_drive_that_takes_its_time(make_drive: MakeDrive) -> None:
    drive = make_drive(speed=4)
    drive.burn_session(64)
    usual = drive.send(bytes.fromhex("28000000000000001000"), data_in=32768).seconds
    lie_in_wait(drive, "slow", seconds=3, command="READ (10)", lba="8..8")
    drive.clock.advance(10)
    assert drive.send(bytes.fromhex("28000000000000001000"), data_in=32768).seconds == pytest.approx(
        usual + 3
    )
    assert recorder_of(drive).mishaps.status()[0]["hits"] == 1
