"""A disc: a medium, its state, its surface. The one place where state and surface change together."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import groupby
from typing import NamedTuple

from burnlab.disc import cd, formats, overwrite, pressed, sequential
from burnlab.disc.cd_model import Plan, Wish
from burnlab.disc.cd_regions import cd_track
from burnlab.disc.cd_sector import SECTOR_BYTES, form_1_pieces
from burnlab.disc.errors import CannotErase, NotRecordable, SurfaceFailure
from burnlab.disc.media import DVD_RW_OVERWRITE, Format, Medium, Recording, medium_named
from burnlab.disc.model import Background, DiscState, SessionView, Track, TrackState, TrackView, WriteType
from burnlab.disc.recovery import recover
from burnlab.disc.strategy import Strategy
from burnlab.disc.surface import BLOCK_BYTES, Data, MemorySurface, NoSurface, Surface

STRATEGIES: dict[Recording, Strategy] = {
    Recording.READ_ONLY: pressed,
    Recording.SEQUENTIAL: sequential,
    Recording.OVERWRITE: overwrite,
    Recording.CD: cd,
}


def blank_state(medium: Medium, product: str = "", capacity_blocks: int = 0) -> DiscState:
    """The state of a disc without a format and without data."""
    return DiscState(medium.name, product or medium.product, capacity_blocks or medium.capacity_blocks)


def state_as_sold(type_name: str, product: str = "", capacity_blocks: int = 0) -> DiscState:
    """The state of a new disc; KeyError tells which types there are."""
    medium = medium_named(type_name)
    formatted = medium.largest_format if type_name == DVD_RW_OVERWRITE else medium.formatted_as_sold
    state = blank_state(medium, product, capacity_blocks)
    return replace(state, overwritable=True, formatted_blocks=formatted) if formatted else state


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


class Unburnt(NamedTuple):
    """A write that a drive has taken and not yet brought onto the disc; `old` is what lies there."""

    lba: int
    blocks: int
    old: bytes = b""


def _forget(_state: DiscState) -> None:
    """Keep a state nowhere: for discs in memory."""


class Disc:
    """One disc.

    `keep` stores a state durably; it is called before a change is acted on, and its failure leaves the
    disc as it was. Data goes to the surface before the state that makes it count.
    """

    def __init__(
        self,
        state: DiscState,
        surface: Surface,
        keep: Callable[[DiscState], None] = _forget,
        sectors: Surface | None = None,
    ) -> None:
        self.medium = medium_named(state.medium)
        self.state = state
        self.surface = surface
        self.sectors = MemorySurface(SECTOR_BYTES) if sectors is None else sectors
        """Sectors of 2352 bytes: those of a CD that 2048 bytes don't tell all of."""
        self._keep = keep
        self._kept = state
        self._views: tuple[DiscState, list[TrackView]] | None = None
        self._extents: tuple[tuple[int, int], ...] = ()
        self._starts: tuple[int, ...] = ()
        self._index()

    @classmethod
    def in_memory(cls, type_name: str, product: str = "", capacity_blocks: int = 0) -> Disc:
        """A new disc without a file."""
        return cls(state_as_sold(type_name, product, capacity_blocks), MemorySurface())

    @classmethod
    def reopened(
        cls, state: DiscState, surface: Surface, keep: Callable[[DiscState], None], sectors: Surface
    ) -> Disc:
        """The disc of a recorder that may have been killed: what was cut off is found out, and kept.

        Afterwards the files are at least as long as what counts as recorded.
        """
        recovered = recover(state, surface.blocks, sectors.blocks)
        if recovered.empties:
            surface.resize(0)
            sectors.resize(0)
        disc = cls(recovered.state, surface, keep, sectors)
        if recovered.state != state:
            disc._extend_to(recovered.state)
            disc.keep()
        return disc

    @property
    def profile(self) -> int:
        """The profile number of the medium in its present state."""
        return (self.state.overwritable and self.medium.formatted_profile) or self.medium.profile

    @property
    def is_blank(self) -> bool:
        """Nothing was recorded, reserved or formatted for overwriting."""
        return not self.state.tracks and not self.state.overwritable and not self.state.cd.is_writing

    @property
    def is_appendable(self) -> bool:
        """Something is recorded, and more can be."""
        return (bool(self.state.tracks) or self.state.cd.is_writing) and not self.state.finalized

    @property
    def is_recordable(self) -> bool:
        """A medium that can be written, in whatever state it is."""
        return self.medium.recording is not Recording.READ_ONLY

    @property
    def has_data(self) -> bool:
        """There are blocks of 2048 bytes to be read."""
        return bool(self._extents)

    @property
    def is_cd_recordable(self) -> bool:
        """A CD that takes tracks and sessions."""
        return self.recording is Recording.CD

    @property
    def _strategy(self) -> Strategy:
        return STRATEGIES[self.recording]

    @property
    def recording(self) -> Recording:
        """How the disc takes data in its present state."""
        return Recording.OVERWRITE if self.state.overwritable else self.medium.recording

    @property
    def type_name(self) -> str:
        """The name of this kind of disc on the command line."""
        formatted = self.state.overwritable and self.medium.formatted_profile
        return DVD_RW_OVERWRITE if formatted else self.medium.name

    @property
    def capacity_end(self) -> int:
        """One past the last block that READ CAPACITY counts; 0 where nothing is readable."""
        return self._strategy.capacity_end(self.state)

    @property
    def free_blocks(self) -> int:
        """Blocks that can still be recorded."""
        return self._strategy.free_blocks(self.medium, self.state)

    @property
    def next_writable(self) -> int | None:
        """Next writable address of the last track that has one."""
        return next(
            (v.next_writable for v in reversed(self.track_views()) if v.next_writable is not None), None
        )

    def track_views(self) -> list[TrackView]:
        """All tracks in order, the invisible one last where there is one; the list is not to be changed.

        A burn program asks for one track after the other: they are made up once for each state.
        """
        if self._views is None or self._views[0] is not self.state:
            self._views = self.state, self._strategy.track_views(self.medium, self.state)
        return self._views[1]

    def session_views(self) -> list[SessionView]:
        """The closed sessions."""
        return list(_sessions(self.state))

    def read(self, lba: int, count: int) -> bytes:
        """`count` recorded blocks; NotRecorded names the first one that isn't."""
        self.check_recorded(lba, count)
        return self.surface.read(lba, count)

    def check_recorded(self, lba: int, count: int) -> None:
        """Refuse what `read` would refuse."""
        end = self.recorded_until(lba)
        if lba + count > end:
            raise self._strategy.unreadable(self.state, max(lba, end))

    def recorded_until(self, lba: int) -> int:
        """One past the last block that can be read in one piece from `lba` on; `lba` itself if none can."""
        at = bisect_right(self._starts, lba) - 1
        if at < 0:
            return lba
        self._strategy.check_readable(self.state)
        return max(lba, self._extents[at][1])

    def write(self, lba: int, data: Data, write_type: WriteType) -> None:
        """Record whole blocks where the medium takes them, or raise what refuses them."""
        count = len(data) // BLOCK_BYTES
        self._record(lba, count, write_type, lambda: self.surface.write(lba, data))

    def write_pause(self, lba: int, count: int, write_type: WriteType) -> None:
        """Let blocks of a pause pass that there is no place for: those before LBA 0."""
        self._record(lba, count, write_type, lambda: None)

    def write_sectors(self, lba: int, data: Data, write_type: WriteType) -> None:
        """Record whole sectors of 2352 bytes; their user data goes to the surface, too, where it fits."""

        self._record(lba, len(data) // SECTOR_BYTES, write_type, lambda: self._store_sectors(lba, data))

    def _store_sectors(self, lba: int, data: Data) -> None:
        ends = self.surface.blocks, self.sectors.blocks
        try:
            self.sectors.write(lba, data)
            for offset, blocks in form_1_pieces(data):
                self.surface.write(lba + offset, blocks)
        except SurfaceFailure:
            # The lengths tell how far a burn had come: one that failed must not look like one cut off.
            for surface, end in zip((self.surface, self.sectors), ends, strict=True):
                if surface.blocks > end:
                    surface.resize(end)
            raise

    def _record(self, lba: int, count: int, write_type: WriteType, store: Callable[[], None]) -> None:
        if self.state.erasing:
            self._end_erasing()
        strategy = self._strategy
        state = strategy.begin_write(self.medium, self.state, lba, count, write_type)
        if state is not self.state:
            self._adopt(state)
        store()
        written = strategy.after_write(self.state, lba, count)
        if written is not self.state:
            self.state = written
            self._grow(lba, count)

    def _grow(self, lba: int, count: int) -> None:
        """Count blocks as readable; nearly always they follow those that were written last."""
        if self._extents and self._extents[-1][1] == lba:
            self._extents = (*self._extents[:-1], (self._extents[-1][0], lba + count))
        else:
            self._index()

    def synchronize(self) -> None:
        """Note down how far writing has come; a disc that is complete at once is finalized."""
        if self.is_recordable and not self.state.finalized:
            state = self._strategy.synchronize(self.medium, self.state)
            self._extend_to(state)
            self._adopt(state)

    def intend(self, wish: Wish) -> None:
        """Say what the next track of a CD shall be, where a write opens one."""
        self.state = cd.intend(self.state, wish)

    def announce(self, plan: Plan) -> None:
        """Say what a session of a CD will be that is written at once."""
        self._adopt(cd.announce(self.medium, self.state, plan))

    def keep_text(self, text: str) -> None:
        """Take the CD-TEXT of the session that is being written at once."""
        self._adopt(cd.with_text(self.state, text))

    def reserve_track(self, blocks: int, write_type: WriteType) -> None:
        """Set blocks aside for the next track."""
        self._adopt(self._strategy.reserve_track(self.medium, self.state, blocks, write_type))

    def close_track(self, number: int) -> None:
        """Close the track with this number."""
        closed = self._strategy.close_track(self.medium, self.state, number)
        self._extend_to(closed)
        self._adopt(closed)

    def close_session(self, *, appendable: bool) -> None:
        """Close the session, and the disc unless it shall stay appendable."""
        closed = self._strategy.close_session(self.medium, self.state, appendable=appendable)
        self._extend_to(closed)
        self._adopt(closed)

    def finalize(self) -> None:
        """Close the session and the disc."""
        closed = self._strategy.finalize(self.medium, self.state)
        self._extend_to(closed)
        self._adopt(closed)

    def blank(self, *, full: bool) -> None:
        """Make it blank again; only full blanking gives back incremental writing.

        A formatted disc loses its format by it, where the medium can be without one.
        """
        if not self.is_recordable:
            raise NotRecordable(f"{self.medium.title} can't be written")
        if not self.medium.erasable or self.medium.recording is Recording.OVERWRITE:
            raise CannotErase(f"{self.medium.title} can't be blanked")
        incremental = full or self.medium.recording is Recording.CD
        state = blank_state(self.medium, self.state.product, self.state.capacity_blocks)
        self._erase(replace(state, incremental=incremental))

    def format(self, wish: formats.Wish) -> None:
        """Format it; what it holds is lost only where the medium can't keep it."""
        if not self.is_recordable:
            raise NotRecordable(f"{self.medium.title} can't be written")
        state = formats.apply(self.medium, self.state, wish)
        if self.medium.erases_by_formatting and wish.code != formats.DVD_RW_GROW:
            self._erase(state)
        else:
            self._adopt(state)

    def end_background_format(self, *, done: bool) -> None:
        """Formatting in the background has come to its end, or was cut off."""
        if self.state.background is Background.RUNNING:
            self._adopt(replace(self.state, background=Background.DONE if done else Background.PARTLY))

    @property
    def formats(self) -> tuple[Format, ...]:
        """What it can be formatted to in its present state."""
        return formats.offered(self.medium, self.state)

    def rehearsal(self) -> Disc:
        """A copy that takes everything and changes nothing: for test writing."""
        return Disc(self.state, NoSurface(), sectors=NoSurface(SECTOR_BYTES))

    def keep(self) -> None:
        """Note down the present state."""
        self._keep(self.state)
        self._kept = self.state

    def lose_power(self, unburnt: Iterable[Unburnt]) -> None:
        """Writing ends here, as when the recorder is killed; writes that are `unburnt` never were.

        They come with the newest first.
        """
        for write in unburnt:
            if self.state.overwritable:
                self.surface.write(write.lba, write.old)
                continue
            _take_back(self.surface, BLOCK_BYTES, write)
            _take_back(self.sectors, SECTOR_BYTES, write)
        state = recover(self._kept, self.surface.blocks, self.sectors.blocks).state
        self._extend_to(state)
        self._adopt(state)

    def close(self) -> None:
        """Note everything down and let go of the surface."""
        if self.is_recordable:
            self.keep()
            self.surface.flush()
            self.sectors.flush()
        self.surface.close()
        self.sectors.close()

    def _adopt(self, state: DiscState) -> None:
        self._keep(state)
        self._kept = self.state = state
        self._index()

    def _erase(self, state: DiscState) -> None:
        """Adopt a state in which nothing is recorded any more, and empty the files.

        Between the two the state says so: whoever opens the disc then knows what is still to be done.
        """
        self._adopt(replace(state, erasing=True))
        self._end_erasing()

    def _end_erasing(self) -> None:
        self.surface.resize(0)
        self.sectors.resize(0)
        self._adopt(replace(self.state, erasing=False))

    def _extend_to(self, state: DiscState) -> None:
        """Make the files as long as what is recorded, where the drive pads: it is padded with zeros."""
        for surface, end in ((self.surface, surface_end(state)), (self.sectors, sectors_end(state))):
            if end > surface.blocks:
                surface.resize(end)

    def _index(self) -> None:
        self._extents = tuple(self._strategy.extents(self.state))
        self._starts = tuple(start for start, _ in self._extents)


def _take_back(surface: Surface, block_bytes: int, write: Unburnt) -> None:
    """Undo a write. Behind it there may be a track that is open, too: what is recorded there stays."""
    start, end = max(0, write.lba), write.lba + write.blocks
    if surface.blocks <= end:
        surface.resize(min(surface.blocks, start))
    elif end > start:
        surface.write(start, bytes((end - start) * block_bytes))


def surface_end(state: DiscState) -> int:
    """One past the last recorded block: the surface is never shorter."""
    return max((t.end for t in state.tracks if t.blocks), default=0)


def sectors_end(state: DiscState) -> int:
    """The same for the sectors that are kept whole beside the surface."""
    return max((t.end for t in state.tracks if t.blocks and cd_track(t).form.is_whole), default=0)


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
