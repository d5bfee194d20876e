"""Plans with faults: in force from the first step to the last, or while a step is carried out."""

from __future__ import annotations

import pytest

from burnlab.lab.loading import LoadedPlan, PlanError, parse_plan
from burnlab.lab.memory import memory_station
from burnlab.lab.monitor import Monitor
from burnlab.lab.plan import Case
from burnlab.lab.result import RunResult
from burnlab.lab.run import Job, run_plan

PLAN = """
title = "Bad blocks"
types = ["dvd+r", "dvd-ram"]

[[payload]]
name = "lib"
files = 3
folders = 1
blocks = 400

[[step]]
name = "insert"
cites = "x"
action = { do = "insert" }

[[step]]
name = "write"
cites = "x"
command = "{program} -md5 on -dev {drive} -add {payload.lib} --"

[[step]]
name = "check-bad"
cites = "x"
command = "{program} -md5 on -indev {drive} -check_md5_r sorry / --"
faults = [{ kind = "unreadable", lba = "100..300" }]
[[step.expect]]
exit = 32
either = ["NOT READABLE: {*}"]

[[step]]
name = "check-good"
cites = "x"
command = "{program} -md5 on -indev {drive} -check_md5_r sorry / --"
[[step.expect]]
either = ["File contents and their MD5 checksums match."]
"""


def run(text: str, *types: str) -> RunResult:
    loaded = LoadedPlan("faults", text, parse_plan(text, "faults"))
    cases = tuple(Case(type_, "quick", "burnlab", "generic", "memory") for type_ in types or ("dvd+r",))
    job = Job(loaded, cases, "memory")
    return run_plan(job, memory_station(job), Monitor())


def states(result: RunResult) -> list[list[str]]:
    return [[step.state for step in case.steps] for case in result.cases]


def test_a_fault_of_a_step_is_there_for_that_step_only() -> None:
    result = run(PLAN, "dvd+r", "dvd-ram")
    assert result.broken == ""
    assert states(result) == [["held"] * 4] * 2, [step.why for step in result.cases[0].steps]


def test_a_fault_that_strikes_nothing_proves_nothing() -> None:
    result = run(
        PLAN.replace('lba = "100..300"', "lba = 1000000").replace("exit = 32", "").replace("NOT", "File")
    )
    step = next(step for step in result.cases[0].steps if step.name == "check-bad")
    assert step.state == "failed"
    assert "the fault unreadable-1 strikes: no command met it" in step.why


def test_a_fault_of_the_plan_lies_in_wait_all_the_time_and_anew_for_each_case() -> None:
    fault = '[[fault]]\nkind = "write-error"\ncommand = "write"\nnth = 5\nwhen = {type = ["dvd-ram"]}\n'
    result = run(PLAN.replace("[[payload]]", f"{fault}[[payload]]", 1), "dvd-ram", "dvd+r", "dvd-ram")
    first, second, third = states(result)
    assert first[1] == third[1] == "failed"
    assert second == ["held"] * 4
    assert "3/0C/00" in result.cases[0].steps[1].stderr


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('lba = "100..300"', 'lba = "all"', "step 'check-bad', fault 1: lba = \"all\": an LBA is wanted"),
        ("unreadable", "unreadible", "did you mean 'unreadable'?"),
        ('"unreadable"', '"unreadable", when = { size = ["big"] }', "step 'check-bad': `when`: "),
        (
            "[[payload]]",
            '[[fault]]\nkind = "slow"\n[[payload]]',
            "the plan, fault 1: a fault of kind 'slow' needs",
        ),
    ],
)
def test_a_bad_fault_is_told_with_its_place(old: str, new: str, told: str) -> None:
    assert old in PLAN
    with pytest.raises(PlanError) as error:
        parse_plan(PLAN.replace(old, new, 1), "my.toml")
    assert told in str(error.value)
