"""Throughput of burnlab's iSCSI target beside tgtd: `qemu-img bench`, 32 KiB, depth 1 and 8, read and write.

Both run on the same machine in the same run, in turns, because other work disturbs both alike only then; the
figures are medians. What counts are the ratios (burnlab ÷ tgtd; 1.0 or more is wanted).

    python bench/iscsi_throughput.py                     the target with a disk in memory
    python bench/iscsi_throughput.py --recorder          the target with the emulated recorder: reads from a
                                                         DVD-ROM, writes to a DVD-RW that is blank each time

Needs the Debian packages tgt, qemu-utils and qemu-block-extra. tgtd needs root; it runs in the foreground
with a control port and a portal of its own and leaves a tgtd of the system alone.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

TESTS = Path(__file__).resolve().parent.parent / "tests"
BLOCK_BYTES = 2048
REQUEST_BYTES = 32768
READ_CAPACITY = 0x25
SIZE_MIB = 64
START_SECONDS = 10.0
TGT_CONTROL_PORT = 3271
TGT_IQN = "iqn.2024-01.org.burnlab:tgtd"

PACKAGES = {"qemu-img": "qemu-utils qemu-block-extra", "tgtd": "tgt", "tgtadm": "tgt"}


@dataclass(frozen=True)
class Case:
    """One kind of load; `requests` of 32 KiB each, `depth` of them at a time."""

    name: str
    write: bool
    depth: int
    requests: int


CASES = (
    Case("read, depth 1", write=False, depth=1, requests=6000),
    Case("read, depth 8", write=False, depth=8, requests=12000),
    Case("write, depth 1", write=True, depth=1, requests=6000),
    Case("write, depth 8", write=True, depth=8, requests=12000),
)


class BenchError(Exception):
    """The measurement can't be made; the message says what to do."""


def measure(url: str, case: Case) -> float:
    """Megabytes (10^6) per second of one run of `qemu-img bench`."""
    argv = ["qemu-img", "bench", "-f", "raw", "-t", "none", "-c", str(case.requests), "-d", str(case.depth)]
    argv += ["-s", str(REQUEST_BYTES), *(["-w", "--pattern=165"] if case.write else []), url]
    run = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=120)
    found = re.search(r"Run completed in ([0-9.]+) seconds", run.stdout)
    if run.returncode or not found:
        raise BenchError(f"{' '.join(argv)} failed: {run.stderr.strip() or run.stdout.strip()}")
    return case.requests * REQUEST_BYTES / float(found[1]) / 1e6


