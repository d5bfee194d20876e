"""How fast images are made, grown and checked, beside xorriso, genisoimage and pycdlib: medians and ratios.

    python bench/iso9660_speed.py                # all, full size: needs 7 GB of free space and some minutes
    python bench/iso9660_speed.py --scale 0.05 --only a c    # a quick look

Each measurement runs each program by turns, so that what else the machine does hits all of them alike.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

NOW = 1_700_000_000
ENVIRONMENT = {**os.environ, "LC_ALL": "C.UTF-8", "TZ": "UTC", "SOURCE_DATE_EPOCH": str(NOW)}

WRITE = """
import sys
from burnlab.iso9660 import ImageOptions, write_image
write_image(sys.argv[1], sys.argv[2], ImageOptions(now=int(sys.argv[3]), md5=sys.argv[4] == "md5"))
"""
GROW = """
import sys
from burnlab.iso9660 import ImageOptions, grow_image, scan_path
new = scan_path(sys.argv[1].encode(), b"one more")
grow_image(sys.argv[2], lambda root: root.add(new), ImageOptions(now=int(sys.argv[3]), md5=True))
"""
CHECK = """
import sys
from burnlab.iso9660 import open_image
from burnlab.iso9660.image import FileBlocks
from burnlab.iso9660.tree import File, walk
from burnlab.iso9660.verify import Verdict, check_files
with open_image(sys.argv[1]) as image, open(sys.argv[1], "rb") as file:
    files = (node for node in walk(image.root) if isinstance(node, File))
    found = check_files(FileBlocks(file.fileno()), files)
    assert all(check.verdict is Verdict.MATCH for check in found)
"""
PYCDLIB = """
import os, sys
import pycdlib
iso = pycdlib.PyCdlib()
iso.new(interchange_level=3, rock_ridge="1.09")
top = sys.argv[1]
number = 0
for folder, folders, files in os.walk(top):
    inside = "" if folder == top else "/" + os.path.relpath(folder, top).upper()
    for name in folders:
        iso.add_directory(f"{inside}/{name.upper()}", rr_name=name)
    for name in files:
        number += 1
        iso.add_file(os.path.join(folder, name), f"{inside}/F{number}.;1", rr_name=name)
