"""Opcodes that the drive does not know: 5/20/00, with or without a medium."""

from __future__ import annotations

import pytest

from support.drive import Drive
from support.expect import INVALID_OPCODE


@pytest.mark.parametrize("opcode", [0x01, 0x3C, 0x59, 0x7F, 0x85, 0xA4, 0xA3, 0xAB, 0xBF, 0xFF])
def test_refused(drive: Drive, empty: Drive, opcode: int) -> None:
    assert drive.outcome(bytes((opcode,)).ljust(16, b"\0")) == INVALID_OPCODE
    assert empty.outcome(bytes((opcode,)).ljust(16, b"\0")) == INVALID_OPCODE


def test_every_opcode_gets_an_answer(drive: Drive) -> None:
    for opcode in range(256):
        drive.send(bytes((opcode,)).ljust(16, b"\0"), b"", 65536)
        drive.wait_ready()
