"""Rounds of torture for our burn program: killed while it makes an image grow, in a file or on a disc."""

from __future__ import annotations

import os
import random
import shutil
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from burnlab.burn.mmc import MmcDrive
from burnlab.cli.units import open_drive
from burnlab.disc import TrackState
from burnlab.disc.folder import create, open_disc
from burnlab.disc.mending import check
from burnlab.iso9660.load import load_tree
from burnlab.iso9660.tree import Directory, File, walk
from burnlab.iso9660.verify import FileCheck, Verdict, check_files
from torture.figures import Figures
from torture.model import BLOCK, LostError
from torture.zygote import Victim, Zygote

PHASE = "growing"
FILE = "image file"
TARGETS = (FILE, "image on dvd-rw", "image on dvd+rw", "image on bd-r", "image on cd-rw", "image on bd-re")
MOST_SESSIONS = 8
Names = frozenset[bytes]


@dataclass
class Image:
    """An image that grows by a directory each time, and what is known to be on it.

    On sequential media each session has its own tree; else block 0 leads to the newest one.
    """

    target: str
    folder: Path
    figures: Figures
    sessions: list[Names] = field(default_factory=list)
    number: int = 0
    stamp: int = 0
    writing_seconds: float = 0.05
    """How long a run writes, as far as is known."""

    @property
    def medium(self) -> str:
        """The kind of disc; none for a file."""
        return "" if self.target == FILE else self.target.removeprefix("image on ")

    @property
    def path(self) -> Path:
        """The file, or the disc's folder."""
        return self.folder / f"{self.target.replace(' ', '-')}-{self.number}"

    @property
    def address(self) -> str:
        """As the burn program is told."""
        return f"disc:{self.path}" if self.medium else f"stdio:{self.path}"

    def renew(self) -> None:
        """Begin a new one, with one session that is whole."""
        if self.number:
            shutil.rmtree(self.path) if self.medium else self.path.unlink()
        self.number += 1
        self.sessions = []
        if self.medium:
            create(self.path, self.medium)

    def round(self, zygote: Zygote, dice: random.Random) -> None:
        """Kill once, check all files of all sessions, mend. Raises LostError."""
        if not self.number or len(self.sessions) >= MOST_SESSIONS or self._is_worn_out():
            self.renew()
        if not self.sessions:
            self._run(zygote, dice, kills=False)
            self._compare(must_be_new=True)
        self._run(zygote, dice, kills=True)
        found = self._compare()
        self.figures.note(self.target, PHASE, found)
        self._mend()

    def _is_worn_out(self) -> bool:
        if not self.medium:
            return False
        with closing(open_disc(self.path, read_only=True)) as disc:
            return disc.state.finalized

    def _run(self, zygote: Zygote, dice: random.Random, *, kills: bool) -> None:
        """The burn program adds a directory with a few files; it is killed, or comes to its end."""
        self.stamp += 1
        tree = self.folder / f"tree{self.stamp}"
        tree.mkdir()
        for number in range(dice.randrange(1, 6)):
            (tree / f"file{number}").write_bytes(dice.randbytes(dice.randrange(1, 1_000_000)))
        words = ["-no_rc", "-md5", "on", "-dev", self.address, "-add", tree.name, "--"]
        log = self.folder / "log"
        before = self._size()
        victim = zygote.burn_program(self.folder, words, log)
        if kills:
            if dice.random() < 0.8:
                self._await_writing(victim, before)
                time.sleep(dice.uniform(0.0, 1.1) * self.writing_seconds)
            else:
                time.sleep(dice.uniform(0.0, 0.2))
        else:
            self._await_writing(victim, before)
            began = time.monotonic()
            if not victim.wait():
                raise RuntimeError(f"the burn program doesn't end: {log.read_text()}")
            self.writing_seconds = time.monotonic() - began
        victim.close()
        shutil.rmtree(tree)

    def _await_writing(self, victim: Victim, before: int) -> None:
        """Wait until it writes, or has ended."""
        while self._size() == before and not victim.wait(0.0005):
            pass

    def _size(self) -> int:
        file = self.path / "surface" if self.medium else self.path
        return file.stat().st_size if file.exists() else 0

    # Looking.

    def _compare(self, *, must_be_new: bool = False) -> str:
        new = (self.sessions[-1] if self.sessions else frozenset()) | {b"tree%d" % self.stamp}
        found = list(self._sessions())
        known = self.sessions
        if not must_be_new and found == known:
            return "as before"
        if found == [*known, new]:
            self.sessions = found
            return "closed"
        log = (self.folder / "log").read_text(errors="replace")
        raise LostError(f"{self.path}: the sessions hold {found}, not {known}\n{log}")

    def _sessions(self) -> Iterator[Names]:
        """The names in the root of each session, all of whose files have been read and are whole."""
        if not self.medium:
            yield from self._overwritable(lambda lba, count: _pread(self.path, lba, count))
            return
        report = check(self.path)
        if not report.is_sound:
            raise LostError(f"{self.path} is not sound: {report.findings}")
        with closing(open_disc(self.path)) as disc:
            if disc.state.overwritable:
                yield from self._overwritable(disc.surface.read)
                return
            for session in disc.session_views():
                if disc.surface.read(session.start + 16, 1)[1:6] == b"CD001":
                    yield self._load(disc.surface.read, session.start)

    def _overwritable(self, read) -> Iterator[Names]:  # type: ignore[no-untyped-def]
        """The newest session is what block 0 leads to; those before it are known by how many there were."""
        newest = self._load(read, 0) if read(16, 1)[1:6] == b"CD001" else None
        if newest is None:
            return
        yield from [known for known in self.sessions if known < newest]
        yield newest

    def _load(self, read, lba: int) -> Names:  # type: ignore[no-untyped-def]
        root = load_tree(read, lba, check_tags=True).root
        files = [node for node in walk(root) if isinstance(node, File)]
        for checked in check_files(read, files, workers=1):
            self._check_file(checked)
        self.figures.sessions += 1
        return frozenset(_names(root))

    def _check_file(self, checked: FileCheck) -> None:
        if checked.verdict is not Verdict.MATCH:
            raise LostError(f"{self.path}: {checked.node.name!r}: {checked.verdict.value}")
        self.figures.blocks += 1

    # Mending.

    def _mend(self) -> None:
        """Close what was cut off; what can be overwritten needs nothing."""
        if not self.medium:
            return
        with closing(open_disc(self.path, read_only=True)) as disc:
            here = [t for t in disc.state.tracks if t.session > disc.state.closed_sessions]
            damaged = any(track.state is TrackState.DAMAGED for track in here)
            erasable = disc.medium.erasable
        if not here:
            return
        with _drive(self.path) as drive:
            if erasable and self.stamp % 3 == 0:
                drive.blank("all", _ignore)
                self.sessions = []
                self.figures.mended["blanked"] += 1
                return
            drive.close_damaged(_ignore)
        self.figures.mended["closed, being damaged" if damaged else "closed, being whole"] += 1
        self._compare_after_closing()

    def _compare_after_closing(self) -> None:
        """A session that was cut off may be loadable or not; those before it are."""
        found = []
        try:
            for names in self._sessions():
                found.append(names)
        except Exception:
            if len(found) < len(self.sessions):
                raise
        if found[: len(self.sessions)] != self.sessions:
            raise LostError(f"{self.path}: after closing the sessions hold {found}, not {self.sessions}")
        # What comes behind half a session can't be found from it: the next image gets a disc of its own.
        self.renew()


def _names(root: Directory) -> Iterator[bytes]:
    yield from root.children


def _pread(path: Path, lba: int, count: int) -> bytes:
    with path.open("rb") as file:
        return os.pread(file.fileno(), count * BLOCK, lba * BLOCK)


@contextmanager
def _drive(path: Path) -> Iterator[MmcDrive]:
    drive = open_drive(f"disc:{path}")
    assert isinstance(drive, MmcDrive)
    with closing(drive):
        yield drive


def _ignore(_done: float | None) -> None:
    """Progress that nobody looks at."""
