"""What a run leaves: plain values that every report is written from."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec

from .plan import Kind, Size

StepState = Literal["held", "failed", "not run", "not applicable"]
RunState = Literal["passed", "failed", "broken"]
EXIT_VALUES: dict[RunState, int] = {"passed": 0, "failed": 1, "broken": 3}


class CheckResult(msgspec.Struct, frozen=True):
    """One check of a step; `line` is what it was held against."""

    what: str
    holds: bool
    reason: str = ""
    line: str = ""


class StepResult(msgspec.Struct, frozen=True):
    """One step of a case.

    `operation` is its column in the table of media; `why` says why it failed, wasn't run or doesn't apply
    where the plan was run; `sabotage` lists what `--sabotage` changed in what it saw.
    """

    name: str
    cites: str
    kind: Kind
    state: StepState
    deed: str = ""
    exit_value: int = 0
    seconds: float = 0.0
    stdout: str = ""
    stderr: str = ""
    checks: tuple[CheckResult, ...] = ()
    captures: dict[str, int | float | str] = {}
    why: tuple[str, ...] = ()
    sabotage: tuple[str, ...] = ()
    operation: str = ""


class CaseResult(msgspec.Struct, frozen=True):
    """One pass through the plan, with one type of medium."""

    type: str
    model: str
    steps: tuple[StepResult, ...] = ()
    plan: str = ""

    @property
    def holds(self) -> bool:
        """Whether every step held that applies, and there was one."""
        states = {step.state for step in self.steps}
        return "held" in states and states <= {"held", "not applicable"}

    def count(self, state: StepState) -> int:
        """How many steps ended that way."""
        return sum(step.state == state for step in self.steps)


class RunResult(msgspec.Struct, frozen=True):
    """A whole run. `broken` says what was wrong with the lab itself, `hint` what to do about it."""

    id: str
    plan: str
    title: str
    program: str
    where: str
    size: Size
    started: str
    seconds: float
    versions: dict[str, str]
    cases: tuple[CaseResult, ...]
    state: RunState
    sabotage: str = ""
    broken: str = ""
    hint: str = ""
    traces: tuple[str, ...] = ()

    @property
    def exit_value(self) -> int:
        """The exit value of the program for this run."""
        return EXIT_VALUES[self.state]


def run_id(plan_text: str, cases: Sequence[object], versions: Mapping[str, str]) -> str:
    """A name for what was run: plan text, cases and everything that took part, with versions."""
    identity = json.dumps([plan_text, [str(case) for case in cases], sorted(versions.items())])
    return hashlib.sha256(identity.encode()).hexdigest()[:16]
