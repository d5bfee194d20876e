"""A recorder that is killed while it burns: closed sessions are intact, and the open track can be mended."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from burnlab.disc import Disc, TrackState, WriteType
from burnlab.disc.folder import create, open_disc
from support import burn_until_killed
from support.burn_until_killed import BLOCK_BYTES, block


def burn_and_kill(path: Path, seed: int) -> list[tuple[int, int, int]]:
    """Run the burner, kill it at a random instant after its first line; returns what it had closed."""
    dice = random.Random(seed)
    with subprocess.Popen(
        [sys.executable, burn_until_killed.__file__, str(path), str(seed)], stdout=subprocess.PIPE, text=True
    ) as burner:
        assert burner.stdout is not None
        first = burner.stdout.readline()
        assert first.startswith("open"), "the burner never began"
        time.sleep(dice.uniform(0.0, 0.25))
        burner.kill()
        rest = burner.stdout.read()
    rows = [line.split() for line in rest.splitlines()]
    return [(int(r[1]), int(r[2]), int(r[3])) for r in rows if r[0] == "closed" and len(r) == 4]


def check_blocks(disc: Disc, start: int, count: int) -> None:
    data = disc.read(start, count)
    for n in range(count):
        assert data[n * BLOCK_BYTES : (n + 1) * BLOCK_BYTES] == block(start + n), f"LBA {start + n}"


@pytest.mark.parametrize("seed", range(12))
def test_closed_sessions_verify_and_the_open_track_is_mended(tmp_path: Path, seed: int) -> None:
    path = tmp_path / "a.disc"
    create(path, "dvd-rw")
    closed = burn_and_kill(path, seed)
    disc = open_disc(path)
    sessions = disc.session_views()
    told = [(s.number, s.start, s.blocks) for s in sessions]
    assert told[: len(closed)] == closed, "what was closed is closed"
    assert len(told) <= len(closed) + 1, "at most the one whose line was not printed any more"
    for _, start, blocks in told:
        check_blocks(disc, start, blocks)

    begun = [t for t in disc.state.tracks if t.session > disc.state.closed_sessions]
    assert len(begun) <= 1
    for track in begun:
        assert track.state in (TrackState.OPEN, TrackState.DAMAGED, TrackState.CLOSED)
        whole = track.blocks if track.state is not TrackState.DAMAGED else max(0, track.blocks - 1)
        check_blocks(disc, track.start, whole)
        if track.state is TrackState.DAMAGED:
            assert disc.next_writable is None
        elif track.blocks:
            assert disc.surface.blocks == track.end, "what the state doesn't know of would be damage"
        disc.close_track(track.number)
        disc.close_session(appendable=True)
    at = disc.next_writable
    assert at is not None
    disc.write(at, block(at) * 16, WriteType.INCREMENTAL)
    disc.close_track(len(disc.state.tracks))
    disc.close_session(appendable=True)
    for _, start, blocks in told:
        check_blocks(disc, start, blocks)
    disc.close()


@pytest.mark.parametrize("seed", range(100, 104))
@pytest.mark.parametrize("full", [True, False])
def test_blanking_mends_it_too(tmp_path: Path, seed: int, full: bool) -> None:
    path = tmp_path / "a.disc"
    create(path, "dvd-rw")
    burn_and_kill(path, seed)
    disc = open_disc(path)
    disc.blank(full=full)
    disc.close()
    disc = open_disc(path)
    assert disc.is_blank
    assert disc.next_writable == 0
    assert disc.surface.blocks == 0
    disc.close()


def test_killed_again_and_again(tmp_path: Path) -> None:
    path = tmp_path / "a.disc"
    create(path, "dvd-rw")
    expected: list[tuple[int, int, int]] = []
    for seed in range(200, 204):
        disc = open_disc(path)
        for track in disc.state.tracks:
            if track.session > disc.state.closed_sessions:
                disc.close_track(track.number)
                disc.close_session(appendable=True)
        expected = [(s.number, s.start, s.blocks) for s in disc.session_views()]
        disc.close()
        closed = burn_and_kill(path, seed)
        disc = open_disc(path)
        told = [(s.number, s.start, s.blocks) for s in disc.session_views()]
        assert told[: len(expected) + len(closed)] == expected + closed
        disc.close()
