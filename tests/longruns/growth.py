"""Whether work grows no faster than what it is for: by counts and by ratios, never by a limit of time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import median

from longruns.full import Filled
from longruns.sessions import Cost

COUNTS = ("commands", "blocks_read", "blocks_written", "calls")
WINDOW = 0.1
"""Sessions around a place that are looked at, as a share of all."""
TOLERATED = 1.5
"""Times what linear growth would be, of time and memory: quadratic growth is at twice that."""
TOLERATED_COUNT = 1.1
"""The same of what is counted, and no chance is in."""
SLACK_BLOCKS = 64
"""Blocks come in units, and a directory grows by a block now and then."""
SLACK_KIB = 2 << 10
STAGES_SLACK_SECONDS = 2.0
"""What programs take to start, whatever they do."""


def around(costs: Sequence[Cost], place: float, what: str) -> float:
    """The median of a figure in the sessions around a place, 0..1."""
    half = max(1, int(len(costs) * WINDOW / 2))
    middle = min(len(costs) - half, max(half, round(len(costs) * place)))
    return median(getattr(cost, what) for cost in costs[middle - half : middle + half])


def too_fast(costs: Sequence[Cost]) -> Iterator[str]:
    """What grows faster than the number of sessions does; nothing if all is well.

    From a half of the sessions to all of them, twice as much may be added as from a quarter to a half.
    """
    for what in (*COUNTS, "peak_kib"):
        first, middle, last = (around(costs, place, what) for place in (0.25, 0.5, 1.0))
        slack, tolerated = SLACK_BLOCKS, TOLERATED_COUNT
        if what == "peak_kib":
            slack, tolerated = SLACK_KIB, TOLERATED
        if last - middle > tolerated * 2 * (middle - first) + slack:
            yield f"{what} of a session: {first:g}, {middle:g}, {last:g} at a quarter, a half and all of them"
    third, last = (around(costs, place, "cpu_seconds") for place in (1 / 3, 1.0))
    if last > TOLERATED * 3 * third:
        yield f"a session takes {last / third:.1f} times the processor's time of one at a third of them"


def out_of_proportion(part: Filled, whole: Filled) -> Iterator[str]:
    """What a whole disc takes more of than a part of it, beyond its share; memory shall be the same."""
    share = whole.bytes / part.bytes
    for less, more in zip(part.stages, whole.stages, strict=True):
        if more.cpu_seconds > TOLERATED * share * less.cpu_seconds + STAGES_SLACK_SECONDS:
            took = f"{less.cpu_seconds:.1f} s and {more.cpu_seconds:.1f} s of the processor"
            yield f"{more.name}: {took} for {share:.1f} times as much"
        if "xorriso" not in more.name and more.peak_kib > TOLERATED * less.peak_kib:
            yield f"{more.name}: {less.peak_kib} KiB and {more.peak_kib} KiB of memory"
