"""How fast images are made, grown and checked, beside xorriso, genisoimage and pycdlib: medians and ratios.

    python bench/iso9660_speed.py                # all, full size: a quarter of an hour, 7 GB of free space
    python bench/iso9660_speed.py --scale 0.05 --only a c    # a quick look

burnlab and xorriso get the same words. Each measurement runs each program by turns, so that what else the
machine does hits all of them alike; times are medians, memory is the most of all runs. (d) runs once only
unless it is told otherwise. A summary with the limits that we want to reach comes last.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import random
import shutil
import signal
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
ENVIRONMENT.pop("PYTHONDONTWRITEBYTECODE", None)  # installed programs aren't compiled at each start
OURS = str(Path(sys.executable).with_name("bxorriso"))
NEEDED_BYTES = 7 << 30

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

    def ratio(self, peer: Program) -> float:
        """Its time as a part of another's."""
        return median(self.seconds) / median(peer.seconds)

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
    """Where payloads and images are, how large all of it is, and what has come out."""

    folder: Path
    scale: float
    runs: int
    long_runs: int
    summary: list[str] = field(default_factory=list)

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

    def writers(self, payload: Path, *, md5: bool, sync: bool = True) -> list[Program]:
        """Both programs that make the same image of a tree; by themselves they wait until the disk has it."""
        words = [] if sync else ["-stdio_sync", "off"]
        words += ["-md5", "on" if md5 else "off", "-outdev", f"stdio:{self.image}", "-map", str(payload), "/"]
        return both(words, self.remove_image)

    def compare(
        self, title: str, programs: list[Program], limit: float, memory_limit: float = 0.0, runs: int = 0
    ) -> None:
        """Run all by turns, and print a line for each; the limits are for ratios of the first to the last."""
        for _ in range(runs or self.runs):
            for program in programs:
                program.run()
        print(f"\n{title}")
        first, last = programs[0], programs[-1]
        for program in programs:
            seconds = median(program.seconds)
            print(
                f"  {program.name:12} {seconds:8.2f} s  {median(program.processor):8.2f} s of processors"
                f"  {program.kilobytes // 1024:6d} MiB   burnlab takes {first.ratio(program):.2f} of it",
                flush=True,
            )
        self.sum_up(f"{title}, beside {last.name}", first.ratio(last), limit)
        if memory_limit:
            self.sum_up(f"{title}, memory", first.kilobytes / last.kilobytes, memory_limit)

    def sum_up(self, title: str, value: float, limit: float) -> None:
        """A row of the summary."""
        verdict = "" if not limit else "reached" if value <= limit else "MISSED"
        self.summary.append(f"| {title} | {value:.2f} | {limit or '-'} | {verdict} |")


def both(words: list[str], before: Callable[[], None] = lambda: None) -> list[Program]:
    """The same words for both programs."""
    return [
        Program("burnlab", [OURS, "-no_rc", *words], before),
        Program("xorriso", ["xorriso", "-no_rc", *words], before),
    ]


def warm_up(bench: Bench) -> None:
    """Have each program's files, and all of ours compiled, in memory."""
    small = bench.folder / "small"
    small.write_bytes(b"small")
    words = ["-md5", "on", "-dev", f"stdio:{bench.image}", "-map", str(small)]
    check = ["-check_md5_r", "sorry", "/", "--"]
    for program in (*both([*words, "/1"]), *both([*words, "/2", "-commit", *check])):
        program.run()
        if program.name == "xorriso":
            bench.remove_image()
    small.unlink()


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
    """A tree to make an image of, safe on its medium so that nothing is written back while programs run."""
    folder = bench.folder / "payload"
    folder.mkdir()
    try:
        make(folder)
        os.sync()
        yield folder
    finally:
        shutil.rmtree(folder)


def measure_large(bench: Bench, wanted: set[str]) -> None:
    """(a), (b), and (e) of (a)."""
    with payload_of(bench, lambda folder: large_files(folder, bench)) as payload:
        size = f"16 x {bench.scaled(128)} MiB"
        if "a" in wanted:
            bench.compare(f"(a) {size} with MD5", bench.writers(payload, md5=True), 0.45)
        if "b" in wanted:
            words = ["-quiet", "-R", "-allow-limited-size", "-o", str(bench.image), str(payload)]
            peer = Program("genisoimage", ["genisoimage", *words], bench.remove_image)
            bench.compare(f"(b) {size} without MD5", bench.writers(payload, md5=False), 0.0)
            # genisoimage leaves it to the kernel when its image gets to the disk.
            programs = bench.writers(payload, md5=False, sync=False)
            bench.compare(f"(b) {size} without MD5, nobody waiting for the disk", [*programs, peer], 1.1)
        if "e" in wanted:
            measure_check(bench, payload, size)


