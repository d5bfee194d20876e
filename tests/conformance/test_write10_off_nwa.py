"""WRITE (10) anywhere else than at a next writable address: 5/21/02, and nothing changes."""

from __future__ import annotations

import pytest

from support.drive import Drive
from support.expect import GOOD, INVALID_ADDRESS_FOR_WRITE


@pytest.mark.parametrize("lba", [16, 1, 100000, 2298480])
def test_on_a_blank_disc(drive: Drive, lba: int) -> None:
    drive.select()
    before = drive.state_bytes()
    assert drive.write_outcome(lba) == INVALID_ADDRESS_FOR_WRITE
    assert drive.state_bytes() == before


@pytest.mark.parametrize("lba", [0, 16, 48, 64])
def test_in_an_open_track(drive: Drive, lba: int) -> None:
    drive.select()
    drive.write(0, 32)
    before = drive.state_bytes()
    assert drive.write_outcome(lba) == INVALID_ADDRESS_FOR_WRITE
    assert drive.state_bytes() == before
    assert drive.write_outcome(32) == GOOD


@pytest.mark.parametrize("lba", [0, 160, 176, 28832, 28864])
def test_in_and_around_the_gap(drive: Drive, lba: int) -> None:
    drive.burn_session(160)
    drive.select()
    assert drive.write_outcome(lba) == INVALID_ADDRESS_FOR_WRITE
    assert drive.write_outcome(160 + 28688) == GOOD
