"""The same command line with the real xorriso and with ours, and what of their words may differ."""

from __future__ import annotations

import re
import subprocess
import time
from pathlib import Path
from typing import NamedTuple

from burnlab.burn.opener import open_stdio
from burnlab.xorriso.environment import Environment
from burnlab.xorriso.messages import Streams
from burnlab.xorriso.program import Program

MASKS = (
    (re.compile(r"^(Media summary: .* data, ).*free$", re.MULTILINE), r"\1FREE"),
    (re.compile(r" in [0-9.]+ s(econds?)?\b"), " in N s\1"),
    (re.compile(r" = [0-9.]+x[CDB]$", re.MULTILINE), ""),
    (re.compile(r"\(runtime [0-9.]+ s\)"), "(runtime N s)"),
    (re.compile(r" +\d+ iso_rr_paths deleted"), " N iso_rr_paths deleted"),
    (re.compile(r" +\d+ content bytes read"), " N content bytes read"),
    (re.compile(r"differs by at least \d+ bytes. First at \d+"), "differs"),
    (re.compile(r"[A-Z][a-z][a-z] [ 0-9]\d \d\d:\d\d"), "LATELY     "),
    (re.compile(r"diff= -?\d+ s$", re.MULTILINE), "diff= N s"),
    (re.compile(r"^xorriso : UPDATE : (Writing:|Thank you|Closing).*\n", re.MULTILINE), ""),
)


class Outcome(NamedTuple):
    """Exit value and masked output of a run."""

    exit: int
    out: str
    err: str


def masked(text: str) -> str:
    """Output without what changes from run to run."""
    for pattern, replacement in MASKS:
        text = pattern.sub(replacement, text)
    return text


def run_real(words: list[str], directory: Path, stdin: str = "") -> Outcome:
    """A run of the real program."""
    done = subprocess.run(
        ["xorriso", *words], cwd=directory, input=stdin.encode(), capture_output=True, timeout=300
    )
    out, err = (data.decode("utf-8", "surrogateescape") for data in (done.stdout, done.stderr))
    return Outcome(done.returncode, masked(out), masked(err))


def run_ours(words: list[str], directory: Path, stdin: str = "") -> Outcome:
    """A run of our program within this process, whose working directory has to be `directory`."""
    out: list[str] = []
    err: list[str] = []
    lines = iter(stdin.splitlines(keepends=True))
    environment = Environment(
        streams=Streams(out.append, err.append),
        directory=str(directory),
        variables={},
        clock=time.time,
        monotonic=time.monotonic,
        sleep=time.sleep,
        read_line=lambda: next(lines, ""),
        open_drive=open_stdio,
    )
    value = Program(environment).run(words)
    return Outcome(value, masked("".join(out)), masked("".join(err)))
