"""The conformance suite against the recorder it was made beside: all media, in memory and over iSCSI.

Each medium goes through it twice: as sold, with everything allowed, and then as that has left it.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from burnlab.conformance.case import Verdict
from burnlab.conformance.suite import CASES
from burnlab.disc.surface import MemorySurface
from support.conformance_runs import EVERYTHING, NOTHING_LOST, bench_with, failures, names, run_on
from support.drive import Bench, MemoryBench
from support.iscsi_bench import IscsiBench
from support.media import EVERY_KIND

LEAST_PASSED = {
    "cd-rom": 129, "dvd-rom": 131, "bd-rom": 128,
    "cd-r": 122, "cd-rw": 126,
    "dvd-r": 127, "dvd-rw": 140, "dvd-rw-ovw": 160,
    "dvd+r": 125, "dvd+r-dl": 124, "dvd+rw": 115, "dvd-ram": 138,
    "bd-r": 124, "bd-re": 113,
    None: 75,
}  # fmt: skip
"""So many cases at least apply to a medium as sold: what is left out for a wrong reason is seen."""
TRANSPORTS = {"memory": MemoryBench, "iscsi": IscsiBench}


@pytest.mark.parametrize("make", TRANSPORTS.values(), ids=TRANSPORTS)
@pytest.mark.parametrize("kind", LEAST_PASSED)
def test_recorder_conforms(make: Callable[[str, float | None], Bench], kind: str | None) -> None:
    bench = bench_with(kind, make)
    for terms in (EVERYTHING, NOTHING_LOST):
        summary = run_on(bench, terms=terms)
        assert not names(summary, Verdict.FAILED), failures(summary)
        if terms is EVERYTHING:
            assert summary.count(Verdict.PASSED) >= LEAST_PASSED[kind]


def test_no_kind_of_medium_is_left_out() -> None:
    assert set(LEAST_PASSED) == {*EVERY_KIND, None}


def test_every_case_applies_somewhere() -> None:
    passed: set[str] = set()
    for kind in LEAST_PASSED:
        bench = bench_with(kind)
        for terms in (EVERYTHING, NOTHING_LOST):
            passed |= names(run_on(bench, terms=terms), Verdict.PASSED)
    assert {case.name for case in CASES} == passed


def test_names_are_unique_and_everything_is_said() -> None:
    listed = [case.name for case in CASES]
    assert len(listed) == len(set(listed))
    for case in CASES:
        assert case.says.endswith("."), case.name
        assert "-" in case.clause or "i" in case.clause, case.name


def test_without_leave_nothing_is_lost() -> None:
    for kind in EVERY_KIND:
        bench = bench_with(kind)
        run_on(bench, terms=EVERYTHING)
        assert isinstance(bench, MemoryBench)
        disc = bench.recorder.disc
        assert disc is not None and isinstance(disc.surface, MemorySurface)
        before = disc.state, dict(disc.surface._blocks)
        run_on(bench, terms=NOTHING_LOST)
        assert (disc.state, disc.surface._blocks) == before, kind
