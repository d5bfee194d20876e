"""LOGICAL UNIT RESET: every initiator is told 6/29/xx once; the disc is not touched."""

from __future__ import annotations

from burnlab.scsi.mmc.commands import Blank
from support.drive import Drive
from support.expect import GOOD, OPERATION_IN_PROGRESS, RESET_OCCURRED


def test_told_once(drive: Drive) -> None:
    drive.burn_session(16)
    other = drive.other()
    before = drive.state_bytes()
    drive.bench.reset()
    for unit in (drive, other):
        assert unit.ready() == RESET_OCCURRED
        assert unit.ready() == GOOD
    assert drive.state_bytes() == before


def test_blanking_goes_on(drive: Drive) -> None:
    drive.burn_session(16)
    drive.run(Blank(immed=True))
    drive.bench.reset()
    assert drive.ready() == RESET_OCCURRED
    assert drive.ready() == OPERATION_IN_PROGRESS
    drive.wait_ready()
    assert drive.disc_information().status == 0