def free_port() -> int:
    """A TCP port that is free now."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def end(process: subprocess.Popen[str]) -> None:
    """End a helper process for good."""
    process.terminate()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@contextlib.contextmanager
def tgtd(image: Path) -> Iterator[str]:
    """tgtd with one disk LUN on `image`. Yields its address."""
    port = free_port()
    control = ["-C", str(TGT_CONTROL_PORT)]
    process = subprocess.Popen(
        ["tgtd", "-f", *control, "--iscsi", f"portal=127.0.0.1:{port}"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        admin = ["tgtadm", *control, "--lld", "iscsi"]
        steps = (
            ["--op", "new", "--mode", "target", "--tid", "1", "-T", TGT_IQN],
            ["--op", "new", "--mode", "logicalunit", "--tid", "1", "--lun", "1", "-b", str(image)],
            ["--op", "bind", "--mode", "target", "--tid", "1", "-I", "ALL"],
        )
        for step in steps:
            _patiently([*admin, *step])
        yield f"iscsi://127.0.0.1:{port}/{TGT_IQN}/1"
    finally:
        end(process)
        for leftover in ("", ".lock"):
            Path(f"/var/run/tgtd/socket.{TGT_CONTROL_PORT}{leftover}").unlink(missing_ok=True)


def _patiently(argv: Sequence[str]) -> None:
    """Run a tgtadm command; the daemon may not answer at once."""
    deadline = time.monotonic() + START_SECONDS
    while True:
        run = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=START_SECONDS)
        if run.returncode == 0:
            return
        if time.monotonic() > deadline:
            raise BenchError(f"{' '.join(argv)} failed: {run.stderr.strip()}; tgtd needs root")
        time.sleep(0.1)


@contextlib.contextmanager
def served(*argv: str) -> Iterator[str]:
    """A program that prints `ready URL` and serves. Yields the address."""
    process = subprocess.Popen([sys.executable, *argv], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line.startswith("ready "):
            raise BenchError(f"{' '.join(argv)} didn't get ready: {line.strip()!r}")
        yield line.split()[1]
    finally:
        end(process)


def serve_stub() -> None:
    """Serve the tests' disk in memory until killed."""
    sys.path.insert(0, str(TESTS))
    from burnlab.iscsi.server import TargetConfig, TargetServer
    from support.iscsi_stub import MemoryUnit

    unit = MemoryUnit((SIZE_MIB << 20) // BLOCK_BYTES)
    with TargetServer(unit, TargetConfig(port=0)) as server:
        print(f"ready {server.url}", flush=True)
        while True:
            time.sleep(3600)


def serve_blank(path: Path) -> None:
    """Serve the recorder with a blank disc until killed.

    QEMU writes within the capacity that it reads, and a blank disc has none: here READ CAPACITY tells the
    size that the load needs. All other commands, every WRITE above all, go to the recorder as they are.
    """
    from burnlab.disc.folder import open_disc
    from burnlab.iscsi.server import TargetConfig, TargetServer
    from burnlab.recorder import MODELS, ClockedUnit, Recorder
    from burnlab.scsi import Reply, Task

    blocks = max(case.requests for case in CASES) * REQUEST_BYTES // BLOCK_BYTES

    class Sized(ClockedUnit):
        def execute(self, task: Task) -> Reply:
            if task.cdb[0] == READ_CAPACITY:
                return Reply(data_in=(blocks - 1).to_bytes(4, "big") + BLOCK_BYTES.to_bytes(4, "big"))
            return super().execute(task)

    recorder = Recorder(MODELS["generic"], speed=None)
    recorder.load(open_disc(path), time.monotonic())
    with TargetServer(Sized(recorder, time.monotonic), TargetConfig(port=0)) as server:
        print(f"ready {server.url}", flush=True)
        while True:
            time.sleep(3600)


def burnlab(*argv: str) -> None:
    """Run a command of burnlab."""
    run = subprocess.run(
        [sys.executable, "-m", "burnlab", *argv], capture_output=True, text=True, check=False, timeout=120
    )
    if run.returncode:
        raise BenchError(f"burnlab {' '.join(argv)} failed: {run.stderr.strip()}")


Ours: TypeAlias = Callable[[Case], contextlib.AbstractContextManager[str]]
"""Makes our side ready for a run and yields its address."""


@contextlib.contextmanager
def stub_side() -> Iterator[Ours]:
    """The disk in memory, for all cases."""
    with served(__file__, "--serve-stub") as url:
        yield lambda _case: contextlib.nullcontext(url)


@contextlib.contextmanager
def recorder_side(folder: Path, image: Path) -> Iterator[Ours]:
    """The recorder with a ROM for reads, and with a new blank disc for each run of writes."""
    rom = folder / "rom.disc"
    burnlab("disc", "import", str(image), str(rom), "--type", "dvd-rom")

    @contextlib.contextmanager
    def blank() -> Iterator[str]:
        disc = folder / "blank.disc"
        burnlab("disc", "create", str(disc), "--type", "dvd-rw")
        try:
            with served(__file__, "--serve-blank", str(disc)) as url:
                yield url
        finally:
            shutil.rmtree(disc)

    control = ["--control", str(folder / "control")]
    argv = ["-m", "burnlab", "recorder", "serve", "--listen", "127.0.0.1:0", "--disc", str(rom), *control]
    with served(*argv) as url:
        yield lambda case: blank() if case.write else contextlib.nullcontext(url)


def compare(ours: Ours, theirs: str, rounds: int) -> list[tuple[Case, float, float]]:
    """Medians of both for each case."""
    rows = []
    for case in CASES:
        figures: dict[str, list[float]] = {"ours": [], "theirs": []}
        for _round in range(rounds):
            with ours(case) as url:
                figures["ours"].append(measure(url, case))
            figures["theirs"].append(measure(theirs, case))
        rows.append((case, statistics.median(figures["ours"]), statistics.median(figures["theirs"])))
    return rows


def print_table(rows: Sequence[tuple[Case, float, float]]) -> None:
    """The table, in Markdown."""
    print("| 32 KiB requests | burnlab MB/s | tgtd MB/s | burnlab ÷ tgtd |")
    print("| --- | ---: | ---: | ---: |")
    for case, ours, theirs in rows:
        print(f"| {case.name} | {ours:.0f} | {theirs:.0f} | {ours / theirs:.2f} |")


def parse_arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=7, help="alternating runs per case (default 7)")
    parser.add_argument("--recorder", action="store_true", help="measure with the emulated recorder")
    parser.add_argument("--serve-stub", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--serve-blank", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


def run(arguments: argparse.Namespace) -> None:
    """Start both sides, measure, print."""
    for program, packages in PACKAGES.items():
        if shutil.which(program) is None:
            raise BenchError(f"{program} is missing; install it: apt install {packages}")
    memory = Path("/dev/shm")
    with contextlib.ExitStack() as stack:
        name = stack.enter_context(tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None))
        folder, image = Path(name), Path(name) / "tgtd.img"
        image.write_bytes(os.urandom(1 << 20) * SIZE_MIB)
        theirs = stack.enter_context(tgtd(image))
        side = recorder_side(folder, image) if arguments.recorder else stub_side()
        ours = stack.enter_context(side)
        print_table(compare(ours, theirs, arguments.rounds))


def main() -> int:
    """Exit value: 0 measured, 3 could not."""
    arguments = parse_arguments()
    if arguments.serve_stub:
        serve_stub()
    if arguments.serve_blank:
        serve_blank(arguments.serve_blank)
    try:
        run(arguments)
    except BenchError as error:
        print(f"iscsi_throughput: {error}", file=sys.stderr)
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main())
