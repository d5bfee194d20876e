"""Reading a medium block by block: which regions are good, and whether they are what their checksum tags say.

A tag counts where it is expected: a superblock tag first, then a tree tag, then a session tag, after which
the next session is expected at a multiple of 32. After a mismatch only session tags are believed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from hashlib import md5
from typing import Final, NamedTuple

from burnlab.iso9660.checksums import ChecksumTag, TagKind
from burnlab.iso9660.ecma119 import BLOCK, ImageError
from burnlab.iso9660.hashing import Lane

HEAD_BLOCKS: Final = 32
CHUNK_BLOCKS: Final = 256
TAG_BEGINNING: Final = b"libisofs_"
LANE_DEPTH: Final = 4
TAG_NAMES: Final = {
    TagKind.SUPERBLOCK: "superblock",
    TagKind.TREE: "tree",
    TagKind.SESSION: "session",
    TagKind.RELOCATED: "relocated 64kB superblock",
}

Read = Callable[[int, int], bytes]


class Quality(Enum):
    """What became of a region; the order is from best to worst."""

    GOOD = "+ good"
    MD5_MATCH = "+ md5_match"
    SLOW = "+ slow"
    PARTIAL = "+ partial"
    UNTESTED = "0 untested"
    MD5_MISMATCH = "0 md5_mismatch"
    TAO_END = "0 tao_end"
    OFF_TRACK = "0 off_track"
    UNREADABLE = "- unreadable"


class Region(NamedTuple):
    """Some blocks in a row, and what they are like."""

    start: int
    blocks: int
    quality: Quality

    @property
    def end(self) -> int:
        """One past the last block."""
        return self.start + self.blocks


class Segment(NamedTuple):
    """Blocks to read. Checksums begin at block `digest_start`, None if tags are not to be looked at."""

    start: int
    end: int
    digest_start: int | None
    run_out: int = 0
    """Blocks at the end that may be unreadable, as those behind a CD track are."""


class TagFound(NamedTuple):
    """A tag was met. `expected` is where its range should have begun if it begins elsewhere."""

    kind: TagKind
    start: int
    blocks: int
    matches: bool
    expected: int | None = None


@dataclass(slots=True)
class MediaReport:
    """What a check found: regions in order without gaps, checksum ranges, and blocks that were read."""

    regions: list[Region] = field(default_factory=list)
    ranges: list[Region] = field(default_factory=list)
    blocks_read: int = 0
    _is_fresh: bool = True

    def part(self) -> None:
        """The next region doesn't grow into the one before it."""
        self._is_fresh = True

    def add(self, start: int, blocks: int, quality: Quality) -> None:
        """Add a region; one of the same quality grows."""
        if blocks <= 0:
            return
        last = self.regions[-1] if self.regions and not self._is_fresh else None
        self._is_fresh = False
        if last is not None and last.quality is quality and last.end == start:
            self.regions[-1] = last._replace(blocks=last.blocks + blocks)
        else:
            self.regions.append(Region(start, blocks, quality))

    @property
    def is_bad(self) -> bool:
        """Whether anything was unreadable or didn't match."""
        bad = (Quality.UNREADABLE, Quality.MD5_MISMATCH)
        return any(region.quality in bad for region in (*self.regions, *self.ranges))


class _State(Enum):
    SUPERBLOCK = "a superblock tag is next"
    TREE = "a tree tag is next"
    SESSION = "a session tag is next"
    DOUBTFUL = "only session tags count"


