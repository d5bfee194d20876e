"""Rounds of torture for discs: a recorder burns, closes, blanks or formats, and is killed at it."""

from __future__ import annotations

import random
import shutil
import threading
import time
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path

from burnlab.burn.drive import DriveError, FormatChoice, WriteRequest
from burnlab.burn.mmc import MmcDrive
from burnlab.cli.units import open_drive, open_unit
from burnlab.disc import Disc, Recording
from burnlab.disc.folder import create, open_disc
from burnlab.disc.mending import check
from burnlab.iscsi.client import IscsiUnit
from burnlab.scsi.task import LogicalUnit, Reply, Status, Task
from burnlab.scsi.transport import TransportError
from torture.figures import Figures
from torture.model import BLOCK, Attempt, Expected, LostError, content
from torture.zygote import Victim, Zygote

WRITE, WRITE_12, SYNCHRONIZE, RESERVE, CLOSE, BLANK, FORMAT = 0x2A, 0xAA, 0x35, 0x53, 0x5B, 0xA1, 0x04
GROW = 0x13
NAMES = {
    -1: "none",
    WRITE: "WRITE",
    SYNCHRONIZE: "SYNCHRONIZE CACHE",
    RESERVE: "RESERVE TRACK",
    CLOSE: "CLOSE TRACK/SESSION",
    BLANK: "BLANK",
    FORMAT: "FORMAT UNIT",
}
PHASES = {
    "burning": (WRITE,),
    "closing": (SYNCHRONIZE, CLOSE, RESERVE),
    "blanking": (BLANK,),
    "formatting": (FORMAT,),
}
"""Phase → the commands at which a recorder is killed in it."""
LOADING = "loading"
"""Killed while it opens the disc that the last one has left."""
MEDIA = (
    "cd-r",
    "cd-rw",
    "dvd-r",
    "dvd-rw",
    "dvd-rw-ovw",
    "dvd+r",
    "dvd+r-dl",
    "dvd+rw",
    "dvd-ram",
    "bd-r",
    "bd-re",
)
UNIT = 32
FIRST_GUESS = 0.003
"""Seconds that a command takes, before one was seen."""
MOST_SESSIONS = 8
REGION = 2048
"""Overwritable media are written in their first blocks, again and again."""


def phases_of(medium: str) -> list[str]:
    """The phases that a medium has."""
    phases = ["burning", "closing", LOADING]
    if medium in ("cd-rw", "dvd-rw", "dvd-rw-ovw"):
        phases.append("blanking")
    if medium in ("dvd-rw", "dvd-rw-ovw", "dvd+rw", "dvd-ram", "bd-r", "bd-re"):
        phases.append("formatting")
    return phases


def nap(seconds: float) -> None:
    """Waiting for a recorder whose clock runs fast."""
    time.sleep(min(seconds, 0.002))


@dataclass
class Durations:
    """How long a command of each code takes, as far as is known: a kill shall hit while it is carried out."""

    seconds: dict[int, float] = field(default_factory=dict)

    def note(self, opcode: int, seconds: float) -> None:
        """One command that was answered."""
        self.seconds[opcode] = 0.7 * self.seconds.get(opcode, seconds) + 0.3 * seconds

    def note_killed(self, opcode: int) -> None:
        """One that wasn't answered any more: perhaps it takes longer than was thought."""
        self.seconds[opcode] = min(1.0, 1.6 * self.seconds.get(opcode, FIRST_GUESS))

    def instant(self, opcode: int, dice: random.Random) -> float:
        """Seconds after it was sent: within what it takes, or a bit later."""
        return dice.uniform(0.0, 1.2) * self.seconds.get(opcode, FIRST_GUESS)


