"""CD recording: tracks one at a time, or a whole first session at once after a cue sheet.

Tracks that are written one at a time end with two run-out blocks, which can't be read as data, and begin
with a pause of two seconds. Sessions lie apart by a lead-out, a lead-in and that pause.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from burnlab.disc import cd_regions, sequential
from burnlab.disc.cd_model import CdState, CdTrack, LeadIn, Plan, Wish
from burnlab.disc.cd_regions import cd_track, recorded_end, region_at, regions
from burnlab.disc.errors import (
    BeyondEnd,
    CannotReserve,
    DiscError,
    NoCueSheet,
    NoSuchTrack,
    NotAtOnceReadable,
    NotNextWritable,
    NotRecorded,
    NotWritable,
    WrongSectorForm,
    WrongWriteType,
)
from burnlab.disc.media import Medium
from burnlab.disc.model import DiscState, Track, TrackState, TrackView, WriteType, changed
from burnlab.disc.sequential import current_session, open_track, track_limit, view_of, with_track

capacity_end = sequential.capacity_end
extents = cd_regions.extents

PAUSE_BLOCKS = 150
"""Two seconds of pause before a track.    Source: MMC-5, 4.2.3."""
RUN_OUT_BLOCKS = 2
MINIMUM_TRACK_BLOCKS = 300
"""Four seconds: no track is shorter.    Source: MMC-5, SEND CUE SHEET."""
LEAD_IN_BLOCKS = 4500
"""One minute: the lead-in of every session but the first.    Source: MMC-5, 4.2.3."""
NEXT_OPEN_TRACK = 0xFF
FIRST_BLOCK = -PAUSE_BLOCKS


def next_start(medium: Medium, state: DiscState) -> int:
    """First block of the next track: where its INDEX 1 will be."""
    if not state.tracks:
        return 0
    last = state.tracks[-1]
    end = recorded_end(last)
    if last.session > state.closed_sessions:
        return end + PAUSE_BLOCKS
    return end + (medium.first_gap_blocks if last.session == 1 else medium.next_gap_blocks)


def free_blocks(medium: Medium, state: DiscState) -> int:
    """Blocks that can still be recorded behind the last track."""
    if state.finalized or state.cd.is_writing:
        return 0
    track = open_track(state)
    return max(0, state.capacity_blocks - (track.end if track else next_start(medium, state)))


def track_views(medium: Medium, state: DiscState) -> list[TrackView]:
    """All tracks in order, the invisible one last where there is one."""
    views = [_view(state, track) for track in state.tracks]
    plan = state.cd.plan
    if plan is not None and plan.begun:
        return [*views, *_plan_views(state, plan)]
    if state.finalized or open_track(state) is not None:
        return views
    start, free = next_start(medium, state), free_blocks(medium, state)
    return [
        *views,
        TrackView(
            number=len(state.tracks) + 1,
            session=current_session(state),
            start=start,
            size=free,
            free_blocks=free,
            next_writable=start,
            blank=True,
            write_type=WriteType.TRACK_AT_ONCE,
        ),
    ]


def _view(state: DiscState, track: Track) -> TrackView:
    return replace(view_of(track, track_limit(state, track)), cd=cd_track(track))


def _plan_views(state: DiscState, plan: Plan) -> Iterator[TrackView]:
    """The tracks of the session that is being written, the last of them with what it still takes."""
    for row in plan.tracks:
        last = row is plan.tracks[-1]
        yield TrackView(
            row.number,
            current_session(state),
            row.start,
            row.end - row.start,
            free_blocks=plan.end - plan.next_block if last else 0,
            next_writable=plan.next_block if last else None,
            write_type=WriteType.DISC_AT_ONCE,
            cd=row.cd,
        )


def check_readable(state: DiscState) -> None:
    """Nothing can be read before writing at once has ended."""
    if state.cd.is_writing:
        raise NotAtOnceReadable("a session is being written at once")


def unreadable(state: DiscState, lba: int) -> DiscError:
    """Why a block can't be read: nothing is there, or no data."""
    if state.cd.is_writing:
        return NotAtOnceReadable("a session is being written at once")
    region = region_at(regions(state), lba)
    return NotRecorded(lba) if region is None else WrongSectorForm(f"LBA {lba} is not a data block")


