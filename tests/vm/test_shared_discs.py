"""Discs that the real xorriso and burnlab's own program share in a guest: the plan `cross-check` in short.

Each begins a disc on which the other checks and appends: one where sessions are the medium's, one where
they are emulated. `make matrix` does both on every medium that takes several sessions.
"""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest

from burnlab.lab.bench import guest_station
from burnlab.lab.loading import LoadedPlan, load_plan
from burnlab.lab.monitor import Monitor
from burnlab.lab.plan import Case, Step
from burnlab.lab.result import CaseResult
from burnlab.lab.run import Job, run_plan

pytestmark = pytest.mark.vm

OTHER = "other-"
"""What the names of the steps on the second disc begin with: the one that the other program begins."""
BEGUN_BY_THE_OTHER = {"dvd-rw": True, "bd-re": False}


def of_one_disc(loaded: LoadedPlan) -> LoadedPlan:
    """The plan with one of its two discs for each type."""

    def with_types(step: Step) -> Step:
        is_other = step.name.startswith(OTHER)
        types = tuple(type_ for type_, other in BEGUN_BY_THE_OTHER.items() if other is is_other)
        assert not step.when.type
        return msgspec.structs.replace(step, when=msgspec.structs.replace(step.when, type=types))

    steps = tuple(map(with_types, loaded.plan.steps))
    return replace(loaded, plan=msgspec.structs.replace(loaded.plan, steps=steps))


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> dict[str, CaseResult]:
    """The results by type, all from one guest."""
    loaded = of_one_disc(load_plan("cross-check"))
    job = Job(loaded, tuple(Case(type_, model=loaded.plan.model) for type_ in BEGUN_BY_THE_OTHER))
    station = guest_station(job, traces=tmp_path_factory.mktemp("traces"), say=print)
    result = run_plan(job, station, Monitor())
    assert not result.broken, f"{result.broken}: {result.hint}"
    return {case.type: case for case in result.cases}


@pytest.mark.parametrize("kind", BEGUN_BY_THE_OTHER)
def test_each_checks_and_appends_what_the_other_wrote(cases: dict[str, CaseResult], kind: str) -> None:
    case = cases[kind]
    assert [(step.name, step.why) for step in case.steps if step.state != "held"] == []
    names = [step.name.removeprefix(OTHER) for step in case.steps]
    assert names == ["insert-disc", "write-1", "check-1", "write-2", "check-2", "write-3", "check-3", "mount"]
