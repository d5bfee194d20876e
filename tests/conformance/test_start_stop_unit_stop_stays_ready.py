"""START STOP UNIT that stops: TEST UNIT READY stays GOOD, for xorriso stops the unit after every acquire."""

from __future__ import annotations

import pytest

from support.drive import Drive
from support.expect import GOOD, NOT_READY_NO_MEDIUM_TRAY_OPEN

STOP_IMMED = bytes.fromhex("1b010000000000000000000000000000")
START_IMMED = bytes.fromhex("1b010000010000000000000000000000")
START = bytes.fromhex("1b000000010000000000000000000000")


def test_stop_and_start_of_libburn(drive: Drive) -> None:
    drive.burn_session(32)
    for cdb in (STOP_IMMED, START_IMMED, START, STOP_IMMED):
        assert drive.outcome(cdb) == GOOD
        assert drive.ready() == GOOD


def test_a_stopped_drive_reads_and_writes(drive: Drive) -> None:
    drive.run(STOP_IMMED)
    drive.burn_session(32)
    drive.run(STOP_IMMED)
    drive.read(0, 32)


@pytest.mark.parametrize("cdb", [STOP_IMMED, START_IMMED, START])
def test_it_does_not_move_the_tray(drive: Drive, empty: Drive, cdb: bytes) -> None:
    assert empty.outcome(cdb) == GOOD
    assert drive.eject() == GOOD
    assert drive.outcome(cdb) == GOOD
    assert drive.ready() == NOT_READY_NO_MEDIUM_TRAY_OPEN
