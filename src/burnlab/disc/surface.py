"""The surface: recorded blocks as one sparse file, or as memory in a test."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Protocol, TypeAlias

from burnlab.disc.errors import SurfaceFailure
from burnlab.writeback import Writeback

BLOCK_BYTES = 2048
Data: TypeAlias = bytes | bytearray | memoryview


class Surface(Protocol):
    """Blocks of 2048 bytes by LBA. What was never written reads as zeros."""

    @property
    def blocks(self) -> int:
        """One past the highest block that was ever written, rounded up."""
        ...

    def read(self, lba: int, count: int) -> bytes:
        """`count` blocks from `lba` on."""
        ...

    def write(self, lba: int, data: Data) -> None:
        """Write whole blocks; SurfaceFailure if they can't all be kept."""
        ...

    def resize(self, blocks: int) -> None:
        """Cut off or extend by zeros."""
        ...

    def flush(self) -> None:
        """Hand everything over to stable storage."""
        ...

    def close(self) -> None:
        """Let go of the file."""
        ...


class FileSurface:
    """A sparse file: block n lies at byte n * 2048, so a data disc can be mounted as it lies."""

    def __init__(self, path: Path, *, read_only: bool = False, block_bytes: int = BLOCK_BYTES) -> None:
        flags = os.O_RDONLY if read_only else os.O_RDWR | os.O_CREAT
        self._fd = os.open(path, flags | os.O_CLOEXEC, 0o666)
        self.path = path
        self._block_bytes = block_bytes
        self._writeback = Writeback()

    @property
    def blocks(self) -> int:
        """The file's size in blocks, rounded up."""
        return -(-os.fstat(self._fd).st_size // self._block_bytes)

    @property
    def whole_blocks(self) -> int:
        """The same, rounded down: less where the last block is there in part only."""
        return os.fstat(self._fd).st_size // self._block_bytes

    def read(self, lba: int, count: int) -> bytes:
        """`count` blocks from `lba` on, zeros past the file's end."""
        length = count * self._block_bytes
        data = os.pread(self._fd, length, lba * self._block_bytes)
        while len(data) < length:
            more = os.pread(self._fd, length - len(data), lba * self._block_bytes + len(data))
            if not more:
                return data.ljust(length, b"\0")
            data += more
        return data

    def write(self, lba: int, data: Data) -> None:
        """Write whole blocks; where they can't all be kept, the file is no longer than before.

        Zeros behind its end are a hole: they take no room.
        """
        offset = lba * self._block_bytes
        view = memoryview(data)
        size = os.lseek(self._fd, 0, os.SEEK_END)  # fstat() would fill in a large structure for each write
        if offset >= size and _is_empty(view):
            self.resize(lba + len(view) // self._block_bytes)
            return
        try:
            while view:
                written = os.pwrite(self._fd, view, offset)
                self._writeback.wrote(self._fd, offset, written)
                view = view[written:]
                offset += written
        except OSError as error:
            # The length tells how far a burn had come: one that failed must not look like one cut off.
            if os.fstat(self._fd).st_size > size:
                os.ftruncate(self._fd, size)
            raise SurfaceFailure(f"{self.path}: {os.strerror(error.errno or errno.EIO)}") from error

    def resize(self, blocks: int) -> None:
        """Cut off or extend by a hole."""
        try:
            os.ftruncate(self._fd, blocks * self._block_bytes)
        except OSError as error:
            raise SurfaceFailure(f"{self.path}: {os.strerror(error.errno or errno.EIO)}") from error

    def flush(self) -> None:
        """fdatasync: takes as long as the storage needs."""
        try:
            os.fdatasync(self._fd)
        except OSError as error:
            raise SurfaceFailure(f"{self.path}: {os.strerror(error.errno or errno.EIO)}") from error

    def close(self) -> None:
        """Close the file; a second call does nothing."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


def _is_empty(view: memoryview) -> bool:
    """Whether there are zeros only; what begins or ends otherwise, as nearly all does, is seen at once."""
    if not view or view[0] or view[-1]:
        return False
    return bytes(view) == bytes(len(view))


class MemorySurface:
    """Blocks in memory, for tests and for trying things."""

    def __init__(self, block_bytes: int = BLOCK_BYTES) -> None:
        self._block_bytes = block_bytes
        self._blocks: dict[int, bytes] = {}
        self._size = 0

    @property
    def blocks(self) -> int:
        """One past the highest block."""
        return self._size

    @property
    def whole_blocks(self) -> int:
        """The same: there are no parts of blocks."""
        return self._size

    def read(self, lba: int, count: int) -> bytes:
        """`count` blocks from `lba` on."""
        zeros = bytes(self._block_bytes)
        return b"".join(self._blocks.get(n, zeros) for n in range(lba, lba + count))

    def write(self, lba: int, data: Data) -> None:
        """Keep whole blocks."""
        size = self._block_bytes
        for n in range(len(data) // size):
            self._blocks[lba + n] = bytes(data[n * size : (n + 1) * size])
        self._size = max(self._size, lba + len(data) // size)

    def resize(self, blocks: int) -> None:
        """Forget what lies past `blocks`."""
        for n in [n for n in self._blocks if n >= blocks]:
            del self._blocks[n]
        self._size = blocks

    def flush(self) -> None:
        """Nothing to do."""

    def close(self) -> None:
        """Nothing to do."""


class NoSurface(MemorySurface):
    """Takes everything and keeps nothing: for test writing."""

    def write(self, lba: int, data: Data) -> None:
        """Count the blocks, forget the data."""
        self._size = max(self._size, lba + len(data) // self._block_bytes)
