"""The place where a plan is carried out, as the runner sees it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from .matching import Transcript
from .plan import Reading

if TYPE_CHECKING:
    from burnlab.recorder import FaultPlan


class StationError(Exception):
    """The lab itself is broken: no QEMU, a guest that doesn't answer, a recorder that is gone.

    `hint` says what to do about it.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class CommandTimeout(Exception):
    """A command was still running when its time was up; `transcript` is what it had said by then."""

    def __init__(self, seconds: float, transcript: Transcript | None = None) -> None:
        super().__init__(f"no end after {seconds:.0f} seconds")
        self.transcript = transcript or Transcript("", "")


class NotApplicableError(Exception):
    """A step has no meaning at this station; the text says why."""


class RefusedError(Exception):
    """The recorder or the lab refused what a step asked for: a locked tray, no disc. The step fails."""


@dataclass(frozen=True, slots=True)
class Address:
    """How commands name things at a station: the recorder, the burn program, where payloads lie, and a folder
    for what they make themselves; `other` is the program that it is compared with.
    """

    drive: str
    program: str
    payloads: str
    scratch: str = "/tmp"
    other: str = ""


class Station(Protocol):
    """A recorder with a tray, and a place that runs commands which see it.

    Everything may raise StationError, hands also RefusedError. The panel's values are those of
    `burnlab recorder status`.
    """

    @property
    def address(self) -> Address:
        """The names that commands use."""
        ...

    def run(self, command: str, timeout: float) -> Transcript:
        """Run a shell command. Raises CommandTimeout, NotApplicableError."""
        ...

    def read(self, reading: Reading) -> Transcript:
        """Read the disc in a shell command's place, where there is no shell. Raises NotApplicableError."""
        ...

    def insert(self, medium: str) -> Mapping[str, object]:
        """Make a new disc of a type and load it in the place of the one that is in the tray."""
        ...

    def press(self, medium: str) -> Mapping[str, object]:
        """Make a ROM of a type with the content of the disc in the tray, and load it."""
        ...

    def load(self) -> Mapping[str, object]:
        """Load the disc again that was ejected."""
        ...

    def eject(self) -> Mapping[str, object]:
        """Take the disc out from outside, as by the button."""
        ...

    def status(self) -> Mapping[str, object]:
        """Read the recorder's panel."""
        ...

    def damage(self, lba: int) -> None:
        """Change bytes of one block of the disc, unseen by recorder and guest."""
        ...

    def add_faults(self, plan: FaultPlan) -> Sequence[str]:
        """Let faults lie in wait in the recorder; returns their names."""
        ...

    def clear_faults(self, names: Sequence[str]) -> Mapping[str, int]:
        """Take faults away; returns how often each has struck."""
        ...

    def versions(self) -> Mapping[str, str]:
        """What takes part, with versions: guest kernel, xorriso, QEMU, drive model, guest digest."""
        ...

    def traces(self) -> Sequence[Path]:
        """The trace files written so far, one per disc."""
        ...
