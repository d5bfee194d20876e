"""SYNCHRONIZE CACHE with and without Immed, in every state of the medium."""

from __future__ import annotations

import pytest

from support.drive import Drive
from support.expect import GOOD

IMMED = bytes.fromhex("35020000000000000000")
PLAIN = bytes.fromhex("35000000000000000000")


@pytest.mark.parametrize("cdb", [IMMED, PLAIN])
@pytest.mark.parametrize("state", ["blank", "open", "appendable", "closed"])
def test_good(drive: Drive, cdb: bytes, state: str) -> None:
    if state == "open":
        drive.select()
        drive.write(0, 32)
    elif state != "blank":
        drive.burn_session(32, close=state == "closed")
    before = drive.state_bytes()
    assert drive.outcome(cdb) == GOOD
    drive.wait_ready()
    assert drive.state_bytes() == before


@pytest.mark.parametrize("cdb", [IMMED, PLAIN])
def test_pressed_disc(rom: Drive, cdb: bytes) -> None:
    # The kernel flushes when a device that was open for writing is closed.
    assert rom.outcome(cdb) == GOOD


def test_without_immed_soon_back(drive: Drive) -> None:
    drive.select()
    drive.write(0, 160)
    began = drive.clock.now
    drive.run(PLAIN)
    assert drive.clock.now - began < 30
    assert drive.ready() == GOOD
