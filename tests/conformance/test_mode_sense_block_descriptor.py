"""MODE SENSE without DBD: no block descriptor, for programs parse the pages at fixed offsets."""

from __future__ import annotations

import pytest

from burnlab.scsi.commands import ModeSense6, ModeSense10
from support.drive import Drive


@pytest.mark.parametrize("page", [0x01, 0x05, 0x2A, 0x3F])
@pytest.mark.parametrize("dbd", [False, True])
def test_ten(drive: Drive, page: int, dbd: bool) -> None:
    answer = drive.run(ModeSense10(page_code=page, dbd=dbd, allocation_length=0xFFFF))
    assert answer[6:8] == b"\0\0"
    assert answer[8] & 0x3F == (page if page != 0x3F else 0x01)


@pytest.mark.parametrize("page", [0x01, 0x05, 0x2A, 0x3F])
@pytest.mark.parametrize("dbd", [False, True])
def test_six(drive: Drive, page: int, dbd: bool) -> None:
    answer = drive.run(ModeSense6(page_code=page, dbd=dbd, allocation_length=255))
    assert answer[3] == 0
    assert answer[4] & 0x3F == (page if page != 0x3F else 0x01)


@pytest.mark.parametrize("cdb", ["1a083f00ff00", "1a002a008000"])
def test_what_qemu_and_linux_send(drive: Drive, empty: Drive, cdb: str) -> None:
    for unit in (drive, empty):
        answer = unit.run(bytes.fromhex(cdb).ljust(16, b"\0"))
        assert answer[0] + 1 == len(answer)
        assert len(answer) <= (128 if cdb.startswith("1a002a") else 255)
