"""The burn program in memory: words in, what it says and its exit value out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from burnlab.burn.drive import Drive, DriveError
from burnlab.xorriso.environment import Environment
from burnlab.xorriso.messages import Streams
from burnlab.xorriso.program import Program
from burnlab.xorriso.startup import BANNER


def no_drive(address: str) -> Drive:
    """Every address leads nowhere."""
    raise DriveError(f"no drive at {address}")


@dataclass
class World:
    """Streams, a clock that steps, typed lines and variables for one run of the program.

    `said` has the pieces in the order they came: stream name and text.
    """

    typed: list[str] = field(default_factory=list)
    variables: Mapping[str, str] = field(default_factory=dict)
    is_terminal: bool = False
    said: list[tuple[str, str]] = field(default_factory=list)
    slept: list[float] = field(default_factory=list)
    signal_modes: list[str] = field(default_factory=list)
    now: float = 1_600_000_000.0
    claimed: bool = False

    def environment(self, step: float = 0.0) -> Environment:
        """The environment; every look at the clock lets `step` seconds pass."""

        def monotonic() -> float:
            self.now += step
            return self.now

        return Environment(
            streams=Streams(self._writer("out"), self._writer("err"), self.is_terminal),
            directory="/start",
            variables=self.variables,
            clock=lambda: self.now,
            monotonic=monotonic,
            sleep=self.slept.append,
            read_line=lambda: self.typed.pop(0) if self.typed else "",
            open_drive=no_drive,
            claim_stdout=self._claim,
            handle_signals=self.signal_modes.append,
        )

    def program(self, step: float = 0.0) -> Program:
        """A program in this world."""
        return Program(self.environment(step))

    def run(self, *words: str) -> int:
        """Run words as program arguments; the exit value."""
        return self.program().run(list(words))

    def _claim(self) -> None:
        self.claimed = True

    def _writer(self, name: str):  # type: ignore[no-untyped-def]
        return lambda text: self.said.append((name, text))

    @property
    def out(self) -> str:
        """All of standard output."""
        return "".join(text for name, text in self.said if name == "out")

    @property
    def err(self) -> str:
        """All of standard error but the banner."""
        return "".join(text for name, text in self.said if name == "err").replace(BANNER, "", 1)

    def events(self) -> Iterator[str]:
        """Lines of standard error, without empty ones."""
        return (line for line in self.err.splitlines() if line)