class TagWatch:
    """The running digest of a segment, and what its tags say."""

    def __init__(self, start: int, report: MediaReport, tell: Callable[[TagFound], None]) -> None:
        self._start = start
        self._report = report
        self._tell = tell
        self._state = _State.SUPERBLOCK
        self._digest = md5()
        self._next = start
        self._pending: Region | None = None
        self._lane = Lane(LANE_DEPTH)

    def take(self, lba: int, data: bytes) -> None:
        """Look at blocks that were read, in order."""
        view = memoryview(data)
        if lba < self._start:
            view = view[min(len(view), (self._start - lba) * BLOCK) :]
            lba = self._start
        offset = 0
        while offset < len(view):
            at = _next_tag(view, offset)
            if at is None:
                self._update(view[offset:])
                return
            self._update(view[offset:at])
            pos = lba + at // BLOCK
            tag = _tag_at(bytes(view[at : at + BLOCK]), pos)
            restart = self._judge(tag) if tag is not None else None
            if restart is None:
                self._update(view[at : at + BLOCK])
                offset = at + BLOCK
            else:
                offset = at + (restart - pos) * BLOCK
                if offset > len(view):
                    self._skip_to(restart)
                    return
                self._restart(restart)

    def _skip_to(self, start: int) -> None:
        self._restart(start)

    def _update(self, data: memoryview) -> None:
        if data:
            self._lane.update(self._digest, data)

    def _restart(self, start: int) -> None:
        self._lane.drain()
        self._start = start
        self._digest = md5()

    def spoil(self) -> None:
        """Blocks were unreadable: nothing that depends on them can match any more."""
        self._state = _State.DOUBTFUL
        self._digest.update(b"?")

    def _judge(self, tag: ChecksumTag) -> int | None:
        """Where the digest begins anew after this tag; None if it goes on."""
        if not self._is_expected(tag.kind):
            return None
        if tag.range_start != self._start:
            if tag.kind in (TagKind.TREE, TagKind.SESSION):
                self._tell(TagFound(tag.kind, tag.range_start, tag.range_size, False, self._start))
                self._state = _State.DOUBTFUL
            return None
        self._lane.drain()
        matches = self._digest.digest() == tag.digest
        self._tell(TagFound(tag.kind, tag.range_start, tag.range_size, matches))
        quality = Quality.MD5_MATCH if matches else Quality.MD5_MISMATCH
        self._pending = Region(tag.range_start, tag.range_size, quality)
        if tag.kind is TagKind.RELOCATED:
            self._settle()
            return HEAD_BLOCKS
        if tag.kind is TagKind.SESSION:
            self._settle()
            if self._state is not _State.DOUBTFUL:
                self._state = _State.SUPERBLOCK if matches else _State.DOUBTFUL
            return -(-(tag.pos + 1) // HEAD_BLOCKS) * HEAD_BLOCKS
        following = {TagKind.SUPERBLOCK: _State.TREE, TagKind.TREE: _State.SESSION}[tag.kind]
        self._state = following if matches else _State.DOUBTFUL
        return None

    def _is_expected(self, kind: TagKind) -> bool:
        if kind is TagKind.SESSION:
            return True
        if kind is TagKind.TREE:
            return self._state in (_State.TREE, _State.SESSION)
        if kind is TagKind.RELOCATED:
            return self._state is _State.SUPERBLOCK and self._start == 0
        return self._state is _State.SUPERBLOCK

    def _settle(self) -> None:
        if self._pending is not None:
            self._report.ranges.append(self._pending)
            self._pending = None

    def close(self) -> None:
        """The segment has ended."""
        self._lane.drain()
        self._lane.close()
        self._settle()


def _next_tag(view: memoryview, offset: int) -> int | None:
    """Offset of the next block that begins like a tag."""
    if len(view) - offset <= 4 * BLOCK:
        starts = range(offset, len(view), BLOCK)
        return next((at for at in starts if bytes(view[at : at + len(TAG_BEGINNING)]) == TAG_BEGINNING), None)
    data = view.obj
    shift = len(data) - len(view) if isinstance(data, bytes) else 0
    at = offset + shift
    while isinstance(data, bytes):
        at = data.find(TAG_BEGINNING, at)
        if at < 0:
            return None
        if (at - shift) % BLOCK == 0:
            return at - shift
        at += 1
    return None


def _tag_at(block: bytes, lba: int) -> ChecksumTag | None:
    try:
        return ChecksumTag.unpack(block, lba)
    except ImageError:
        return None


class Limits(NamedTuple):
    """When to stop: `is_over` is asked before each chunk with the number of regions so far.

    `spared` blocks at the end of each segment are read one by one: those behind a track of a CD may be its
    run-out, which can't be read.
    """

    is_over: Callable[[int], bool]
    chunk_blocks: int = CHUNK_BLOCKS
    slow_seconds: float = 0.0
    may_retry: bool = True
    spared: int = 0


@dataclass(slots=True)
class Checker:
    """Reads segments and reports. `seconds` is a clock; `store` gets all blocks that could be read.

    `complain` is told of what couldn't, but for the run-out of a track.
    """

    read: Read
    limits: Limits
    seconds: Callable[[], float]
    tell: Callable[[TagFound], None]
    progress: Callable[[int], None]
    store: Callable[[int, bytes], None] | None = None
    complain: Callable[[OSError], None] = lambda _error: None
    report: MediaReport = field(default_factory=MediaReport)
    is_stopped: bool = False

    def check(self, segments: list[Segment], end: int, gap: Quality) -> MediaReport:
        """Read all segments; `gap` is what lies between them, and what is behind them stays untested."""
        at = 0
        for number, segment in enumerate(segments):
            quality = gap if number else Quality.UNTESTED
            self.report.add(at, segment.start - at, quality)
            at = max(at, segment.end)
            self.report.part()
            self._check_segment(segment)
        self.report.part()
        self.report.add(at, end - at, Quality.UNTESTED)
        return self.report

    def _check_segment(self, segment: Segment) -> None:
        watch = None
        if segment.digest_start is not None:
            watch = TagWatch(segment.digest_start, self.report, self.tell)
        sure_end = segment.end - segment.run_out
        lba = segment.start
        try:
            while lba < segment.end:
                if self.is_stopped or self.limits.is_over(len(self.report.regions)):
                    self.is_stopped = True
                    self.report.add(lba, segment.end - lba, Quality.UNTESTED)
                    return
                count = _chunk(lba, segment.end, self.limits)
                lba = self._check_chunk(lba, count, watch, sure_end)
                self.progress(self.report.blocks_read)
        finally:
            if watch is not None:
                watch.close()

    def _check_chunk(self, lba: int, count: int, watch: TagWatch | None, sure_end: int) -> int:
        """Read a chunk; where to go on."""
        began = self.seconds()
        data = self._try(lba, count, is_run_out=lba >= sure_end)
        if data is None or len(data) < count * BLOCK:
            return self._check_blocks(lba, count, watch, sure_end)
        limit = self.limits.slow_seconds
        is_slow = limit > 0 and self.seconds() - began > limit
        self._good(lba, data, watch, Quality.SLOW if is_slow else Quality.GOOD)
        return lba + count

    def _check_blocks(self, lba: int, count: int, watch: TagWatch | None, sure_end: int) -> int:
        """A chunk in which something is unreadable, up to the first such block; where to go on."""
        if not self.limits.may_retry:
            self._bad(lba, count, watch, is_run_out=lba >= sure_end)
            return lba + count
        for block in range(lba, lba + count):
            is_run_out = block >= sure_end
            data = self._try(block, 1, is_run_out=is_run_out)
            if data is None or len(data) < BLOCK:
                self._bad(block, 1, watch, is_run_out=is_run_out)
                return block + 1
            self._good(block, data, watch, Quality.PARTIAL)
        return lba + count

    def _bad(self, lba: int, count: int, watch: TagWatch | None, *, is_run_out: bool) -> None:
        self.report.add(lba, count, Quality.TAO_END if is_run_out else Quality.UNREADABLE)
        if watch is not None and not is_run_out:
            watch.spoil()

    def _good(self, lba: int, data: bytes, watch: TagWatch | None, quality: Quality) -> None:
        blocks = len(data) // BLOCK
        self.report.add(lba, blocks, quality)
        self.report.blocks_read += blocks
        if self.store is not None:
            self.store(lba, data)
        if watch is not None:
            watch.take(lba, data)

    def _try(self, lba: int, count: int, *, is_run_out: bool) -> bytes | None:
        try:
            return self.read(lba, count)
        except OSError as error:
            if not is_run_out:
                self.complain(error)
            return None


def _chunk(lba: int, end: int, limits: Limits) -> int:
    """How many blocks to read next."""
    count = min(limits.chunk_blocks, end - lba)
    is_near = end - lba <= limits.chunk_blocks + limits.spared
    return max(1, count - limits.spared) if is_near else count
