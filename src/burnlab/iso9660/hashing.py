"""Digests beside other work: a lane updates them in order on a thread of its own."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final, Protocol, TypeAlias

Chunk: TypeAlias = bytes | memoryview

SMALL: Final = 1 << 15
"""Fewer bytes aren't worth a thread's attention if it has nothing else to do."""


class Updatable(Protocol):
    """A running digest."""

    def update(self, data: bytes | memoryview, /) -> None:
        """Take more bytes in."""
        ...


class Lane:
    """Updates in order, with at most `depth` of them waiting.

    What is updated must not be changed or released before it was taken in; `drain` tells when.
    """

    def __init__(self, depth: int) -> None:
        """No thread is started before it is needed."""
        self._depth = depth
        self._pending: deque[Future[None]] = deque()
        self._thread: ThreadPoolExecutor | None = None

    def update(self, digest: Updatable, data: Chunk) -> None:
        """Let a digest take data in, now or soon; waits while too much is waiting."""
        pending = self._pending
        while pending and pending[0].done():
            pending.popleft().result()
        if not pending and len(data) <= SMALL:
            digest.update(data)
            return
        while len(pending) >= self._depth:
            pending.popleft().result()
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1)
        pending.append(self._thread.submit(digest.update, data))

    def drain(self) -> None:
        """Wait until all is taken in."""
        while self._pending:
            self._pending.popleft().result()

    def close(self) -> None:
        """End the thread."""
        if self._thread is not None:
            self._thread.shutdown()
            self._thread = None
        self._pending.clear()
