"""WRITE before LBA 0, the lead-in of a CD: 5/21/02 on DVD."""

from __future__ import annotations

import pytest

from support.drive import Drive
from support.expect import INVALID_ADDRESS_FOR_WRITE


@pytest.mark.parametrize("cdb", ["2a00ffffff6a00001000", "aa00ffffff6a000000100000"])
def test_refused(drive: Drive, cdb: str) -> None:
    drive.select()
    before = drive.state_bytes()
    assert drive.outcome(bytes.fromhex(cdb), bytes(16 * 2048)) == INVALID_ADDRESS_FOR_WRITE
    assert drive.state_bytes() == before
