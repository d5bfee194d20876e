"""The burn program in this process with a recorder in memory, a clock that jumps and luck to order."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from burnlab.burn.drive import Drive
from burnlab.burn.mmc import MmcDrive
from burnlab.burn.opener import open_stdio
from burnlab.disc import Disc
from burnlab.recorder import MODELS, ClockedUnit, EmulatedClock, PromptUnit, Recorder
from burnlab.xorriso.environment import Environment
from burnlab.xorriso.messages import Streams
from burnlab.xorriso.program import Program
from support.faulty_unit import FaultyUnit, Trouble

DRIVE = "/dev/sr0"
DATE = 1_700_000_000


class Said(NamedTuple):
    """What came of a run."""

    value: int
    out: str
    err: str


class Burner:
    """A recorder at `/dev/sr0` with a new disc of a type, or without one; the program runs in `folder`."""

    def __init__(self, folder: Path, kind: str = "", capacity: int = 0) -> None:
        self.folder = folder
        self.clock = EmulatedClock()
        self.recorder = Recorder(MODELS["generic"])
        self.unit = FaultyUnit(self._at_the_door())
        self.signal_modes: list[str] = []
        if kind:
            self.insert(kind, capacity)

    def _at_the_door(self) -> PromptUnit:
        return PromptUnit(ClockedUnit(self.recorder, self.clock.now), self.clock.sleep)

    def power_cycle(self) -> None:
        """Switch the drive off and on: it forgets everything but the disc."""
        self.recorder.unlock()
        disc = self.recorder.remove()
        assert disc is not None
        self.recorder = Recorder(MODELS["generic"])
        self.unit.unit = self._at_the_door()
        self.recorder.load(disc, self.clock.now())

    def insert(self, kind: str, capacity: int = 0) -> Disc:
        """Put a new disc into the drive, in the place of what is there."""
        if self.recorder.disc_in_tray is not None:
            self.recorder.unlock()
            self.recorder.remove()
        disc = Disc.in_memory(kind, capacity_blocks=capacity)
        self.recorder.load(disc, self.clock.now())
        return disc

    def trouble(self, *troubles: Trouble) -> None:
        """From now on, and until others are given."""
        self.unit.troubles = list(troubles)

    def open_drive(self, address: str) -> Drive:
        """The recorder for its address; else files."""
        if address == DRIVE:
            return MmcDrive(address, self.unit, self.clock.sleep)
        return open_stdio(address)

    def run(self, *words: str) -> Said:
        """Run the program's words."""
        out: list[str] = []
        err: list[str] = []
        environment = Environment(
            streams=Streams(out.append, err.append),
            directory=str(self.folder),
            variables={},
            clock=lambda: DATE + self.clock.now(),
            monotonic=self.clock.now,
            sleep=self.clock.sleep,
            read_line=lambda: "",
            open_drive=self.open_drive,
            handle_signals=self.signal_modes.append,
        )
        self.unit.tasks.clear()
        value = Program(environment).run(["-no_rc", *words])
        return Said(value, "".join(out), "".join(err))


def at_write(nth: int, action: Callable[[], object]) -> Trouble:
    """Something that happens when the n-th WRITE (10) comes, which then goes on to the drive."""

    def strike(_task: object) -> None:
        action()

    return Trouble(0x2A, nth, strike)
