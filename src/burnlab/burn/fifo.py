"""A FIFO between the producer of a session and the drive: a thread fills it ahead of what is being written.

The producer runs on that thread only. Whoever writes takes from the FIFO on their own thread, where also all
is called that the producer has to tell (`relay`), in the order of the stream.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from queue import SimpleQueue
from threading import Thread
from types import TracebackType
from typing import Final, NamedTuple, Self, TypeVar

from burnlab.burn.drive import BLOCK, Data

DEFAULT_SIZE: Final = 4 << 20
MOST_AT_ONCE: Final = 256 << 10
"""Bytes that are taken at once, and that the FIFO is more or less full by."""
FEWEST_PIECES: Final = 4
PATIENCE: Final = 1.0
"""Seconds that a producer gets to end if nothing is wanted any more. One that waits for input is left."""
STOP: Final = -1

_T = TypeVar("_T")


class _End(NamedTuple):
    """Nothing more comes; `failure` says why, if it isn't the end of the stream."""

    failure: BaseException | None


class _Message(NamedTuple):
    """Something to be called on the thread of who writes."""

    deliver: Callable[[], object]


class Fifo:
    """A FIFO of so many bytes, for one stream. As a context manager it ends the producer at its end.

    With size 0 there is no thread: what is produced is passed on at once.
    """

    def __init__(self, size: int = DEFAULT_SIZE) -> None:
        self.size = size
        self._piece = min(MOST_AT_ONCE, max(size // FEWEST_PIECES // BLOCK, 1) * BLOCK)
        self._items: SimpleQueue[Data | _Message | _End] = SimpleQueue()
        self._room: SimpleQueue[int] = SimpleQueue()
        # Each is changed by one thread only.
        self._produced = self._taken = 0
        self._left = max(size, self._piece)
        self._is_stopped = False
        self._thread: Thread | None = None

    @property
    def percent(self) -> int:
        """How full it is: 0 to 100."""
        return min(100, 100 * (self._produced - self._taken) // self.size) if self.size else 0

    def relay(self, call: Callable[[_T], object]) -> Callable[[_T], None]:
        """What the producer may call in the place of `call`, which is called by who takes from the FIFO."""

        def post(value: _T) -> None:
            if self.size:
                self._items.put(_Message(lambda: call(value)))
            else:
                call(value)

        return post

    def through(self, source: Iterator[Data]) -> Iterator[Data]:
        """What `source` yields, in pieces, and then what it raises.

        Pieces are whole blocks if the chunks of the source are.
        """
        if not self.size:
            yield from source
            return
        self._thread = Thread(target=self._produce, args=(source,), name="fifo", daemon=True)
        self._thread.start()
        while True:
            item = self._items.get()
            if isinstance(item, _Message):
                item.deliver()
            elif not isinstance(item, _End):
                self._taken += len(item)
                self._room.put(len(item))
                yield item
            elif item.failure is not None:
                raise item.failure
            else:
                return

    def _produce(self, source: Iterator[Data]) -> None:
        failure = None
        try:
            for chunk in source:
                if not self._put(memoryview(chunk)):
                    break
            # A generator holds what must be let go of on the thread that it runs on.
            close = getattr(source, "close", None)
            if close is not None:
                close()
        except BaseException as error:
            failure = error
        self._items.put(_End(failure))

    def _put(self, chunk: memoryview) -> bool:
        """Bring a chunk in as soon as there is room; False if it isn't wanted any more."""
        left = self._left
        for offset in range(0, len(chunk), self._piece):
            piece = chunk[offset : offset + self._piece]
            while left < len(piece):
                room = self._room.get()
                if room == STOP:
                    return False
                left += room
            if self._is_stopped:
                return False
            left -= len(piece)
            self._produced += len(piece)
            self._items.put(piece)
        self._left = left
        return True

    def close(self) -> None:
        """End the producer, wherever it is."""
        self._is_stopped = True
        self._room.put(STOP)
        if self._thread is not None:
            self._thread.join(PATIENCE)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()
