"""Model bd-5300s counts free blocks on a disc it has just closed; every answer agrees about it."""

from __future__ import annotations

import pytest

from burnlab.scsi.mmc.commands import ReadTrackInformation
from burnlab.scsi.mmc.disc_info import TrackInformation
from support.drive import Drive, MakeDrive


@pytest.fixture
def closed(make_drive: MakeDrive) -> Drive:
    drive = make_drive(model="bd-5300s")
    drive.burn_session(160)
    drive.burn_session(32, close=True)
    return drive


def test_invisible_session(closed: Drive) -> None:
    information = closed.disc_information()
    assert (information.status, information.last_session_state) == (2, 0)
    assert (information.sessions, information.last_track_in_last_session) == (3, 3)
    track = closed.track(3)
    end = closed.capacity() + 1
    assert (track.session, track.start, track.next_writable) == (3, end + 6512, end + 6512)
    assert track.free_blocks == 2298496 - end - 6512


def test_real_tracks_are_as_ever(closed: Drive) -> None:
    assert (closed.track(1).size, closed.track(2).size) == (160, 32)
    assert not closed.track(2).nwa_valid


def test_by_session_and_as_next_track(closed: Drive) -> None:
    for address_type, address in ((2, 3), (1, 0xFF)):
        cdb = ReadTrackInformation(address_type=address_type, address=address, allocation_length=36)
        assert TrackInformation.unpack(closed.run(cdb)).track == 3


def test_not_for_a_disc_that_came_in_closed(closed: Drive, make_drive: MakeDrive) -> None:
    disc = closed.bench.remove()
    assert disc is not None
    information = make_drive(disc, model="bd-5300s").disc_information()
    assert (information.last_session_state, information.sessions) == (3, 2)


def test_blanking_ends_it(closed: Drive) -> None:
    closed.blank()
    information = closed.disc_information()
    assert (information.status, information.sessions) == (0, 1)


def test_not_while_the_disc_stays_appendable(make_drive: MakeDrive) -> None:
    drive = make_drive(model="bd-5300s")
    drive.burn_session(160)
    assert drive.disc_information().sessions == 2
    assert drive.last_track().start == 160 + 28688