@dataclass
class KillingUnit:
    """The unit behind an initiator, whose target is killed at the n-th command of some kinds.

    What the drive takes is noted down in `attempt`.
    """

    unit: LogicalUnit
    victim: Victim | None
    attempt: Attempt
    opcodes: tuple[int, ...]
    nth: int
    dice: random.Random
    durations: Durations
    erases: bool
    """Formatting loses what is on the medium."""
    struck: int = -1
    """The command that was under way when the target was gone; none if it had ended by then."""
    _seen: int = 0
    _killer: threading.Thread | None = None

    def execute(self, task: Task) -> Reply:
        """Send a command on; it may be the last one."""
        opcode = task.cdb[0]
        self._note_before(opcode, task)
        if opcode in self.opcodes:
            self._seen += 1
            if self._seen == self.nth:
                delay = self.durations.instant(opcode, self.dice)
                self._killer = threading.Thread(target=self._kill_later, args=(delay,), daemon=True)
                self._killer.start()
        began = time.perf_counter()
        try:
            reply = self.unit.execute(task)
        except TransportError:
            self.struck = opcode
            if self._seen == self.nth:
                self.durations.note_killed(opcode)
            raise
        self.durations.note(opcode, time.perf_counter() - began)
        if reply.status is Status.GOOD:
            self._note_after(opcode, task)
        return reply

    def _kill_later(self, delay: float) -> None:
        time.sleep(delay)
        if self.victim is not None:
            self.victim.kill()

    def wait(self) -> None:
        """Wait for the kill that was ordered."""
        if self._killer is not None:
            self._killer.join()

    def _note_before(self, opcode: int, task: Task) -> None:
        attempt = self.attempt
        if opcode in (WRITE, WRITE_12):
            attempt.flying = _extent(task)
        elif opcode == BLANK or (opcode == FORMAT and self.erases and task.data_out[8] >> 2 != GROW):
            attempt.erasing = True
        elif opcode in (CLOSE, SYNCHRONIZE):
            attempt.closing = True

    def _note_after(self, opcode: int, task: Task) -> None:
        attempt = self.attempt
        if opcode in (WRITE, WRITE_12):
            first, end = attempt.flying
            attempt.flying = (0, 0)
            attempt.writes.append((first, end, int.from_bytes(task.data_out[:4], "big")))
            attempt.acknowledged = max(attempt.acknowledged, end - attempt.start)
        elif opcode == SYNCHRONIZE:
            attempt.flushed = len(attempt.writes)


