"""MODE SENSE page 05h: 32h bytes, and what was selected comes back."""

from __future__ import annotations

from burnlab.scsi.commands import ModeSense10
from support.drive import DISC_AT_ONCE, Drive, write_parameters


def page(drive: Drive, control: int = 0) -> bytes:
    return drive.run(ModeSense10(page_code=5, page_control=control, allocation_length=0xFFFF))[8:]


def test_length_that_libburn_looks_for(drive: Drive) -> None:
    # 5A 00 05 .. 0A: libburn reads only byte 1 of the page.
    assert drive.run(bytes.fromhex("5a000500000000000a000000"))[8:10] == b"\x05\x32"
    assert len(page(drive)) == 52


def test_selected_values_come_back(drive: Drive) -> None:
    for cdb, data in (write_parameters(), write_parameters(DISC_AT_ONCE, 0, test=True)):
        drive.run(cdb, data)
        answer = page(drive)
        assert answer[2:5] == data[10:13]
        assert answer[5] == data[13]
        assert answer[10:14] == data[18:22]


def test_default_values_stay(drive: Drive) -> None:
    default = page(drive, 2)
    drive.select(DISC_AT_ONCE, 0, test=True)
    assert page(drive, 2) == default
    assert page(drive) != default
