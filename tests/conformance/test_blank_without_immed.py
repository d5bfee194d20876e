"""BLANK without Immed: the answer is held back for as long as it takes, then the drive is ready."""

from __future__ import annotations

import pytest

from burnlab.scsi import Task
from burnlab.scsi.mmc.commands import Blank
from support.drive import Drive, MakeDrive
from support.expect import GOOD, OPERATION_IN_PROGRESS


@pytest.mark.parametrize("kind", [0, 1])
def test_held_back(drive: Drive, kind: int) -> None:
    drive.burn_session(16)
    reply = drive.send(Blank(blanking_type=kind))
    assert reply.seconds > 0
    assert drive.ready() == GOOD
    assert drive.disc_information().status == 0


def test_others_see_it_busy_meanwhile(make_drive: MakeDrive) -> None:
    drive = make_drive(speed=4)
    other = drive.other()
    reply = drive.bench.execute(Task(Blank().pack(), nexus=drive.nexus))
    assert other.ready() == OPERATION_IN_PROGRESS
    drive.clock.advance(reply.seconds)
    assert other.ready() == GOOD
