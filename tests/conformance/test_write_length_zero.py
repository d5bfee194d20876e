"""A transfer length of 0 is no error and writes or reads nothing, wherever it points."""

from __future__ import annotations

import pytest

from burnlab.scsi.commands import Read10, Read12, Verify10, Write10, Write12, WriteAndVerify10
from burnlab.scsi.record import Cdb
from support.drive import Drive
from support.expect import GOOD


@pytest.mark.parametrize(
    "cdb",
    [
        Write10(0, 0),
        Write10(77, 0),
        Write12(0, 0),
        WriteAndVerify10(5, 0),
        Read10(0, 0),
        Read12(9, 0),
        Verify10(0, 0),
    ],
    ids=lambda c: c.NAME,
)
def test_nothing_happens(drive: Drive, cdb: Cdb) -> None:
    before = drive.state_bytes()
    assert drive.outcome(cdb) == GOOD
    assert drive.state_bytes() == before
