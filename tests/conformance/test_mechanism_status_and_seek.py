"""MECHANISM STATUS tells whether the door is open; SEEK takes addresses on the medium."""

from __future__ import annotations

from burnlab.scsi.commands import Seek10
from burnlab.scsi.mmc.commands import MechanismStatus
from support.drive import Drive
from support.expect import GOOD, LBA_OUT_OF_RANGE

ASK = MechanismStatus(allocation_length=8)


def test_door(drive: Drive) -> None:
    closed = drive.run(ASK)
    assert len(closed) == 8
    assert not closed[1] & 0x10
    drive.eject()
    assert drive.run(ASK)[1] & 0x10


def test_seek(drive: Drive) -> None:
    assert drive.outcome(Seek10(0)) == GOOD
    assert drive.outcome(Seek10(2298495)) == GOOD
    assert drive.outcome(Seek10(2298496)) == LBA_OUT_OF_RANGE
    assert drive.outcome(Seek10(0xFFFFFFFF)) == LBA_OUT_OF_RANGE
