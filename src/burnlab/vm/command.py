"""A command that was run in a guest, and what every guest can do."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from burnlab.vm.errors import VmError

OnLine = Callable[[str, str], None]
"""Takes the stream's name ("stdout" or "stderr") and a line, while the command runs."""

_XORRISO = re.compile(r"^xorriso version\s*:\s*(\d+(?:\.\d+)+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class CommandResult:
    """How a command ended and what it wrote, byte by byte."""

    command: str
    exit_code: int
    stdout_bytes: bytes
    stderr_bytes: bytes
    seconds: float

    @property
    def stdout(self) -> str:
        """Standard output as text; bytes that are no UTF-8 survive as surrogates."""
        return self.stdout_bytes.decode(errors="surrogateescape")

    @property
    def stderr(self) -> str:
        """Standard error as text."""
        return self.stderr_bytes.decode(errors="surrogateescape")


class Guest(Protocol):
    """A running guest that takes shell commands."""

    def run(self, command: str, *, timeout: float = 60, on_line: OnLine | None = None) -> CommandResult:
        """Run a shell command to its end."""
        ...


def parse_xorriso_version(text: str) -> tuple[int, ...]:
    """Read the program's version from what `xorriso -version` prints.

    Raises VmError if it isn't there.
    """
    found = _XORRISO.search(text)
    if not found:
        raise VmError(
            "the guest's xorriso doesn't tell its version", "Build the guest again: burnlab vm build"
        )
    return tuple(int(part) for part in found[1].split("."))


def check_xorriso(guest: Guest, minimum: tuple[int, ...]) -> str:
    """Return the version of the guest's xorriso.

    Raises VmError if it is missing or older than the scenario asks for.
    """
    result = guest.run("xorriso -version", timeout=120)
    version = parse_xorriso_version(result.stdout)
    text = ".".join(map(str, version))
    if version < minimum:
        least = ".".join(map(str, minimum))
        raise VmError(
            f"the guest's xorriso is {text}; the scenario needs {least} or newer",
            "Build guests on a Debian release that has a newer xorriso (Debian 7 and later do).",
        )
    return text
