"""The button of a drive at work does nothing."""

from __future__ import annotations

import pytest

from burnlab.recorder.recorder import RemovalPreventedError
from burnlab.scsi.mmc.commands import Blank
from support.drive import Drive
from support.expect import OPERATION_IN_PROGRESS


def test_refused_until_done(drive: Drive) -> None:
    drive.burn_session(16)
    drive.run(Blank(immed=True))
    with pytest.raises(RemovalPreventedError, match="busy: blank"):
        drive.bench.remove()
    assert drive.ready() == OPERATION_IN_PROGRESS
    drive.wait_ready()
    assert drive.bench.remove() is not None
