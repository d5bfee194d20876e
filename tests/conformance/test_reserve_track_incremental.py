"""RESERVE TRACK in mode incremental: the track keeps its number, the next one begins behind it."""

from __future__ import annotations

import pytest

from burnlab.scsi.mmc.commands import CloseTrackSession, ReserveTrack
from support.drive import DISC_AT_ONCE, INCREMENTAL, Drive, pattern
from support.expect import (
    END_OF_USER_AREA,
    GOOD,
    INCOMPLETE_TRACK_IN_SESSION,
    INVALID_FIELD_IN_CDB,
    NO_MORE_TRACK_RESERVATIONS,
)


def test_split(drive: Drive) -> None:
    drive.select(INCREMENTAL)
    drive.run(ReserveTrack(size=100))
    information = drive.disc_information()
    assert information.last_track_in_last_session == 2
    reserved, invisible = drive.track(1), drive.track(2)
    assert reserved.reserved_track
    assert (reserved.start, reserved.size, reserved.next_writable, reserved.free_blocks) == (0, 112, 0, 112)
    assert reserved.nwa_valid
    assert (invisible.start, invisible.next_writable) == (112, 112)
    assert invisible.free_blocks == 2298496 - 112
    assert not invisible.reserved_track


def test_both_can_be_written_in_any_order(drive: Drive) -> None:
    drive.select(INCREMENTAL)
    drive.run(ReserveTrack(size=32))
    drive.write(32, 16)
    drive.write(0, 32)
    drive.write(48, 16)
    assert drive.read(0, 64) == pattern(0, 64)


def test_not_past_its_end(drive: Drive) -> None:
    drive.select(INCREMENTAL)
    drive.run(ReserveTrack(size=32))
    drive.write(0, 16)
    assert drive.write_outcome(16, 17) == END_OF_USER_AREA
    assert drive.write_outcome(16, 16) == GOOD


def test_a_full_track_gives_way_to_the_next(drive: Drive) -> None:
    drive.select(INCREMENTAL)
    drive.run(ReserveTrack(size=32))
    drive.write(0, 32)
    assert drive.write_outcome(32, 16) == GOOD
    assert drive.track(2).next_writable == 48
    assert drive.track(1).size == 32


def test_a_session_with_an_open_track_cannot_be_closed(drive: Drive) -> None:
    drive.select(INCREMENTAL)
    drive.run(ReserveTrack(size=32))
    assert drive.outcome(CloseTrackSession(function=2)) == INCOMPLETE_TRACK_IN_SESSION
    drive.close_track(1)
    drive.close_session()
    assert drive.capacity() == 31
    assert drive.read(0, 32) == bytes(32 * 2048)


@pytest.mark.parametrize("size", [0, 2298497, 0xFFFFFFFF])
@pytest.mark.parametrize("write_type", [INCREMENTAL, DISC_AT_ONCE])
def test_sizes_that_do_not_fit(drive: Drive, write_type: int, size: int) -> None:
    drive.select(write_type)
    before = drive.state_bytes()
    assert drive.outcome(ReserveTrack(size=size)) == NO_MORE_TRACK_RESERVATIONS
    assert drive.state_bytes() == before


def test_not_while_the_last_track_is_open(drive: Drive) -> None:
    drive.select(INCREMENTAL)
    drive.write(0, 16)
    assert drive.outcome(ReserveTrack(size=32)) == NO_MORE_TRACK_RESERVATIONS


def test_split_by_lba_is_not_offered(drive: Drive) -> None:
    assert drive.outcome(ReserveTrack(by_lba=True, size=32)) == INVALID_FIELD_IN_CDB
