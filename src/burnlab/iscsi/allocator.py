"""Memory that was freed goes back to the system.

A connection may need many MiB for a while. When it has ended, Python has freed them, but the C library keeps
them for the next one, in pieces and for each thread: after some hundred connections that is several times
of what is in use.
"""

from __future__ import annotations

from collections.abc import Callable

_trim: list[Callable[[int], int] | None] = []


def give_back() -> None:
    """Let the C library return what it keeps, if it is one that can."""
    if not _trim:
        import ctypes

        try:
            _trim.append(ctypes.CDLL(None).malloc_trim)
        except (OSError, AttributeError):
            _trim.append(None)
    if _trim[0] is not None:
        _trim[0](0)
