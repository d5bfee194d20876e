"""Ejecting while any initiator has locked the tray: 5/53/02."""

from __future__ import annotations

from support.drive import Drive
from support.expect import GOOD, MEDIUM_REMOVAL_PREVENTED


def test_own_lock(drive: Drive) -> None:
    drive.lock()
    assert drive.eject() == MEDIUM_REMOVAL_PREVENTED
    assert drive.ready() == GOOD
    drive.lock(False)
    assert drive.eject() == GOOD


def test_the_other_initiators_lock(drive: Drive) -> None:
    other = drive.other()
    other.lock()
    assert drive.eject() == MEDIUM_REMOVAL_PREVENTED
    drive.lock(False)
    assert drive.eject() == MEDIUM_REMOVAL_PREVENTED, "a lock is its owner's"
    other.lock(False)
    assert drive.eject() == GOOD


def test_lost_initiator_loses_its_lock(drive: Drive) -> None:
    other = drive.other()
    other.lock()
    drive.bench.disconnect(other.nexus)
    assert drive.eject() == GOOD


def test_reset_takes_locks_off(drive: Drive) -> None:
    drive.lock()
    drive.bench.reset()
    drive.settle()
    assert drive.eject() == GOOD
