"""Files of an image against their recorded MD5, and a session against its own.

Contents are read once each, in order of their addresses and in large runs; several lanes digest side by side.
Reading errors are verdicts like others.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator
from enum import Enum
from hashlib import md5
from itertools import islice
from operator import gt
from typing import Final, NamedTuple

from burnlab.iso9660.aaip import ChecksumArea
from burnlab.iso9660.blocks import ReadBlocks
from burnlab.iso9660.checksums import DIGEST_BYTES
from burnlab.iso9660.ecma119 import BLOCK, blocks_of
from burnlab.iso9660.forks import Fork
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
WORTH_FORKING: Final = 8 << 20
"""For fewer bytes of content copies of the process aren't worth their while."""
CHECKED: Final = 1 << 16
DONE: Final = CHECKED + 1
"""What a process tells beside verdicts: so many bytes are checked; all of its share is."""


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
    read: ReadBlocks,
    files: Iterable[File],
    *,
    workers: int = 2,
    fork: Fork | None = None,
    matches: bool = True,
    on_progress: Progress | None = None,
) -> Iterator[FileCheck]:
    """Check files against the MD5 that was recorded of them; results come in the order of the files.

    Contents that aren't from the image have nothing recorded. Without `matches` only files with other
    verdicts come. See `check_contents` for the other arguments.
    """
    nodes = list(files)
    recorded = [
        content for node in nodes if isinstance(content := node.content, ImageContent) and content.md5
    ]
    bad = check_contents(read, dict.fromkeys(recorded), workers=workers, fork=fork, on_progress=on_progress)
    if not matches and not bad and len(recorded) == len(nodes):
        return
    for node in nodes:
        content = node.content
        if not isinstance(content, ImageContent) or not content.md5:
            yield FileCheck(node, Verdict.NO_MD5)
        elif matches or content in bad:
            yield FileCheck(node, bad.get(content, Verdict.MATCH))


def check_contents(
    read: ReadBlocks,
    contents: Iterable[ImageContent],
    *,
    workers: int = 2,
    fork: Fork | None = None,
    on_progress: Progress | None = None,
) -> Bad:
    """Check contents that have an MD5; those that don't match or can't be read, with the verdict.

    `workers` is how many digest side by side: threads or, with `fork`, processes, and then `read` must work
    in all of them. `on_progress` gets the number of bytes of content done so far.
    """
    table = _Table(contents)
    if fork is not None and workers > 1 and sum(table.sizes) >= WORTH_FORKING:
        _check_forked(read, table, workers, fork, on_progress)
    else:
        _check_in_lanes(read, table, max(1, workers), on_progress)
    return {table.contents[at]: verdict for at, verdict in table.bad.items()}


def _check_in_lanes(read: ReadBlocks, table: _Table, workers: int, on_progress: Progress | None) -> None:
    """Read here, and digest in threads."""
    lanes = [Lane(DEPTH) for _ in range(workers)]
    units = table.units()
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


def _check_forked(
    read: ReadBlocks, table: _Table, workers: int, fork: Fork, on_progress: Progress | None
) -> None:
    """Read and digest in processes; a share that one of them didn't get done is done here."""
    shares = _deal(table.units(), workers)
    unfinished = set(range(workers))
    done = [0] * workers
    verdicts = list(Verdict)

    def work(share: int) -> Iterator[tuple[int, int]]:
        for unit in shares[share]:
            for size in unit.check(read):
                yield CHECKED, size
        for at, verdict in table.bad.items():
            yield verdicts.index(verdict), at
        yield DONE, 0

    def count(share: int, size: int) -> None:
        done[share] += size
        if on_progress:
            on_progress(sum(done))

    for share, what, number in fork(workers, work):
        if what == CHECKED:
            count(share, number)
        elif what == DONE:
            unfinished.discard(share)
        else:
            table.bad[number] = verdicts[what]
    for share in unfinished:
        ahead = done[share]
        for unit in shares[share]:
            for size in unit.check(read):
                ahead -= size
                count(share, max(0, min(size, -ahead)))


def _deal(units: Iterable[_Unit], workers: int) -> list[list[_Unit]]:
    """Shares of nearly the same size. All begin at the front, so that reading goes forward on the whole."""
    shares: list[list[_Unit]] = [[] for _ in range(workers)]
    sizes = [0] * workers
    for unit in units:
        least = sizes.index(min(sizes))
        shares[least].append(unit)
        sizes[least] += unit.size
    return shares


