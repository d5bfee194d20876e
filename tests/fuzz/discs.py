"""Discs of all kinds in folders, burnt, closed, blanked, formatted, ejected and killed in any order.

The model is simple: what a drive has said to be written, and when it was flushed. What is in a closed
session, or can be overwritten, must read back whatever happens; what is being burnt reads back, or is
refused.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition

from burnlab.disc.consistency import contradictions
from burnlab.disc.disc import Disc
from burnlab.disc.folder import create, open_disc
from burnlab.disc.media import DVD_RW_OVERWRITE, MEDIA, Recording
from burnlab.disc.mending import check
from burnlab.disc.model import DiscState, TrackState, WriteType
from burnlab.disc.surface import FileSurface
from burnlab.recorder import FaultPlan
from burnlab.scsi.commands import ModeSelect10, Read10, SynchronizeCache10, TestUnitReady, Write10
from burnlab.scsi.mmc.commands import Blank, CloseTrackSession, FormatUnit, ReserveTrack
from burnlab.scsi.mmc.cue_sheet import SendCueSheet
from burnlab.scsi.mmc.format_list import FormatList
from fuzz.engine import Machine, Target, step
from support.cd import data_sheet, page_05h
from support.disc_lives import content
from support.drive import Drive, MemoryBench, write_parameters
from support.expect import GOOD

BLOCK = 2048
SECTOR = 2352
SHORT_SESSION = 320
KINDS = sorted(
    {*MEDIA, DVD_RW_OVERWRITE} - {k for k, m in MEDIA.items() if m.recording is Recording.READ_ONLY}
)
FORMAT_CODES = (0x00, 0x01, 0x10, 0x13, 0x15, 0x26, 0x30, 0x31, 0x32)
KEEPS_DATA = 0x13
"""DVD-RW: grow the last border; all other formats of it erase."""


def folder() -> Path:
    """Where discs are made: in memory, if there is such a place."""
    shared = Path("/dev/shm")
    return Path(tempfile.mkdtemp(prefix="fuzz-", dir=shared if os.access(shared, os.W_OK) else None))


def inserted(machine: Any) -> bool:
    """There is a disc."""
    return machine.drive is not None


class Discs(Machine):
    """One disc after another, with the recorder that it is in."""

    work = 20_000_000

    def __init__(self) -> None:
        super().__init__()
        self.folder = folder()
        self.number = 0
        self.drive: Drive | None = None
        self.written: dict[int, tuple[int, bool]] = {}
        """LBA → which write it is of, and whether that was flushed."""
        self.sectors: dict[int, int] = {}
        """LBA → which write of whole sectors it is of."""
        self.life = 0

    def teardown(self) -> None:
        """Take the disc away."""
        if self.drive is not None:
            self._let_go()
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def path(self) -> Path:
        """The folder of the present disc."""
        return self.folder / f"{self.number}.disc"

    @property
    def at(self) -> Drive:
        """The drive."""
        assert self.drive is not None
        return self.drive

    @property
    def bench(self) -> MemoryBench:
        """The recorder and its clock."""
        bench = self.at.bench
        assert isinstance(bench, MemoryBench)
        return bench

    @property
    def disc(self) -> Disc:
        """The disc that lies in the tray."""
        disc = self.bench.recorder.disc_in_tray
        assert disc is not None
        return disc

    # Steps.

    @precondition(lambda self: self.drive is None)
    @step(kind=st.sampled_from(KINDS), blocks=st.sampled_from([0, 0, 0, 700, 40000]))
    def _insert(self, kind: str, blocks: int) -> None:
        """A new disc, which may be smaller than usual, is put into a new recorder."""
        self.number += 1
        create(self.path, kind, "", 0 if MEDIA.get(kind) is None or MEDIA[kind].formats else blocks)
        self.written, self.sectors = {}, {}
        self._open()

    @precondition(inserted)
    @step(
        write_type=st.sampled_from([0, 0, 0, 1, 2]),
        multi=st.sampled_from([0, 3, 3]),
        test=st.sampled_from([False] * 9 + [True]),
        audio=st.booleans(),
    )
    def _select(self, write_type: int, multi: int, test: bool, audio: bool) -> None:
        """Set the write parameters."""
        if self.disc.is_cd_recordable:
            mode, block_type = (0, 0) if audio or write_type == 2 else (4, 8)
            kind = max(write_type, 1)
            cdb, data = page_05h(kind, multi=multi == 3, test=test, mode=mode, block_type=block_type)
        else:
            cdb, data = write_parameters(0 if write_type == 1 else write_type, multi, test=test)
        assert isinstance(cdb, ModeSelect10)
        self.at.outcome(cdb, data)

    @precondition(inserted)
    @step(blocks=st.integers(1, 70), where=st.integers(0, 40), times=st.integers(1, 3))
    def _write(self, blocks: int, where: int, times: int) -> None:
        """Write where the disc takes it, as far as a program can know."""
        for _ in range(times):
            disc = self.disc
            unit = disc.medium.unit_blocks
            if disc.state.overwritable:
                self._write_at(where * unit, -(-blocks // unit) * unit)
            elif disc.state.cd.plan is not None:
                self._write_at(disc.state.cd.plan.next_block, blocks)
            else:
                self._write_at(self._open_end(where), blocks)

    def _open_end(self, where: int) -> int:
        ends = [v.next_writable for v in self.disc.track_views() if v.next_writable is not None]
        return ends[where % len(ends)] if ends else where

    def _write_at(self, lba: int, blocks: int) -> None:
        disc, recorder = self.disc, self.bench.recorder
        page = recorder.write_parameters
        whole = disc.is_cd_recordable and page.data_block_type == 0 and disc.state.cd.plan is None
        real = not page.test_write or WriteType.PLAIN in disc.medium.write_types
        self.life += 1
        data = content(max(0, lba), blocks, self.life, SECTOR if whole else BLOCK)
        if self.at.outcome(Write10(lba, blocks), data) != GOOD or not real:
            return
        for n in range(max(0, lba), lba + blocks):
            if whole:
                self.sectors[n] = self.life
            else:
                self.written[n] = (self.life, False)

    @precondition(inserted)
    @step()
    def _synchronize(self) -> None:
        """Flush."""
        rehearsal = self.bench.recorder.rehearsal is not None
        if self.at.outcome(SynchronizeCache10()) == GOOD and not rehearsal:
            self._flushed()

    @precondition(inserted)
    @step(number=st.integers(0, 8))
    def _close_track(self, number: int) -> None:
        """Close a track; 0 is the last one."""
        track = number or len(self.disc.state.tracks)
        self.at.outcome(CloseTrackSession(function=1, track=track))

    @precondition(inserted)
    @step(function=st.sampled_from([0, 2, 2, 2, 2, 5, 6]), tracks=st.booleans())
    def _close_session(self, function: int, tracks: bool) -> None:
        """Close the session, mostly with the tracks in it."""
        if tracks:
            for track in self.disc.state.tracks:
                if track.state is not TrackState.CLOSED:
                    self.at.outcome(CloseTrackSession(function=1, track=track.number))
        self.at.outcome(CloseTrackSession(function=function))

    @precondition(inserted)
    @step(blocks=st.one_of(st.integers(1, 400), st.sampled_from([0, 2297888, 0xFFFFFFFF])))
    def _reserve(self, blocks: int) -> None:
        """Set a track aside, or announce a session of a CD."""
        page = self.bench.recorder.write_parameters
        if self.disc.is_cd_recordable and page.write_type == 2:
            sheet = data_sheet(min(max(blocks, 300), SHORT_SESSION))
            self.at.outcome(SendCueSheet(cue_sheet_size=len(sheet)), sheet)
        else:
            self.at.outcome(ReserveTrack(size=blocks))

    @precondition(inserted)
    @step(minimal=st.booleans())
    def _blank(self, minimal: bool) -> None:
        """Blank it."""
        if self.at.outcome(Blank(blanking_type=int(minimal))) == GOOD:
            self.written, self.sectors = {}, {}

    @precondition(inserted)
    @step(
        which=st.integers(0, 10),
        arbitrary=st.booleans(),
        code=st.sampled_from(FORMAT_CODES),
        sub=st.integers(0, 3),
    )
    def _format(self, which: int, arbitrary: bool, code: int, sub: int) -> None:
        """Format it to what it offers, or to anything."""
        disc, offers = self.disc, self.disc.formats
        wish = FormatList(immed=True, blocks=which * 16, format_type=code, sub_type=sub)
        if offers and not arbitrary:
            offer = offers[which % len(offers)]
            wish = FormatList(
                immed=True, blocks=offer.blocks, format_type=offer.code, parameter=offer.parameter
            )
        data = wish.pack()
        if self.at.outcome(FormatUnit(format_data=True, format_code=1), data) != GOOD:
            return
        if disc.medium.erases_by_formatting and wish.format_type != KEEPS_DATA:
            self.written = {}

    @precondition(inserted)
    @step(seconds=st.sampled_from([0.1, 1.0, 60.0, 10000.0]))
    def _wait(self, seconds: float) -> None:
        """Let time pass."""
        self.at.clock.advance(seconds)
        self.at.outcome(TestUnitReady())

    @precondition(inserted)
    @step(close=st.booleans())
    def _eject(self, close: bool) -> None:
        """Open the tray, and close it again with the same disc or one that was opened anew."""
        self.at.wait_ready()
        if close:
            self.at.eject()
            self.at.load_tray()
            self.at.settle()
            self._flushed()
        else:
            disc = self.bench.remove()
            assert disc is not None
            disc.close()
            self._reopen()
            self._flushed()

    @precondition(inserted)
    @step(torn=st.sampled_from([0, 0, 1, 1000, 2048, 5000]))
    def _kill(self, torn: int) -> None:
        """The recorder is killed, in the middle of a write perhaps."""
        state = self.disc.state
        last = state.tracks[-1] if state.tracks else None
        self._let_go()
        if torn and last is not None and last.state is TrackState.OPEN and last.cd is None:
            limit = last.start + last.reserved_blocks if last.reserved_blocks else state.capacity_blocks
            with (self.path / "surface").open("r+b") as file:
                file.seek(last.end * BLOCK)
                file.write(b"\xaa" * min(torn, (limit - last.end) * BLOCK))
        self._reopen()

    @precondition(inserted)
    @step(buffer_blocks=st.sampled_from([None, 0, 5, 100]))
    def _lose_power(self, buffer_blocks: int | None) -> None:
        """From now on power is lost at the next command but three."""
        table: dict[str, Any] = {"kind": "power-loss", "nth": 4, "seconds": 1}
        if buffer_blocks is not None:
            table["buffer_blocks"] = buffer_blocks
        self.bench.recorder.mishaps.add(FaultPlan.from_tables([table], "fuzz"))
        self.at.clock.advance(20000)
        self.at.outcome(TestUnitReady())
        for _ in range(2):
            self._write_at(self._open_end(0), 16)
        for _ in range(3):
            self.at.outcome(TestUnitReady())
        self.at.wait_ready()
        assert self.bench.recorder.mishaps.status()[0]["hits"], "the power was never lost"
        self.bench.recorder.mishaps.clear()
        # What wasn't flushed may be gone: an older write lies there then, or none.
        self.written = {lba: kept for lba, kept in self.written.items() if kept[1]}
        self.sectors = {}

    @precondition(inserted)
    @step()
    def _take_away(self) -> None:
        """The disc goes; the next one may be of another kind."""
        self._verify()
        self._let_go()
        self.drive = None

    # What must hold.

    def holds(self) -> None:
        """The state is legal, and the newest blocks read back."""
        if self.drive is None:
            return
        state = self.disc.state
        assert not list(contradictions(state)), list(contradictions(state))
        assert DiscState.from_json(state.to_json()) == state
        for lba in list(self.written)[-3:]:
            self._read_back(lba)

    def _verify(self) -> None:
        """All that was written reads back, or is refused where it isn't closed."""
        self.at.wait_ready()
        for lba in self.written:
            self._read_back(lba)
        disc = self.disc
        for lba, life in self.sectors.items():
            assert disc.sectors.read(lba, 1) == content(lba, 1, life, SECTOR), f"sector {lba} is another one"

    def _read_back(self, lba: int) -> None:
        disc, life = self.disc, self.written[lba][0]
        recorder = self.bench.recorder
        reply = self.at.send(Read10(lba, 1), data_in=BLOCK)
        if not reply.status:
            assert bytes(reply.data_in) == content(lba, 1, life), f"block {lba} isn't what was written there"
            return
        if recorder.tray_open or recorder.operation is not None:
            return
        state = disc.state
        closed = any(t.session <= state.closed_sessions and t.start <= lba < t.end for t in state.tracks)
        assert not closed, f"block {lba} is of a closed session, and can't be read"
        assert not (state.overwritable and lba < state.formatted_blocks), f"block {lba} can't be read"

    # Hands.

    def _flushed(self) -> None:
        self.written = {lba: (life, True) for lba, (life, _) in self.written.items()}

    def _open(self) -> None:
        bench = MemoryBench()
        bench.load(open_disc(self.path))
        self.drive = Drive(bench)
        bench.connect(self.drive.nexus)
        self.drive.settle()

    def _let_go(self) -> None:
        """As the system does for a process that is killed: nothing is noted down."""
        for surface in (self.disc.surface, self.disc.sectors):
            if isinstance(surface, FileSurface):
                FileSurface.close(surface)
            held = getattr(surface, "folder_fd", None)
            if held is not None:
                os.close(held)

    def _reopen(self) -> None:
        """A new recorder takes the disc; what was closed is what it was."""
        before = check(self.path)
        assert before.is_sound, [finding.text for finding in before.findings]
        self._open()
        after = check(self.path)
        assert after.is_sound, [finding.text for finding in after.findings]
        self._verify()


TARGET = Target("discs", "lives of disc folders of all kinds against a model", machine=Discs, weight=2)
