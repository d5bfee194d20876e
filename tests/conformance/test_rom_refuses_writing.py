"""A pressed disc: every command that writes ends with 5/30/05 or 7/27/00, and the disc stays the same."""

from __future__ import annotations

import pytest

from burnlab.scsi.commands import Write10, Write12, WriteAndVerify10
from burnlab.scsi.mmc.commands import Blank, CloseTrackSession, ReserveTrack, SendOpcInformation
from burnlab.scsi.record import Cdb
from support.drive import DISC_AT_ONCE, INCREMENTAL, MakeDrive, MakeRom, pattern
from support.expect import WRITE_REFUSED

WRITING: list[tuple[Cdb, int]] = [
    (Write10(0, 16), 16),
    (Write10(1000, 16), 16),
    (Write12(0, 16), 16),
    (WriteAndVerify10(0, 16), 16),
    (ReserveTrack(size=16), 0),
    (CloseTrackSession(function=1, track=1), 0),
    (CloseTrackSession(function=2), 0),
    (Blank(), 0),
    (Blank(blanking_type=1), 0),
    (SendOpcInformation(do_opc=True), 0),
]


@pytest.mark.parametrize("medium", ["dvd-rom", "cd-rom"])
@pytest.mark.parametrize("write_type", [INCREMENTAL, DISC_AT_ONCE])
@pytest.mark.parametrize("test", [False, True])
def test_all(make_drive: MakeDrive, make_rom: MakeRom, medium: str, write_type: int, test: bool) -> None:
    drive = make_drive(make_rom(medium))
    drive.select(write_type, test=test)
    before = drive.state_bytes()
    for cdb, blocks in WRITING:
        assert drive.outcome(cdb, bytes(blocks * 2048)) in WRITE_REFUSED, cdb
        drive.wait_ready()
    assert drive.state_bytes() == before
    assert drive.read(0, 16) == pattern(0, 16)
