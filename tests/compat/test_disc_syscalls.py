"""A recorder that is killed between any two system calls, or within one: SQLite's own writes included.

strace notes down what really happens to the files of a disc while it is burnt, closed, blanked and formatted.
Then every beginning of that list is laid out as files, and must be a disc: sound, with all that was closed.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from burnlab.disc import TrackState
from burnlab.disc.folder import open_disc
from burnlab.disc.mending import check
from support import disc_lives
from support.disc_lives import LIVES, Closed
from support.syscall_log import Call, Files, can_trace, trace

pytestmark = [
    pytest.mark.compat,
    pytest.mark.skipif(not can_trace(), reason="strace is missing, or may not trace: apt install strace"),
]

NAMES = tuple(LIVES) if os.environ.get("BURNLAB_TORTURE") else ("dvd-rw formatted", "cd-rw at once", "dvd+rw")
SHARED_MEMORY = Path("/dev/shm")


@pytest.fixture
def scratch() -> Iterator[Path]:
    """A folder where SQLite's waiting for the disk costs nothing."""
    with TemporaryDirectory(dir=SHARED_MEMORY if os.access(SHARED_MEMORY, os.W_OK) else None) as folder:
        yield Path(folder)


def calls_of(name: str, scratch: Path) -> tuple[list[Call], list[Call]]:
    """The calls that make a disc and live its life: those before it is one, and those after."""
    tests = Path(disc_lives.__file__).parent.parent
    argv = [sys.executable, disc_lives.__file__, name, str(scratch / "x.disc")]
    calls = trace(argv, scratch / "log", {**os.environ, "PYTHONPATH": str(tests)})
    calls = [c for c in calls if "x.disc" in c.path or c.data.startswith(b"step ")]
    made = next(n for n, call in enumerate(calls) if call.name == "rename")
    return calls[: made + 1], calls[made + 1 :]


def parts(call: Call) -> Iterator[Call]:
    """What a call may have come to if it was cut off."""
    if call.name == "pwrite64" and len(call.data) > 1:
        for end in {1, len(call.data) // 2 + 1, len(call.data) - 1}:
            yield Call(call.name, call.path, call.data[:end], call.at)


@pytest.mark.parametrize("name", NAMES)
def test_killed_at_every_system_call(name: str, scratch: Path) -> None:
    first, calls = calls_of(name, scratch)
    digests = [call.data.split()[1].decode() for call in calls if call.data.startswith(b"step ")]
    assert len(digests) == len(LIVES[name][1]) + 1
    files, step, instants = Files(), 0, 0
    for call in first:
        files.apply(call)
    for call in calls:
        if call.data.startswith(b"step "):
            step += 1
            continue
        allowed = set(digests[max(0, step - 1) : step + 1])
        for part in parts(call):
            torn = files.copy()
            torn.apply(part)
            check_disc(torn, scratch / "y.disc", allowed)
            instants += 1
        files.apply(call)
        check_disc(files, scratch / "y.disc", allowed)
        instants += 1
    assert instants > 10 * len(digests), "SQLite's own writes are among them"


def check_disc(files: Files, path: Path, allowed: set[str]) -> None:
    """It is a sound disc, by looking and by opening; what was closed is closed, and it can be mended."""
    files.lay_out(path)
    report = check(path)
    assert report.is_sound, report.findings
    disc = open_disc(path, read_only=True)
    assert Closed.on(disc).digest() in allowed
    disc.surface.close()
    disc = open_disc(path)
    found = Closed.on(disc)
    assert found.digest() in allowed
    for track in disc.state.tracks:
        if track.state is not TrackState.CLOSED and not disc.state.finalized:
            disc.close_track(track.number)
    if not disc.state.finalized:
        disc.close_session(appendable=True)
    assert Closed.on(disc).tracks[: len(found.tracks)] == found.tracks
    disc.close()
    assert check(path).findings == ()
