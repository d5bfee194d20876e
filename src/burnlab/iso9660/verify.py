"""Files of an image against their recorded MD5, and a session against its own.

Contents are read once each, in order of their addresses and in large runs; several lanes digest side by side.
Reading errors are verdicts like others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from enum import Enum
from hashlib import md5
from typing import Final, NamedTuple

from burnlab.iso9660.aaip import ChecksumArea
from burnlab.iso9660.blocks import ReadBlocks
from burnlab.iso9660.ecma119 import BLOCK, blocks_of
from burnlab.iso9660.hashing import Lane
from burnlab.iso9660.tree import File, ImageContent

try:
    from _md5 import md5 as short_md5  # type: ignore[import-not-found]
except ImportError:  # pragma: no cover - it is part of CPython
    short_md5 = md5

RUN_BLOCKS: Final = 1024
"""How much is read at once."""
GAP_BLOCKS: Final = 32
"""A gap of so many blocks between contents is read along."""
STREAM_BYTES: Final = RUN_BLOCKS * BLOCK
"""Longer contents are digested in pieces."""
SHORT_BYTES: Final = 1024
"""For fewer bytes starting a digest costs more than digesting."""
DEPTH: Final = 2
EMPTY: Final = md5(b"").digest()


class Verdict(Enum):
    """What came out for a file or a session."""

    MATCH = "match"
    MISMATCH = "mismatch"
    UNREADABLE = "unreadable"
    NO_MD5 = "no md5"


class FileCheck(NamedTuple):
    """A file and what came out for it."""

    node: File
    verdict: Verdict


Progress = Callable[[int], None]
Bad = dict[ImageContent, Verdict]


def check_files(
    read: ReadBlocks, files: Iterable[File], *, workers: int = 2, on_progress: Progress | None = None
) -> Iterator[FileCheck]:
    """Check files against the MD5 that was recorded of them; results come in the order of the files.

    Contents that aren't from the image have nothing recorded. `workers` is how many digest side by side;
    `on_progress` gets the number of bytes of content done so far.
    """
    nodes = list(files)
    contents = {node.content for node in nodes if isinstance(node.content, ImageContent) and node.content.md5}
    bad = check_contents(read, contents, workers=workers, on_progress=on_progress)
    for node in nodes:
        content = node.content
        if not isinstance(content, ImageContent) or not content.md5:
            yield FileCheck(node, Verdict.NO_MD5)
        else:
            yield FileCheck(node, bad.get(content, Verdict.MATCH))


def check_contents(
    read: ReadBlocks,
    contents: Iterable[ImageContent],
    *,
    workers: int = 2,
    on_progress: Progress | None = None,
) -> Bad:
    """Check contents that have an MD5; those that don't match or can't be read, with the verdict."""
    bad: Bad = {}
    units = _units(sorted(contents, key=_address), bad)
    lanes = [Lane(DEPTH) for _ in range(max(1, workers))]
    done = 0
    try:
        active = [(lane, unit, unit.steps(read)) for lane, unit in zip(lanes, units, strict=False)]
        while active:
            following = []
            for lane, unit, steps in active:
                data = next(steps, None)
                if data is not None:
                    lane.update(unit, data)
                    following.append((lane, unit, steps))
                    continue
                done += unit.size
                another = next(units, None)
                if another is not None:
                    following.append((lane, another, another.steps(read)))
            active = following
            if on_progress:
                on_progress(done)
        for lane in lanes:
            lane.drain()
    finally:
        for lane in lanes:
            lane.close()
    return bad


def _address(content: ImageContent) -> int:
    return content.extents[0][0] if content.extents else 0


class _Batch:
    """Short contents that stand near each other: one read, and one update that digests them all."""

    def __init__(self, contents: list[ImageContent], first: int, end: int, bad: Bad) -> None:
        self.contents = contents
        self.first = first
        self.end = end
        self.bad = bad

    @property
    def size(self) -> int:
        """Bytes of content."""
        return sum(content.size for content in self.contents)

    def steps(self, read: ReadBlocks) -> Iterator[bytes]:
        """The blocks; if they can't be had at once, each content is read by itself and done with."""
        count = self.end - self.first
        try:
            data = read(self.first, count)
        except OSError:
            data = b""
        if len(data) == count * BLOCK:
            yield data
            return
        for content in self.contents:
            stream = _Stream(content, self.bad)
            for piece in stream.steps(read):
                stream.update(piece)

    def update(self, data: bytes | memoryview) -> None:
        """Digest all contents."""
        first, bad = self.first, self.bad
        for content in self.contents:
            size = content.size
            start = (content.extents[0][0] - first) * BLOCK
            make = short_md5 if size <= SHORT_BYTES else md5
            if make(data[start : start + size]).digest() != content.md5:
                bad[content] = Verdict.MISMATCH


class _Stream:
    """A content of any length and any number of extents, in pieces."""

    def __init__(self, content: ImageContent, bad: Bad) -> None:
        self.content = content
        self.bad = bad
        self.left = content.size
        self.digest = md5()

    @property
    def size(self) -> int:
        """Bytes of content."""
        return self.content.size

    def steps(self, read: ReadBlocks) -> Iterator[bytes]:
        """The blocks of all extents, cut where content ends; nothing more where one can't be read."""
        if not self.left:
            self.update(b"")
        for lba, size in self.content.extents:
            for at in range(0, blocks_of(size), RUN_BLOCKS):
                wanted = min(RUN_BLOCKS * BLOCK, size - at * BLOCK)
                try:
                    data = read(lba + at, blocks_of(wanted))
                except OSError:
                    data = b""
                if len(data) < wanted:
                    self.bad[self.content] = Verdict.UNREADABLE
                    return
                yield data if len(data) == wanted else data[:wanted]

    def update(self, data: bytes | memoryview) -> None:
        """Digest a piece; the last one decides."""
        self.digest.update(data)
        self.left -= len(data)
        if not self.left and self.digest.digest() != self.content.md5:
            self.bad[self.content] = Verdict.MISMATCH


def _units(contents: list[ImageContent], bad: Bad) -> Iterator[_Batch | _Stream]:
    """Contents in runs that are read at once, or long ones by themselves."""
    run: list[ImageContent] = []
    first = end = 0
    for content in contents:
        if content.size > STREAM_BYTES or len(content.extents) != 1:
            yield _Stream(content, bad)
            continue
        lba, size = content.extents[0]
        stop = lba + (size + BLOCK - 1 >> 11)
        if run and (lba > end + GAP_BLOCKS or stop - first > RUN_BLOCKS):
            yield _Batch(run, first, end, bad)
            run = []
        if not run:
            first = end = lba
        run.append(content)
        end = max(end, stop)
    if run:
        yield _Batch(run, first, end, bad)


def check_session(
    read: ReadBlocks, area: ChecksumArea, recorded: bytes, on_progress: Progress | None = None
) -> Verdict:
    """Check the blocks of a session in front of its MD5 array against slot 0.

    `on_progress` gets the number of bytes read so far.
    """
    digest = md5()
    lane = Lane(DEPTH)
    try:
        for lba in range(area.start, area.end, RUN_BLOCKS):
            count = min(RUN_BLOCKS, area.end - lba)
            try:
                data = read(lba, count)
            except OSError:
                return Verdict.UNREADABLE
            if len(data) < count * BLOCK:
                return Verdict.UNREADABLE
            lane.update(digest, data)
            if on_progress:
                on_progress((lba + count - area.start) * BLOCK)
        lane.drain()
    finally:
        lane.close()
    return Verdict.MATCH if digest.digest() == recorded else Verdict.MISMATCH
