"""Who has a disc in hand: a lock on its surface, which goes with the process, and a note that tells whose.

The lock alone decides. The note is for people: it may be left over from a process that was killed.
"""

from __future__ import annotations

import fcntl
import json
import os
import socket
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from burnlab.disc.surface import FileSurface

SURFACE = "surface"
NOTE = "in-use"
TRIES, PAUSE_SECONDS = 8, 0.025
"""Whoever only asks whether a disc is held holds it for an instant: that must not turn a recorder away."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a disc, as the note tells."""

    process: int
    host: str
    holder: str
    """What it is, in its own words."""

    def __str__(self) -> str:
        words = f"process {self.process}"
        if self.host != socket.gethostname():
            words += f" on {self.host}"
        return f"{words} ({self.holder})" if self.holder else words


class InUse(Exception):
    """Another process has the disc in hand."""

    def __init__(self, holder: Holder | None) -> None:
        super().__init__(str(holder) if holder is not None else "a process that left no note")
        self.holder = holder


class HeldSurface(FileSurface):
    """The surface of a disc that nobody else may write to as long as it is open. Raises OSError, InUse."""

    def __init__(self, folder: Path, holder: str = "") -> None:
        self.folder_fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            super().__init__(folder / SURFACE)
        except BaseException:
            os.close(self.folder_fd)
            raise
        try:
            _lock(self._fd, folder)
        except BaseException:
            super().close()
            os.close(self.folder_fd)
            raise
        self._write_note(Holder(os.getpid(), socket.gethostname(), holder))

    def _write_note(self, holder: Holder) -> None:
        with suppress(OSError):  # a disk that is full must not keep anybody from reading a disc
            flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW
            fd = os.open(NOTE, flags, 0o666, dir_fd=self.folder_fd)
            with os.fdopen(fd, "w", encoding="utf-8") as note:
                note.write(json.dumps(asdict(holder)) + "\n")

    def close(self) -> None:
        """Take the note away and let go; a second call does nothing."""
        if self._fd >= 0:
            with suppress(OSError):
                os.unlink(NOTE, dir_fd=self.folder_fd)
            os.close(self.folder_fd)
        super().close()


def _lock(fd: int, folder: Path) -> None:
    for left in reversed(range(TRIES)):
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if not left:
                raise InUse(read_note(folder)) from None
            time.sleep(PAUSE_SECONDS)
        else:
            return


def read_note(folder: Path) -> Holder | None:
    """What the note tells; None if there is none that can be read."""
    try:
        found = json.loads((folder / NOTE).read_text(encoding="utf-8"))
        return Holder(int(found["process"]), str(found["host"]), str(found["holder"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def is_held(folder: Path) -> bool:
    """Whether some process has the disc in hand at this instant."""
    try:
        fd = os.open(folder / SURFACE, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(fd)
    return False
