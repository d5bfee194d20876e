"""`make torture` in short: 50 processes are killed at work, and nothing is lost; and it would be noticed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

import torture
from burnlab.disc import Disc, TrackState, WriteType
from burnlab.disc.folder import create, open_disc
from support.served import info
from torture.model import Attempt, Expected, LostError, content

KILLS = 50
TESTS = Path(next(iter(torture.__path__))).parent
SHARED_MEMORY = Path("/dev/shm")


def test_fifty_kills() -> None:
    folder = ["--folder", str(SHARED_MEMORY)] if os.access(SHARED_MEMORY, os.W_OK) else []
    done = subprocess.run(
        [sys.executable, "-m", "torture", "--kills", str(KILLS), "--seed", "2", "--json", *folder],
        env={**os.environ, "PYTHONPATH": str(TESTS)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout)
    assert figures["kills"] == KILLS
    assert set(figures["by_phase"]) == {"burning", "closing", "blanking", "formatting", "loading", "growing"}
    assert len(figures["by_medium"]) == 17, "every recordable medium, and six kinds of images"
    assert figures["sessions_verified"] > KILLS / 2
    assert figures["under_way"].get("WRITE", 0) > 0, "some were killed in the middle of a command"


# What it would notice.

STAMP = 7


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A DVD-R with a closed session of 32 blocks, and a track of 48 that was cut off."""
    path = tmp_path / "x.disc"
    create(path, "dvd-r")
    disc = open_disc(path)
    disc.write(0, content(0, 32, STAMP), WriteType.INCREMENTAL)
    disc.close_track(1)
    disc.close_session(appendable=True)
    start = disc.next_writable
    assert start is not None
    disc.write(start, content(start, 48, STAMP + 1), WriteType.INCREMENTAL)
    disc.surface.close()
    return path


def expected_of(path: Path) -> tuple[Expected, Attempt]:
    expected = Expected()
    with closing(open_disc(path, read_only=True)) as disc:
        expected.learn(disc)
        start = disc.state.tracks[1].start
    return expected, Attempt(STAMP + 1, start, 64, acknowledged=48)


def compare(path: Path, expected: Expected, attempt: Attempt) -> str:
    with closing(open_disc(path)) as disc:
        return expected.compare(disc, attempt)


def test_all_is_well(path: Path) -> None:
    assert compare(path, *expected_of(path)) == "damaged"


@pytest.mark.parametrize("lba", [0, 31, -1])
def test_a_changed_byte(path: Path, lba: int) -> None:
    expected, attempt = expected_of(path)
    with (path / "surface").open("r+b") as surface:
        surface.seek((attempt.start + 47 if lba < 0 else lba) * 2048 + 100)
        surface.write(b"\xee")
    with pytest.raises(LostError, match="what was burnt"):
        compare(path, expected, attempt)


def test_blocks_that_were_taken_and_are_gone(path: Path) -> None:
    expected, attempt = expected_of(path)
    os.truncate(path / "surface", (attempt.start + 40) * 2048)
    with pytest.raises(LostError, match="48 blocks were taken"):
        compare(path, expected, attempt)


def test_a_session_that_is_gone(path: Path) -> None:
    expected, attempt = expected_of(path)
    expected.sessions.append(expected.sessions[0])
    with pytest.raises(LostError, match="closed sessions are"):
        compare(path, expected, attempt)


def test_a_session_that_nobody_closed(path: Path) -> None:
    expected, attempt = expected_of(path)
    with closing(open_disc(path)) as disc:
        disc.close_track(2)
        disc.close_session(appendable=True)
    with pytest.raises(LostError, match="closed sessions are"):
        compare(path, expected, attempt)
    attempt.closing, attempt.blocks = True, 48
    assert compare(path, expected, attempt) == "closed"


def written(path: Path, *writes: tuple[int, int]) -> None:
    with closing(open_disc(path)) as disc:
        for lba, stamp in writes:
            disc.write(lba, content(lba, 32, stamp), WriteType.PLAIN)


@pytest.mark.parametrize(
    ("really", "lost"),
    [(((0, 1), (32, 2)), False), (((0, 1),), True), (((0, 1), (32, 1)), True), (((0, 3), (32, 2)), True)],
)
def test_overwritable_media(tmp_path: Path, really: tuple[tuple[int, int], ...], lost: bool) -> None:
    path = tmp_path / "o.disc"
    create(path, "dvd-ram")
    written(path, *really)
    expected = Expected(stamps=dict.fromkeys(range(32), 1), touched=set(range(32)), overwritable=True)
    attempt = Attempt(2, 32, 32, writes=[(32, 64, 2)])
    if lost:
        with pytest.raises(LostError):
            compare(path, expected, attempt)
    else:
        assert compare(path, expected, attempt) == "overwritable"


def test_the_fixture_is_what_it_says(path: Path) -> None:
    open_disc(path).close()
    assert info(path)["damaged_tracks"] == [2]
    disc: Disc = open_disc(path, read_only=True)
    assert disc.state.tracks[1].state is TrackState.DAMAGED
    disc.close()
