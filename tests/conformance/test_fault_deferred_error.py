"""A fault of the kind `deferred-error`: a command seems to end well; the next one tells of it with 71h."""

from __future__ import annotations

from burnlab.scsi import commands
from burnlab.scsi.commands import Inquiry, SynchronizeCache10, Write10
from burnlab.scsi.mmc.commands import Blank
from support.drive import Drive, pattern
from support.expect import GOOD, INVALID_ADDRESS_FOR_WRITE, WRITE_ERROR
from support.faulty_recorder import lie_in_wait, outcome_of_any, sense_of


def test_of_a_write(drive: Drive) -> None:
    drive.select()
    lie_in_wait(drive, "deferred-error", nth=3)
    drive.write(0, 48)
    reply = drive.send(Write10(48, 16), pattern(48, 16))
    assert reply.sense[0] == 0xF1, "deferred, with an LBA"
    assert outcome_of_any(reply) == WRITE_ERROR
    assert sense_of(reply).information == 32
    assert drive.last_track().next_writable == 32, (
        "neither it nor the command that told of it was carried out"
    )
    assert drive.write_outcome(48) == INVALID_ADDRESS_FOR_WRITE
    drive.write(32, 16)


def test_the_next_command_of_that_initiator_tells_it(drive: Drive) -> None:
    drive.select()
    other = drive.other()
    lie_in_wait(drive, "deferred-error")
    drive.write(0, 16)
    assert other.ready() == GOOD
    assert drive.outcome(Inquiry(allocation_length=36)) == GOOD, "INQUIRY is never refused"
    assert outcome_of_any(drive.send(commands.TestUnitReady())) == WRITE_ERROR
    assert drive.ready() == GOOD


def test_of_a_flush(drive: Drive) -> None:
    drive.select()
    drive.write(0, 16)
    lie_in_wait(drive, "deferred-error", command="SYNCHRONIZE CACHE")
    drive.run(SynchronizeCache10(immed=True))
    reply = drive.send(commands.TestUnitReady())
    assert (reply.sense[0], outcome_of_any(reply)) == (0x71, WRITE_ERROR)


def test_of_blanking(drive: Drive) -> None:
    drive.burn_session(16)
    lie_in_wait(drive, "deferred-error", command="BLANK", sense="3/51/00")
    drive.run(Blank(immed=True))
    assert str(sense_of(drive.send(commands.TestUnitReady()))) == "3/51/00"
    assert drive.ready() == GOOD
    assert drive.read(0, 16) == pattern(0, 16)


def test_what_is_refused_is_refused_at_once(drive: Drive) -> None:
    drive.select()
    struck = lie_in_wait(drive, "deferred-error", times="always")
    assert drive.write_outcome(160) == INVALID_ADDRESS_FOR_WRITE
    assert struck() == 0
