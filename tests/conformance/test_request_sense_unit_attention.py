"""REQUEST SENSE hands out a pending unit attention, and takes it off."""

from __future__ import annotations

from burnlab.scsi.commands import RequestSense
from support.drive import Drive
from support.expect import GOOD


def test_taken_off(drive: Drive) -> None:
    other = drive.other(settled=False)
    answer = other.run(RequestSense(allocation_length=18))
    assert (answer[2] & 0x0F, answer[12], answer[13]) == (6, 0x29, 0x00)
    assert other.ready() == GOOD
