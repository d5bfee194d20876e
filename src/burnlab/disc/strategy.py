"""What a way of recording must answer: functions over a medium and a state, each a module's."""

from __future__ import annotations

from typing import Protocol

from burnlab.disc.errors import DiscError
from burnlab.disc.media import Medium
from burnlab.disc.model import DiscState, Extent, TrackView, WriteType


class Strategy(Protocol):
    """One way of recording. A function returns a new state, or raises a DiscError."""

    def track_views(self, medium: Medium, state: DiscState, /) -> list[TrackView]:
        """All tracks in order, the invisible one last where there is one."""
        ...

    def free_blocks(self, medium: Medium, state: DiscState, /) -> int:
        """Blocks that can still be recorded."""
        ...

    def capacity_end(self, state: DiscState, /) -> int:
        """One past the last block that READ CAPACITY counts; 0 where nothing is readable."""
        ...

    def extents(self, state: DiscState, /) -> list[Extent]:
        """What can be read, in order and without overlap."""
        ...

    def check_readable(self, state: DiscState, /) -> None:
        """Refuse to read a disc that can't be read at present."""
        ...

    def unreadable(self, state: DiscState, lba: int, /) -> DiscError:
        """Why a block outside the extents can't be read."""
        ...

    def begin_write(
        self, medium: Medium, state: DiscState, lba: int, count: int, write_type: WriteType, /
    ) -> DiscState:
        """Allow a write: the state in which it happens."""
        ...

    def after_write(self, state: DiscState, lba: int, count: int, /) -> DiscState:
        """The state after a write that was allowed."""
        ...

    def synchronize(self, medium: Medium, state: DiscState, /) -> DiscState:
        """The state after the drive has emptied its buffer."""
        ...

    def reserve_track(
        self, medium: Medium, state: DiscState, blocks: int, write_type: WriteType, /
    ) -> DiscState:
        """Set blocks aside for the next track."""
        ...

    def close_track(self, medium: Medium, state: DiscState, number: int, /) -> DiscState:
        """Close one track."""
        ...

    def close_session(self, medium: Medium, state: DiscState, /, *, appendable: bool) -> DiscState:
        """Close the session, and the disc unless it shall stay appendable."""
        ...

    def finalize(self, medium: Medium, state: DiscState, /) -> DiscState:
        """Close the session and the disc."""
        ...
