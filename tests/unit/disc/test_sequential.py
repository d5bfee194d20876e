"""Sequential recording as functions of states: gaps, free space, reservation, interruption."""

from __future__ import annotations

from dataclasses import replace

import pytest

from burnlab.disc import Disc, DiscState, Track, TrackState, WriteType, sequential
from burnlab.disc.disc import blank_state
from burnlab.disc.errors import (
    BeyondEnd,
    CannotReserve,
    IncompleteTrack,
    NoSuchTrack,
    NotNextWritable,
    NotWritable,
)
from burnlab.disc.media import MEDIA

DVD_RW = MEDIA["dvd-rw"]
INCREMENTAL, AT_ONCE = WriteType.INCREMENTAL, WriteType.DISC_AT_ONCE
OPEN, CLOSED, DAMAGED = TrackState.OPEN, TrackState.CLOSED, TrackState.DAMAGED


def state(*tracks: Track, closed_sessions: int = 0, finalized: bool = False) -> DiscState:
    return replace(blank_state(DVD_RW), tracks=tracks, closed_sessions=closed_sessions, finalized=finalized)


def track(number: int, session: int, start: int, blocks: int, how: TrackState = CLOSED, **more: int) -> Track:
    return Track(number, session, start, blocks, how, INCREMENTAL, **more)


def written(before: DiscState, lba: int, count: int, write_type: WriteType = INCREMENTAL) -> DiscState:
    begun = sequential.begin_write(DVD_RW, before, lba, count, write_type)
    return sequential.after_write(begun, lba, count)


@pytest.mark.parametrize(
    ("end", "session", "expected"),
    [
        (106800, 1, 135488),
        (106848, 1, 135536),
        (188896, 2, 195056),
        (244080, 2, 250240),
        (106796, 1, 135488),
        (16, 3, 16 + 6160),
        (17, 1, 32 + 28688),
    ],
)
def test_where_the_next_session_begins(end: int, session: int, expected: int) -> None:
    closed = state(track(1, session, 0, end), closed_sessions=session)
    assert sequential.invisible_start(DVD_RW, closed) == expected
    assert sequential.free_blocks(DVD_RW, closed) == 2298496 - expected


def test_no_gap_inside_a_session() -> None:
    assert sequential.invisible_start(DVD_RW, state(track(1, 1, 0, 5))) == 16


def test_free_space_shrinks_with_writing_and_ends_with_finalizing() -> None:
    assert sequential.free_blocks(DVD_RW, state()) == 2298496
    assert sequential.free_blocks(DVD_RW, written(state(), 0, 37)) == 2298496 - 37
    assert sequential.free_blocks(DVD_RW, state(track(1, 1, 0, 16), closed_sessions=1, finalized=True)) == 0
    nearly_full = state(track(1, 1, 0, 2298496 - 100), closed_sessions=1)
    assert sequential.free_blocks(DVD_RW, nearly_full) == 0


def test_begin_write_changes_nothing_but_opening_a_track() -> None:
    before = state()
    begun = sequential.begin_write(DVD_RW, before, 0, 16, INCREMENTAL)
    assert before.tracks == ()
    assert [(t.number, t.session, t.start, t.blocks, t.state) for t in begun.tracks] == [(1, 1, 0, 0, OPEN)]
    again = sequential.begin_write(DVD_RW, begun, 0, 16, INCREMENTAL)
    assert again is begun


def test_refusals_of_a_write() -> None:
    with pytest.raises(NotNextWritable) as refusal:
        sequential.begin_write(DVD_RW, state(), 16, 16, INCREMENTAL)
    assert refusal.value.next_writable == 0
    with pytest.raises(BeyondEnd):
        sequential.begin_write(DVD_RW, state(), 0, 2298497, INCREMENTAL)
    with pytest.raises(NotWritable):
        sequential.begin_write(DVD_RW, state(finalized=True), 0, 16, INCREMENTAL)


def test_reserve() -> None:
    reserved = sequential.reserve_track(DVD_RW, state(), 100, INCREMENTAL)
    assert reserved.tracks[0].reserved_blocks == 112
    views = sequential.track_views(DVD_RW, reserved)
    assert [(v.number, v.start, v.size, v.next_writable) for v in views] == [
        (1, 0, 112, 0),
        (2, 112, 2298496 - 112, 112),
    ]
    twice = sequential.reserve_track(DVD_RW, reserved, 16, INCREMENTAL)
    assert [t.start for t in twice.tracks] == [0, 112]
    for blocks in (0, 2298496 - 127):
        with pytest.raises(CannotReserve):
            sequential.reserve_track(DVD_RW, twice, blocks, INCREMENTAL)


def test_reserve_at_once_is_exact() -> None:
    reserved = sequential.reserve_track(DVD_RW, state(), 52885, AT_ONCE)
    assert reserved.tracks[0].reserved_blocks == 52885
    assert len(sequential.track_views(DVD_RW, reserved)) == 1
    with pytest.raises(CannotReserve):
        sequential.reserve_track(DVD_RW, reserved, 16, AT_ONCE)


def test_close_track_pads() -> None:
    closed = sequential.close_track(DVD_RW, written(state(), 0, 37), 1)
    assert (closed.tracks[0].blocks, closed.tracks[0].state) == (48, CLOSED)
    reserved = sequential.reserve_track(DVD_RW, state(), 160, INCREMENTAL)
    assert sequential.close_track(DVD_RW, written(reserved, 0, 16), 1).tracks[0].blocks == 160
    with pytest.raises(NoSuchTrack):
        sequential.close_track(DVD_RW, closed, 3)


