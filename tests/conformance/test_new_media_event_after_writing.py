"""BLANK, SYNC, CLOSE: a NewMedia event for every initiator when 51h changed, and never a unit attention."""

from __future__ import annotations

from burnlab.scsi.commands import SynchronizeCache10
from burnlab.scsi.mmc.commands import Blank, CloseTrackSession
from support.drive import Drive
from support.expect import GOOD


def test_each_step_of_a_session(drive: Drive) -> None:
    drive.select()
    other = drive.other()
    drive.write(0, 32)
    drive.synchronize()
    assert 2 in drive.media_events()
    drive.close_track(1)
    drive.media_events()
    drive.close_session()
    assert drive.media_events() == [2]
    assert other.ready() == GOOD
    assert other.media_events() == [2], "the same event twice in a row tells nothing new"


def test_disc_at_once(drive: Drive) -> None:
    drive.burn_at_once(35)
    assert drive.media_events() == [2]


def test_blank(drive: Drive) -> None:
    drive.burn_session(16)
    drive.media_events()
    other = drive.other()
    drive.run(Blank(immed=True))
    assert drive.media_events() == [], "not before it has ended"
    drive.wait_ready()
    assert drive.media_events() == [2]
    assert other.ready() == GOOD
    assert other.media_events() == [2]


def test_without_immed(drive: Drive) -> None:
    drive.select()
    drive.write(0, 32)
    for cdb in (
        SynchronizeCache10(),
        CloseTrackSession(function=1, track=1),
        CloseTrackSession(function=2),
        Blank(),
    ):
        assert drive.outcome(cdb) == GOOD
        assert drive.ready() == GOOD
        assert drive.media_events() == [2]


def test_what_changes_nothing_is_no_event(drive: Drive) -> None:
    drive.synchronize()
    assert drive.media_events() == []
    drive.burn_session(16, close=True)
    drive.media_events()
    drive.synchronize()
    assert drive.media_events() == []