# Writing.


def check_at_once(medium: Medium, state: DiscState, write_type: WriteType) -> None:
    """Refuse a cue sheet where no session can be written at once."""
    if write_type is not WriteType.DISC_AT_ONCE:
        raise WrongWriteType(f"{medium.title}: write type {write_type} takes no cue sheet")
    if state.finalized:
        raise NotWritable("the disc is closed")
    if state.tracks or state.cd.is_writing:
        raise WrongWriteType("only a blank disc can be written at once")


def intend(state: DiscState, wish: Wish) -> DiscState:
    """The state in which the next track shall be what is wished."""
    return state if state.cd.wish == wish else replace(state, cd=replace(state.cd, wish=wish))


def announce(medium: Medium, state: DiscState, plan: Plan) -> DiscState:
    """Take a cue sheet: the session that it describes can be written now, and nothing else."""
    check_at_once(medium, state, WriteType.DISC_AT_ONCE)
    if plan.end > state.capacity_blocks:
        raise BeyondEnd(f"{medium.title} ends at LBA {state.capacity_blocks}")
    return replace(state, cd=replace(state.cd, plan=plan))


def begin_write(medium: Medium, state: DiscState, lba: int, count: int, write_type: WriteType) -> DiscState:
    """Allow a write at the next writable address of the session or track that is open, or open one."""
    if state.finalized:
        raise NotWritable("the disc is closed")
    if write_type not in medium.write_types:
        raise WrongWriteType(f"{medium.title} can't be written in mode {write_type}")
    if write_type is WriteType.DISC_AT_ONCE:
        return _begin_at_once(state, lba, count)
    if state.cd.is_writing:
        raise WrongWriteType("a session is being written at once")
    return _begin_track(medium, state, lba, count)


def _begin_at_once(state: DiscState, lba: int, count: int) -> DiscState:
    plan = state.cd.plan
    if plan is None:
        if state.tracks:
            raise WrongWriteType("only a blank disc can be written at once")
        raise NoCueSheet("writing at once needs a cue sheet first")
    if lba != plan.next_block:
        raise NotNextWritable(lba, plan.next_block)
    if lba + count > plan.end:
        raise BeyondEnd(f"the cue sheet ends at LBA {plan.end}")
    if plan.begun:
        return state
    return replace(state, cd=replace(state.cd, plan=replace(plan, begun=True)))


def _begin_track(medium: Medium, state: DiscState, lba: int, count: int) -> DiscState:
    wish = state.cd.wish.track
    track = _writable_track(state, lba)
    if track is not None:
        if cd_track(track).form is not wish.form:
            raise WrongWriteType(f"track {track.number} holds sectors of another form")
        if lba + count > track_limit(state, track):
            raise BeyondEnd(f"the track ends at LBA {track_limit(state, track)}")
        return state
    current = open_track(state)
    if current is not None:
        raise NotNextWritable(lba, current.end if current.state is TrackState.OPEN else None)
    start = next_start(medium, state)
    if lba != start:
        raise NotNextWritable(lba, start)
    if lba + count > state.capacity_blocks:
        raise BeyondEnd(f"{medium.title} ends at LBA {state.capacity_blocks}")
    return _with_new_track(state, start, 0)


def _with_new_track(state: DiscState, start: int, reserved_blocks: int) -> DiscState:
    track = Track(
        len(state.tracks) + 1,
        current_session(state),
        start,
        0,
        TrackState.OPEN,
        WriteType.TRACK_AT_ONCE,
        reserved_blocks,
        state.cd.wish.track,
    )
    return replace(state, tracks=(*state.tracks, track), cd=replace(state.cd, plan=None))


