"""Signals while a command is under way: what must stay whole, and where its answer is only waited for.

The handler of a signal runs between any two instructions of the main thread, and what it raises goes on from
there: bytes that were just received would be lost, or a command would be numbered but never sent, and whoever
goes on with the drive would wait for ever. Ways to a unit therefore mark what is `whole` and where they are
`waiting`; handlers don't raise by themselves, but by `interrupt`.

Source: how CPython runs handlers: on the main thread, when a function is called or has returned, and at jumps
back. Nothing here is left undone if that happens in the middle of it. Each thread has phases of its own.
"""

from __future__ import annotations

from contextvars import ContextVar
from types import TracebackType
from typing import Final

_held: Final[ContextVar[bool]] = ContextVar("held", default=False)
_pending: Final[ContextVar[BaseException | None]] = ContextVar("pending", default=None)


def interrupt(error: BaseException) -> None:
    """Raise `error`, at once or as soon as what is whole has ended. Of several that are held one is kept."""
    if not _held.get():
        raise error
    _pending.set(error)


def _let_through() -> None:
    error = _pending.get()
    if error is not None:
        _pending.set(None)
        raise error


class _Phase:
    """Some time in which interruptions are held, or let through."""

    __slots__ = ("_before", "_is_whole")

    def __init__(self, is_whole: bool) -> None:
        self._is_whole = is_whole
        self._before = False

    def __enter__(self) -> None:
        self._before = _held.get()
        try:
            _held.set(self._is_whole)
            if not self._is_whole:
                _let_through()
        except BaseException:
            _held.set(self._before)
            raise

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        _held.set(self._before)
        if not self._before:
            _let_through()


def whole() -> _Phase:
    """`with whole():` what is done within is done entirely before an interruption is raised."""
    return _Phase(True)


def waiting() -> _Phase:
    """`with waiting():` within what is whole: nothing changes now, and an interruption may be raised."""
    return _Phase(False)
