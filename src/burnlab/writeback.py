"""Large files: the kernel is asked to bring them to the disk while more is written, not at the end only."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import Final

WRITEBACK_BYTES: Final = 16 << 20


class Writeback:
    """Watches what is written to one file, and hands it over to the kernel after so many bytes."""

    __slots__ = ("_begin", "_end", "every")

    def __init__(self, every: int = WRITEBACK_BYTES) -> None:
        self.every = every
        self._begin = self._end = 0

    def wrote(self, fd: int, offset: int, count: int) -> None:
        """Tell of bytes that were written. What doesn't follow on what was written before begins anew.

        The advice drops nothing but what is on the disk already, and files that know none may refuse it.
        """
        if offset != self._end:
            self._begin = offset
        self._end = offset + count
        if self._end - self._begin >= self.every:
            with suppress(OSError):
                os.posix_fadvise(fd, self._begin, self._end - self._begin, os.POSIX_FADV_DONTNEED)
            self._begin = self._end
