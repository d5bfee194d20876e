"""Blocks through one callable, read ahead in large runs and never trusted to be there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

from burnlab.iso9660.ecma119 import BLOCK, ImageError

ReadBlocks: TypeAlias = Callable[[int, int], bytes]
"""LBA, count -> bytes; shorter at the end of the medium; raises OSError if unreadable."""

LBA_END: Final = 1 << 32
READ_AHEAD: Final = 256


class BlockWindow:
    """A window of blocks that moves to where something is asked for.

    Metadata of an image stands together, so one read brings many directories.
    """

    __slots__ = ("_ahead", "_data", "_first", "_read")

    def __init__(self, read: ReadBlocks, ahead: int = READ_AHEAD) -> None:
        """`ahead` is how many blocks are read at least."""
        self._read = read
        self._ahead = ahead
        self._first = 0
        self._data = b""

    def has(self, lba: int, count: int) -> bool:
        """Whether the window holds these blocks."""
        start = (lba - self._first) * BLOCK
        return start >= 0 and start + count * BLOCK <= len(self._data)

    def get(self, lba: int, count: int = 1) -> bytes:
        """Exactly these blocks; `count` is meant to be small.

        Raises:
            ImageError: they are unreadable or behind the end.
        """
        if not self.has(lba, count):
            self._move(lba, count)
        start = (lba - self._first) * BLOCK
        return self._data[start : start + count * BLOCK]

    def _move(self, lba: int, count: int) -> None:
        if lba < 0 or lba + count > LBA_END:
            raise ImageError(f"Block {lba} can't be on any medium")
        try:
            data = self._read(lba, max(count, self._ahead))
        except OSError:
            data = self._read_exactly(lba, count)
        if len(data) < count * BLOCK:
            raise ImageError(f"Block {lba + len(data) // BLOCK} is behind the end of the medium")
        self._first, self._data = lba, data

    def _read_exactly(self, lba: int, count: int) -> bytes:
        """Without what comes behind: that may be what was unreadable."""
        try:
            return self._read(lba, count)
        except OSError as error:
            raise ImageError(f"Block {lba} can't be read: {error.strerror or error}") from error