class _Table:
    """Contents in order of their places, and what is known of each in arrays.

    Many processes can share arrays; objects they'd have to copy, for each use of one is written into it.
    `bad` has positions and verdicts.
    """

    def __init__(self, contents: Iterable[ImageContent]) -> None:
        ordered = list(contents)
        places = _places(ordered)
        if any(map(gt, places, islice(places, 1, None))):
            ordered = [ordered[at] for at in sorted(range(len(ordered)), key=places.__getitem__)]
            places = _places(ordered)
        self.contents = ordered
        self.places = places
        self.sizes = array("Q", [content.size for content in ordered])
        self.digests = b"".join([content.md5 or bytes(DIGEST_BYTES) for content in ordered])
        self.bad: dict[int, Verdict] = {}

    def units(self) -> Iterator[_Unit]:
        """Contents in runs that are read at once, or long ones by themselves."""
        start = first = end = 0
        for at, (lba, size) in enumerate(zip(self.places, self.sizes, strict=True)):
            is_long = size > STREAM_BYTES or len(self.contents[at].extents) != 1
            stop = lba + (size + BLOCK - 1 >> 11)
            if at > start and (is_long or lba > end + GAP_BLOCKS or stop - first > RUN_BLOCKS):
                yield _Batch(self, start, at, first, end)
                start = at
            if is_long:
                yield _Stream(self, at)
                start = at + 1
                continue
            if at == start:
                first = end = lba
            end = max(end, stop)
        if start < len(self.contents):
            yield _Batch(self, start, len(self.contents), first, end)


def _places(contents: Iterable[ImageContent]) -> array[int]:
    """Where contents begin; those of no length anywhere."""
    return array("Q", [content.extents[0][0] if content.extents else 0 for content in contents])


class _Unit:
    """What is read and digested together."""

    def __init__(self, table: _Table, size: int) -> None:
        self.table = table
        self.size = size

    def steps(self, read: ReadBlocks) -> Iterator[bytes]:
        """The blocks in pieces to be digested; what can't be read is noted."""
        raise NotImplementedError

    def update(self, data: bytes | memoryview) -> None:
        """Digest a piece."""
        raise NotImplementedError

    def check(self, read: ReadBlocks) -> Iterator[int]:
        """Read and digest it all here and now; yields how many bytes of content were done at a time."""
        left = self.size
        for data in self.steps(read):
            self.update(data)
            done = min(left, len(data))
            left -= done
            yield done
        yield left


class _Batch(_Unit):
    """Short contents that stand near each other: one read, and one update that digests them all."""

    def __init__(self, table: _Table, start: int, stop: int, first: int, end: int) -> None:
        """The contents from `start` to `stop`, which are in the blocks from `first` to `end`."""
        super().__init__(table, sum(table.sizes[start:stop]))
        self.range = range(start, stop)
        self.first = first
        self.end = end

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
        for at in self.range:
            stream = _Stream(self.table, at)
            for piece in stream.steps(read):
                stream.update(piece)

    def update(self, data: bytes | memoryview) -> None:
        """Digest all contents."""
        table, first = self.table, self.first
        places, sizes, digests = table.places, table.sizes, table.digests
        for at in self.range:
            size = sizes[at]
            start = (places[at] - first) * BLOCK
            make = short_md5 if size <= SHORT_BYTES else md5
            if make(data[start : start + size]).digest() != digests[16 * at : 16 * at + 16]:
                table.bad[at] = Verdict.MISMATCH


class _Stream(_Unit):
    """A content of any length and any number of extents, in pieces."""

    def __init__(self, table: _Table, at: int) -> None:
        super().__init__(table, table.sizes[at])
        self.at = at
        self.left = self.size
        self.digest = md5()

    def steps(self, read: ReadBlocks) -> Iterator[bytes]:
        """The blocks of all extents, cut where content ends; nothing more where one can't be read."""
        if not self.left:
            self.update(b"")
        for lba, size in self.table.contents[self.at].extents:
            for offset in range(0, blocks_of(size), RUN_BLOCKS):
                wanted = min(RUN_BLOCKS * BLOCK, size - offset * BLOCK)
                try:
                    data = read(lba + offset, blocks_of(wanted))
                except OSError:
                    data = b""
                if len(data) < wanted:
                    self.table.bad[self.at] = Verdict.UNREADABLE
                    return
                yield data if len(data) == wanted else data[:wanted]

    def update(self, data: bytes | memoryview) -> None:
        """Digest a piece; the last one decides."""
        self.digest.update(data)
        self.left -= len(data)
        if not self.left and self.digest.digest() != self.table.digests[16 * self.at : 16 * self.at + 16]:
            self.table.bad[self.at] = Verdict.MISMATCH


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
