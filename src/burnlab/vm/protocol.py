"""How a command goes to the micro guest's agent and how its output comes back. No I/O.

The host sends a line: a mark (32 random hexadecimal digits), a space and the command in base64. On both of
the channel's streams the agent sends mark + "beg", the bytes that the command wrote, and mark + exit code in
three digits. The mark is new for each command, so output of any bytes can't be mistaken for it.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable
from enum import Enum

_BEGIN = b"beg"
_TAIL = 3  # "beg" or the exit code


class _State(Enum):
    WAITING = 0
    INSIDE = 1
    ENDED = 2


def new_mark() -> bytes:
    """Return a mark that no output contains."""
    return secrets.token_hex(16).encode()


def request(mark: bytes, command: str) -> bytes:
    """Return the line that starts a command."""
    return mark + b" " + base64.b64encode(command.encode(errors="surrogateescape")) + b"\n"


class Scanner:
    """Cuts one command's output out of a stream that comes in pieces of any size."""

    def __init__(self, mark: bytes) -> None:
        self._mark = mark
        self._held = b""
        self._state = _State.WAITING
        self.exit_code: int | None = None

    @property
    def ended(self) -> bool:
        """Whether the command's last byte has been seen."""
        return self._state is _State.ENDED

    def feed(self, data: bytes) -> bytes:
        """Take the next piece and return what surely belongs to the command's output."""
        self._held += data
        output = b""
        while self._state is not _State.ENDED:
            position = self._held.find(self._mark)
            tail = position + len(self._mark)
            if position < 0 or len(self._held) < tail + _TAIL:
                return output + self._safe(position)
            word = self._held[tail : tail + _TAIL]
            if self._state is _State.INSIDE:
                output += self._held[:position]
                self.exit_code = int(word)
                self._state = _State.ENDED
            elif word == _BEGIN:
                # What stands before it was written by something that an earlier command left behind.
                self._state = _State.INSIDE
            self._held = self._held[tail + _TAIL :]
        return output

    def _safe(self, position: int) -> bytes:
        # Only what may be the beginning of a mark is held back: a short line must show up at once.
        cut = position
        if cut < 0:
            longest = min(len(self._held), len(self._mark) - 1)
            ends = (size for size in range(longest, 0, -1) if self._held.endswith(self._mark[:size]))
            cut = len(self._held) - next(ends, 0)
        ready, self._held = self._held[:cut], self._held[cut:]
        return ready if self._state is _State.INSIDE else b""


class Lines:
    """Calls back for each line of a stream as it comes. A carriage return ends a line, too."""

    def __init__(self, name: str, callback: Callable[[str, str], None]) -> None:
        self._name = name
        self._callback = callback
        self._held = b""

    def feed(self, data: bytes) -> None:
        """Take the next piece."""
        *lines, self._held = (self._held + data).replace(b"\r", b"\n").split(b"\n")
        for line in lines:
            self._tell(line)

    def close(self) -> None:
        """Tell the last line, if no line end came after it."""
        self._tell(self._held)
        self._held = b""

    def _tell(self, line: bytes) -> None:
        if line:
            self._callback(self._name, line.decode(errors="replace"))
