"""READ FORMAT CAPACITIES without a medium: one descriptor of type 3."""

from __future__ import annotations

import pytest

from support.drive import Drive


@pytest.mark.parametrize("tray", ["closed", "open"])
def test_type_3(empty: Drive, drive: Drive, tray: str) -> None:
    unit = empty
    if tray == "open":
        drive.eject()
        unit = drive
    answer = unit.run(bytes.fromhex("2300000000000000ff00"))
    assert answer[0:4] == b"\0\0\0\x08"
    assert answer[8] & 3 == 3
