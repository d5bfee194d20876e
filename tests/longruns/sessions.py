"""Session after session on one disc: what each one costs, and whether all that was burnt is there in the end.

Each session is a run of the burn program, which loads the tree of the session before it, adds a file and
commits. So it has one more track to look at and one more name to read and to write: its work may grow by the
same amount each time, never faster.
"""

from __future__ import annotations

import gc
import random
import re
import resource
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from burnlab.disc import Disc
from burnlab.disc.folder import create, open_disc
from burnlab.iso9660.load import load_tree
from burnlab.iso9660.tree import File, ImageContent, Node
from burnlab.scsi import Reply, Task
from burnlab.scsi.task import LogicalUnit
from support.burning import DRIVE, Burner

BLOCK = 2048
CONTENT_BYTES = 60_000
MATCH = "File contents and their MD5 checksums match."
READ, WRITE = 0x28, 0x2A
LEVELS = 8
"""Of the sessions so many are looked at once more in the end, the first and the last among them."""


class RunError(Exception):
    """A burn failed, or what was burnt isn't there."""


@dataclass
class CountingUnit:
    """Passes every task on, and counts commands by opcode, and the blocks that are read and written."""

    unit: LogicalUnit
    commands: Counter[int] = field(default_factory=Counter)
    read: int = 0
    written: int = 0

    def execute(self, task: Task) -> Reply:
        """Carry the task out."""
        reply = self.unit.execute(task)
        self.commands[task.cdb[0]] += 1
        if task.cdb[0] == READ:
            self.read += len(reply.data_in) // BLOCK
        if task.cdb[0] == WRITE:
            self.written += len(task.data_out) // BLOCK
        return reply


@dataclass(frozen=True)
class Cost:
    """What one session took. `calls` of functions, if they were counted; memory is the most so far."""

    session: int
    seconds: float
    cpu_seconds: float
    commands: int
    blocks_read: int
    blocks_written: int
    calls: int
    peak_kib: int


def content(session: int) -> bytes:
    """What the file of a session holds."""
    return random.Random(f"session {session}").randbytes(CONTENT_BYTES)


def name(session: int) -> str:
    """How the file of a session is called."""
    return f"file-{session:04}"


def recorded(disc: Disc, node: Node) -> bytes:
    """What a file of a loaded tree holds, as it lies on the disc."""
    assert isinstance(node, File)
    assert isinstance(node.content, ImageContent)
    pieces = (disc.read(part.lba, -(-part.size // BLOCK))[: part.size] for part in node.content.extents)
    return b"".join(pieces)


@contextmanager
def counted_calls(wanted: bool) -> Iterator[Callable[[], int]]:
    """Count the calls of Python's functions, from all modules; a function that tells how many there were."""
    count = 0

    def called(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal count
        if event == "call":
            count += 1

    if wanted:
        threading.setprofile(called)
        sys.setprofile(called)
    try:
        yield lambda: count
    finally:
        if wanted:
            sys.setprofile(None)
            threading.setprofile(None)  # type: ignore[arg-type]


class Ladder:
    """A disc folder at a recorder in memory, and sessions that are burnt on it one by one."""

    def __init__(self, folder: Path, kind: str, *, count_calls: bool = False) -> None:
        self.path = folder / f"{kind}.disc"
        self.folder = folder
        self.count_calls = count_calls
        self.costs: list[Cost] = []
        self.burner = Burner(folder)
        self.door = self.burner.unit.unit
        create(self.path, kind)
        self.disc = open_disc(self.path)
        self.burner.recorder.load(self.disc, self.burner.clock.now())

    def close(self) -> None:
        """Let go of the disc."""
        self.disc.close()

    def climb(self, sessions: int, told: Callable[[Cost], None] = lambda _cost: None) -> None:
        """Burn so many sessions. RunError tells which one failed."""
        for number in range(1, sessions + 1):
            cost = self._burn(number)
            self.costs.append(cost)
            told(cost)

    def _burn(self, number: int) -> Cost:
        source = self.folder / name(number)
        source.write_bytes(content(number))
        counting = CountingUnit(self.door)
        self.burner.unit.unit = counting
        gc.collect()
        began, cpu_began = time.perf_counter(), time.process_time()
        with counted_calls(self.count_calls) as calls:
            said = self.burner.run(
                *("-md5", "on", "-dev", DRIVE, "-map", str(source), f"/{name(number)}", "-commit")
            )
        seconds, cpu_seconds = time.perf_counter() - began, time.process_time() - cpu_began
        if said.value:
            raise RunError(f"session {number}: exit value {said.value}\n{said.err}")
        self.burner.unit.tasks.clear()
        source.unlink()
        return Cost(
            number,
            seconds,
            cpu_seconds,
            counting.commands.total(),
            counting.read,
            counting.written,
            calls(),
            resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
        )

    def _read(self, lba: int, blocks: int) -> bytes:
        """Fewer blocks where no more are recorded, as a drive reads."""
        return self.disc.read(lba, min(blocks, self.disc.recorded_until(lba) - lba))

    def verify(self) -> int:
        """Compare what was burnt, from the surface, session by session; how many files were compared."""
        views = self.disc.session_views()
        if [view.number for view in views] != list(range(1, len(self.costs) + 1)):
            raise RunError(f"{len(self.costs)} sessions were burnt, {len(views)} are on the disc")
        compared = 0
        for step in range(LEVELS):
            view = views[step * (len(views) - 1) // (LEVELS - 1)]
            image = load_tree(self._read, view.start, check_tags=True)
            expected = {name(number).encode() for number in range(1, view.number + 1)}
            if set(image.root.children) != expected:
                raise RunError(f"session {view.number} has {sorted(image.root.children)}")
        for number in range(1, len(views) + 1):
            if recorded(self.disc, image.root.children[name(number).encode()]) != content(number):
                raise RunError(f"{name(number)} isn't what was burnt")
            compared += 1
        said = self.burner.run("-md5", "on", "-indev", DRIVE, "-check_md5_r", "sorry", "/", "--")
        if said.value or MATCH not in said.out:
            raise RunError(f"the check after all sessions: exit value {said.value}\n{said.err}")
        return compared


def check_by_xorriso(ladder: Ladder) -> int:
    """Let xorriso load the last session from the surface of a disc that is let go of, and check its files.

    How many nodes it finds. RunError if they aren't all that were burnt, or one doesn't match.
    """
    with closing(open_disc(ladder.path, read_only=True)) as disc:
        start = disc.session_views()[-1].start
    surface = f"stdio:{ladder.path / 'surface'}"
    words = ("-load", "sbsector", str(start), "-indev", surface, "-check_md5_r", "sorry", "/", "--")
    done = subprocess.run(
        ["xorriso", "-no_rc", "-md5", "on", *words], capture_output=True, text=True, check=False
    )
    nodes = re.search(r"(\d+) nodes read", done.stderr)
    if done.returncode or MATCH not in done.stdout or nodes is None:
        raise RunError(f"xorriso: exit value {done.returncode}\n{done.stdout}{done.stderr}")
    if int(nodes[1]) != len(ladder.costs):
        raise RunError(f"xorriso finds {nodes[1]} nodes after {len(ladder.costs)} sessions")
    return int(nodes[1])
