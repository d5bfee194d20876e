"""SEND OPC INFORMATION: accepted on a recordable disc, in every state."""

from __future__ import annotations

import pytest

from support.drive import Drive
from support.expect import GOOD


@pytest.mark.parametrize("state", ["blank", "appendable", "closed"])
def test_growisofs_bytes(drive: Drive, state: str) -> None:
    if state != "blank":
        drive.burn_session(16, close=state == "closed")
    before = drive.state_bytes()
    assert drive.outcome(bytes.fromhex("54010000000000000000")) == GOOD
    assert drive.state_bytes() == before
