"""A laid out session as one stream of blocks: the tree, then contents read from where they are, then their
checksums.

Contents are read into a few large buffers. With MD5, the session's digest runs on one thread and those of
large files on another; small files are digested on the spot.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from hashlib import md5
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from burnlab.iso9660.checksums import DIGEST_BYTES, SessionDigest, TagKind
from burnlab.iso9660.descriptors import descriptor_set, system_area
from burnlab.iso9660.directory_layout import Writer
from burnlab.iso9660.ecma119 import BLOCK, pad_block
from burnlab.iso9660.hashing import Chunk, Lane
from burnlab.iso9660.layout import Layout
from burnlab.iso9660.path_tables import pack_table
from burnlab.iso9660.tree import Content, CopiedContent, DiskContent, Extent, ImageContent, MemoryContent

if TYPE_CHECKING:
    from hashlib import _Hash as HASH

BUFFER: Final = 1 << 20
"""Bytes read at once if they are only passed on: they stay in the processor's cache."""
DIGESTED_BUFFER: Final = 4 << 20
"""Bytes read at once if they are digested, too: threads have less to tell each other."""
LANE_DEPTH: Final = 4
OPEN_DIGESTS: Final = 256

ReadBlocks: TypeAlias = Callable[[int, int], bytes]
"""First block and count to bytes: fewer at the end of the medium; OSError if unreadable."""


class ReadProblem(NamedTuple):
    """A content that couldn't be read as planned; `missing` bytes of it are zeros in the image.

    `path` is where it was to be read from; `error` is None if it just ended early.
    """

    path: bytes
    missing: int
    error: OSError | None = None


OnProblem: TypeAlias = Callable[[ReadProblem], None]


def emit(
    layout: Layout, read_old: ReadBlocks | None = None, on_problem: OnProblem | None = None
) -> Iterator[Chunk]:
    """The blocks of a session with its padding, in chunks of whole blocks.

    A chunk may be kept as long as one likes, but must not be changed.

    Args:
        layout: where everything goes.
        read_old: reads what earlier sessions hold, if any of it is to be stored again.
        on_problem: is told of contents that can't be read; the rest of them is zeros then.
    """
    emitter = _Emitter(layout, read_old, on_problem or _ignore)
    try:
        yield from emitter.run()
    finally:
        emitter.close()


def _ignore(_: ReadProblem) -> None:
    pass