def test_close_session() -> None:
    open_state = written(state(), 0, 16)
    with pytest.raises(IncompleteTrack):
        sequential.close_session(DVD_RW, open_state, appendable=True)
    closed = sequential.close_track(DVD_RW, open_state, 1)
    kept_open = sequential.close_session(DVD_RW, closed, appendable=True)
    assert (kept_open.closed_sessions, kept_open.finalized) == (1, False)
    assert sequential.close_session(DVD_RW, closed, appendable=False).finalized
    assert sequential.close_session(DVD_RW, kept_open, appendable=True) is kept_open
    assert sequential.close_session(DVD_RW, kept_open, appendable=False).finalized
    assert sequential.close_session(DVD_RW, state(), appendable=False) == state()


def test_no_room_for_another_session_finalizes() -> None:
    full = state(track(1, 1, 0, 2298496 - 28688))
    assert sequential.close_session(DVD_RW, full, appendable=True).finalized
    assert not sequential.close_session(
        DVD_RW, state(track(1, 1, 0, 2298496 - 28688 - 16)), appendable=True
    ).finalized


def test_at_once_is_finalized_by_its_last_block_only() -> None:
    reserved = sequential.reserve_track(DVD_RW, state(), 37, AT_ONCE)
    part = written(reserved, 0, 36, AT_ONCE)
    assert sequential.synchronize(DVD_RW, part) == part
    done = sequential.synchronize(DVD_RW, written(part, 36, 1, AT_ONCE))
    assert (done.finalized, done.closed_sessions, done.tracks[0].blocks) == (True, 1, 37)


# What an interruption leaves.


def test_open_track_up_to_what_was_noted_down_stays_appendable() -> None:
    noted = state(track(1, 1, 0, 160, OPEN))
    assert sequential.after_interruption(noted, 160) == noted


def test_open_track_with_more_is_damaged() -> None:
    left = sequential.after_interruption(state(track(1, 1, 0, 160, OPEN)), 170)
    assert (left.tracks[0].state, left.tracks[0].blocks) == (DAMAGED, 170)
    view = sequential.track_views(DVD_RW, left)[0]
    assert view.damaged
    assert view.next_writable is None
    mended = sequential.close_track(DVD_RW, left, 1)
    assert (mended.tracks[0].state, mended.tracks[0].blocks) == (CLOSED, 176)
    closed = sequential.close_session(DVD_RW, mended, appendable=True)
    assert sequential.invisible_start(DVD_RW, closed) == 176 + 28688


def test_damaged_track_takes_no_write() -> None:
    left = sequential.after_interruption(state(track(1, 1, 0, 160, OPEN)), 170)
    for lba in (160, 170, 176):
        with pytest.raises(NotNextWritable):
            sequential.begin_write(DVD_RW, left, lba, 16, INCREMENTAL)
    with pytest.raises(CannotReserve):
        sequential.reserve_track(DVD_RW, left, 16, INCREMENTAL)
    with pytest.raises(IncompleteTrack):
        sequential.close_session(DVD_RW, left, appendable=True)


def test_closed_sessions_are_never_touched() -> None:
    noted = state(track(1, 1, 0, 160), track(2, 2, 28848, 0, OPEN), closed_sessions=1)
    assert sequential.after_interruption(noted, 160) == noted
    left = sequential.after_interruption(noted, 28850)
    assert left.tracks[0] == noted.tracks[0]
    assert (left.tracks[1].state, left.tracks[1].blocks) == (DAMAGED, 2)


def test_at_once_is_damaged_as_soon_as_it_had_begun() -> None:
    reserved = sequential.reserve_track(DVD_RW, state(), 64, AT_ONCE)
    assert sequential.after_interruption(reserved, 0) == reserved
    noted = written(reserved, 0, 32, AT_ONCE)
    left = sequential.after_interruption(noted, 32)
    assert (left.tracks[0].state, left.tracks[0].blocks) == (DAMAGED, 32)
    mended = sequential.close_track(DVD_RW, left, 1)
    for appendable in (True, False):
        closed = sequential.close_session(DVD_RW, mended, appendable=appendable)
        assert closed.finalized, "a disc written at once takes no other session"


def test_complete_at_once_without_sync() -> None:
    reserved = sequential.reserve_track(DVD_RW, state(), 64, AT_ONCE)
    left = sequential.after_interruption(reserved, 64)
    assert (left.tracks[0].state, left.tracks[0].blocks) == (DAMAGED, 64)


def test_reserved_track_never_grows_past_its_limit() -> None:
    reserved = sequential.reserve_track(DVD_RW, state(), 32, INCREMENTAL)
    left = sequential.after_interruption(reserved, 1000)
    assert left.tracks[0].blocks <= 32


def test_two_open_tracks_of_one_session() -> None:
    disc = Disc(state(), Disc.in_memory("dvd-rw").surface)
    disc.reserve_track(32, INCREMENTAL)
    disc.write(32, bytes(16 * 2048), INCREMENTAL)
    disc.write(0, bytes(16 * 2048), INCREMENTAL)
    assert [v.next_writable for v in disc.track_views()] == [16, 48]
    disc.close_track(2)
    disc.close_track(1)
    disc.close_session(appendable=True)
    assert disc.capacity_end == 48
    assert disc.next_writable == 48 + 28688
