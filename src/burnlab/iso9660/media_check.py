"""A walk over all blocks of a medium: what can be read, and what checksum tags say of what was read.

A tag counts where it says that it stands and if its range starts where digesting began: the start of a
session. A superblock tag leads to the tree tag. Behind a session's last tag digesting begins anew at the next
multiple of 32.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import Enum
from hashlib import md5
from typing import Final, NamedTuple

from burnlab.iso9660.blocks import ReadBlocks
from burnlab.iso9660.checksums import ChecksumTag, TagKind, is_intact, read_tag
from burnlab.iso9660.ecma119 import BLOCK
from burnlab.iso9660.hashing import Lane
from burnlab.iso9660.sessions import HEAD_BLOCKS, aligned

RUN_BLOCKS: Final = 1024
DEPTH: Final = 2
TAG_START: Final = b"libisofs_"


class TagVerdict(Enum):
    """What came out for a tag."""

    MATCH = "match"
    MISMATCH = "mismatch"
    DAMAGED = "damaged"
    OTHER_RANGE = "other range"


class Quality(Enum):
    """What is known of a run of blocks."""

    GOOD = "good"
    UNREADABLE = "unreadable"
    OFF_TRACK = "off_track"
    UNTESTED = "untested"


class TagFound(NamedTuple):
    """A tag and what came out for it."""

    tag: ChecksumTag
    verdict: TagVerdict


class Region(NamedTuple):
    """A run of blocks of one quality."""

    lba: int
    blocks: int
    quality: Quality


class TagRange(NamedTuple):
    """The blocks that the last tag of a session vouches for."""

    lba: int
    blocks: int
    matches: bool


class Span(NamedTuple):
    """Blocks to walk over."""

    start: int
    blocks: int


@dataclass(slots=True)
class MediaCheck:
    """What the walk came to: regions and tag ranges in order, and how many blocks were read."""

    regions: list[Region] = field(default_factory=list)
    ranges: list[TagRange] = field(default_factory=list)
    blocks_read: int = 0
    track: int = 0
    """Where the track at hand starts: its regions aren't joined to earlier ones."""

    @property
    def has_mismatch(self) -> bool:
        """Whether any tag vouches for something else than what was read."""
        return not all(found.matches for found in self.ranges)

    def add(self, lba: int, blocks: int, quality: Quality) -> None:
        """Append a region, joined to the one before it if that is alike."""
        if blocks <= 0:
            return
        last = self.regions[-1] if self.regions else None
        if last and last.quality is quality and last.lba >= self.track and last.lba + last.blocks == lba:
            self.regions[-1] = Region(last.lba, last.blocks + blocks, quality)
        else:
            self.regions.append(Region(lba, blocks, quality))


def check_media(
    read: ReadBlocks,
    tracks: Iterable[tuple[int, int]],
    readable_blocks: int,
    *,
    on_tag: Callable[[TagFound], None] | None = None,
    on_progress: Callable[[int], None] | None = None,
) -> MediaCheck:
    """Read sessions or tracks, each given by first block and length, in ascending order.

    If the first one starts behind the head of an overwritable medium, the head is read with it, but not
    digested. `on_progress` gets the number of blocks read so far.
    """
    check = MediaCheck()
    end = 0
    for number, (start, blocks) in enumerate(tracks):
        first = 0 if number == 0 and start == HEAD_BLOCKS else start
        check.add(end, first - end, Quality.OFF_TRACK)
        check.track = first
        walker = _Walker(start, check, on_tag)
        _read_span(read, Span(first, start + blocks - first), walker, on_progress)
        end = max(end, start + blocks)
    check.add(end, readable_blocks - end, Quality.UNTESTED)
    return check


