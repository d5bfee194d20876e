"""A short form of `make fuzz`, and all that it has ever found. The seed is fixed: each run tries the same
inputs.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest

from fuzz.engine import Found, Target, bounded, fuzz, load_case, plain, restored
from fuzz.targets import TARGETS

FOUND = Path(__file__).parent / "found"
INPUTS = {"pdus": 80, "answers": 500, "cdbs": 60, "discs": 8, "words": 30, "images": 20, "plans": 8}
USUAL_INPUTS = 30


def run_fuzz(*words: str) -> subprocess.CompletedProcess[str]:
    """The driver as `make fuzz` calls it: in processes of their own, for the burn program is locked in."""
    command = [sys.executable, "-m", "fuzz", *words]
    return subprocess.run(command, cwd=Path(__file__).parent.parent, capture_output=True, text=True)


@pytest.mark.parametrize("name", TARGETS)
def test_inputs(name: str, tmp_path: Path) -> None:
    inputs = str(INPUTS.get(name, USUAL_INPUTS))
    run = run_fuzz("--only", name, "--inputs", inputs, "--seed", "1", "--keep", str(tmp_path))
    assert run.returncode == 0, run.stdout + run.stderr
    assert "nothing found" in run.stdout


def test_what_was_found_once() -> None:
    run = run_fuzz("--replay", str(FOUND))
    assert run.returncode == 0, run.stdout + run.stderr
    assert f"{len(list(FOUND.glob('*.json')))} cases, 0 failed" in run.stdout


def target(check: Callable[[Any], None], **more: Any) -> Target:
    """A target of lists of numbers."""
    return Target("t", "t", lambda chances: [chances.randrange(100) for _ in range(20)], check, **more)


def test_a_fault_is_found_made_small_and_kept(tmp_path: Path) -> None:
    def check(case: list[int]) -> None:
        if any(number > 90 for number in case):
            raise KeyError("planted")

    tally = fuzz(target(check), 1, inputs=500)
    (found,) = tally.found
    assert len(found.case) == 1
    assert "planted" in found.error
    assert load_case(found.save(tmp_path)) == ("t", found.case)


def test_what_never_ends_is_found() -> None:
    def check(_case: list[int]) -> None:
        while True:
            len("")

    (found,) = fuzz(target(check, work=1000), 1, inputs=1).found
    assert "TooMuchWork" in found.error


def test_the_same_seed_brings_the_same_inputs() -> None:
    seen: list[list[list[int]]] = []
    for seed in (1, 1, 2):
        cases: list[list[int]] = []
        fuzz(target(cases.append), seed, inputs=5)
        seen.append(cases)
    assert seen[0] == seen[1] != seen[2]


def test_cases_survive_json() -> None:
    case = ["a", b"\0\xff", [1, {"n": 2}], None, {"k": b""}]
    assert restored(plain(case)) == case


def test_every_target_makes_cases_that_can_be_kept(tmp_path: Path) -> None:
    for each in TARGETS.values():
        if each.make is not None:
            case = restored(plain(each.make(Random(1))))
            assert load_case(Found(each.name, 1, case, "").save(tmp_path)) == (each.name, case)


def test_work_is_counted_and_left_alone_afterwards() -> None:
    with bounded(1000):
        len("")
    assert sys.getprofile() is None
