"""SET STREAMING and SET CD SPEED succeed with what libburn sends, and select among the drive's speeds."""

from __future__ import annotations

import pytest

from burnlab.scsi.commands import ModeSense10
from support.drive import Drive, MakeDrive
from support.expect import GOOD

SET_STREAMING = bytes.fromhex("b60000000000000000001c00")


def performance(kbps: int) -> bytes:
    """The descriptor: end LBA of the medium, so many kB in 1000 ms for reading and for writing."""
    head = bytes(8) + (2298495).to_bytes(4, "big")
    return head + (kbps.to_bytes(4, "big") + (1000).to_bytes(4, "big")) * 2


def selected(drive: Drive) -> int:
    page = drive.run(ModeSense10(page_code=0x2A, allocation_length=128))[8:]
    return int.from_bytes(page[28:30], "big")


def test_literal_bytes_of_libburn(drive: Drive) -> None:
    data = bytes.fromhex("000000000000000000 23127f 000081d8 000003e8 00005690 000003e8".replace(" ", ""))
    assert len(data) == 28
    assert drive.outcome(SET_STREAMING, data) == GOOD


@pytest.mark.parametrize("state", ["blank", "appendable", "closed", "rom"])
def test_never_an_error(drive: Drive, rom: Drive, state: str) -> None:
    unit = rom if state == "rom" else drive
    if state in ("appendable", "closed"):
        unit.burn_session(16, close=state == "closed")
    for kbps in (0, 1, 1385, 22160, 0x10000000):
        assert unit.outcome(SET_STREAMING, performance(kbps)) == GOOD
    assert unit.outcome(SET_STREAMING, bytes(28)) == GOOD
    assert unit.outcome(b"\xb6\0\0\0\0\0\0\0\x05\0\x04\0", bytes(4)) == GOOD
    assert unit.outcome(bytes.fromhex("bb00ffffffff000000000000")) == GOOD
    assert unit.outcome(bytes.fromhex("bb0000b0000000000000 0000".replace(" ", ""))) == GOOD


def test_selection(make_drive: MakeDrive) -> None:
    drive = make_drive(speed=6)
    for wish, got in ((2770, 2770), (5000, 2770), (5540, 5540), (0x10000000, 8310), (1, 2770)):
        drive.run(SET_STREAMING, performance(wish))
        assert selected(drive) == got
    restore = bytearray(performance(2770))
    restore[0] = 0x01
    drive.run(SET_STREAMING, bytes(restore))
    assert selected(drive) == 8310


def test_a_selected_speed_is_really_slower(make_drive: MakeDrive) -> None:
    def seconds(kbps: int) -> float:
        drive = make_drive(speed=6)
        drive.run(SET_STREAMING, performance(kbps))
        drive.select()
        began = drive.clock.now
        drive.write(0, 16000)
        return drive.clock.now - began

    assert 2.5 < seconds(2770) / seconds(8310) < 4.5
