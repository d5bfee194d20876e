"""Progress lines while a session is written."""

from __future__ import annotations

import re

import pytest

from burnlab.xorriso.write_progress import WriteProgress
from support.burn_program import World

BLOCK = 2048


def lines(style: str, steps: list[tuple[float, int]], total: int = 1000, unit: str = "D") -> list[str]:
    """Lines after steps of time and blocks written."""
    world = World(now=1_600_000_000.0)
    program = world.program()
    program.settings.pacifier = style
    program.messages.begin_command("-commit")
    fills = iter([(0, 50), (76, 100), (100, 7)])
    per_second = {"D": 1_385_000, "C": 150 * 1024}[unit]
    progress = WriteProgress(program, total, (unit, per_second), lambda: next(fills))
    for seconds, blocks in steps:
        world.now += seconds
        progress.add(blocks * BLOCK)
    return [line.removeprefix("xorriso : UPDATE : ") for line in world.err.splitlines() if line]


def test_a_line_for_each_second_that_has_begun() -> None:
    found = lines("xorriso", [(0.5, 100), (0.4, 100), (0.2, 100), (1.0, 500), (0.1, 0), (1.0, 400)])
    assert found == [
        "Writing:        300s   30.0%   fifo   0%  buf  50%",
        "Writing:        800s   80.0%   fifo  76%  buf 100%    0.7xD ",
        "Writing:       1200s  2400k   fifo 100%  buf   7%    0.5xD ",
    ]


def test_speed_counts_by_the_medium() -> None:
    found = lines("xorriso", [(1.0, 75), (1.0, 75)], unit="C")
    assert found[1].endswith("    1.0xC ")


def test_other_styles() -> None:
    found = lines("cdrecord", [(1.0, 1024), (1.0, 1024)], total=4096)
    assert found == [
        "   2 of    8 MB written (fifo  0%) [buf  50%]",
        "   4 of    8 MB written (fifo 76%) [buf 100%]   1.5x.",
    ]
    found = lines("mkisofs", [(1.0, 100), (1.0, 150)])
    assert found[0] == " 10.00% done"
    assert re.fullmatch(r" 25.00% done, estimate finish \w{3} \w{3} .\d \d\d:\d\d:\d\d \d{4}", found[1])


@pytest.mark.parametrize("style", ["xorriso", "cdrecord", "mkisofs"])
def test_nothing_to_write_is_no_division(style: str) -> None:
    assert len(lines(style, [(1.0, 0)], total=0)) == 1
