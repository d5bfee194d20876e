"""A fault of the kind `write-error`: WRITE ends with 3/0C/00, and leaves the disc as it was."""

from __future__ import annotations

import pytest

from burnlab.scsi.commands import Write10, Write12, WriteAndVerify10
from burnlab.scsi.record import Cdb
from support.drive import Drive, MakeDrive, pattern
from support.expect import GOOD, INVALID_ADDRESS_FOR_WRITE, WRITE_ERROR, Outcome
from support.faulty_recorder import lie_in_wait, sense_of

LOSS_OF_STREAMING = Outcome(3, 0x0C, 0x09)


def test_at_an_lba(drive: Drive) -> None:
    drive.select()
    struck = lie_in_wait(drive, "write-error", lba=70)
    drive.write(0, 64)
    before = drive.state_bytes()
    reply = drive.send(Write10(64, 16), pattern(64, 16))
    sense = sense_of(reply)
    assert (sense.key, sense.asc, sense.ascq, sense.information) == (3, 0x0C, 0, 70)
    assert drive.state_bytes() == before
    assert struck() == 1
    assert drive.write_outcome(64) == GOOD, "it struck once"
    assert drive.read(0, 80) == pattern(0, 80)


def test_after_so_many_blocks(drive: Drive) -> None:
    drive.select()
    lie_in_wait(drive, "write-error", after_blocks=40, times="always")
    drive.write(0, 32)
    for _ in range(3):
        reply = drive.send(Write10(32, 16), pattern(32, 16))
        assert sense_of(reply).information == 40
    drive.synchronize()
    drive.close_track(1)
    drive.close_session()
    assert drive.capacity() == 31
    assert drive.read(0, 32) == pattern(0, 32)


@pytest.mark.parametrize("cdb", [Write12(32, 16), WriteAndVerify10(32, 16)])
def test_every_command_that_writes(make_drive: MakeDrive, cdb: Cdb) -> None:
    drive = make_drive("dvd-ram")
    lie_in_wait(drive, "write-error", sense="3/0C/09")
    assert drive.outcome(cdb, pattern(32, 16)) == LOSS_OF_STREAMING
    assert drive.read(32, 16) == bytes(16 * 2048)


def test_what_would_be_refused_anyway_is_refused(drive: Drive) -> None:
    drive.select()
    struck = lie_in_wait(drive, "write-error", times="always")
    assert drive.write_outcome(160) == INVALID_ADDRESS_FOR_WRITE
    assert struck() == 0
    assert drive.write_outcome(0) == WRITE_ERROR


@pytest.mark.parametrize("medium", ["cd-r", "cd-rw"])
def test_on_cd(make_drive: MakeDrive, medium: str) -> None:
    drive = make_drive(medium)
    drive.select(1)
    lie_in_wait(drive, "write-error", nth=3)
    drive.write(0, 32)
    assert drive.write_outcome(32) == WRITE_ERROR
    drive.write(32, 320)
    drive.synchronize()
    drive.close_session()
    assert drive.read(0, 352) == pattern(0, 352)


def test_a_test_write_has_no_laser_that_could_fail(drive: Drive) -> None:
    drive.select(test=True)
    struck = lie_in_wait(drive, "write-error", times="always")
    drive.write(0, 160)
    assert struck() == 0
