"""Runs of blocks that overlap in part. What lies within another, as hard links do, is fine."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from heapq import heappop, heappush
from itertools import groupby, islice
from operator import gt, itemgetter
from typing import NamedTuple

from burnlab.iso9660.ecma119 import BLOCK
from burnlab.iso9660.tree import Extent


class Span(NamedTuple):
    """A run of blocks: the first one, and the one behind the last."""

    start: int
    end: int

    @classmethod
    def of(cls, extent: Extent) -> Span:
        """The blocks that an extent begins to fill."""
        return cls(extent.lba, extent.lba + (extent.size + BLOCK - 1) // BLOCK)


def crossing(extents: Iterable[Extent]) -> Iterator[tuple[Span, Span]]:
    """Each span that begins within another and ends behind it, after that other; in order of their starts."""
    ordered = sorted(extents, key=itemgetter(0))
    ends = [lba + (size + BLOCK - 1 >> 11) for lba, size in ordered]
    if any(map(gt, ends, map(itemgetter(0), islice(ordered, 1, None)))):
        yield from _crossing(sorted({Span.of(extent) for extent in ordered if extent.size}))


def _crossing(spans: list[Span]) -> Iterator[tuple[Span, Span]]:
    around: list[tuple[int, Span]] = []
    for start, group in groupby(spans, itemgetter(0)):
        while around and around[0][0] <= start:
            heappop(around)
        together = list(group)
        for span in together:
            if around and around[0][0] < span.end:
                yield around[0][1], span
        for span in together:
            heappush(around, (span.end, span))
