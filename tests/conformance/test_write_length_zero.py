"""A transfer length of 0 is no error and writes or reads nothing, as long as it points at the medium."""

from __future__ import annotations

import pytest

from burnlab.scsi.commands import Read10, Read12, Verify10, Write10, Write12, WriteAndVerify10
from burnlab.scsi.record import Cdb
from support.drive import Drive, MakeDrive
from support.expect import GOOD, LBA_OUT_OF_RANGE
from support.media import make_disc


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


@pytest.mark.parametrize("kind", ["dvd-ram", "dvd-rom"])
@pytest.mark.parametrize("command", [Read10, Read12, Verify10, Write10, Write12, WriteAndVerify10])
def test_behind_the_end_it_is_out_of_range(make_drive: MakeDrive, kind: str, command: type[Read10]) -> None:
    drive = make_drive(make_disc(kind))
    end = drive.capacity() + 1
    assert drive.outcome(command(end, 0)) == GOOD
    for lba in (end + 1, 0x7FFFFFFF, -1):
        assert drive.outcome(command(lba, 0)) == LBA_OUT_OF_RANGE
