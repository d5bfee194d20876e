"""Overwritable media: one track as large as the medium is formatted, written anywhere, zeros elsewhere.

A DVD-RW that was formatted quickly *grows*: it takes writes that go on at its end, until its session is
closed.
"""

from __future__ import annotations

from dataclasses import replace

from burnlab.disc.errors import (
    BeyondEnd,
    CannotReserve,
    DiscError,
    NotFormatted,
    NotRecorded,
    OutOfRange,
    Unaligned,
)
from burnlab.disc.media import Medium
from burnlab.disc.model import Background, DiscState, Extent, TrackView, WriteType


def track_views(_medium: Medium, state: DiscState) -> list[TrackView]:
    """The one track; before formatting it is empty."""
    if state.formatted_blocks or state.growing:
        return [TrackView(1, 1, 0, state.formatted_blocks, write_type=WriteType.PLAIN)]
    size = state.capacity_blocks
    return [TrackView(1, 1, 0, size, size, next_writable=0, blank=True, write_type=WriteType.PLAIN)]


def free_blocks(_medium: Medium, state: DiscState) -> int:
    """All that is formatted, or could be."""
    return state.formatted_blocks or state.capacity_blocks


def capacity_end(state: DiscState) -> int:
    """The formatted size."""
    return state.formatted_blocks


def extents(state: DiscState) -> list[Extent]:
    """Everything that is formatted can be read."""
    return [(0, state.formatted_blocks)] if state.formatted_blocks else []


def check_readable(_state: DiscState) -> None:
    """Never refused."""


def unreadable(_state: DiscState, lba: int) -> DiscError:
    """It lies outside the formatted area."""
    return NotRecorded(lba)


def begin_write(medium: Medium, state: DiscState, lba: int, count: int, _write_type: WriteType) -> DiscState:
    """Anywhere in the formatted area, in whole units where the medium demands it."""
    if not state.formatted_blocks and not state.growing:
        raise NotFormatted(f"{medium.title} must be formatted before it is written")
    if medium.whole_units and (lba % medium.unit_blocks or count % medium.unit_blocks):
        raise Unaligned(f"{medium.title} takes multiples of {medium.unit_blocks} blocks")
    where = f"the formatted area ends at LBA {state.formatted_blocks}"
    if lba < 0 or (not state.growing and lba + count > state.formatted_blocks):
        raise OutOfRange(where)
    if state.growing and (lba > state.formatted_blocks or lba + count > medium.largest_format):
        raise BeyondEnd(where)
    return state


def after_write(state: DiscState, lba: int, count: int) -> DiscState:
    """Growing media have become larger."""
    if lba + count > state.formatted_blocks:
        return replace(state, formatted_blocks=lba + count)
    return state


def synchronize(_medium: Medium, state: DiscState) -> DiscState:
    """Nothing changes but what is noted down."""
    return state


def reserve_track(_medium: Medium, _state: DiscState, _blocks: int, _write_type: WriteType) -> DiscState:
    """Overwritable media have no tracks to reserve."""
    raise CannotReserve("an overwritable medium has no tracks to reserve")


def close_track(_medium: Medium, state: DiscState, _number: int) -> DiscState:
    """Nothing to do."""
    return state


def close_session(_medium: Medium, state: DiscState, *, appendable: bool) -> DiscState:  # noqa: ARG001
    """Growing ends, and formatting in the background stops."""
    background = Background.PARTLY if state.background is Background.RUNNING else state.background
    return replace(state, growing=False, background=background)


def finalize(medium: Medium, state: DiscState) -> DiscState:
    """There is no way to close overwritable media."""
    return close_session(medium, state, appendable=False)
