"""`make long` in short: forty sessions on one disc, and work that grows no faster than they do."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from burnlab.disc import Disc, TrackView
from burnlab.disc.folder import open_disc
from longruns.full import FORMAT, Filled, Stage, compare_marks, make_payload, places
from longruns.growth import out_of_proportion, too_fast
from longruns.sessions import Cost, Ladder, RunError, check_by_xorriso, content
from support.served import burn, burnlab

SESSIONS = 40
SHARED_MEMORY = Path("/dev/shm")
"""Where no disk is waited for at each commit, if there is such a place."""


def without_times(costs: list[Cost]) -> list[Cost]:
    """Whatever the machine does meanwhile."""
    return [replace(cost, seconds=0.0, cpu_seconds=0.0) for cost in costs]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    place = SHARED_MEMORY if os.access(SHARED_MEMORY, os.W_OK) else tmp_path_factory.mktemp("long")
    with tempfile.TemporaryDirectory(prefix="burnlab-long-", dir=place) as made:
        yield Path(made)


@pytest.fixture(scope="module")
def ladder(folder: Path) -> Iterator[Ladder]:
    with closing(Ladder(folder, "bd-r", count_calls=True)) as made:
        made.climb(SESSIONS)
        yield made


def test_work_grows_with_the_sessions_and_no_faster(ladder: Ladder) -> None:
    assert len(ladder.costs) == SESSIONS
    assert min(cost.calls for cost in ladder.costs) > 1000, "they were counted"
    assert [*too_fast(without_times(ladder.costs))] == []


def test_all_is_there(ladder: Ladder) -> None:
    assert ladder.verify() == SESSIONS


@pytest.mark.compat
def test_xorriso_loads_the_last_session(ladder: Ladder) -> None:
    assert check_by_xorriso(ladder) == SESSIONS


def test_files_that_are_not_as_burnt_are_noticed(folder: Path) -> None:
    with closing(Ladder(folder, "dvd+r")) as ladder:
        ladder.climb(3)
        assert ladder.verify() == 3
        surface = ladder.path / "surface"
        at = surface.read_bytes().index(content(2))
        with surface.open("r+b") as file:
            file.seek(at + 50_000)
            file.write(bytes(1))
        with pytest.raises(RunError, match="file-0002 isn't what was burnt"):
            ladder.verify()


def test_work_that_grows_too_fast_is_noticed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As it once was: all tracks are looked at for each track that is asked for."""

    def all_anew(disc: Disc) -> list[TrackView]:
        return disc._strategy.track_views(disc.medium, disc.state)

    monkeypatch.setattr(Disc, "track_views", all_anew)
    with closing(Ladder(folder, "dvd+r-dl", count_calls=True)) as ladder:
        ladder.climb(SESSIONS)
        (wrong,) = too_fast(without_times(ladder.costs))
    assert wrong.startswith("calls of a session")


# A full disc, in small.


def test_a_disc_of_holes_takes_little_room_and_is_compared(tmp_path: Path) -> None:
    """64 MiB with noise here and there, burnt by the program; a mark that isn't there is noticed."""
    size = 64 << 20
    (payload,) = make_payload(tmp_path / "payload", size)
    path = tmp_path / "x.disc"
    assert burnlab("disc", "create", path, "--type", "bd-re").returncode == 0
    assert burn(tmp_path, "-outdev", f"disc:{path}", "-format", FORMAT).returncode == 0
    burnt = burn(tmp_path, "-outdev", f"disc:{path}", "-map", str(payload), "/part-0")
    assert burnt.returncode == 0, burnt.stderr
    with closing(open_disc(path, read_only=True)) as disc:
        assert compare_marks(disc) == len([*places(0, size)]) == 8
    assert (path / "surface").stat().st_blocks * 512 < size / 16
    spoilt = (path / "surface").read_bytes().rpartition(payload.read_bytes()[-100:])
    with (path / "surface").open("r+b") as file:
        file.seek(len(spoilt[0]))
        file.write(bytes(100))
    with closing(open_disc(path, read_only=True)) as disc, pytest.raises(RunError, match="isn't what was"):
        compare_marks(disc)


def filled(gib: int, cpu_seconds: float, peak_kib: int) -> Filled:
    """Figures of a disc that was filled with so much."""
    size = gib << 30
    return Filled(size, 1, 1, (Stage("burn", size, 9.0, cpu_seconds, peak_kib),), 0)


def test_what_is_out_of_proportion_is_noticed() -> None:
    part = filled(6, 10.0, 50_000)
    assert [*out_of_proportion(part, filled(24, 41.0, 52_000))] == []
    assert len([*out_of_proportion(part, filled(24, 160.0, 50_000))]) == 1
    assert len([*out_of_proportion(part, filled(24, 40.0, 200_000))]) == 1