def _writable_track(state: DiscState, lba: int) -> Track | None:
    for track in reversed(state.tracks):
        full = 0 < track.reserved_blocks == track.blocks
        if track.state is TrackState.OPEN and lba == track.end and not full:
            return track
    return None


def after_write(state: DiscState, lba: int, count: int) -> DiscState:
    """The state after `count` blocks were recorded at `lba`, which `begin_write` has allowed."""
    plan = state.cd.plan
    if plan is not None and plan.begun:
        return replace(
            state, cd=replace(state.cd, plan=replace(plan, next_block=_skip_made_up(plan, lba + count)))
        )
    track = _writable_track(state, lba)
    if track is None:
        raise ValueError(f"no track is open at LBA {lba}")
    return with_track(state, changed(track, blocks=track.blocks + count))


def _skip_made_up(plan: Plan, lba: int) -> int:
    """The next block that the host must bring."""
    for span in plan.spans:
        if span.start <= lba < span.end and not span.supplied:
            lba = span.end
    return lba


def planned(plan: Plan) -> Plan:
    """A plan whose next block is the first one that the host must bring."""
    return replace(plan, next_block=_skip_made_up(plan, plan.spans[0].start))


def with_text(state: DiscState, text: str) -> DiscState:
    """The state with the CD-TEXT that the host has sent for the lead-in."""
    plan = state.cd.plan
    if plan is None or not plan.takes_text:
        raise NoCueSheet("no cue sheet has announced a lead-in with text")
    plan = replace(plan, lead_in=replace(plan.lead_in, text=text), begun=True)
    return replace(state, cd=replace(state.cd, plan=plan))


def is_cut_short(state: DiscState) -> bool:
    """A session was begun at once, and less of it was written than announced."""
    plan = state.cd.plan
    return plan is not None and plan.begun and plan.next_block < plan.end


def synchronize(medium: Medium, state: DiscState) -> DiscState:
    """Close the session that is complete at once, or the track that was written."""
    if state.finalized:
        return state
    plan = state.cd.plan
    if plan is not None:
        return _close_planned(state, plan) if plan.begun and plan.next_block >= plan.end else state
    track = open_track(state)
    if track is None or track.state is not TrackState.OPEN or not track.blocks:
        return state
    return _with_closed(medium, state, track)


def _close_planned(state: DiscState, plan: Plan) -> DiscState:
    session = current_session(state)
    tracks = tuple(
        Track(t.number, session, t.start, t.end - t.start, TrackState.CLOSED, WriteType.DISC_AT_ONCE, cd=t.cd)
        for t in plan.tracks
    )
    return replace(
        state,
        tracks=(*state.tracks, *tracks),
        closed_sessions=session,
        finalized=not plan.appendable,
        cd=CdState(lead_ins=(*state.cd.lead_ins, plan.lead_in)),
    )


def _with_closed(_medium: Medium, state: DiscState, track: Track) -> DiscState:
    """Pad to the shortest track or to the reserved size, and end with the run-out."""
    blocks = max(track.blocks, track.reserved_blocks, MINIMUM_TRACK_BLOCKS)
    cd = replace(cd_track(track), run_out=RUN_OUT_BLOCKS)
    return with_track(state, replace(track, blocks=blocks, state=TrackState.CLOSED, reserved_blocks=0, cd=cd))


def reserve_track(medium: Medium, state: DiscState, blocks: int, write_type: WriteType) -> DiscState:
    """Set blocks aside for the next track."""
    if state.finalized:
        raise NotWritable("the disc is closed")
    if write_type is not WriteType.TRACK_AT_ONCE:
        raise WrongWriteType("tracks are reserved for writing one at a time")
    if open_track(state) is not None or state.cd.is_writing:
        raise CannotReserve("the last track is still open")
    if not MINIMUM_TRACK_BLOCKS <= blocks <= free_blocks(medium, state):
        raise CannotReserve(f"{blocks} blocks don't fit into {free_blocks(medium, state)}")
    return _with_new_track(state, next_start(medium, state), blocks)


