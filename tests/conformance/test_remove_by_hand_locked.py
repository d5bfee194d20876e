"""A hand at a locked tray is refused, and every initiator gets an eject request event."""

from __future__ import annotations

import pytest

from burnlab.recorder.recorder import RemovalPreventedError
from support.drive import Drive
from support.expect import GOOD


def test_refused_with_an_event(drive: Drive) -> None:
    other = drive.other()
    drive.lock()
    with pytest.raises(RemovalPreventedError):
        drive.bench.remove()
    assert drive.ready() == GOOD
    assert drive.media_events() == [1]
    assert other.media_events() == [1]
    drive.lock(False)
    assert drive.bench.remove() is not None
