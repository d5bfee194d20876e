"""Digests beside other work: a lane updates them in order on a thread of its own."""

from __future__ import annotations

from queue import SimpleQueue
from threading import Thread
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
        self._waiting = 0
        self._thread: Thread | None = None
        self._todo: SimpleQueue[tuple[Updatable, Chunk] | None] = SimpleQueue()
        self._done: SimpleQueue[BaseException | None] = SimpleQueue()

    def update(self, digest: Updatable, data: Chunk) -> None:
        """Let a digest take data in, now or soon; waits while too much is waiting."""
        while self._waiting and not self._done.empty():
            self._settle()
        if not self._waiting and len(data) <= SMALL:
            digest.update(data)
            return
        while self._waiting >= self._depth:
            self._settle()
        if self._thread is None:
            self._thread = Thread(target=_work, args=(self._todo, self._done), daemon=True)
            self._thread.start()
        self._todo.put((digest, data))
        self._waiting += 1

    def _settle(self) -> None:
        """Wait for the oldest update."""
        error = self._done.get()
        self._waiting -= 1
        if error is not None:
            raise error

    def drain(self) -> None:
        """Wait until all is taken in."""
        while self._waiting:
            self._settle()

    def close(self) -> None:
        """End the thread."""
        if self._thread is not None:
            self._todo.put(None)
            self._thread.join()
            self._thread = None
            self._todo, self._done, self._waiting = SimpleQueue(), SimpleQueue(), 0


def _work(todo: SimpleQueue[tuple[Updatable, Chunk] | None], done: SimpleQueue[BaseException | None]) -> None:
    """What a lane's thread does. It keeps no data longer than until it tells that they are done with."""
    while (item := todo.get()) is not None:
        error = None
        try:
            item[0].update(item[1])
        except BaseException as raised:
            error = raised
        item = None
        done.put(error)