def close_track(medium: Medium, state: DiscState, number: int) -> DiscState:
    """Close one track; FFh is the one that was written last."""
    if state.finalized:
        raise NotWritable("the disc is closed")
    if state.cd.is_writing:
        state = _given_up(state)
    if number in (len(state.tracks) + 1, NEXT_OPEN_TRACK):
        track = open_track(state)
        return _with_closed(medium, state, track) if track is not None else state
    if not 1 <= number <= len(state.tracks):
        raise NoSuchTrack(f"there is no track {number}")
    track = state.tracks[number - 1]
    return state if track.state is TrackState.CLOSED else _with_closed(medium, state, track)


def close_session(medium: Medium, state: DiscState, *, appendable: bool) -> DiscState:
    """Close the session, and before it a track that is open or was cut off.

    The disc stays appendable if wished and possible.
    """
    if state.finalized:
        raise NotWritable("the disc is closed")
    if state.cd.is_writing:
        state = _given_up(state)
    session = current_session(state)
    for track in [t for t in state.tracks if t.session == session and t.state is not TrackState.CLOSED]:
        state = _with_closed(medium, state, track)
    if not any(t.session == session for t in state.tracks):
        return state if appendable or not state.tracks else replace(state, finalized=True)
    cd = CdState(lead_ins=(*state.cd.lead_ins, state.cd.wish.lead_in))
    closed = replace(state, closed_sessions=session, cd=cd)
    room = free_blocks(medium, closed) >= MINIMUM_TRACK_BLOCKS
    return replace(closed, finalized=not (appendable and room))


def _given_up(state: DiscState) -> DiscState:
    """The tracks of a session that was written at once only in part, as far as they were recorded."""
    plan = state.cd.plan
    if plan is None:
        return state
    session = current_session(state)
    tracks = tuple(
        Track(
            t.number,
            session,
            t.start,
            min(t.end, plan.next_block) - t.start,
            TrackState.DAMAGED if t.end > plan.next_block else TrackState.CLOSED,
            WriteType.TRACK_AT_ONCE,
            cd=t.cd,
        )
        for t in plan.tracks
        if plan.next_block > t.start or t is plan.tracks[0]
    )
    tracks = tuple(replace(t, blocks=max(0, t.blocks)) for t in tracks)
    wish = Wish(tracks[-1].cd or CdTrack(), replace(plan.lead_in))
    return replace(state, tracks=(*state.tracks, *tracks), cd=replace(state.cd, plan=None, wish=wish))


def finalize(medium: Medium, state: DiscState) -> DiscState:
    """Close the session and the disc."""
    return close_session(medium, state, appendable=False)


def after_interruption(state: DiscState, surface_blocks: int) -> DiscState:
    """The state after writing was cut off: what was being written is damaged."""
    plan = state.cd.plan
    if plan is not None and plan.begun:
        found = min(max(surface_blocks, plan.next_block), plan.end)
        cut = replace(state, cd=replace(state.cd, plan=replace(plan, next_block=found)))
        return _given_up(cut)
    state = replace(state, cd=replace(state.cd, plan=None)) if plan is not None else state
    track = open_track(state)
    if track is None:
        return state
    found = min(track_limit(state, track), surface_blocks) - track.start
    if found <= track.blocks:
        return state
    return with_track(state, replace(track, blocks=found, state=TrackState.DAMAGED))


def lead_in(state: DiscState, session: int) -> LeadIn:
    """What the lead-in of a closed session tells; a pressed disc tells nothing."""
    return state.cd.lead_ins[session - 1] if session <= len(state.cd.lead_ins) else LeadIn()
