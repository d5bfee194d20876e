#!/usr/bin/env python3
"""Hold the emulated recorder against the suites that there are; print what passed, failed, didn't apply.

    bench/conformance.py [--tables]

Our own suite runs over every medium, in memory and through iSCSI over TCP, each medium as sold and then as
that run has left it; libiscsi's `iscsi-test-cu` on media that are written anywhere and on pressed ones.
`--tables` prints, as Markdown, which of libiscsi's tests don't apply and why. Ends with 1 if anything failed.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

TESTS = Path(__file__).parent.parent / "tests"
sys.path.insert(0, str(TESTS))

from burnlab.conformance.case import Verdict  # noqa: E402
from burnlab.conformance.report import lines  # noqa: E402
from burnlab.conformance.runner import Summary, Terms, run  # noqa: E402
from burnlab.conformance.suite import CASES  # noqa: E402
from burnlab.iscsi.client import IscsiUnit  # noqa: E402
from burnlab.iscsi.server import TargetConfig, TargetServer  # noqa: E402
from burnlab.recorder import MODELS, ClockedUnit, EmulatedClock, PromptUnit, Recorder  # noqa: E402
from support.libiscsi_suite import NOT_FOR_MMC, NOT_FOR_PRESSED, Outcome, outcomes  # noqa: E402
from support.media import EVERY_KIND, PRESSED, make_disc  # noqa: E402

VERDICTS = tuple(verdict.value for verdict in Verdict)
OVERWRITTEN = ("dvd-ram", "dvd+rw", "bd-re")
AS_SOLD, AS_LEFT = Terms(allow_dataloss=True), Terms()


@dataclass(frozen=True)
class Row:
    """What came of one run."""

    what: str
    counts: Counter[str]

    def __str__(self) -> str:
        return f"{self.what:36}" + "".join(f"{self.counts[verdict]:>16}" for verdict in VERDICTS)


def counted(what: str, summaries: Sequence[Summary]) -> Row:
    """The figures of runs together; failures are told in full."""
    results = [result for summary in summaries for result in summary.results]
    for result in results:
        if result.verdict is Verdict.FAILED:
            print("\n".join(lines(result)))
    return Row(what, Counter(result.verdict.value for result in results))


def in_memory(kind: str | None) -> Row:
    """Our suite without any transport: time passes as one waits."""
    clock, recorder = EmulatedClock(), Recorder(MODELS["generic"])
    if kind:
        recorder.load(make_disc(kind), clock.now())
    unit = PromptUnit(ClockedUnit(recorder, clock.now), clock.sleep)
    found = [run(unit, clock.sleep, CASES, terms) for terms in (AS_SOLD, AS_LEFT)]
    return counted(f"{kind or 'empty tray'}, in memory", found)


def over_tcp(kind: str | None) -> Row:
    """Our suite through our target and initiator, in real time."""
    with ExitStack() as stack:
        unit = stack.enter_context(IscsiUnit.connect(stack.enter_context(served(kind)).url))
        found = [run(unit, time.sleep, CASES, terms) for terms in (AS_SOLD, AS_LEFT)]
    return counted(f"{kind or 'empty tray'}, iSCSI over TCP", found)


def served(kind: str | None, *, formatted: bool = False) -> TargetServer:
    """A target with a recorder, on a free port."""
    recorder = Recorder(MODELS["generic"])
    if kind:
        recorder.load(make_disc(kind, formatted=formatted), time.monotonic())
    return TargetServer(ClockedUnit(recorder, time.monotonic), TargetConfig(port=0))


def libiscsi(kind: str, family: str) -> tuple[Row, list[Outcome]]:
    """A family of libiscsi's tests."""
    exclusions = NOT_FOR_PRESSED if kind in PRESSED else NOT_FOR_MMC
    with served(kind, formatted=True) as server:
        found = outcomes(family, server.url, exclusions)
    for outcome in found:
        if outcome.verdict == Verdict.FAILED.value:
            print(f"FAILED  iscsi-test-cu {family}.{outcome.name} on {kind}")
    row = Row(f"iscsi-test-cu {family}, {kind}", Counter(outcome.verdict for outcome in found))
    return row, found


def table(found: Sequence[Outcome]) -> Iterator[str]:
    """Suites with what passed, and why the rest of them doesn't apply."""
    suites: dict[str, list[Outcome]] = defaultdict(list)
    for outcome in found:
        suites[outcome.name.partition(".")[0]].append(outcome)
    yield "| suite | passed | not applicable | why not |"
    yield "|---|---|---|---|"
    for suite, its in suites.items():
        others = [outcome for outcome in its if outcome.verdict == Verdict.NOT_APPLICABLE.value]
        reasons = dict.fromkeys(outcome.reason for outcome in others)
        yield f"| {suite} | {len(its) - len(others)} | {len(others)} | {'; '.join(reasons)} |"


def main() -> None:
    """Run everything."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--tables", action="store_true", help="libiscsi's tests that don't apply, as Markdown"
    )
    tables = parser.parse_args().tables
    print(f"{f'{len(CASES)} cases of burnlab, twice':36}" + "".join(f"{verdict:>16}" for verdict in VERDICTS))
    rows: list[Row] = []

    def tell(row: Row) -> None:
        rows.append(row)
        print(row, flush=True)

    for kind in (*EVERY_KIND, None):
        tell(in_memory(kind))
        tell(over_tcp(kind))
    last: dict[str, list[Outcome]] = {}
    for kind, family in (*((kind, "SCSI") for kind in (*OVERWRITTEN, *PRESSED)), ("dvd-ram", "iSCSI")):
        row, found = libiscsi(kind, family)
        tell(row)
        last.setdefault(family, found)
    tell(Row("all", sum((row.counts for row in rows), Counter())))
    if tables:
        for family, found in last.items():
            print(f"\n{family}\n", *table(found), sep="\n")
    sys.exit(1 if rows[-1].counts[Verdict.FAILED.value] else 0)


if __name__ == "__main__":
    main()
