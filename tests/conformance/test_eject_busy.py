"""Ejecting while BLANK or CLOSE runs: 2/04/07, and the operation goes on."""

from __future__ import annotations

import pytest

from burnlab.scsi.mmc.commands import Blank, CloseTrackSession
from support.drive import Drive
from support.expect import GOOD, OPERATION_IN_PROGRESS


def test_blank(drive: Drive) -> None:
    drive.burn_session(16)
    drive.run(Blank(immed=True))
    assert drive.eject() == OPERATION_IN_PROGRESS
    drive.wait_ready()
    assert drive.disc_information().status == 0
    assert drive.eject() == GOOD


@pytest.mark.parametrize("function", [1, 2])
def test_close(drive: Drive, function: int) -> None:
    drive.select()
    drive.write(0, 16)
    drive.synchronize()
    if function == 2:
        drive.close_track(1)
    drive.run(CloseTrackSession(immed=True, function=function, track=1))
    assert drive.eject() == OPERATION_IN_PROGRESS
    drive.wait_ready()
    assert drive.eject() == GOOD
