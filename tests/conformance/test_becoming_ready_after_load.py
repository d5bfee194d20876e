"""At --speed 4 a disc is read in after loading: 2/04/01 for some seconds, then GOOD."""

from __future__ import annotations

from burnlab.scsi.commands import StartStopUnit
from support.drive import Drive, MakeDrive
from support.expect import BECOMING_READY, GOOD, MEDIUM_MAY_HAVE_CHANGED


def reloaded(make_drive: MakeDrive, immed: bool) -> Drive:
    drive = make_drive(speed=4)
    drive.burn_session(16)
    drive.clock.advance(60)
    drive.eject()
    assert drive.outcome(StartStopUnit(immed=immed, load_eject=True, start=True)) == GOOD
    assert drive.ready() == MEDIUM_MAY_HAVE_CHANGED
    return drive


def test_with_immed(make_drive: MakeDrive) -> None:
    drive = reloaded(make_drive, True)
    assert drive.ready() == BECOMING_READY
    began = drive.clock.now
    assert drive.wait_ready() == [], "no progress is told"
    assert 1 < drive.clock.now - began < 30


def test_without_immed(make_drive: MakeDrive) -> None:
    assert reloaded(make_drive, False).ready() == GOOD


def test_full_speed_is_ready_at_once(drive: Drive) -> None:
    drive.eject()
    drive.load_tray()
    assert drive.ready() == MEDIUM_MAY_HAVE_CHANGED
    assert drive.ready() == GOOD
