"""burnlab's own program goes through the walkthrough and other plans on recorders in memory, on every medium.

What it says is held against what the real program said in a guest of the same disc, line by line.
"""

from __future__ import annotations

import time

import pytest

from burnlab.lab.loading import LoadedPlan, load_plan, parse_plan
from burnlab.lab.memory import memory_station
from burnlab.lab.monitor import Monitor
from burnlab.lab.plan import Case
from burnlab.lab.result import CaseResult, RunResult
from burnlab.lab.run import Job, run_plan
from support.served import burnlab
from support.side_by_side import differences

WALK = load_plan("walkthrough")
RECORD = load_plan("xorrecord")
COMMANDS = load_plan("drive-commands")
PLANS = (WALK, RECORD, COMMANDS)
CASES = [(plan.name, type_) for plan in PLANS for type_ in plan.plan.types]
PLAN = """
title = "Small"
types = ["dvd+rw"]
model = "bd-5300s"
[[payload]]
name = "lib"
files = 3
folders = 1
blocks = 100
[[step]]
name = "insert"
cites = "x"
action = { do = "insert" }
"""
STEPS = {
    "crash": 'command = "{program} -as nothing --"',
    "shell": 'command = "{program} -devices | cat"',
    "other": 'command = "dvd+rw-mediainfo {drive}"',
    "rest": 'command = "{program} -devices"\nneeds = ["other"]',
    "long": 'command = "{program} -sleep 100000"\ntimeout = 1000',
    "away": 'command = "cat /x"\nmemory = { show = "digests", paths = ["/x"] }',
}


def walk(*types: str, sabotage: str = "", loaded: LoadedPlan = WALK, **options: object) -> RunResult:
    model = loaded.plan.model
    cases = tuple(Case(type_, "quick", "burnlab", model, "memory") for type_ in types)
    job = Job(loaded, cases, "memory", sabotage)
    return run_plan(job, memory_station(job, **options), Monitor())  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def everything() -> dict[str, RunResult]:
    return {loaded.name: walk(*loaded.plan.types, loaded=loaded) for loaded in PLANS}


@pytest.fixture(scope="module")
def work_of_the_walkthrough() -> float:
    """Seconds of processor time that one medium of it takes."""
    begin = time.process_time()
    walk("dvd-rw")
    return time.process_time() - begin


def case_of(results: dict[str, RunResult], plan: str, type_: str) -> CaseResult:
    assert results[plan].broken == ""
    return next(case for case in results[plan].cases if case.type == type_)


@pytest.mark.parametrize(("plan", "type_"), CASES)
def test_every_step_holds(everything: dict[str, RunResult], plan: str, type_: str) -> None:
    case = case_of(everything, plan, type_)
    assert [(step.name, step.why) for step in case.steps if step.state != "held"] == []


def test_all_media_take_less_than_a_minute(work_of_the_walkthrough: float) -> None:
    # Processor time: how much else this machine has to do isn't what is asked.
    assert work_of_the_walkthrough * len(WALK.plan.types) < 60


@pytest.mark.parametrize(("plan", "type_"), CASES)
def test_it_says_what_the_real_program_says(everything: dict[str, RunResult], plan: str, type_: str) -> None:
    found = list(differences(case_of(everything, plan, type_)))
    assert not found, "\n".join(f"--- {step}\n{lines}" for step, lines in found)


@pytest.mark.parametrize(
    ("loaded", "step"),
    [
        *((WALK, name) for name in ("write-2", "mount-addresses", "superblock", "toc")),
        *((COMMANDS, name) for name in ("lists", "check-media", "blank", "nothing")),
    ],
    ids=lambda value: value if isinstance(value, str) else value.name,
)
def test_sabotage_turns_it_red(loaded: LoadedPlan, step: str) -> None:
    result = walk("dvd+rw", sabotage=step, loaded=loaded)
    assert result.exit_value == 1
    assert next(s for s in result.cases[0].steps if s.name == step).state == "failed"


def small(name: str) -> RunResult:
    steps = "".join(
        f'[[step]]\nname = "{key}"\ncites = "x"\n{text}\n'
        for key, text in STEPS.items()
        if key == name or (name == "rest" and key == "other")
    )
    return walk("dvd+rw", loaded=LoadedPlan("small", PLAN + steps, parse_plan(PLAN + steps, "small")))


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("shell", "there is no shell in memory"),
        ("other", "only the burn program itself runs in memory"),
        ("rest", "which has no meaning here"),
    ],
)
def test_what_needs_a_guest_is_never_called_held(name: str, why: str) -> None:
    result = small(name)
    step = result.cases[0].steps[-1]
    assert step.state == "not applicable"
    assert why in step.why[0]
    assert result.exit_value == 0


def test_a_wait_without_end_ends_by_emulated_time() -> None:
    begin = time.monotonic()
    result = small("long")
    assert result.exit_value == 1
    assert "no end after 1000 seconds" in result.cases[0].steps[-1].why[0]
    assert time.monotonic() - begin < 30


def test_a_reading_that_finds_nothing_fails() -> None:
    (_, step) = small("away").cases[0].steps
    assert (step.state, step.exit_value) == ("failed", 1)


def test_a_step_that_fails_is_a_failed_run() -> None:
    assert small("crash").exit_value == 1


def test_from_the_command_line(tmp_path) -> None:
    words = ("lab", "run", "--program", "burnlab", "--where", "memory", "--type", "dvd-ram")
    result = burnlab(*words, "--report", tmp_path)
    assert result.returncode == 0, result.stderr
    assert "dvd-ram: 32 held, 0 failed, 0 not run\n" in result.stdout
    assert (tmp_path / "trace-1-dvd-ram.jsonl").stat().st_size > 1000
    spoiled = burnlab(*words, "--sabotage", "check-2")
    assert spoiled.returncode == 1
    assert "✗ check-2" in spoiled.stdout
