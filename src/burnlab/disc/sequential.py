"""Sequential recording: tracks one behind the other, sessions with gaps between them.

Functions from state to state. A disc that can take more has an *invisible track* behind its last one:
the place where the next track will begin. A track without reserved size takes its place while it is open.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from burnlab.disc.errors import (
    BeyondEnd,
    CannotReserve,
    DiscError,
    IncompleteTrack,
    NoSuchTrack,
    NotAtOnceReadable,
    NotNextWritable,
    NotRecorded,
    NotReserved,
    NotWritable,
    WrongWriteType,
)
from burnlab.disc.media import Medium
from burnlab.disc.model import DiscState, Extent, Track, TrackState, TrackView, WriteType, changed


def round_up(blocks: int, unit: int) -> int:
    """The next multiple of `unit` at or above `blocks`."""
    return -(-blocks // unit) * unit


def current_session(state: DiscState) -> int:
    """Number of the session that the next track belongs to."""
    return state.closed_sessions + 1


def open_track(state: DiscState) -> Track | None:
    """The track without reserved size that takes everything up to the end of the medium, if there is one."""
    last = state.tracks[-1] if state.tracks else None
    if last is None or last.state is TrackState.CLOSED or last.reserved_blocks:
        return None
    return last


def invisible_start(medium: Medium, state: DiscState) -> int:
    """First block of the invisible track."""
    if not state.tracks:
        return 0
    last = state.tracks[-1]
    end = round_up(max(last.end, last.start + last.reserved_blocks), medium.unit_blocks)
    if last.session > state.closed_sessions:
        return end
    return end + (medium.first_gap_blocks if last.session == 1 else medium.next_gap_blocks)


def free_blocks(medium: Medium, state: DiscState) -> int:
    """Blocks that can still be recorded behind the last track."""
    if state.finalized:
        return 0
    track = open_track(state)
    start = track.end if track else invisible_start(medium, state)
    return max(0, state.capacity_blocks - start)


def track_views(medium: Medium, state: DiscState) -> list[TrackView]:
    """All tracks in order, the invisible one last where there is one."""
    views = [view_of(track, track_limit(state, track)) for track in state.tracks]
    if not state.finalized and open_track(state) is None and not _at_once(state):
        start = invisible_start(medium, state)
        free = free_blocks(medium, state)
        views.append(
            TrackView(
                number=len(state.tracks) + 1,
                session=current_session(state),
                start=start,
                size=free,
                free_blocks=free,
                next_writable=start,
                blank=True,
                write_type=_usual_write_type(medium, state),
            )
        )
    return views


def _usual_write_type(medium: Medium, state: DiscState) -> WriteType:
    if WriteType.PLAIN in medium.write_types:
        return WriteType.PLAIN
    return WriteType.INCREMENTAL if state.incremental else WriteType.DISC_AT_ONCE


def view_of(track: Track, limit: int) -> TrackView:
    """A recorded or reserved track as a drive tells of it; while it is open it reaches to `limit`."""
    is_open = track.state is TrackState.OPEN
    return TrackView(
        number=track.number,
        session=track.session,
        start=track.start,
        size=limit - track.start if is_open else track.blocks,
        free_blocks=limit - track.end if is_open else 0,
        next_writable=track.end if is_open else None,
        last_recorded=track.end - 1 if track.blocks else None,
        blank=not track.blocks and is_open,
        damaged=track.state is TrackState.DAMAGED,
        reserved=bool(track.reserved_blocks) and is_open,
        write_type=track.write_type,
    )


def track_limit(state: DiscState, track: Track) -> int:
    """One past the last block that may belong to an open track."""
    return track.start + track.reserved_blocks if track.reserved_blocks else state.capacity_blocks


def check_write_type(medium: Medium, state: DiscState, write_type: WriteType) -> None:
    """Refuse a write type that the medium doesn't know or that its state doesn't allow."""
    if write_type is WriteType.PLAIN in medium.write_types:
        return
    if write_type not in medium.write_types:
        raise WrongWriteType(f"{medium.title} can't be written in mode {write_type}")
    at_once = state.tracks and state.tracks[-1].write_type is WriteType.DISC_AT_ONCE
    if write_type is WriteType.DISC_AT_ONCE and state.tracks and not at_once:
        raise WrongWriteType("only a blank disc can be written at once")
    if write_type is WriteType.INCREMENTAL and (at_once or not state.incremental):
        raise WrongWriteType("this disc was blanked minimally: it can only be written at once")


def begin_write(medium: Medium, state: DiscState, lba: int, count: int, write_type: WriteType) -> DiscState:
    """Find or open the track whose next writable address is `lba`; returns the state with that track open.

    Raises what refuses the write.
    """
    if state.finalized:
        raise NotWritable("the disc is closed")
    check_write_type(medium, state, write_type)
    track = _writable_track(state, lba)
    if track is not None:
        if lba + count > track_limit(state, track):
            raise BeyondEnd(f"the track ends at LBA {track_limit(state, track)}")
        return state
    if open_track(state) is not None or _at_once(state):
        open_ends = [t.end for t in state.tracks if t.state is TrackState.OPEN]
        raise NotNextWritable(lba, open_ends[-1] if open_ends else None)
    if write_type is WriteType.DISC_AT_ONCE:
        raise NotReserved("writing at once needs a reserved track of the disc's exact size")
    start = invisible_start(medium, state)
    if lba != start:
        raise NotNextWritable(lba, start)
    if lba + count > state.capacity_blocks:
        raise BeyondEnd(f"the medium ends at LBA {state.capacity_blocks}")
    track = Track(len(state.tracks) + 1, current_session(state), start, 0, TrackState.OPEN, write_type)
    return replace(state, tracks=(*state.tracks, track))


def after_write(state: DiscState, lba: int, count: int) -> DiscState:
    """The state after `count` blocks were recorded at `lba`, which `begin_write` has allowed."""
    track = _writable_track(state, lba)
    if track is None:
        raise ValueError(f"no track is open at LBA {lba}")
    return with_track(state, changed(track, blocks=track.blocks + count))


def _writable_track(state: DiscState, lba: int) -> Track | None:
    """The open track that goes on at `lba`; one that has filled its reserved size gives way to the next."""
    for track in reversed(state.tracks):
        full = 0 < track.reserved_blocks == track.blocks and track.write_type is not WriteType.DISC_AT_ONCE
        if track.state is TrackState.OPEN and lba == track.end and not full:
            return track
    return None


def _at_once(state: DiscState) -> bool:
    return bool(state.tracks) and state.tracks[-1].write_type is WriteType.DISC_AT_ONCE


def with_track(state: DiscState, track: Track) -> DiscState:
    """The state with `track` in the place of the one with its number."""
    index = track.number - 1
    return changed(state, tracks=(*state.tracks[:index], track, *state.tracks[index + 1 :]))


def reserve_track(medium: Medium, state: DiscState, blocks: int, write_type: WriteType) -> DiscState:
    """Set `blocks` aside for the next track; at once, it is the exact size of the disc to come."""
    if state.finalized:
        raise NotWritable("the disc is closed")
    check_write_type(medium, state, write_type)
    if open_track(state) is not None or _at_once(state):
        raise CannotReserve("the last track is still open")
    if write_type is not WriteType.DISC_AT_ONCE:
        blocks = round_up(blocks, medium.unit_blocks)
    if blocks <= 0 or blocks > free_blocks(medium, state):
        raise CannotReserve(f"{blocks} blocks don't fit into {free_blocks(medium, state)}")
    track = Track(
        len(state.tracks) + 1,
        current_session(state),
        invisible_start(medium, state),
        0,
        TrackState.OPEN,
        write_type,
        blocks,
    )
    return replace(state, tracks=(*state.tracks, track))


def close_track(medium: Medium, state: DiscState, number: int) -> DiscState:
    """Close one track: what is missing of its last unit, or of its reserved size, is padded."""
    if state.finalized:
        raise NotWritable("the disc is closed")
    if number == len(state.tracks) + 1 and open_track(state) is None:
        return state
    if not 1 <= number <= len(state.tracks):
        raise NoSuchTrack(f"there is no track {number}")
    track = state.tracks[number - 1]
    if track.state is TrackState.CLOSED:
        return state
    blocks = max(track.blocks, track.reserved_blocks)
    if track.write_type is not WriteType.DISC_AT_ONCE:
        blocks = round_up(blocks, medium.unit_blocks)
    return with_track(state, replace(track, blocks=blocks, state=TrackState.CLOSED, reserved_blocks=0))


def close_session(medium: Medium, state: DiscState, *, appendable: bool) -> DiscState:
    """Close the session; the disc stays appendable if wished and if there is room for another one."""
    if state.finalized:
        raise NotWritable("the disc is closed")
    here = [t for t in state.tracks if t.session == current_session(state)]
    if any(t.state is not TrackState.CLOSED for t in here):
        raise IncompleteTrack("a track of the session is still open")
    if not here:
        return state if appendable or not state.tracks else replace(state, finalized=True)
    closed = replace(state, closed_sessions=current_session(state))
    room = free_blocks(medium, closed) >= medium.unit_blocks
    full = closed.closed_sessions == medium.most_sessions
    final = full or _at_once(state) or not (appendable and room)
    return replace(closed, finalized=final)


def finalize(medium: Medium, state: DiscState) -> DiscState:
    """Close the session and the disc."""
    return close_session(medium, state, appendable=False)


def synchronize(_medium: Medium, state: DiscState) -> DiscState:
    """Finalize a disc whose at-once track has got all its blocks; else the state as it is."""
    track = state.tracks[-1] if state.tracks else None
    if track is None or state.finalized or track.write_type is not WriteType.DISC_AT_ONCE:
        return state
    if track.state is not TrackState.OPEN or track.blocks != track.reserved_blocks:
        return state
    closed = with_track(state, replace(track, state=TrackState.CLOSED, reserved_blocks=0))
    return replace(closed, closed_sessions=1, finalized=True)


def capacity_end(state: DiscState) -> int:
    """One past the last block of the last closed session."""
    closed = [t for t in state.tracks if t.session <= state.closed_sessions]
    return closed[-1].end if closed else 0


def extents(state: DiscState) -> list[Extent]:
    """What is recorded."""
    return joined(state.tracks)


def joined(tracks: Iterable[Track]) -> list[Extent]:
    """Where tracks are; those that touch are one piece."""
    pieces: list[Extent] = []
    for track in tracks:
        if pieces and pieces[-1][1] == track.start:
            pieces[-1] = (pieces[-1][0], track.end)
        else:
            pieces.append((track.start, track.end))
    return pieces


def check_readable(state: DiscState) -> None:
    """Nothing can be read before writing at once has ended."""
    if _at_once(state) and state.tracks[-1].state is TrackState.OPEN:
        raise NotAtOnceReadable("the disc is being written at once")


def unreadable(_state: DiscState, lba: int) -> DiscError:
    """Nothing is recorded there."""
    return NotRecorded(lba)


def after_interruption(state: DiscState, surface_blocks: int) -> DiscState:
    """The state after writing was cut off: an open track that got more than was noted down is damaged.

    So is an at-once track that had begun: nothing can go on where the laser stopped.
    """
    tracks = []
    for track in state.tracks:
        limit = track_limit(state, track)
        last = track.number == len(state.tracks)
        found = min(limit, surface_blocks) - track.start if last else track.blocks
        cut_off = found > track.blocks or (track.write_type is WriteType.DISC_AT_ONCE and found > 0)
        if track.state is TrackState.OPEN and cut_off:
            track = replace(
                track, blocks=max(found, track.blocks), state=TrackState.DAMAGED, reserved_blocks=0
            )
        tracks.append(track)
    return replace(state, tracks=tuple(tracks))
