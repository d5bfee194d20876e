"""Work in forked copies of this process: where it comes in small pieces, threads mostly wait for each other.

A copy sees all that there was when it was made, and can read files; what it finds it has to tell, in numbers.
"""

from __future__ import annotations

import gc
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from struct import Struct
from typing import Final, NamedTuple, TypeAlias


class Told(NamedTuple):
    """Something told by whoever does a share: what it is, and a number. All are unsigned."""

    share: int
    what: int
    number: int


Work: TypeAlias = Callable[[int], Iterator[tuple[int, int]]]
"""Does the share of a number, and yields what is to be told of it: what it is, and a number."""
Fork: TypeAlias = Callable[[int, Work], Iterator[Told]]

RECORD: Final = Struct("=IIQ")
"""Short enough for a pipe to keep it in one piece, whoever else writes to it."""
READ_BYTES: Final = 4096 * RECORD.size


def usable_fork() -> Fork | None:
    """The function below, if nothing speaks against it: a copy of a process with threads may hang."""
    return run_forked if hasattr(os, "fork") and threading.active_count() == 1 else None


def run_forked(shares: int, work: Work) -> Iterator[Told]:
    """Do each share in a copy of its own, and pass on what is told, as it comes in.

    A copy that can't be made, fails or gets killed tells no more, and that is all: let work tell when it is
    done. No copies are left when the iterator ends, also if it is closed early.
    """
    inlet, outlet = os.pipe()
    copies: list[int] = []
    try:
        try:
            for share in range(shares):
                with suppress(OSError):  # no room for another one
                    copies.append(_copy(share, work, inlet, outlet))
        finally:
            os.close(outlet)
        while data := os.read(inlet, READ_BYTES):
            yield from map(Told._make, RECORD.iter_unpack(data))
    finally:
        os.close(inlet)
        for copy in copies:
            # Where nobody asks how children end, they are gone already.
            with suppress(ProcessLookupError, ChildProcessError):
                os.kill(copy, signal.SIGKILL)
                os.waitpid(copy, 0)


def _copy(share: int, work: Work, inlet: int, outlet: int) -> int:
    """The process id of a copy that does a share.

    Signals that the original catches end a copy. Nobody but the original may read, so that a copy whose
    original was killed fails instead of waiting.
    """
    caught = [each for each in signal.valid_signals() if callable(signal.getsignal(each))]
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, caught)
    try:
        copy = os.fork()
        if copy:
            return copy
        try:
            os.close(inlet)
            gc.disable()  # it writes to all objects, and would so copy them
            for each in caught:
                signal.signal(each, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
            for what, number in work(share):
                os.write(outlet, RECORD.pack(share, what, number))
        finally:
            # Whatever happens, nothing of what the original would do next is done here.
            os._exit(0)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
