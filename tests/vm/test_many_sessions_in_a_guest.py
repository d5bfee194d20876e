"""Discs with as many sessions as they get, and xorriso on Linux: it lists all, checks all, adds one."""

from __future__ import annotations

import re
from contextlib import closing
from pathlib import Path

import pytest

from burnlab.vm import MicroGuest, micro_guest
from longruns.sessions import MATCH, Ladder, name
from support.served import ServedProcess, info

pytestmark = pytest.mark.vm

ROW = re.compile(r"ISO session  :\s*(\d+) ,\s*(\d+) ,\s*\d+s , ISOIMAGE")
MANY = 300
MOST_OF_DVD_PLUS_R = 153


def burnt(folder: Path, kind: str, sessions: int) -> tuple[Path, list[int]]:
    """A disc with so many sessions by our program, and where each begins."""
    with closing(Ladder(folder, kind)) as ladder:
        ladder.climb(sessions)
        return ladder.path, [view.start for view in ladder.disc.session_views()]


@pytest.mark.parametrize(("kind", "sessions"), [("bd-r", MANY), ("dvd+r", MOST_OF_DVD_PLUS_R)])
def test_all_sessions(tmp_path: Path, kind: str, sessions: int) -> None:
    disc, starts = burnt(tmp_path, kind, sessions)
    with (
        ServedProcess(tmp_path, disc) as served,
        micro_guest(programs=("xorriso",), recorder=served.url, progress=print) as guest,
    ):
        toc = said(guest, "xorriso -indev /dev/sr1 -toc")
        assert [int(start) for _, start in ROW.findall(toc)] == starts
        check = "xorriso -md5 on -indev /dev/sr1 -check_md5_r sorry / --"
        assert MATCH in said(guest, check)
        listed = said(guest, "xorriso -indev /dev/sr1 -ls / --").split()
        assert listed == [f"'{name(number)}'" for number in range(1, sessions + 1)]
        if kind == "bd-r":
            said(guest, "echo more >/tmp/more; xorriso -md5 on -dev /dev/sr1 -add /tmp/more --")
            assert MATCH in said(guest, check)
    left = info(disc)
    assert len(left["sessions"]) == sessions + (kind == "bd-r")
    assert left["state"] == ("appendable" if kind == "bd-r" else "closed")


def said(guest: MicroGuest, words: str) -> str:
    """What a command that must end well says on its standard output."""
    done = guest.run(words, timeout=300)
    assert done.exit_code == 0, f"{words}\n{done.stdout}\n{done.stderr}"
    return done.stdout
