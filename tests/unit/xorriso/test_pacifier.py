"""Progress of counting jobs: what the lines say and when they come."""

from __future__ import annotations

import pytest

from burnlab.xorriso.pacifier import DVD_SPEED, Counter, scaled
from support.burn_program import World


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "    0"),
        (9999, " 9999"),
        (160 * 1024, " 160k"),
        (49 * 2048, "98.0k"),
        (284 * 1024, " 284k"),
        (24_051_816_858, "22.4g"),
        (4_707_319_808, "4489m"),
        (1024 * 2**30, "1024g"),
    ],
)
def test_sizes_in_five_characters(value: int, text: str) -> None:
    assert scaled(value) == text


@pytest.mark.parametrize(
    ("value", "text"), [(9984 * 1024, "9984.0k"), (11770 * 1024, " 11770k"), (108_736_471, " 103.7m")]
)
def test_wide_counts(value: int, text: str) -> None:
    assert scaled(value, 7, 1e5) == text


def test_bytes_have_a_unit_of_their_own() -> None:
    assert (scaled(529, 7, unit="b"), scaled(100_022, 7, unit="b")) == ("   529b", "  97.7k")


def counted(interval: float, step: float, counts: list[int], **more: object) -> list[str]:
    world = World()
    program = world.program(step)
    program.settings.pacifier_interval = interval
    counter = Counter(program, "files added", **more)  # type: ignore[arg-type]
    for count in counts:
        counter.at(count)
    counter.end(counts[-1])
    return [line.removeprefix("xorriso : UPDATE : ") for line in world.events()]


def test_a_quick_job_has_one_line_and_at_least_a_second() -> None:
    assert counted(1.0, 0.01, [1, 2, 3]) == ["      3 files added in 1 seconds"]


def test_lines_come_when_the_interval_has_passed() -> None:
    assert counted(1.0, 0.6, [1, 2, 3, 4]) == [
        "      2 files added in 1 seconds",
        "      4 files added in 2 seconds",
        "      4 files added in 3 seconds",
    ]


def test_short_intervals_count_tenths() -> None:
    assert counted(0.5, 0.01, [7]) == ["      7 files added in 0.1 seconds"]


def test_patience_with_a_job_that_does_not_begin() -> None:
    assert counted(1.0, 2.5, [0]) == [
        "Thank you for being patient for 2 seconds",
        "      0 files added in 5 seconds",
    ]


def test_speed_since_the_last_line_and_of_the_whole_job() -> None:
    assert counted(1.0, 1.0, [1_385_000, 2 * 1_385_000, 6 * 1_385_000], speed=DVD_SPEED) == [
        "1385000 files added in 1 seconds , 1.0xD",
        "2770000 files added in 2 seconds , 1.0xD",
        "8310000 files added in 3 seconds , 4.0xD",
        "8310000 files added in 4 seconds = 1.5xD",
    ]


def test_a_known_total() -> None:
    world = World()
    program = world.program(step=1.0)
    counter = Counter(program, "files restored")
    counter.at(3, 7, " (    14b)")
    assert list(world.events()) == ["xorriso : UPDATE : 3 of 7 files restored (    14b) in 1 s"]
