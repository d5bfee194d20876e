"""Gaps of DVD-RW: 28688 blocks after session 1, 6160 after later ones, from the end rounded up to 16."""

from __future__ import annotations

import pytest

from burnlab.disc import Disc, WriteType
from burnlab.disc.surface import NoSurface
from support.drive import Drive


def starts(sizes: list[int]) -> list[int]:
    """First blocks of sessions with these sizes, and of the next one, by the disc itself."""
    disc = Disc(Disc.in_memory("dvd-rw").state, NoSurface())
    found = []
    for size in sizes:
        at = disc.next_writable
        assert at is not None
        found.append(at)
        disc.write(at, bytes(size * 2048), WriteType.INCREMENTAL)
        disc.close_track(len(found))
        disc.close_session(appendable=True)
    return [*found, disc.next_writable or -1]


def test_small(drive: Drive) -> None:
    assert drive.burn_session(160) == 0
    assert drive.burn_session(16) == 160 + 28688
    assert drive.burn_session(16) == 160 + 28688 + 16 + 6160
    assert drive.last_track().next_writable == 160 + 28688 + 2 * (16 + 6160)


@pytest.mark.parametrize("blocks", [1, 15, 17, 31])
def test_rounded_up_to_the_unit(drive: Drive, blocks: int) -> None:
    drive.burn_session(blocks)
    assert drive.last_track().next_writable == -(-blocks // 16) * 16 + 28688


def test_the_scenarios_numbers() -> None:
    assert starts([106796, 53408]) == [0, 135488, 195056]
    assert starts([106848, 108544]) == [0, 135536, 250240]
