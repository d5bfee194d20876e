"""The shipped plans without a guest, on what real programs said: they hold, and each check can fail."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from burnlab.disc.media import DVD_RW_OVERWRITE, MEDIA
from burnlab.lab.expression import names_in
from burnlab.lab.loading import load_plan, shipped_plans
from burnlab.lab.matching import Transcript, match_transcript
from burnlab.lab.monitor import Monitor
from burnlab.lab.patterns import compile_pattern
from burnlab.lab.plan import Case, Expect
from burnlab.lab.run import Job, first_scope, run_plan
from burnlab.lab.sabotage import sabotage, spoil_words
from support.lab_fake import FakeStation, opener, recorded_case, recordings

RECORDINGS = recordings()
NAMES = [f"{path.parent.name}/{path.stem}" for path in RECORDINGS]
CHOICE = re.compile(r"\{([^|{}]+)\|[^{}]*\}")
FULL = Case("dvd-rw", "full", model="bd-5300s")

loaded = cache(load_plan)


@cache
def run(path: Path):
    """A plan's run on a recording."""
    name, case = recorded_case(path)
    return run_case(name, case)


def run_case(name: str, case: Case, spoil: str = ""):
    station = FakeStation(loaded(name).plan, case, name=name)
    return run_plan(Job(loaded(name), (case,), sabotage=spoil), opener(station), Monitor())


def test_every_plan_is_recorded_for_every_type():
    recorded = {(name, case.type) for name, case in map(recorded_case, RECORDINGS)}
    assert recorded == {(name, type_) for name in shipped_plans() for type_ in loaded(name).plan.types}


def test_every_medium_has_its_walkthrough():
    assert set(loaded("walkthrough").plan.types) == {*MEDIA, DVD_RW_OVERWRITE}


@pytest.mark.parametrize("path", RECORDINGS, ids=NAMES)
def test_every_step_holds(path):
    result = run(path)
    assert [(step.name, step.why) for step in result.cases[0].steps if step.state != "held"] == []
    assert result.state == "passed"


def test_the_scenarios_numbers_are_met_in_full():
    steps = {step.name: step.captures for step in run_case("walkthrough", FULL).cases[0].steps}
    assert [steps[f"write-{n}"]["sectors"] for n in (1, 2, 3)] == [106800, 53408, 16160]
    assert [steps[f"write-{n}"]["lba"] for n in (1, 2, 3)] == [0, 135488, 195056]
    assert (steps["check-3"]["blocks"], steps["check-3"]["data"], steps["check-3"]["free"]) == (
        176368,
        "344m",
        "4064m",
    )
    assert (steps["toc-old"]["lba_2"], steps["toc-old"]["lba_3"], steps["toc-old"]["readable"]) == (
        135536,
        250240,
        306592,
    )
    assert (steps["dao-write"]["image"], steps["dao-write"]["sectors"]) == (52735, 52885)


def test_a_sabotaged_run_is_red():
    result = run_case("walkthrough", Case("dvd-rw", model="bd-5300s"), "write-2")
    (spoiled,) = [step for step in result.cases[0].steps if step.name == "write-2"]
    assert spoiled.state == "failed"
    assert spoiled.sabotage
    assert result.state == "failed"


def recorded(path: Path):
    """Every step of a run with what it saw and the values known then."""
    name, case = recorded_case(path)
    plan, result = loaded(name).plan, run(path).cases[0]
    scope = first_scope(plan, case, FakeStation(plan, case, name=name))
    for step, seen in zip(plan.steps_for(case), result.steps, strict=True):
        transcript = Transcript(seen.stdout, seen.stderr, seen.exit_value)
        yield step, plan.expect_for(step, case), transcript, dict(scope)
        scope |= {f"{step.name}.{name}": value for name, value in seen.captures.items()}


def fails(transcript: Transcript, expect: Expect, scope) -> bool:
    return not match_transcript(transcript, expect, scope).holds


@pytest.mark.parametrize("path", RECORDINGS, ids=NAMES)
def test_sabotage_turns_every_step_red(path):
    for step, expect, transcript, scope in recorded(path):
        spoiled = sabotage(transcript, expect, scope)
        assert spoiled.changes, step.name
        assert not spoiled.outcome.holds, step.name


@pytest.mark.parametrize("path", RECORDINGS, ids=NAMES)
def test_every_line_that_is_asked_for_is_missed_when_it_is_gone(path):
    for step, expect, transcript, before in recorded(path):
        scope = {**before, **match_transcript(transcript, expect, before).captures}
        wanted = [(key, line) for key in ("stdout", "stderr", "either") for line in getattr(expect, key)]
        for key, pattern in wanted:
            alone = Expect(**{"exit": "any", key: (pattern,)})
            gone = without_matches(transcript, alone, scope)
            assert gone != transcript, (step.name, pattern)
            assert fails(gone, alone, scope), (step.name, pattern)
            garbled = Transcript(spoil_words(transcript.stdout), spoil_words(transcript.stderr))
            assert fails(garbled, alone, scope), (step.name, pattern)


def without_matches(transcript: Transcript, expect: Expect, scope) -> Transcript:
    pattern = compile_pattern((expect.stdout + expect.stderr + expect.either)[0])

    def keep(text: str) -> str:
        return "\n".join(line for line in text.splitlines() if not pattern.match(line, scope))

    return replace(transcript, stdout=keep(transcript.stdout), stderr=keep(transcript.stderr))


@pytest.mark.parametrize("path", RECORDINGS, ids=NAMES)
def test_every_relation_is_broken_by_other_numbers(path):
    for step, expect, transcript, scope in recorded(path):
        captures = match_transcript(transcript, expect, scope).captures
        for relation in expect.holds:
            used = [name for name in captures if name in names_in(relation)]
            assert used, (step.name, relation)
            assert any(breaks(relation, {**scope, **captures}, name) for name in used), (step.name, relation)


def breaks(relation: str, scope, name: str) -> bool:
    """Whether another value of one name makes a relation fail."""
    value = scope[name]
    other = value + 1 if isinstance(value, int) else f"{value}?"
    return fails(Transcript("", ""), Expect(exit="any", holds=(relation,)), {**scope, name: other})


@pytest.mark.parametrize("path", RECORDINGS, ids=NAMES)
def test_every_exit_value_and_every_forbidden_line_counts(path):
    for step, expect, transcript, scope in recorded(path):
        if expect.exit != "any":
            other = 0 if transcript.exit_value else 6
            assert fails(replace(transcript, exit_value=other), expect, scope), step.name
        for pattern in expect.never:
            line = CHOICE.sub(r"\1", pattern).replace("{*}", ": '/x'")
            assert fails(replace(transcript, stdout=f"{transcript.stdout}{line}\n"), expect, scope), (
                step.name,
                pattern,
            )
