"""TEST UNIT READY in every state of tray and medium."""

from __future__ import annotations

from support.drive import Drive
from support.expect import GOOD, NOT_READY_NO_MEDIUM_TRAY_CLOSED, NOT_READY_NO_MEDIUM_TRAY_OPEN


def test_blank_appendable_and_closed_discs_are_ready(drive: Drive) -> None:
    assert drive.ready() == GOOD
    drive.burn_session(16)
    assert drive.ready() == GOOD
    drive.burn_session(16, close=True)
    assert drive.ready() == GOOD


def test_empty_closed_tray(empty: Drive) -> None:
    assert empty.ready() == NOT_READY_NO_MEDIUM_TRAY_CLOSED


def test_open_tray_with_and_without_a_disc(drive: Drive) -> None:
    assert drive.eject() == GOOD
    assert drive.ready() == NOT_READY_NO_MEDIUM_TRAY_OPEN
    drive.bench.remove()
    assert drive.ready() == NOT_READY_NO_MEDIUM_TRAY_OPEN
    assert drive.load_tray() == GOOD
    assert drive.ready() == NOT_READY_NO_MEDIUM_TRAY_CLOSED
