"""What a case is, and what can come of it."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from burnlab.conformance.bench import Bench, Exchange
    from burnlab.conformance.subject import Subject

Check: TypeAlias = "Callable[[Bench], None]"
"""Sends commands; raises Deviation or NotApplicable, or returns if all was as it must be."""

Condition: TypeAlias = "Callable[[Subject], str]"
"""Why a case doesn't apply to a unit with this medium; empty if it does."""


class Verdict(StrEnum):
    """What came of a case."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_APPLICABLE = "not applicable"


class Deviation(Exception):
    """The unit does something else than the standard says."""

    def __init__(self, expected: str, came: str) -> None:
        super().__init__(f"expected {expected}, came {came}")
        self.expected = expected
        self.came = came


class StillBusy(Deviation):
    """The unit has been busy for longer than anything may take: nothing more can be found out."""


class NotApplicable(Exception):
    """The case turned out not to apply; the message says why."""


class UnknownCommand(Exception):
    """The unit doesn't know a command: a deviation where a feature that it claims demands it."""

    def __init__(self, name: str, opcode: int) -> None:
        super().__init__(name)
        self.name = name
        self.opcode = opcode


@dataclass(frozen=True, slots=True)
class Case:
    """One thing that a unit has to do. `clause` is the document and clause that say so.

    All conditions of `when` must hold. One that `destroys` may cost all that is on the medium; one that
    `moves_tray` opens the tray and closes it again.
    """

    name: str
    clause: str
    says: str
    check: Check
    when: tuple[Condition, ...] = ()
    destroys: bool = False
    moves_tray: bool = False


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a case: for a failed one what was expected and what came, else why it doesn't apply."""

    case: Case
    verdict: Verdict
    reason: str = ""
    expected: str = ""
    came: str = ""
    exchange: Exchange | None = None
    """The last command, with its answer; None where nothing was sent."""


class Chapter:
    """Cases about one subject. Their names are those of their functions, and what they say the docstrings."""

    def __init__(self, name: str, *when: Condition, destroys: bool = False, moves_tray: bool = False) -> None:
        self.name = name
        self.cases: list[Case] = []
        self._when = when
        self._destroys = destroys
        self._moves_tray = moves_tray

    def case(self, clause: str, *when: Condition) -> Callable[[Check], Check]:
        """Take the function below as a case."""

        def take(check: Check) -> Check:
            says = " ".join((inspect.getdoc(check) or "").split())
            self.add(check.__name__.replace("_", "-"), clause, says, check, *when)
            return check

        return take

    def add(self, name: str, clause: str, says: str, check: Check, *when: Condition) -> None:
        """Take a case that comes from a row of a table."""
        conditions = (*self._when, *when)
        full = f"{self.name}.{name}"
        self.cases.append(Case(full, clause, says, check, conditions, self._destroys, self._moves_tray))