def _extent(task: Task) -> tuple[int, int]:
    first = int.from_bytes(task.cdb[2:6], "big", signed=True)
    return max(0, first), max(0, first + len(task.data_out) // BLOCK)


@dataclass
class Patient:
    """A disc of one kind under torture, and what is known of it."""

    medium: str
    folder: Path
    figures: Figures
    durations: Durations
    path: Path = Path()
    expected: Expected = field(default_factory=Expected)
    stamp: int = 0
    number: int = 0

    def renew(self) -> None:
        """Take a new disc."""
        if self.number:
            shutil.rmtree(self.path)
        self.number += 1
        self.path = self.folder / f"{self.medium}-{self.number}.disc"
        create(self.path, self.medium)
        self.expected = Expected(overwritable=self._look(lambda disc: disc.state.overwritable))

    def _look(self, what: Callable[[Disc], bool]) -> bool:
        with closing(open_disc(self.path, read_only=True)) as disc:
            return what(disc)

    def round(self, zygote: Zygote, phase: str, dice: random.Random) -> None:
        """Kill once, compare, mend, compare again. Raises LostError."""
        if not self.number or self._is_worn_out(phase):
            self.renew()
        if phase in ("blanking", "formatting") and self.medium != "bd-r":
            self._fill(dice)
        if phase == LOADING:
            attempt = self._kill_while_loading(zygote, dice)
        else:
            attempt = self._kill_at_work(zygote, phase, dice)
        found = self._compare(attempt)
        self.figures.note(self.medium, phase, found)
        self._mend(dice)

    def _is_worn_out(self, phase: str) -> bool:
        """Whether nothing more can be tried with it."""

        def worn(disc: Disc) -> bool:
            if disc.state.overwritable:
                return False
            if phase == "formatting" and self.medium == "bd-r":
                return not disc.is_blank or disc.state.spare_blocks > 0
            full = len(disc.session_views()) >= MOST_SESSIONS or disc.state.finalized
            return full and phase != "blanking"

        return self._look(worn)

    def _fill(self, dice: random.Random) -> None:
        """Put something onto an empty disc, so that there is something to be lost."""
        if self.expected.sessions or self.expected.stamps:
            return
        self.stamp += 1
        attempt = Attempt(self.stamp)
        unit, sleep, release = open_unit(f"disc:{self.path}")
        noted = KillingUnit(unit, None, attempt, (), 0, dice, Durations(), erases=False)
        with closing(MmcDrive("disc", noted, sleep, release)) as drive:
            if self._look(_takes_data):
                self._burn(drive, UNIT * dice.randrange(1, 20), attempt, dice)
        self._compare(attempt)

    # Killing.

    def _kill_while_loading(self, zygote: Zygote, dice: random.Random) -> Attempt:
        victim = zygote.serve(self.path, early=True)
        time.sleep(dice.uniform(0.0, 0.03))
        victim.close()
        return Attempt()

    def _kill_at_work(self, zygote: Zygote, phase: str, dice: random.Random) -> Attempt:
        self.stamp += 1
        attempt = Attempt(self.stamp)
        victim = zygote.serve(self.path)
        blocks = UNIT * dice.randrange(1, 40)
        erases = self.medium.startswith("dvd-rw")
        nth = 1 + dice.randrange(blocks // 16 if phase == "burning" else 3 if phase == "closing" else 1)
        unit = IscsiUnit.connect(victim.url)
        killing = KillingUnit(unit, victim, attempt, PHASES[phase], nth, dice, self.durations, erases)
        try:
            with suppress(DriveError, TransportError), closing(unit):
                self._work(MmcDrive(victim.url, killing, nap), phase, blocks, attempt, dice)
        finally:
            killing.wait()
            victim.close()
        self.figures.struck[NAMES.get(killing.struck, "another")] += 1
        return attempt

    def _work(self, drive: MmcDrive, phase: str, blocks: int, attempt: Attempt, dice: random.Random) -> None:
        """What the initiator does. It ends when the target is gone, or when all is done."""
        if phase == "blanking":
            drive.blank(dice.choice(("all", "fast")), _ignore)
        elif phase == "formatting":
            self._format(drive, dice)
        else:
            self._burn(drive, blocks, attempt, dice)

    def _format(self, drive: MmcDrive, dice: random.Random) -> None:
        if self.medium in ("dvd-rw", "dvd-rw-ovw") and dice.random() < 0.5:
            drive.format(FormatChoice(0x15, 512), _ignore, True)
        else:
            drive.format(None, _ignore)

    def _burn(self, drive: MmcDrive, blocks: int, attempt: Attempt, dice: random.Random) -> None:
        medium = drive.medium()
        if medium.is_overwritable:
            lba = UNIT * dice.randrange(0, (REGION - blocks) // UNIT)
            lba = min(lba, self._growing_end(lba))
        elif medium.next_writable is not None:
            lba = medium.next_writable
        else:
            return
        if self.medium.startswith("cd"):
            blocks = max(blocks, 300)
        attempt.start, attempt.blocks = lba, blocks
        close = medium.needs_close or (not medium.is_overwritable and dice.random() < 0.15)
        mode = dice.choice(("auto", "tao", "tao")) if not medium.needs_close else "auto"
        drive.begin(WriteRequest(lba, blocks, close=close, mode=mode))
        step = 64
        for at in range(0, blocks, step):
            count = min(step, blocks - at)
            drive.write(content(lba + at, count, attempt.stamp))
        drive.finish(_ignore)

    def _growing_end(self, lba: int) -> int:
        """Where a medium takes blocks at most, if it isn't formatted as a whole."""
        with closing(open_disc(self.path, read_only=True)) as disc:
            formatted = disc.state.formatted_blocks
            return formatted if disc.state.growing or formatted < REGION else lba

    # Looking, and mending.

    def _compare(self, attempt: Attempt) -> str:
        report = check(self.path)
        if not report.is_sound:
            raise LostError(f"{self.path} is not sound: {report.findings}; {attempt}")
        disc = open_disc(self.path)
        try:
            before = self.expected.compared, self.expected.verified
            found = self.expected.compare(disc, attempt)
            self.figures.blocks += self.expected.compared - before[0]
            self.figures.sessions += self.expected.verified - before[1]
        finally:
            disc.close()
        left = check(self.path).findings
        if left:
            raise LostError(f"{self.path}: the recorder left {left}")
        return found

    def _mend(self, dice: random.Random) -> None:
        """Close what is open, or blank the disc, or leave what can go on as it is."""
        with closing(open_disc(self.path, read_only=True)) as disc:
            open_tracks = [t for t in disc.state.tracks if t.session > disc.state.closed_sessions]
            damaged = any(view.damaged for view in disc.track_views())
            erasable = disc.medium.erasable and not disc.state.overwritable
        if not open_tracks or disc.state.finalized:
            return
        if erasable and dice.random() < 0.3:
            how = "blanked"
        else:
            how = "closed, being damaged" if damaged else "closed, being whole"
        drive = open_drive(f"disc:{self.path}")
        assert isinstance(drive, MmcDrive)
        with closing(drive):
            if how == "blanked":
                drive.blank("all", _ignore)
            else:
                drive.close_damaged(_ignore)
        self._check_mended(how)
        self.figures.mended[how] += 1

    def _check_mended(self, how: str) -> None:
        with closing(open_disc(self.path)) as disc:
            sessions = len(disc.session_views())
            if how == "blanked":
                self.expected.sessions.clear()
            elif sessions != len(self.expected.sessions) + 1:
                raise LostError(f"{self.path}: {how}, but {sessions} sessions are closed")
            self.expected.accept(disc)
            if disc.next_writable is None and not disc.state.finalized:
                raise LostError(f"{self.path}: {how}, but nothing more can be written")


def _takes_data(disc: Disc) -> bool:
    """Not one that has to be formatted first."""
    return disc.recording is not Recording.OVERWRITE or disc.state.overwritable


def _ignore(_done: float | None) -> None:
    """Progress that nobody looks at."""
