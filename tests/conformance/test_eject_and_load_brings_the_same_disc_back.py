"""An ejected disc stays in the open tray; loading brings it back with one unit attention."""

from __future__ import annotations

from support.drive import Drive, pattern
from support.expect import GOOD, MEDIUM_MAY_HAVE_CHANGED, NOT_READY_NO_MEDIUM_TRAY_OPEN


def test_round_trip_with_libburns_bytes(drive: Drive) -> None:
    drive.burn_session(32)
    before = drive.state_bytes()
    drive.media_events()
    assert drive.outcome(bytes.fromhex("1e0000000000")) == GOOD
    assert drive.outcome(bytes.fromhex("1b0000000200")) == GOOD
    assert drive.outcome(bytes.fromhex("1b0100000000")) == GOOD
    assert drive.ready() == NOT_READY_NO_MEDIUM_TRAY_OPEN
    assert drive.outcome(bytes.fromhex("1b0000000300")) == GOOD
    assert drive.ready() == MEDIUM_MAY_HAVE_CHANGED
    assert drive.ready() == GOOD
    assert drive.state_bytes() == before
    assert drive.read(0, 32) == pattern(0, 32)
    assert drive.media_events() == [3, 2]


def test_twice_changes_nothing(drive: Drive) -> None:
    assert drive.eject() == GOOD
    assert drive.eject() == GOOD
    assert drive.load_tray() == GOOD
    assert drive.ready() == MEDIUM_MAY_HAVE_CHANGED
    assert drive.load_tray() == GOOD
    assert drive.ready() == GOOD


def test_an_open_track_can_go_on(drive: Drive) -> None:
    drive.select()
    drive.write(0, 32)
    drive.synchronize()
    drive.eject()
    drive.load_tray()
    drive.settle()
    drive.select()
    assert drive.write_outcome(32) == GOOD
