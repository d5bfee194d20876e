"""A station without a guest: it says again what real programs said in a guest, step by step.

The transcripts lie in `golden/lab`, a file per plan and type; `tools/keep-transcripts` writes them from a
report. So a plan can be tried, and each of its checks be shown to fail, without QEMU.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from burnlab.lab.matching import Transcript
from burnlab.lab.plan import Case, Plan
from burnlab.lab.station import Address, CommandTimeout, Station, StationError

GOLDEN = Path(__file__).parent.parent / "golden" / "lab"


def recordings() -> list[Path]:
    """Every transcript file."""
    return sorted(GOLDEN.glob("*/*.json"))


def recorded_case(path: Path) -> tuple[str, Case]:
    """The plan's name and the case of a transcript file."""
    content = json.loads(path.read_text())
    return path.parent.name, Case(content["type"], content["size"], model=content["model"])


@dataclass
class FakeStation:
    """Answers each step of a plan as a guest did once; the panel's lines come from there too.

    `change` may alter any transcript (command, transcript → transcript); `breaks` and `hangs` are parts of
    commands at which the lab breaks or the command never ends.
    """

    plan: Plan
    case: Case
    change: Callable[[str, Transcript], Transcript] = lambda _command, transcript: transcript
    breaks: str = ""
    hangs: str = ""
    name: str = "walkthrough"
    rounds: int = 1
    log: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        path = GOLDEN / self.name / f"{self.case.type}-{self.case.size}.json"
        steps: list[dict[str, Any]] = json.loads(path.read_text())["steps"]
        self._steps = steps * self.rounds

    @property
    def address(self) -> Address:
        return Address("/dev/sr1", "xorriso", "/payload", other="bxorriso")

    def versions(self) -> Mapping[str, str]:
        return {"burnlab": "0", "xorriso": "1.5.4", "guest kernel": "6.1", "drive model": self.case.model}

    def traces(self) -> list[Path]:
        return [Path("trace.jsonl")]

    def insert(self, medium: str) -> Mapping[str, object]:
        return self._panel("insert a new")

    def press(self, medium: str) -> Mapping[str, object]:
        return self._panel("press")

    def load(self) -> Mapping[str, object]:
        return self._panel("load")

    def eject(self) -> Mapping[str, object]:
        return self._panel("eject")

    def status(self) -> Mapping[str, object]:
        self.log.append("status")
        return self._panel("status")

    def damage(self, lba: int) -> None:
        self._next(f"lab: damage block {lba}")

    def run(self, command: str, timeout: float) -> Transcript:
        self.log.append(command)
        if self.breaks and self.breaks in command:
            raise StationError("the guest doesn't answer", "look at its console")
        if self.hangs and self.hangs in command:
            raise CommandTimeout(
                timeout, Transcript("", "xorriso : UPDATE : Blanking  ( 1.0% done in 2 seconds )\n")
            )
        step = self._next(f"$ {command}")
        return self.change(command, Transcript(step["stdout"], step["stderr"], step["exit"]))

    def _panel(self, verb: str) -> Mapping[str, object]:
        lines = self._next(f"lab: {verb}")["stdout"].splitlines()
        return dict(line.split(": ", 1) for line in lines)

    def _next(self, deed: str) -> dict[str, Any]:
        """The next recorded step that began so; those that a run leaves out are passed over."""
        for number, step in enumerate(self._steps):
            if step["deed"].startswith(deed):
                del self._steps[: number + 1]
                return step
        raise AssertionError(f"not recorded (from a report: tools/keep-transcripts): {deed}")


def opener(station: FakeStation) -> Callable[[], object]:
    """A station opener for `run_plan`."""

    @contextmanager
    def open_station() -> Iterator[Station]:
        yield station

    return open_station
