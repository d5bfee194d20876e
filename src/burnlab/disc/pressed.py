"""Media that were never recordable: one closed session, and every change refused."""

from __future__ import annotations

from typing import NoReturn

from burnlab.disc import sequential
from burnlab.disc.errors import NotRecordable
from burnlab.disc.media import Medium
from burnlab.disc.model import DiscState, WriteType

capacity_end = sequential.capacity_end
check_readable = sequential.check_readable
extents = sequential.extents
track_views = sequential.track_views
unreadable = sequential.unreadable


def _refuse(medium: Medium) -> NoReturn:
    raise NotRecordable(f"{medium.title} can't be written")


def free_blocks(_medium: Medium, _state: DiscState) -> int:
    """None."""
    return 0


def begin_write(
    medium: Medium, _state: DiscState, _lba: int, _count: int, _write_type: WriteType
) -> DiscState:
    """Refused."""
    _refuse(medium)


def after_write(state: DiscState, _lba: int, _count: int) -> DiscState:
    """Never reached."""
    return state


def synchronize(_medium: Medium, state: DiscState) -> DiscState:
    """There is nothing in the buffer."""
    return state


def reserve_track(medium: Medium, _state: DiscState, _blocks: int, _write_type: WriteType) -> DiscState:
    """Refused."""
    _refuse(medium)


def close_track(medium: Medium, _state: DiscState, _number: int) -> DiscState:
    """Refused."""
    _refuse(medium)


def close_session(medium: Medium, _state: DiscState, *, appendable: bool) -> DiscState:  # noqa: ARG001
    """Refused."""
    _refuse(medium)


def finalize(medium: Medium, _state: DiscState) -> DiscState:
    """Refused."""
    _refuse(medium)
