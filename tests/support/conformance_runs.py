"""The suite of `burnlab.conformance` against recorders of the tests, in memory and over iSCSI's bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from burnlab.conformance.case import Case, Verdict
from burnlab.conformance.report import lines
from burnlab.conformance.runner import Summary, Terms, run
from burnlab.conformance.suite import CASES
from burnlab.recorder import PromptUnit
from burnlab.scsi import LogicalUnit, Nexus
from support.drive import INITIATOR, Bench, MemoryBench
from support.media import make_disc

EVERYTHING = Terms(allow_dataloss=True)
NOTHING_LOST = Terms()

Wrap = Callable[[LogicalUnit], LogicalUnit]


def bench_with(kind: str | None, make: Callable[[str, float | None], Bench] = MemoryBench) -> Bench:
    """A recorder with a disc, or with an empty tray."""
    bench = make("generic", None)
    if kind is not None:
        bench.load(make_disc(kind))
    bench.connect(Nexus(INITIATOR))
    return bench


def run_on(
    bench: Bench,
    cases: Iterable[Case] = CASES,
    terms: Terms = EVERYTHING,
    wrap: Wrap = lambda unit: unit,
) -> Summary:
    """Run cases against a bench whose time passes as one waits."""
    unit = wrap(PromptUnit(bench, bench.clock.advance))
    return run(unit, bench.clock.advance, cases, terms, nexus=Nexus(INITIATOR))


def names(summary: Summary, verdict: Verdict) -> set[str]:
    """The cases that ended so."""
    return {result.case.name for result in summary.results if result.verdict is verdict}


def failures(summary: Summary) -> str:
    """What failed, in the words of the report."""
    failed = (result for result in summary.results if result.verdict is Verdict.FAILED)
    return "\n".join(line for result in failed for line in lines(result))
