"""Runs cases against a unit, one after the other, and tells what came of each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final

from burnlab.conformance.bench import Bench, Sleep
from burnlab.conformance.case import (
    Case,
    Deviation,
    NotApplicable,
    Result,
    StillBusy,
    UnknownCommand,
    Verdict,
)
from burnlab.conformance.mandatory import demanded_by
from burnlab.conformance.subject import Subject
from burnlab.scsi.task import LOCAL_NEXUS, LogicalUnit, Nexus
from burnlab.scsi.transport import Fault, TransportError

DATA_LOSS: Final = "it may cost all data on the medium: allow that by --allow-dataloss"
KEEP_TRAY: Final = "the tray is to stay as it is"
LOST: Final = "the unit can't be reached any more"
NOT_READY: Final = "the unit doesn't become ready any more"
ILL_FORMED: Final = (ValueError, IndexError, OverflowError)
"""What comes of taking an answer apart that has not the form it should have."""

Tell = Callable[[Result], None]


@dataclass(frozen=True, slots=True)
class Terms:
    """What a run may do."""

    allow_dataloss: bool = False
    keep_tray: bool = False

    def forbid(self, case: Case) -> str:
        """Why a case may not be run; empty if it may."""
        if case.destroys and not self.allow_dataloss:
            return DATA_LOSS
        return KEEP_TRAY if case.moves_tray and self.keep_tray else ""


@dataclass(frozen=True, slots=True)
class Summary:
    """What came of a run, and what the unit was like when it began."""

    subject: Subject
    results: tuple[Result, ...]

    def count(self, verdict: Verdict) -> int:
        """How many cases ended so."""
        return Counter(result.verdict for result in self.results)[verdict]


class NotMmcError(Exception):
    """What is behind the door is no MMC unit, so that nothing of this suite applies to it."""


def choose(cases: Iterable[Case], patterns: Sequence[str]) -> list[Case]:
    """The cases whose name, or chapter, is or matches one of the patterns; all if there are none.

    Raises:
        ValueError: a pattern that nothing matches.
    """
    found = list(cases)
    if not patterns:
        return found
    for pattern in patterns:
        if not any(_is_meant(case, pattern) for case in found):
            raise ValueError(f"there is no case '{pattern}'")
    return [case for case in found if any(_is_meant(case, pattern) for pattern in patterns)]


def _is_meant(case: Case, pattern: str) -> bool:
    return fnmatchcase(case.name, pattern) or case.name.partition(".")[0] == pattern


def run(
    unit: LogicalUnit,
    sleep: Sleep,
    cases: Iterable[Case],
    terms: Terms | None = None,
    *,
    tell: Tell = lambda _result: None,
    nexus: Nexus = LOCAL_NEXUS,
) -> Summary:
    """Run cases in their order. `sleep` waits, or lets emulated time pass; `tell` hears of each at once.

    Raises:
        NotMmcError: the unit isn't an optical one, or doesn't become ready.
        TransportError: it can't be reached, from the beginning.
    """
    bench = Bench(unit, sleep, nexus)
    try:
        bench.look()
    except Deviation as deviation:
        raise NotMmcError(f"it doesn't become ready: {deviation.came}") from deviation
    if not bench.subject.is_optical:
        raise NotMmcError(
            f"it is a SCSI device of type {bench.subject.inquiry.device_type:02X}h, no MMC unit"
        )
    first = bench.subject
    runner = _Runner(bench, terms or Terms())
    results = []
    for case in cases:
        result = runner.run(case)
        results.append(result)
        tell(result)
    return Summary(first, tuple(results))


class _Runner:
    def __init__(self, bench: Bench, terms: Terms) -> None:
        self._bench = bench
        self._terms = terms
        self._stale = False
        """The medium, or what is known of it, may be another than when it was looked at."""
        self._lost = ""

    def run(self, case: Case) -> Result:
        reason = self._lost or self._terms.forbid(case)
        if reason:
            return Result(case, Verdict.NOT_APPLICABLE, reason)
        self._bench.last = None
        try:
            reason = self._applies(case)
            if reason:
                return Result(case, Verdict.NOT_APPLICABLE, reason)
            self._stale = self._stale or case.destroys or case.moves_tray
            case.check(self._bench)
        except NotApplicable as why:
            return self._result(case, Verdict.NOT_APPLICABLE, reason=str(why))
        except UnknownCommand as unknown:
            return self._unknown(case, unknown)
        except Deviation as deviation:
            if isinstance(deviation, StillBusy):
                self._lost = f"{NOT_READY} ({deviation.came})"
            return self._failed(case, deviation.expected, deviation.came)
        except TransportError as error:
            if error.fault is Fault.LOST:
                self._lost = f"{LOST}: {error.message}"
            return self._failed(case, "an answer", error.message)
        except ILL_FORMED as error:
            return self._failed(case, "a well-formed answer", f"one that can't be read ({error})")
        return self._result(case, Verdict.PASSED)

    def _applies(self, case: Case) -> str:
        """Look at the unit, so that no unit attention is pending; say why the case doesn't apply."""
        if self._stale:
            self._bench.look()
            self._stale = False
        else:
            self._bench.wait()
        self._bench.last = None
        return next((reason for condition in case.when if (reason := condition(self._bench.subject))), "")

    def _unknown(self, case: Case, unknown: UnknownCommand) -> Result:
        demanding = demanded_by(unknown.opcode, self._bench.subject.supported)
        if demanding:
            expected = f"{unknown.name} to be known: {demanding}"
            return self._failed(case, expected, "5/20/00 (invalid opcode)")
        reason = f"the unit doesn't know {unknown.name}, and has no feature that demands it"
        return self._result(case, Verdict.NOT_APPLICABLE, reason=reason)

    def _failed(self, case: Case, expected: str, came: str) -> Result:
        self._stale = True
        return self._result(case, Verdict.FAILED, expected=expected, came=came)

    def _result(
        self, case: Case, verdict: Verdict, *, reason: str = "", expected: str = "", came: str = ""
    ) -> Result:
        return Result(case, verdict, reason, expected, came, self._bench.last)