class _Buffers:
    """Buffers that are used again once nobody has a view of them any more."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._buffers: list[bytearray] = []
        # What the count is for a buffer that only the list and the loop know.
        self._idle = self._references([bytearray()])[0]

    @staticmethod
    def _references(buffers: list[bytearray]) -> list[int]:
        return [sys.getrefcount(buffer) for buffer in buffers]

    def take(self) -> bytearray:
        """A buffer with anything in it."""
        for at, count in enumerate(self._references(self._buffers)):
            if count <= self._idle:
                return self._buffers[at]
        buffer = bytearray(self.size)
        self._buffers.append(buffer)
        return buffer


class _Emitter:
    def __init__(self, layout: Layout, read_old: ReadBlocks | None, on_problem: OnProblem) -> None:
        self._layout = layout
        self._read_old = read_old
        self._on_problem = on_problem
        self._md5 = layout.options.md5
        self._session = SessionDigest(layout.base)
        self._session_lane = Lane(LANE_DEPTH)
        self._file_lane = Lane(LANE_DEPTH)
        self._slots = bytearray((layout.addresses.indexed + 2) * DIGEST_BYTES if self._md5 else 0)
        self._open: list[tuple[int, HASH]] = []
        most = DIGESTED_BUFFER if self._md5 else BUFFER
        needed = (layout.md5_lba - layout.empty_lba) * BLOCK
        self._buffers = _Buffers(min(most, needed))

    def close(self) -> None:
        """End the threads."""
        self._session_lane.close()
        self._file_lane.close()

    def run(self) -> Iterator[Chunk]:
        """All parts in order."""
        layout = self._layout
        yield self._taken(system_area(layout.options) + descriptor_set(layout, head=False))
        if self._md5:
            self._session_lane.drain()
            yield self._session.tag(TagKind.SUPERBLOCK, layout.tree_tag)
        writer = Writer(layout.addresses)
        for plan in layout.directories:
            for chunk in writer.blocks(plan):
                yield self._taken(chunk)
        for big_endian in (False, True):
            yield self._taken(pad_block(pack_table(layout.path_table, big_endian=big_endian)))
        if self._md5:
            self._session_lane.drain()
            yield self._session.tag(TagKind.TREE, layout.session_tag)
        if layout.joliet is not None:
            for chunk in layout.joliet.blocks():
                yield self._taken(chunk)
        yield self._taken(bytes((layout.empty_lba + 1 - layout.tree_end) * BLOCK))
        for view in self._contents():
            yield self._taken(view)
        if self._md5:
            yield from self._checksums()
        yield from _zeros(layout.stream_blocks - layout.size_blocks)

    def _taken(self, chunk: Chunk) -> Chunk:
        """The chunk, after the session's digest got to know it."""
        if self._md5:
            self._session_lane.update(self._session, chunk)
        return chunk

    def _checksums(self) -> Iterator[Chunk]:
        """The MD5 array and the session's tag."""
        self._settle()
        self._old_digests()
        self._session_lane.drain()
        slots = self._slots
        slots[:DIGEST_BYTES] = self._session.digest()
        covered = len(slots) - DIGEST_BYTES
        slots[covered:] = md5(memoryview(slots)[:covered]).digest()
        chunk = pad_block(bytes(slots))
        self._session.update(chunk)
        yield chunk
        yield self._session.tag(TagKind.SESSION)

    def _old_digests(self) -> None:
        """Slots of contents that this session doesn't store."""
        addresses = self._layout.addresses
        slots, empty = self._slots, md5(b"").digest()
        stored = bytearray(len(addresses.contents))
        for ordinal in addresses.order:
            stored[ordinal] = 1
        for ordinal, (content, index) in enumerate(zip(addresses.contents, addresses.index, strict=True)):
            if index and not stored[ordinal]:
                digest = content.md5 if isinstance(content, ImageContent) else None
                slots[index * DIGEST_BYTES : (index + 1) * DIGEST_BYTES] = digest or empty

    def _settle(self) -> None:
        """Digests of large files that are done go to their slots."""
        self._file_lane.drain()
        for index, digest in self._open:
            self._slots[index * DIGEST_BYTES : (index + 1) * DIGEST_BYTES] = digest.digest()
        self._open.clear()

    # Contents.

    def _contents(self) -> Iterator[memoryview]:
        """The blocks of all contents, buffer by buffer, in order of their places."""
        addresses = self._layout.addresses
        contents, index = addresses.contents, addresses.index
        full = self._buffers.size
        view = memoryview(self._buffers.take())
        pos = 0
        for ordinal in addresses.order:
            content = contents[ordinal]
            assert content is not None
            padded = content.size + -content.size % BLOCK
            if pos + padded <= full:
                self._small(content, view[pos : pos + padded], index[ordinal])
                pos += padded
                continue
            source = self._source(content)
            digest: HASH | None = None
            if index[ordinal] and source.exists:
                digest = md5()
                self._open.append((index[ordinal], digest))
            left = padded
            while left:
                size = min(left, full - pos)
                part = view[pos : pos + size]
                got = min(size, content.size - (padded - left))
                source.fill(part[:got])
                part[got:] = bytes(size - got)
                if digest is not None:
                    self._file_lane.update(digest, part[:got])
                left -= size
                pos += size
                if pos == full:
                    yield view
                    part.release()
                    view = memoryview(self._buffers.take())
                    pos = 0
            source.close()
            if len(self._open) >= OPEN_DIGESTS:
                self._settle()
        if pos:
            yield view[:pos]

    def _small(self, content: Content, room: memoryview, index: int) -> None:
        """A whole content into its room."""
        size = content.size
        source = self._source(content)
        source.fill(room[:size])
        source.close()
        if size < len(room):
            room[size:] = bytes(len(room) - size)
        if index and source.exists:
            self._slots[index * DIGEST_BYTES : (index + 1) * DIGEST_BYTES] = md5(room[:size]).digest()

    def _source(self, content: Content) -> _Source:
        if isinstance(content, DiskContent):
            return _DiskSource(content, self._on_problem)
        if isinstance(content, MemoryContent):
            return _MemorySource(content.data)
        return _ImageSource(content, self._read_old, self._on_problem)