iso.write(sys.argv[2])
"""


@dataclass
class Program:
    """One way to do the job: its argv, and what has to be done before each run."""

    name: str
    argv: list[str]
    before: Callable[[], None] = lambda: None
    seconds: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)
    kilobytes: int = 0

    def run(self) -> None:
        """Once, with a stop-watch."""
        self.before()
        timed = [sys.executable, "-c", MEASURE, *self.argv]
        done = subprocess.run(timed, capture_output=True, env=ENVIRONMENT, check=False)
        if done.returncode:
            raise SystemExit(f"{self.name} failed: {done.stderr.decode(errors='replace')[-2000:]}")
        seconds, processor, kilobytes = done.stdout.split()[-3:]
        self.seconds.append(float(seconds))
        self.processor.append(float(processor))
        self.kilobytes = max(self.kilobytes, int(kilobytes))


MEASURE = """
import resource, subprocess, sys, time
started = time.perf_counter()
done = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
seconds = time.perf_counter() - started
used = resource.getrusage(resource.RUSAGE_CHILDREN)
sys.stderr.buffer.write(done.stderr)
print(seconds, used.ru_utime + used.ru_stime, used.ru_maxrss)
sys.exit(done.returncode)
"""


@dataclass
class Bench:
    """Where payloads and images are, and how large all of it is."""

    folder: Path
    scale: float
    runs: int

    def scaled(self, count: int) -> int:
        """A count at the scale asked for."""
        return max(1, int(count * self.scale))

    @property
    def image(self) -> Path:
        """What is written."""
        return self.folder / "image.iso"

    def remove_image(self) -> None:
        """Start from nothing."""
        self.image.unlink(missing_ok=True)

    def writers(self, payload: Path, *, md5: bool) -> list[Program]:
        """All programs that make an image of a tree."""
        image, words = str(self.image), "on" if md5 else "off"
        ours = [sys.executable, "-c", WRITE, str(payload), image, str(NOW), "md5" if md5 else "no"]
        theirs = ["xorriso", "-no_rc", "-md5", words, "-outdev", f"stdio:{image}", "-map", str(payload), "/"]
        found = [
            Program("burnlab", ours, self.remove_image),
            Program("xorriso", theirs, self.remove_image),
        ]
        if not md5:
            geniso = ["genisoimage", "-quiet", "-R", "-allow-limited-size", "-o", image, str(payload)]
            found.append(Program("genisoimage", geniso, self.remove_image))
        return found


def large_files(folder: Path, bench: Bench) -> None:
    """16 files of 128 MiB."""
    block = os.urandom(1 << 20)
    for number in range(16):
        with (folder / f"large {number:02d}.bin").open("wb") as file:
            for at in range(bench.scaled(128)):
                file.write(at.to_bytes(8, "big") + block[8:])


def small_files(folder: Path, count: int, average: int) -> None:
    """Many files in directories of a thousand each."""
    chance = random.Random(count)
    block = os.urandom(1 << 16)
    for number in range(count):
        if number % 1000 == 0:
            inside = folder / f"folder{number // 1000:04d}"
            inside.mkdir()
        size = min(len(block), int(chance.expovariate(1 / average)))
        (inside / f"file_{number:07d}.dat").write_bytes(block[:size])


@contextmanager
def payload_of(bench: Bench, make: Callable[[Path], None]) -> Iterator[Path]:
    """A tree to make an image of."""
    folder = bench.folder / "payload"
    folder.mkdir()
    try:
        make(folder)
        yield folder
    finally:
        shutil.rmtree(folder)


def compare(bench: Bench, title: str, programs: list[Program]) -> None:
    """Run all by turns, and print a line for each."""
    for _ in range(bench.runs):
        for program in programs:
            program.run()
    print(f"\n{title}")
    first = median(programs[0].seconds)
    for program in programs:
        seconds = median(program.seconds)
        print(
            f"  {program.name:12} {seconds:8.2f} s  {median(program.processor):8.2f} s of processors"
            f"  {program.kilobytes // 1024:6d} MiB   burnlab takes {first / seconds:.2f} of it",
            flush=True,
        )


def measure_large(bench: Bench, wanted: set[str]) -> None:
    """(a), (b), and (e) of (a)."""
    with payload_of(bench, lambda folder: large_files(folder, bench)) as payload:
        size = f"16 x {bench.scaled(128)} MiB"
        if "a" in wanted:
            compare(bench, f"(a) {size} with MD5", bench.writers(payload, md5=True))
        if "b" in wanted:
            compare(bench, f"(b) {size} without MD5", bench.writers(payload, md5=False))
        if "e" in wanted:
            measure_check(bench, payload, size)


def measure_small(bench: Bench, wanted: set[str]) -> None:
    """(c), (e) of (c), and (f)."""
    count = bench.scaled(100_000)
    with payload_of(bench, lambda folder: small_files(folder, count, 3950)) as payload:
        if "c" in wanted:
            programs = bench.writers(payload, md5=True)
            if importlib.util.find_spec("pycdlib") and count <= 20_000:
                argv = [sys.executable, "-c", PYCDLIB, str(payload), str(bench.image)]
                programs.append(Program("pycdlib", argv, bench.remove_image))
            compare(bench, f"(c) {count} small files with MD5", programs)
        if "e" in wanted:
            measure_check(bench, payload, f"{count} small files")
        if "f" in wanted:
            measure_growth(bench, payload, count)


def measure_check(bench: Bench, payload: Path, size: str) -> None:
    """(e): all files of an image against their recorded MD5."""
    make_image(bench, payload)
    image = str(bench.image)
    theirs = [
        "xorriso",
        "-no_rc",
        "-md5",
        "on",
        "-indev",
        f"stdio:{image}",
        "-check_md5_r",
        "sorry",
        "/",
        "--",
    ]
    ours = [sys.executable, "-c", CHECK, image]
    compare(bench, f"(e) check of {size}", [Program("burnlab", ours), Program("xorriso", theirs)])


def make_image(bench: Bench, payload: Path) -> None:
    """An image with MD5."""
    bench.remove_image()
    bench.writers(payload, md5=True)[0].run()


def measure_growth(bench: Bench, payload: Path, count: int) -> None:
    """(f): load a large tree, add a file, store the session."""
    make_image(bench, payload)
    fresh, image = bench.folder / "fresh.iso", bench.image
    image.rename(fresh)
    new = bench.folder / "new"
    new.write_bytes(b"one more")

    def copy() -> None:
        shutil.copy(fresh, image)

    ours = [sys.executable, "-c", GROW, str(new), str(image), str(NOW)]
    theirs = ["xorriso", "-no_rc", "-md5", "on", "-dev", f"stdio:{image}", "-map", str(new), "/one more"]
    programs = [Program("burnlab", ours, copy), Program("xorriso", theirs, copy)]
    compare(bench, f"(f) an image of {count} files grown by one", programs)
    fresh.unlink()


def measure_many(bench: Bench, _: set[str]) -> None:
    """(d)."""
    count = bench.scaled(1_000_000)
    with payload_of(bench, lambda folder: small_files(folder, count, 100)) as payload:
        compare(bench, f"(d) {count} files with MD5", bench.writers(payload, md5=True))


def measure_start(bench: Bench, _: set[str]) -> None:
    """(g)."""
    ours = str(Path(sys.executable).with_name("bxorriso"))
    bench.runs, runs = max(bench.runs, 7), bench.runs
    programs = [Program("burnlab", [ours, "-version"]), Program("xorriso", ["xorriso", "-version"])]
    compare(bench, "(g) -version", programs)
    bench.runs = runs


PARTS: dict[str, Callable[[Bench, set[str]], None]] = {
    "abe": measure_large,
    "cef": measure_small,
    "d": measure_many,
    "g": measure_start,
}


def main() -> None:
    """Measure what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--only", nargs="+", default=list("abcdefg"), choices=list("abcdefg"), help="parts")
    parser.add_argument("--scale", type=float, default=1.0, help="of sizes and counts")
    parser.add_argument("--runs", type=int, default=3, help="of each program")
    parser.add_argument("--folder", type=Path, help="where payloads and images go: a fast, large place")
    chosen = parser.parse_args()
    wanted = set(chosen.only)
    with tempfile.TemporaryDirectory(dir=chosen.folder, prefix="iso9660-speed-") as folder:
        bench = Bench(Path(folder), chosen.scale, chosen.runs)
        for letters, measure in PARTS.items():
            if wanted & set(letters):
                measure(bench, wanted)


if __name__ == "__main__":
    main()