def measure_small(bench: Bench, wanted: set[str]) -> None:
    """(c), (e) of (c), and (f)."""
    count = bench.scaled(100_000)
    with payload_of(bench, lambda folder: small_files(folder, count, 3950)) as payload:
        if "c" in wanted:
            bench.compare(f"(c) {count} small files with MD5", bench.writers(payload, md5=True), 0.8)
        if "e" in wanted:
            measure_check(bench, payload, f"{count} small files")
        if "f" in wanted:
            measure_growth(bench, payload, count)
    if "c" in wanted and importlib.util.find_spec("pycdlib"):
        measure_pycdlib(bench, bench.scaled(10_000))


def measure_pycdlib(bench: Bench, count: int) -> None:
    """(c), smaller and without MD5: pycdlib has none, and its time grows faster than the count."""
    with payload_of(bench, lambda folder: small_files(folder, count, 3950)) as payload:
        peer = Program(
            "pycdlib", [sys.executable, "-c", PYCDLIB, str(payload), str(bench.image)], bench.remove_image
        )
        ours = bench.writers(payload, md5=False)[0]
        bench.compare(f"(c) {count} small files without MD5", [ours, peer], 0.0)


def measure_check(bench: Bench, payload: Path, size: str) -> None:
    """(e): all files of an image against their recorded MD5."""
    make_image(bench, payload)
    words = ["-md5", "on", "-indev", f"stdio:{bench.image}", "-check_md5_r", "sorry", "/", "--"]
    bench.compare(f"(e) check of {size}", both(words), 0.6)


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
        os.sync()

    words = ["-md5", "on", "-dev", f"stdio:{image}", "-map", str(new), "/one more"]
    bench.compare(f"(f) an image of {count} files grown by one", both(words, copy), 1.0)
    fresh.unlink()


def measure_many(bench: Bench, _: set[str]) -> None:
    """(d): a tenth first, to see whether time and memory grow with the number of files."""
    count = bench.scaled(1_000_000)
    sizes = {}
    for files in (count // 10, count):
        with payload_of(bench, lambda folder, files=files: small_files(folder, files, 100)) as payload:
            programs = bench.writers(payload, md5=True)
            limit = 1.0 if files == count else 0.0
            bench.compare(f"(d) {files} files with MD5", programs, limit, limit, bench.long_runs)
            sizes[files] = programs[0]
    few, many = sizes.values()
    growth = count // (count // 10)
    bench.sum_up("(d) growth of time by files", median(many.seconds) / median(few.seconds) / growth, 1.2)
    bytes_each = (many.kilobytes - few.kilobytes) * 1024 / (count - count // 10)
    bench.sum_up("(d) KB of memory for each file", bytes_each / 1000, 1.4)


def measure_start(bench: Bench, _: set[str]) -> None:
    """(g)."""
    programs = [Program("burnlab", [OURS, "-version"]), Program("xorriso", ["xorriso", "-version"])]
    bench.compare("(g) -version", programs, 0.0, runs=max(bench.runs, 7))
    bench.sum_up("(g) -version, seconds", median(programs[0].seconds), 0.15)


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
    parser.add_argument("--long-runs", type=int, default=1, help="the same for (d)")
    parser.add_argument("--folder", type=Path, help="where payloads and images go: a fast, large place")
    chosen = parser.parse_args()
    wanted = set(chosen.only)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("iso9660_speed: ended by a signal"))
    with tempfile.TemporaryDirectory(dir=chosen.folder, prefix="iso9660-speed-") as folder:
        needed = int(NEEDED_BYTES * chosen.scale)
        if shutil.disk_usage(folder).free < needed:
            raise SystemExit(
                f"iso9660_speed: {folder} has less than {needed >> 20} MiB of room; see --folder and --scale"
            )
        bench = Bench(Path(folder), chosen.scale, chosen.runs, chosen.long_runs)
        warm_up(bench)
        for letters, measure in PARTS.items():
            if wanted & set(letters):
                measure(bench, wanted)
    print("\n| job | burnlab / peer | limit | |\n|---|---|---|---|", *bench.summary, sep="\n")


if __name__ == "__main__":
    main()