def _zeros(blocks: int) -> Iterator[bytes]:
    """So many blocks of zeros."""
    while blocks > 0:
        count = min(blocks, BUFFER // BLOCK)
        yield bytes(count * BLOCK)
        blocks -= count


class _Source:
    """Where a content's bytes come from, in order; what can't be had is zeros.

    The slot in the MD5 array of what doesn't even `exists` stays zero, so that a check will tell.
    """

    exists = True

    def fill(self, room: memoryview) -> None:
        """The next bytes."""
        raise NotImplementedError

    def close(self) -> None:
        """No more are needed."""


class _MemorySource(_Source):
    def __init__(self, data: bytes) -> None:
        self._data = memoryview(data)
        self._pos = 0

    def fill(self, room: memoryview) -> None:
        room[:] = self._data[self._pos : self._pos + len(room)]
        self._pos += len(room)


class _DiskSource(_Source):
    def __init__(self, content: DiskContent, on_problem: OnProblem) -> None:
        self._content = content
        self._on_problem = on_problem
        self._pos = 0
        try:
            self._fd = os.open(content.path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOCTTY)
        except OSError as error:
            self.exists = False
            self._fail(error)

    def _fail(self, error: OSError | None) -> None:
        self._fd = -1
        self._on_problem(ReadProblem(self._content.path, self._content.size - self._pos, error))

    def fill(self, room: memoryview) -> None:
        done = 0
        try:
            while self._fd >= 0 and done < len(room):
                count = os.readv(self._fd, (room[done:] if done else room,))
                if not count:
                    self._end(None)
                done += count
                self._pos += count
        except OSError as error:
            self._end(error)
        if done < len(room):
            room[done:] = bytes(len(room) - done)

    def _end(self, error: OSError | None) -> None:
        os.close(self._fd)
        self._fail(error)

    def close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


class _ImageSource(_Source):
    def __init__(
        self, content: ImageContent | CopiedContent, read: ReadBlocks | None, on_problem: OnProblem
    ) -> None:
        self._extents = list(reversed(content.extents))
        self._size = content.size
        self._read = read
        self._on_problem = on_problem
        self._pos = 0
        self._rest = b""

    def fill(self, room: memoryview) -> None:
        done = 0
        while done < len(room):
            if not self._rest and not self._next(len(room) - done):
                room[done:] = bytes(len(room) - done)
                return
            part = self._rest[: len(room) - done]
            room[done : done + len(part)] = part
            self._rest = self._rest[len(part) :]
            done += len(part)
            self._pos += len(part)

    def _next(self, size: int) -> bool:
        """Read on; whether there was anything."""
        if not self._extents:
            return False
        lba, left = self._extents.pop()
        wanted = min(left, size + -size % BLOCK)
        if wanted < left:
            self._extents.append(Extent(lba + wanted // BLOCK, left - wanted))
        error: OSError | None = None
        if self._read is not None:
            try:
                self._rest = self._read(lba, -(-wanted // BLOCK))[:wanted]
            except OSError as raised:
                error = raised
        if len(self._rest) < wanted:
            self._extents.clear()
            missing = self._size - self._pos - len(self._rest)
            self._on_problem(ReadProblem(b"", missing, error))
        return bool(self._rest)
