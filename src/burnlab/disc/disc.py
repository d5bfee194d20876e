"""A disc: a medium, its state, its surface. The one place where state and surface change together."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import groupby

from burnlab.disc import sequential
from burnlab.disc.errors import CannotErase, NotAtOnceReadable, NotRecordable, NotRecorded
from burnlab.disc.media import Medium, Recording, medium_named
from burnlab.disc.model import DiscState, SessionView, Track, TrackState, TrackView, WriteType
from burnlab.disc.surface import BLOCK_BYTES, Data, MemorySurface, NoSurface, Surface


def blank_state(medium: Medium, product: str = "", capacity_blocks: int = 0) -> DiscState:
    """The state of a disc as sold."""
    return DiscState(medium.name, product or medium.product, capacity_blocks or medium.capacity_blocks)


def pressed_state(medium: Medium, blocks: int, product: str = "") -> DiscState:
    """The state of a disc with one session of `blocks` blocks that takes nothing more."""
    track = Track(1, 1, 0, blocks, TrackState.CLOSED, WriteType.DISC_AT_ONCE)
    return DiscState(
        medium.name,
        product or medium.product,
        max(medium.capacity_blocks, blocks),
        (track,),
        closed_sessions=1,
        finalized=True,
    )


def _forget(_state: DiscState) -> None:
    """Keep a state nowhere: for discs in memory."""


class Disc:
    """One disc.

    `keep` stores a state durably; it is called before a change is acted on, and its failure leaves the
    disc as it was. Data goes to the surface before the state that makes it count.
    """

    def __init__(
        self, state: DiscState, surface: Surface, keep: Callable[[DiscState], None] = _forget
    ) -> None:
        self.medium = medium_named(state.medium)
        self.state = state
        self.surface = surface
        self._keep = keep
        self._extents: tuple[tuple[int, int], ...] = ()
        self._starts: tuple[int, ...] = ()
        self._index()

    @classmethod
    def in_memory(cls, type_name: str, product: str = "", capacity_blocks: int = 0) -> Disc:
        """A new disc without a file."""
        medium = medium_named(type_name)
        return cls(blank_state(medium, product, capacity_blocks), MemorySurface())

    @property
    def profile(self) -> int:
        """The profile number of the medium in its present state."""
        return self.medium.profile

    @property
    def is_blank(self) -> bool:
        """Nothing was recorded or reserved."""
        return not self.state.tracks

    @property
    def is_appendable(self) -> bool:
        """Something is recorded, and more can be."""
        return bool(self.state.tracks) and not self.state.finalized

    @property
    def is_recordable(self) -> bool:
        """A medium that can be written, in whatever state it is."""
        return self.medium.recording is not Recording.READ_ONLY

    @property
    def capacity_end(self) -> int:
        """One past the last block of the last closed session; 0 if there is none."""
        closed = [t for t in self.state.tracks if t.session <= self.state.closed_sessions]
        return closed[-1].end if closed else 0

    @property
    def free_blocks(self) -> int:
        """Blocks that can still be recorded."""
        return sequential.free_blocks(self.medium, self.state)

    @property
    def next_writable(self) -> int | None:
        """Next writable address of the last track that has one."""
        return next(
            (v.next_writable for v in reversed(self.track_views()) if v.next_writable is not None), None
        )

    def track_views(self) -> list[TrackView]:
        """All tracks in order, the invisible one last where there is one."""
        return sequential.track_views(self.medium, self.state)

    def session_views(self) -> list[SessionView]:
        """The closed sessions."""
        return list(_sessions(self.state))

    def read(self, lba: int, count: int) -> bytes:
        """`count` recorded blocks; NotRecorded names the first one that isn't."""
        end = self.recorded_until(lba)
        if lba + count > end:
            raise NotRecorded(max(lba, end))
        return self.surface.read(lba, count)

    def recorded_until(self, lba: int) -> int:
        """One past the last block that can be read in one piece from `lba` on; `lba` itself if none can."""
        at = bisect_right(self._starts, lba) - 1
        if at < 0:
            return lba
        if self._being_written_at_once:
            raise NotAtOnceReadable("the disc is being written at once")
        return max(lba, self._extents[at][1])

    @property
    def _being_written_at_once(self) -> bool:
        last = self.state.tracks[-1]
        return last.write_type is WriteType.DISC_AT_ONCE and last.state is TrackState.OPEN

    def write(self, lba: int, data: Data, write_type: WriteType) -> None:
        """Record whole blocks at a next writable address, or raise what refuses them."""
        self._need_recordable()
        count = len(data) // BLOCK_BYTES
        state, track = sequential.begin_write(self.medium, self.state, lba, count, write_type)
        if state is not self.state:
            self._adopt(state)
        self.surface.write(lba, data)
        self.state = sequential.with_track(self.state, replace(track, blocks=track.blocks + count))
        if track.blocks and self._extents and self._extents[-1][1] == lba:
            self._extents = (*self._extents[:-1], (self._extents[-1][0], lba + count))
        else:
            self._index()

    def synchronize(self) -> None:
        """Note down how far writing has come; a disc that is complete at once is finalized."""
        if self.is_recordable and not self.state.finalized:
            self._adopt(sequential.finish_at_once(self.state))

    def reserve_track(self, blocks: int, write_type: WriteType) -> None:
        """Set blocks aside for the next track."""
        self._need_recordable()
        self._adopt(sequential.reserve_track(self.medium, self.state, blocks, write_type))

    def close_track(self, number: int) -> None:
        """Close the track with this number."""
        self._need_recordable()
        closed = sequential.close_track(self.medium, self.state, number)
        self._extend_to(closed)
        self._adopt(closed)

    def close_session(self, *, appendable: bool) -> None:
        """Close the session, and the disc unless it shall stay appendable."""
        self._need_recordable()
        self._adopt(sequential.close_session(self.medium, self.state, appendable=appendable))

    def blank(self, *, full: bool) -> None:
        """Make it blank again; only full blanking gives back incremental writing."""
        if not self.medium.erasable:
            raise CannotErase(f"{self.medium.title} can't be blanked")
        state = replace(self.state, tracks=(), closed_sessions=0, finalized=False, incremental=full)
        self._adopt(state)
        self.surface.resize(0)

    def rehearsal(self) -> Disc:
        """A copy that takes everything and changes nothing: for test writing."""
        return Disc(self.state, NoSurface())

    def keep(self) -> None:
        """Note down the present state."""
        self._keep(self.state)

    def close(self) -> None:
        """Note everything down and let go of the surface."""
        if self.is_recordable:
            self.keep()
            self.surface.flush()
        self.surface.close()

    def _need_recordable(self) -> None:
        if not self.is_recordable:
            raise NotRecordable(f"{self.medium.title} can't be written")

    def _adopt(self, state: DiscState) -> None:
        self._keep(state)
        self.state = state
        self._index()

    def _extend_to(self, state: DiscState) -> None:
        end = max((t.end for t in state.tracks), default=0)
        if end > self.surface.blocks:
            self.surface.resize(end)

    def _index(self) -> None:
        extents: list[tuple[int, int]] = []
        for track in self.state.tracks:
            if extents and extents[-1][1] == track.start:
                extents[-1] = (extents[-1][0], track.end)
            else:
                extents.append((track.start, track.end))
        self._extents = tuple(extents)
        self._starts = tuple(start for start, _ in extents)


def _sessions(state: DiscState) -> Iterator[SessionView]:
    closed = (t for t in state.tracks if t.session <= state.closed_sessions)
    for number, group in groupby(closed, key=lambda t: t.session):
        tracks = list(group)
        yield SessionView(
            number,
            tracks[0].start,
            tracks[-1].end - tracks[0].start,
            tracks[0].number,
            tracks[-1].number,
        )
