"""What can't be true of a disc, whatever was burnt on it: a state that contradicts itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from itertools import pairwise
from typing import Any

from burnlab.disc.cd import MINIMUM_TRACK_BLOCKS
from burnlab.disc.cd_regions import recorded_end
from burnlab.disc.media import Medium, Recording, medium_named
from burnlab.disc.model import Background, DiscState, TrackState

MOST_BLOCKS = 0x7FFFFFFF
"""An LBA has 31 bits and a sign.    Source: MMC-5, WRITE (10)."""


def contradictions(state: DiscState) -> Iterator[str]:
    """Sentences about what doesn't fit together; none if all does."""
    wrong = [*wrong_types(state)]
    if wrong:
        yield from wrong
        return
    medium = medium_named(state.medium)
    yield from _sizes(medium, state)
    yield from _tracks(medium, state)
    yield from _sessions(state)
    yield from _kind(medium, state)


def wrong_types(value: Any) -> Iterator[str]:
    """Fields that hold something else than a number, a text or a truth value as they should, however deep."""
    kinds: dict[str, type] = {"int": int, "str": str, "bool": bool}
    for field in fields(value):
        kind = kinds.get(str(field.type))
        found = getattr(value, field.name)
        if kind is not None and type(found) is not kind:
            yield f"'{field.name}' is {found!r}"
        for each in found if isinstance(found, tuple) else (found,):
            if is_dataclass(each):
                yield from wrong_types(each)
            elif field.type == "tuple[int, ...]" and type(each) is not int:
                yield f"'{field.name}' has {each!r}"


def _sizes(medium: Medium, state: DiscState) -> Iterator[str]:
    if not 0 <= state.capacity_blocks <= MOST_BLOCKS:
        yield f"a capacity of {state.capacity_blocks} blocks is none"
    most = max(state.capacity_blocks, medium.largest_format)
    if not 0 <= state.formatted_blocks <= most:
        yield f"{state.formatted_blocks} blocks are formatted of {most}"
    if state.spare_blocks < 0:
        yield f"there are {state.spare_blocks} spare blocks"


def _tracks(medium: Medium, state: DiscState) -> Iterator[str]:
    # The last track may be padded beyond the end, where that is no multiple of what is recorded at once.
    padding = MINIMUM_TRACK_BLOCKS if medium.recording is Recording.CD else medium.unit_blocks
    for number, track in enumerate(state.tracks, 1):
        if track.number != number:
            yield f"track {number} is numbered {track.number}"
        if track.start < 0 or track.blocks < 0 or track.reserved_blocks < 0:
            yield f"track {number} begins at {track.start} and has {track.blocks} blocks"
        elif track.end > state.capacity_blocks + padding:
            yield f"track {number} ends at block {track.end}, the medium at {state.capacity_blocks}"
        if track.reserved_blocks and track.blocks > track.reserved_blocks:
            yield f"track {number} has {track.blocks} blocks, {track.reserved_blocks} are reserved for it"
    for before, after in pairwise(state.tracks):
        if after.start < recorded_end(before):
            yield f"track {after.number} begins at {after.start}, inside track {before.number}"


def _sessions(state: DiscState) -> Iterator[str]:
    sessions = [track.session for track in state.tracks]
    if any(after - before not in (0, 1) for before, after in pairwise([1, *sessions])):
        yield f"the tracks' sessions are {sessions}"
    last = max(sessions, default=0)
    if not last - 1 <= state.closed_sessions <= last or state.closed_sessions < 0:
        yield f"{state.closed_sessions} sessions are closed of {last}"
    for track in state.tracks:
        if track.session <= state.closed_sessions and track.state is not TrackState.CLOSED:
            yield f"track {track.number} is {track.state}, but its session is closed"
    if state.finalized and state.closed_sessions < last:
        yield "the disc is closed, but its last session isn't"


def _kind(medium: Medium, state: DiscState) -> Iterator[str]:
    can_be_overwritten = medium.recording is Recording.OVERWRITE or medium.formatted_profile
    if state.overwritable and not can_be_overwritten:
        yield f"a {medium.title} can't be overwritten"
    if state.overwritable and state.tracks:
        yield "what is overwritable has no tracks"
    if state.tracks and medium.recording is Recording.OVERWRITE:
        yield f"a {medium.title} has no tracks"
    if (state.growing or state.background is not Background.NONE) and not state.overwritable:
        yield "it is being formatted, but isn't overwritable"
    if medium.recording is Recording.READ_ONLY and not (state.finalized and state.tracks):
        yield f"a {medium.title} is always closed"
    if state.cd.plan is not None and not (state.cd.plan.spans and state.cd.plan.tracks):
        yield "a session is to be written at once, and is empty"
    if len(state.cd.lead_ins) > state.closed_sessions:
        yield f"there are {len(state.cd.lead_ins)} lead-ins for {state.closed_sessions} closed sessions"
