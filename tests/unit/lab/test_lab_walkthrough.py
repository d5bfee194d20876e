"""The shipped walkthrough at a station without a guest: it holds, and each of its checks can fail."""

from __future__ import annotations

from dataclasses import replace

import pytest

from burnlab.lab.loading import load_plan
from burnlab.lab.matching import Transcript, match_transcript
from burnlab.lab.monitor import Monitor
from burnlab.lab.patterns import compile_pattern
from burnlab.lab.plan import Case, Expect
from burnlab.lab.run import Job, first_scope, run_plan
from burnlab.lab.sabotage import spoil_words
from support.lab_fake import FakeStation, opener

LOADED = load_plan("walkthrough")
CASES = [Case("dvd-rw", size, model="bd-5300s") for size in ("quick", "full")]
STEPS = [step.name for step in LOADED.plan.steps]


def run(case: Case, sabotage: str = ""):
    station = FakeStation(LOADED.plan, case)
    return run_plan(Job(LOADED, (case,), sabotage=sabotage), opener(station), Monitor())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.size)
def test_every_step_holds(case):
    result = run(case)
    assert [(step.name, step.why) for step in result.cases[0].steps if step.state != "held"] == []
    assert result.state == "passed"


def test_the_scenarios_numbers_are_met_in_full():
    steps = {step.name: step.captures for step in run(CASES[1]).cases[0].steps}
    assert [steps[f"write-{n}"]["sectors"] for n in (1, 2, 3)] == [106800, 53408, 16160]
    assert [steps[f"write-{n}"]["lba"] for n in (1, 2, 3)] == [0, 135488, 195056]
    assert (steps["check-3"]["blocks"], steps["check-3"]["data"], steps["check-3"]["free"]) == (
        176368,
        "344m",
        "4064m",
    )
    assert (steps["toc"]["lba_2"], steps["toc"]["lba_3"], steps["toc"]["readable"]) == (
        135536,
        250240,
        306592,
    )
    assert (steps["dao-write"]["image"], steps["dao-write"]["sectors"]) == (52735, 52885)


@pytest.mark.parametrize("step", STEPS)
def test_sabotage_turns_every_step_red(step):
    result = run(CASES[0], sabotage=step)
    spoiled = next(found for found in result.cases[0].steps if found.name == step)
    assert spoiled.state == "failed"
    assert spoiled.sabotage
    assert "notices" not in spoiled.why[0]
    assert result.state == "failed"


def recorded(case: Case):
    """Every step of a run with what it saw and the values known then."""
    result = run(case).cases[0]
    scope = first_scope(LOADED.plan, case, FakeStation(LOADED.plan, case))
    for step, seen in zip(LOADED.plan.steps_for(case), result.steps, strict=True):
        transcript = Transcript(seen.stdout, seen.stderr, seen.exit_value)
        yield step, LOADED.plan.expect_for(step, case), transcript, dict(scope)
        scope |= {f"{step.name}.{name}": value for name, value in seen.captures.items()}


def fails(transcript: Transcript, expect: Expect, scope) -> bool:
    return not match_transcript(transcript, expect, scope).holds


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.size)
def test_every_line_that_is_asked_for_is_missed_when_it_is_gone(case):
    for step, expect, transcript, before in recorded(case):
        scope = {**before, **match_transcript(transcript, expect, before).captures}
        wanted = [(key, line) for key in ("stdout", "stderr", "either") for line in getattr(expect, key)]
        for key, pattern in wanted:
            alone = Expect(**{"exit": "any", key: (pattern,)})
            lines = {check.line for check in match_transcript(transcript, alone, scope).checks if check.line}
            assert lines, (step.name, pattern)
            gone = without_matches(transcript, alone, scope)
            assert fails(gone, alone, scope), (step.name, pattern)
            garbled = Transcript(spoil_words(transcript.stdout), spoil_words(transcript.stderr))
            assert fails(garbled, alone, scope), (step.name, pattern)


def without_matches(transcript: Transcript, expect: Expect, scope) -> Transcript:
    pattern = compile_pattern((expect.stdout + expect.stderr + expect.either)[0])

    def keep(text: str) -> str:
        return "\n".join(line for line in text.splitlines() if not pattern.match(line, scope))

    return replace(transcript, stdout=keep(transcript.stdout), stderr=keep(transcript.stderr))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.size)
def test_every_relation_is_broken_by_other_numbers(case):
    for step, expect, transcript, scope in recorded(case):
        captures = match_transcript(transcript, expect, scope).captures
        for relation in expect.holds:
            other = {
                name: value + 1 if isinstance(value, int) else f"{value}?" for name, value in captures.items()
            }
            broken = match_transcript(
                Transcript("", ""), Expect(exit="any", holds=(relation,)), {**scope, **other}
            )
            assert not broken.holds, (step.name, relation)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.size)
def test_every_exit_value_and_every_forbidden_line_counts(case):
    for step, expect, transcript, scope in recorded(case):
        other = 0 if transcript.exit_value else 5
        assert fails(replace(transcript, exit_value=other), expect, scope), step.name
        for pattern in expect.never:
            line = pattern.replace("{*}", ": '/x'")
            assert fails(replace(transcript, stdout=f"{transcript.stdout}{line}\n"), expect, scope), (
                step.name,
                pattern,
            )
