"""Fill a BD-RE; burn 300 sessions on a BD-R and 153 on a DVD+R. Time and memory must grow in proportion.

    PYTHONPATH=tests python -m longruns

Prints what each takes. Exit value 1: something is lost, or grows faster than it may.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from longruns.full import Filled, fill
from longruns.growth import out_of_proportion, too_fast
from longruns.sessions import Cost, Ladder, RunError, check_by_xorriso

SESSIONS = {"bd-r": 300, "dvd+r": 153}
"""A DVD+R takes no more than 153 (ECMA-349); with 300 the numbers of tracks need a second byte."""
SHOWN = (1, 10, 100, 153, 300)
FULL = "bd-re"
PART = 0.25


def many_sessions(kind: str, sessions: int, folder: Path) -> Iterator[str]:
    """Burn them, print a row for some, and check them; yields what is wrong."""
    print(f"{kind}: {sessions} sessions\n")
    print("| session | seconds | of the processor | commands | blocks read | blocks written | peak KiB |")
    print("|---|---|---|---|---|---|---|")

    def row(cost: Cost) -> None:
        if cost.session in SHOWN or cost.session == sessions:
            times = (f"{cost.seconds:.3f}", f"{cost.cpu_seconds:.3f}")
            cells = (cost.session, *times, cost.commands, cost.blocks_read)
            print("|", " | ".join(map(str, (*cells, cost.blocks_written, cost.peak_kib))), "|", flush=True)

    with closing(Ladder(folder, kind)) as ladder:
        ladder.climb(sessions, row)
        files = ladder.verify()
        seconds = sum(cost.seconds for cost in ladder.costs)
    nodes = check_by_xorriso(ladder)
    print(
        f"\n{seconds:.0f} s; {files} files compared; xorriso loads session {sessions}: {nodes} nodes, ",
        end="",
    )
    print("all match")
    yield from too_fast(ladder.costs)


def row_of(filled: Filled) -> str:
    """What filling took, for people."""
    stages = (
        f"{s.name} {s.seconds:.0f} s" + (f" ({s.bytes / s.seconds / 1e6:.0f} MB/s)" if s.bytes else "")
        for s in filled.stages
    )
    peaks = max(s.peak_kib for s in filled.stages if "xorriso" not in s.name)
    return (
        f"{filled.bytes / 2**30:.2f} GiB: {', '.join(stages)}; {peaks} KiB of memory at the most; "
        f"{filled.marks} marks compared; the disc takes {filled.disk_bytes >> 20} MiB of the disk"
    )


def full_disc(folder: Path) -> Iterator[str]:
    """Fill a quarter of a BD-RE, then a whole one; yields what is wrong."""
    print(f"{FULL}: full\n")
    both = []
    for share in (PART, 1.0):
        with tempfile.TemporaryDirectory(dir=folder) as place:
            both.append(fill(Path(place), share))
        print(row_of(both[-1]), flush=True)
    yield from out_of_proportion(*both)


def main() -> int:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(prog="longruns", description=__doc__.split("\n\n", 1)[0])
    parser.add_argument("--only", choices=[*SESSIONS, FULL], help="this one alone")
    parser.add_argument("--folder", type=Path, help="where the discs lie; they take a gigabyte at the most")
    args = parser.parse_args()
    if args.only is None:
        # Each in a process of its own: memory that one has had would hide what the next one needs.
        words = [sys.executable, "-m", "longruns", *(["--folder", str(args.folder)] if args.folder else [])]
        return max(subprocess.run([*words, "--only", each]).returncode for each in (*SESSIONS, FULL))
    with tempfile.TemporaryDirectory(prefix="burnlab-long-", dir=args.folder) as folder:
        try:
            if args.only == FULL:
                wrong = [*full_disc(Path(folder))]
            else:
                wrong = [*many_sessions(args.only, SESSIONS[args.only], Path(folder))]
        except RunError as error:
            wrong = [str(error)]
    for text in wrong:
        print(f"WRONG: {args.only}: {text}", file=sys.stderr)
    print(f"{args.only}: {'wrong' if wrong else 'nothing lost, no growth beyond proportion'}\n", flush=True)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
