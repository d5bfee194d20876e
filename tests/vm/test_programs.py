"""Burns in a guest, one for each family of media, by a program that the lab's own scenario doesn't use."""

from __future__ import annotations

import pytest

from burnlab.lab.bench import guest_station
from burnlab.lab.loading import load_plan
from burnlab.lab.monitor import Monitor
from burnlab.lab.plan import Case
from burnlab.lab.run import Job, run_plan

pytestmark = pytest.mark.vm

FAMILIES = {"CD": "cd-rw", "DVD-": "dvd-rw", "DVD+": "dvd+r", "BD": "bd-re"}


@pytest.fixture(scope="module")
def cases(tmp_path_factory):
    """The plan's results by type, all from one guest."""
    loaded = load_plan("cdrskin")
    job = Job(loaded, tuple(Case(type_, model=loaded.plan.model) for type_ in FAMILIES.values()))
    station = guest_station(job, traces=tmp_path_factory.mktemp("traces"), say=print)
    result = run_plan(job, station, Monitor())
    assert not result.broken, f"{result.broken}: {result.hint}"
    return {case.type: case for case in result.cases}


@pytest.mark.parametrize("family", FAMILIES)
def test_a_burn_of_each_family_holds(cases, family):
    case = cases[FAMILIES[family]]
    assert [(step.name, step.why) for step in case.steps if step.state != "held"] == []
    assert case.holds
