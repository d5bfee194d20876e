"""A BD-RE filled to its end by the burn program, read back by it, and by xorriso.

What is burnt is as large as the medium and nearly all holes: 64 KiB of noise lie in each 8 MiB, other noise
each time. So it costs the disk a few hundred megabytes, and still no mark can lie a block from where it
belongs without being noticed: by the MD5 sums of the files, which two programs compute, and by a look at each
mark.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from burnlab.disc import Disc
from burnlab.disc.folder import create, open_disc
from burnlab.disc.media import medium_named
from burnlab.iso9660.load import load_tree
from burnlab.iso9660.tree import File, ImageContent
from longruns.sessions import BLOCK, MATCH, RunError

BURN = (sys.executable, "-c", "from burnlab.cli.xorriso import main; main()", "-no_rc", "-md5", "on")
KIND = "bd-re"
FORMAT = "by_index_5"
"""The whole of the medium, without spare areas."""
OVERHEAD_BLOCKS = 1024
"""Left for the tree and what belongs to it."""
FILE_BYTES = 9 << 30
"""More than one extent of ISO 9660 can tell of: 4 GiB."""
STEP, MARK_BYTES = 8 << 20, 64 << 10


@dataclass(frozen=True)
class Stage:
    """What a program did, and what it took; memory is the most that it had at once."""

    name: str
    bytes: int
    seconds: float
    cpu_seconds: float
    peak_kib: int


@dataclass(frozen=True)
class Filled:
    """A burn of so many bytes, its stages, and what the disc then took of the disk."""

    bytes: int
    files: int
    marks: int
    stages: tuple[Stage, ...]
    disk_bytes: int


def mark(file: int, offset: int) -> bytes:
    """The noise at this place of a file."""
    return random.Random(f"{file} {offset}").randbytes(MARK_BYTES)


def places(file: int, size: int) -> Iterator[int]:
    """Where a file has noise: somewhere in each step, at a whole block or not, and at its very end."""
    dice = random.Random(f"places {file}")
    for start in range(0, size - STEP, STEP):
        yield start + dice.randrange(STEP - MARK_BYTES)
    yield size - MARK_BYTES


def make_payload(folder: Path, total: int) -> list[Path]:
    """Files that have so many bytes in all."""
    folder.mkdir()
    made = []
    for number, start in enumerate(range(0, total, FILE_BYTES)):
        size = min(FILE_BYTES, total - start)
        made.append(folder / f"part-{number}")
        with made[-1].open("wb") as file:
            file.truncate(size)
            for offset in places(number, size):
                file.seek(offset)
                file.write(mark(number, offset))
    return made


def stage(name: str, size: int, *words: str) -> Stage:
    """Run a program to its end. RunError if it says that something is wrong."""
    began = time.perf_counter()
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout is not None
        said = process.stdout.read()
        # The memory of one process, not that of all children that there ever were.
        _pid, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode or ("check" in name and MATCH not in said):
        raise RunError(f"{name}: exit value {process.returncode}\n{said[-4000:]}")
    cpu_seconds = usage.ru_utime + usage.ru_stime
    return Stage(name, size, time.perf_counter() - began, cpu_seconds, usage.ru_maxrss)


def compare_marks(disc: Disc) -> int:
    """Look at each mark where it lies on the disc; how many there are."""
    image = load_tree(disc.read, 0)
    compared = 0
    for number, child in enumerate(image.root.sorted_children()):
        assert isinstance(child, File)
        assert isinstance(child.content, ImageContent)
        first = child.content.extents[0].lba
        for offset in places(number, child.content.size):
            lba, inside = divmod(offset, BLOCK)
            end = -(-(inside + MARK_BYTES) // BLOCK)
            if disc.read(first + lba, end)[inside : inside + MARK_BYTES] != mark(number, offset):
                raise RunError(f"part-{number} isn't what was burnt at byte {offset}")
            compared += 1
    return compared


def fill(folder: Path, share: float, *, foreign: bool = True) -> Filled:
    """Fill this share of a new BD-RE, and check it. RunError tells what went wrong."""
    medium = medium_named(KIND)
    total = (int(medium.capacity_blocks * share) - OVERHEAD_BLOCKS) * BLOCK
    disc_path = folder / "full.disc"
    create(disc_path, KIND)
    drive = f"disc:{disc_path}"
    files = make_payload(folder / "payload", total)
    stages = [
        stage("format", 0, *BURN, "-outdev", drive, "-format", FORMAT),
        stage("burn", total, *BURN, "-padding", "0", "-outdev", drive, "-map", str(folder / "payload"), "/"),
    ]
    for file in files:
        file.unlink()
    stages.append(stage("check", total, *BURN, "-indev", drive, "-check_md5_r", "sorry", "/", "--"))
    with closing(open_disc(disc_path, read_only=True)) as disc:
        marks = compare_marks(disc)
    if foreign:
        surface = f"stdio:{disc_path / 'surface'}"
        words = ("xorriso", "-no_rc", "-md5", "on", "-indev", surface, "-check_md5_r", "sorry", "/", "--")
        stages.append(stage("check by xorriso", total, *words))
    disk_bytes = (disc_path / "surface").stat().st_blocks * 512
    return Filled(total, len(files), marks, tuple(stages), disk_bytes)