def _read_span(
    read: ReadBlocks, span: Span, walker: _Walker, on_progress: Callable[[int], None] | None
) -> None:
    """All blocks of a span, in runs; a run that can't be read at once is read block by block."""
    check = walker.check
    lba, end = span.start, span.start + span.blocks
    try:
        while lba < end:
            count = min(RUN_BLOCKS, end - lba)
            for data in _pieces(read, lba, count):
                blocks = len(data) // BLOCK
                check.add(lba, max(1, blocks), Quality.GOOD if blocks else Quality.UNREADABLE)
                walker.take(lba, data)
                check.blocks_read += blocks
                lba += max(1, blocks)
            if on_progress:
                on_progress(check.blocks_read)
    finally:
        walker.close()


def _pieces(read: ReadBlocks, lba: int, count: int) -> Iterable[bytes]:
    """The blocks of a run at once, or one by one, with nothing for one that can't be read."""
    try:
        data = read(lba, count)
    except OSError:
        data = b""
    if len(data) == count * BLOCK:
        yield data
        return
    for number in range(count):
        try:
            block = read(lba + number, 1)
        except OSError:
            block = b""
        yield block if len(block) == BLOCK else b""


class _Walker:
    """Digests blocks from a session's start on and compares with tags on the way."""

    def __init__(self, start: int, check: MediaCheck, on_tag: Callable[[TagFound], None] | None) -> None:
        self.check = check
        self.on_tag = on_tag
        self.lane = Lane(DEPTH)
        self.begin(start)

    def begin(self, start: int) -> None:
        """Digest from a block on."""
        self.start = start
        self.digest = md5()
        self.is_whole = True
        self.announced: int | None = None

    def close(self) -> None:
        """No more blocks."""
        self.lane.close()

    def take(self, lba: int, data: bytes) -> None:
        """Blocks in order; nothing for a block that couldn't be read."""
        if not data:
            self.is_whole = self.is_whole and lba < self.start
            return
        done, at = 0, data.find(TAG_START)
        while at >= 0:
            if at % BLOCK == 0:
                self._digest(lba, data, done, at)
                done = at
                self._tag(lba + at // BLOCK, data[at : at + BLOCK])
            at = data.find(TAG_START, at + 1)
        self._digest(lba, data, done, len(data))

    def _digest(self, lba: int, data: bytes, done: int, end: int) -> None:
        done = max(done, (self.start - lba) * BLOCK)
        if done < end:
            self.lane.update(self.digest, memoryview(data)[done:end])

    def _tag(self, lba: int, block: bytes) -> None:
        tag = read_tag(block)
        if tag is None or tag.pos != lba or lba < self.start or not self._counts(tag):
            return
        verdict = self._verdict(tag, block)
        if self.on_tag:
            self.on_tag(TagFound(tag, verdict))
        if verdict is TagVerdict.OTHER_RANGE:
            return
        self._note(tag, verdict is TagVerdict.MATCH)
        if tag.kind is TagKind.SUPERBLOCK and verdict is TagVerdict.MATCH:
            self.announced = tag.extra
        if tag.kind in (TagKind.SESSION, TagKind.RELOCATED):
            self.lane.drain()
            self.begin(aligned(lba + 1))

    def _counts(self, tag: ChecksumTag) -> bool:
        """Whether a tag is one that was to be expected here."""
        if tag.kind is TagKind.TREE:
            return tag.pos == self.announced and tag.range_start == self.start
        if tag.kind is TagKind.SESSION:
            return True
        return tag.range_start == self.start

    def _verdict(self, tag: ChecksumTag, block: bytes) -> TagVerdict:
        if not is_intact(block) or not tag.is_possible:
            return TagVerdict.DAMAGED
        if tag.range_start != self.start:
            return TagVerdict.OTHER_RANGE
        self.lane.drain()
        matches = self.is_whole and self.digest.digest() == tag.digest
        return TagVerdict.MATCH if matches else TagVerdict.MISMATCH

    def _note(self, tag: ChecksumTag, matches: bool) -> None:
        """Remember the range; that of a session's later tag takes the place of an earlier one's."""
        ranges = self.check.ranges
        if ranges and ranges[-1].lba == tag.range_start:
            ranges.pop()
        ranges.append(TagRange(tag.range_start, tag.range_size, matches))
