"""CLOSE TRACK/SESSION: tracks and sessions by page 05h's bits; other functions and tracks: 5/24/00."""

from __future__ import annotations

import pytest

from burnlab.scsi.mmc.commands import CloseTrackSession
from support.drive import LAST, MULTI, Drive
from support.expect import GOOD, INCOMPLETE_TRACK_IN_SESSION, INVALID_FIELD_IN_CDB


@pytest.mark.parametrize(("multi", "status"), [(MULTI, 1), (LAST, 2), (0b01, 2)])
def test_multi_session_bits_in_force_at_the_close(drive: Drive, multi: int, status: int) -> None:
    drive.select(multi=MULTI)
    drive.write(0, 32)
    drive.synchronize()
    drive.select(multi=multi)
    # 5B 01 01 00 00 01 and 5B 01 02: libburn and growisofs.
    assert drive.outcome(bytes.fromhex("5b010100000100000000")) == GOOD
    drive.wait_ready()
    assert drive.outcome(bytes.fromhex("5b010200000000000000")) == GOOD
    drive.wait_ready()
    assert drive.disc_information().status == status


def test_open_track_keeps_the_session_open(drive: Drive) -> None:
    drive.select()
    drive.write(0, 32)
    before = drive.state_bytes()
    assert drive.outcome(CloseTrackSession(function=2)) == INCOMPLETE_TRACK_IN_SESSION
    assert drive.state_bytes() == before


def test_invisible_and_closed_tracks_may_be_closed_again(drive: Drive) -> None:
    drive.burn_session(16)
    before = drive.state_bytes()
    for number in (1, 2):
        assert drive.outcome(CloseTrackSession(function=1, track=number)) == GOOD
    assert drive.state_bytes() == before


def test_a_blank_disc_has_nothing_to_close(drive: Drive) -> None:
    before = drive.state_bytes()
    assert drive.outcome(CloseTrackSession(function=1, track=1)) == GOOD
    assert drive.outcome(CloseTrackSession(function=2)) == GOOD
    assert drive.state_bytes() == before


def test_an_appendable_disc_can_be_finalized_without_another_session(drive: Drive) -> None:
    drive.burn_session(32)
    drive.select(multi=LAST)
    drive.close_session()
    assert drive.disc_information().status == 2
    assert drive.capacity() == 31


@pytest.mark.parametrize("track", [0, 3, 255, 65535])
def test_no_such_track(drive: Drive, track: int) -> None:
    drive.burn_session(16)
    assert drive.outcome(CloseTrackSession(function=1, track=track)) == INVALID_FIELD_IN_CDB


@pytest.mark.parametrize("function", [0, 3, 4, 5, 6, 7])
def test_functions_of_other_media(drive: Drive, function: int) -> None:
    drive.select()
    drive.write(0, 16)
    drive.synchronize()
    before = drive.state_bytes()
    assert drive.outcome(CloseTrackSession(function=function, track=1)) == INVALID_FIELD_IN_CDB
    assert drive.state_bytes() == before
