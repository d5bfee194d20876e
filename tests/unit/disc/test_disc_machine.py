"""A disc against a simple model, over random lives: writing, closing, blanking, reopening, crashing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from burnlab.disc import Disc, DiscError, DiscState, WriteType
from burnlab.disc.errors import BeyondEnd, IncompleteTrack, NotNextWritable, NotRecorded, NotWritable
from burnlab.disc.sequential import after_interruption
from burnlab.disc.surface import BLOCK_BYTES, MemorySurface

CAPACITY = 80000
UNIT = 16
INCREMENTAL = WriteType.INCREMENTAL


def up(blocks: int) -> int:
    return (blocks + UNIT - 1) // UNIT * UNIT


@dataclass
class ModelTrack:
    """What the model knows of a track. `how`: open, closed or damaged."""

    session: int
    start: int
    end: int
    limit: int | None
    how: str = "open"
    noted: int = 0


class DiscMachine(RuleBasedStateMachine):
    """The disc, and beside it a list of tracks and a dictionary of blocks."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: DiscState | None = None
        self.tracks: list[ModelTrack] = []
        self.blocks: dict[int, bytes] = {}
        self.ghosts: dict[int, bytes] = {}
        self.session = 1
        self.final = False
        self.stamp = 0

    @initialize()
    def begin(self) -> None:
        state = Disc.in_memory("dvd-rw", capacity_blocks=CAPACITY).state
        self.kept = state
        self.disc = Disc(state, MemorySurface(), self._keep)

    def _keep(self, state: DiscState) -> None:
        self.kept = DiscState.from_json(state.to_json())

    # The model.

    def invisible(self) -> int | None:
        """Where the next track would begin; None where a track takes all, or the disc is closed."""
        if self.final or (self.tracks and self.tracks[-1].how != "closed" and self.tracks[-1].limit is None):
            return None
        if not self.tracks:
            return 0
        last = self.tracks[-1]
        end = up(max(last.end, last.limit or 0) if last.how == "open" else last.end)
        if last.session == self.session:
            return end
        return end + (28688 if last.session == 1 else 6160)

    def note(self) -> None:
        for track in self.tracks:
            track.noted = track.end

    def sound(self) -> bool:
        return all(t.how != "damaged" for t in self.tracks)

    # Rules.

    @rule(count=st.integers(1, 50), which=st.integers(0, 3))
    def write(self, count: int, which: int) -> None:
        places: list[tuple[int, ModelTrack | None]] = []
        if not self.final:
            places = [(t.end, t) for t in self.tracks if t.how == "open" and t.end != t.limit]
            start = self.invisible()
            if start is not None:
                places.append((start, None))
        self.stamp += 1
        data = b"".join((self.stamp * 1000 + n).to_bytes(8, "big") * (BLOCK_BYTES // 8) for n in range(count))
        if not places:
            self._refused(self.disc.next_writable or 0, data)
            return
        lba, track = places[which % len(places)]
        limit = (track.limit if track else None) or CAPACITY
        if lba + count > limit:
            with pytest.raises(BeyondEnd):
                self.disc.write(lba, data, INCREMENTAL)
            return
        self.disc.write(lba, data, INCREMENTAL)
        if track is None:
            self.note()
            track = ModelTrack(self.session, lba, lba, None, noted=lba)
            self.tracks.append(track)
        track.end += count
        for n in range(count):
            self.blocks[lba + n] = data[n * BLOCK_BYTES : (n + 1) * BLOCK_BYTES]

    def _refused(self, lba: int, data: bytes) -> None:
        before = self.disc.state
        with pytest.raises(NotWritable if self.final else NotNextWritable):
            self.disc.write(lba, data, INCREMENTAL)
        assert self.disc.state == before

    @rule(lba=st.integers(0, CAPACITY))
    def write_elsewhere(self, lba: int) -> None:
        allowed = {t.end for t in self.tracks if t.how == "open"} | {self.invisible()}
        if lba not in allowed:
            self._refused(lba, bytes(BLOCK_BYTES))

    @rule()
    def synchronize(self) -> None:
        self.disc.synchronize()
        if not self.final:
            self.note()

    @rule(blocks=st.integers(1, 200))
    def reserve(self, blocks: int) -> None:
        start = self.invisible()
        if start is None or start + up(blocks) > CAPACITY:
            before = self.disc.state
            with pytest.raises(DiscError):
                self.disc.reserve_track(blocks, INCREMENTAL)
            assert self.disc.state == before
            return
        self.disc.reserve_track(blocks, INCREMENTAL)
        self.tracks.append(ModelTrack(self.session, start, start, start + up(blocks)))
        self.note()

    @precondition(lambda self: self.tracks and not self.final)
    @rule(which=st.integers(0, 5))
    def close_track(self, which: int) -> None:
        index = which % len(self.tracks)
        self.disc.close_track(index + 1)
        track = self.tracks[index]
        if track.how == "closed":
            self.note()
            return
        end = up(track.end - track.start) + track.start
        if track.how == "open" and track.limit is not None:
            end = max(end, track.limit)
        for lba in range(track.end, end):
            self.blocks[lba] = self.ghosts.get(lba, bytes(BLOCK_BYTES))
        track.end, track.how, track.limit = end, "closed", None
        self.note()

    @precondition(lambda self: not self.final)
    @rule(appendable=st.booleans())
    def close_session(self, appendable: bool) -> None:
        here = [t for t in self.tracks if t.session == self.session]
        if any(t.how != "closed" for t in here):
            with pytest.raises(IncompleteTrack):
                self.disc.close_session(appendable=appendable)
            return
        self.disc.close_session(appendable=appendable)
        self.note()
        if not here:
            self.final = bool(self.tracks) and not appendable
            return
        self.session += 1
        start = self.invisible()
        assert start is not None
        self.final = not appendable or CAPACITY - start < UNIT

    @rule(full=st.booleans())
    def blank(self, full: bool) -> None:
        if self.tracks and len(self.tracks) < 3 and not self.final:
            return  # let discs grow older than this
        self.disc.blank(full=full)
        if not full:
            with pytest.raises(DiscError):
                self.disc.write(0, bytes(BLOCK_BYTES), INCREMENTAL)
            self.disc.blank(full=True)
        self.tracks, self.blocks, self.ghosts, self.session, self.final = [], {}, {}, 1, False

    @rule()
    def reopen(self) -> None:
        self.disc.keep()
        self.note()
        self._open()

    @rule()
    def crash(self) -> None:
        surface = self.disc.surface.blocks
        for index, track in enumerate(self.tracks):
            if track.how != "open":
                continue
            if index == len(self.tracks) - 1 and surface > track.noted and track.end > track.noted:
                track.how, track.limit = "damaged", None
                continue
            # It goes on where it was noted down; what lies behind is still there to see if it is padded.
            for lba in range(track.noted, track.end):
                self.ghosts[lba] = self.blocks.pop(lba)
            track.end = track.noted
        self._open()

    def _open(self) -> None:
        assert self.kept is not None
        state = after_interruption(self.kept, self.disc.surface.blocks)
        self.disc = Disc(replace(state), self.disc.surface, self._keep)
        self._keep(state)

    @rule(lba=st.integers(0, CAPACITY), count=st.integers(1, 64))
    def read_anywhere(self, lba: int, count: int) -> None:
        if all(n in self.blocks for n in range(lba, lba + count)):
            self.disc.read(lba, count)
        else:
            with pytest.raises(NotRecorded):
                self.disc.read(lba, count)

    # What always holds.

    @invariant()
    def tracks_agree(self) -> None:
        if self.kept is None:
            return
        assert [(t.start, t.end, t.session, t.state.value) for t in self.disc.state.tracks] == [
            (t.start, t.end, t.session, t.how) for t in self.tracks
        ]
        assert self.disc.state.finalized == self.final
        assert self.disc.state.closed_sessions == self.session - 1

    @invariant()
    def everything_reads_back(self) -> None:
        for track in self.tracks:
            if track.end > track.start:
                data = self.disc.read(track.start, track.end - track.start)
                expected = b"".join(self.blocks[n] for n in range(track.start, track.end))
                assert data == expected

    @invariant()
    def views_agree(self) -> None:
        if self.kept is None:
            return
        views = self.disc.track_views()
        assert [v.number for v in views] == list(range(1, len(views) + 1))
        start = self.invisible()
        assert len(views) == len(self.tracks) + (start is not None)
        if start is not None:
            assert (views[-1].blank, views[-1].start, views[-1].next_writable) == (True, start, start)
            assert views[-1].free_blocks == views[-1].size == max(0, CAPACITY - start)
        closed = [t for t in self.tracks if t.session < self.session]
        assert self.disc.capacity_end == (closed[-1].end if closed else 0)
        assert sum(s.blocks for s in self.disc.session_views()) <= self.disc.capacity_end

    @invariant()
    def state_survives_json(self) -> None:
        if self.kept is not None:
            state = self.disc.state
            assert DiscState.from_json(state.to_json()) == state


TestDiscMachine: Any = DiscMachine.TestCase
TestDiscMachine.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
