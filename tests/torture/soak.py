"""A hundred connections that log in, read, burn, abort, hang and vanish, and the target's memory after it.

    PYTHONPATH=tests python -m torture.soak --seconds 600

The recorder is served by the real command. Its memory, threads and open files are compared after all
connections are gone: with what they were after a first part of the same. Exit value 1: it has more than it
began with.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from burnlab.burn.drive import DriveError, WriteRequest
from burnlab.burn.mmc import MmcDrive
from burnlab.disc.folder import create, open_disc
from burnlab.iscsi.client import IscsiUnit, discover
from burnlab.iscsi.pdu import FINAL, LoginRequest, NopOut, ScsiCommand, TaskManagementRequest
from burnlab.iscsi.server import DEFAULT_IQN
from burnlab.scsi.transport import TransportError
from support.iscsi_client import Client
from support.iscsi_initiator import TEST_UNIT_READY, pdu, read10, write10
from support.served import ServedProcess
from torture.model import BLOCK, content

WARM_SHARE = 0.25
"""Part of the time after which the memory counts as what it began with."""
TOLERATED = 1.10
TOLERATED_KIB = 6 << 10
SESSIONS = 4
SETTLE_SECONDS = 30.0
PATIENCE = 120.0
"""Seconds that a worker waits for an answer: a hundred of them share a machine."""


@dataclass(frozen=True)
class Sample:
    """What a process has: resident memory in KiB, the most it ever was, threads, open files."""

    resident: int
    peak: int
    threads: int
    files: int

    @classmethod
    def of(cls, pid: int) -> Sample:
        """As it is now."""
        status = dict(
            line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines() if ":" in line
        )
        files = len(list(Path(f"/proc/{pid}/fd").iterdir()))
        resident, peak = (int(status[name].split()[0]) for name in ("VmRSS", "VmHWM"))
        return cls(resident, peak, int(status["Threads"]), files)


@dataclass
class Soak:
    """Workers on one target, and what they did."""

    address: tuple[str, int]
    url: str
    seed: int
    until: float = 0.0
    done: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def work(self, connections: int, seconds: float) -> None:
        """Let them work for so long; all connections are closed when this returns."""
        self.until = time.monotonic() + seconds
        workers = [threading.Thread(target=self._burn)]
        workers += [threading.Thread(target=self._worker, args=(n,)) for n in range(connections - 1)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()

    @property
    def goes_on(self) -> bool:
        """There is time left."""
        return time.monotonic() < self.until and not self.wrong

    # One that burns.

    def _burn(self) -> None:
        stamp = 0
        while self.goes_on:
            stamp += 1
            try:
                with closing(IscsiUnit.connect(self.url)) as unit:
                    self._burn_once(MmcDrive(self.url, unit, time.sleep), stamp)
                self.done["burns"] += 1
            except (DriveError, TransportError) as error:
                self.wrong.append(f"a burn failed: {error}")

    def _burn_once(self, drive: MmcDrive, stamp: int) -> None:
        medium = drive.medium()
        if len({track.session for track in medium.tracks}) >= SESSIONS or medium.next_writable is None:
            drive.blank("all", lambda _done: None)
            self.done["blankings"] += 1
            medium = drive.medium()
        lba = medium.next_writable
        assert lba is not None
        drive.begin(WriteRequest(lba, 256, mode="tao"))
        drive.write(content(lba, 256, stamp))
        drive.finish(lambda _done: None)
        drive.medium()
        if drive.read(lba, 256) != content(lba, 256, stamp):
            self.wrong.append(f"session {stamp} at LBA {lba} isn't what was burnt")

    # Those that do all else.

    def _worker(self, number: int) -> None:
        dice = random.Random(f"{self.seed}/{number}")
        count = 0
        while self.goes_on:
            count += 1
            name, deed = dice.choice(DEEDS)
            try:
                if deed is look_around:
                    look_around(self.url)
                    self.done[name] += 1
                    continue
                name_of_its_own = f"iqn.2024-01.test:soak-{number}"
                with closing(
                    Client(self.address, initiator=name_of_its_own, target=DEFAULT_IQN, timeout=PATIENCE)
                ) as client:
                    deed(client, dice)
                self.done[name] += 1
            except RefusedError:
                self.done["refused"] += 1
                time.sleep(0.05)
            except (OSError, EOFError, TransportError) as error:
                if self.goes_on:
                    self.wrong.append(f"{name}: {type(error).__name__}: {error}")


class RefusedError(Exception):
    """The target has as many connections as it takes: it still clears away those that have vanished."""


def enter(client: Client, **keys: str) -> None:
    """Log in."""
    try:
        client.login(**keys)
    except (ConnectionError, EOFError) as error:
        raise RefusedError from error


Deed = Callable[[Client, random.Random], None]


def work_and_leave(client: Client, dice: random.Random) -> None:
    """Log in, ask and read a few times, vanish without a word."""
    enter(client)
    for _ in range(dice.randrange(1, 20)):
        client.run(TEST_UNIT_READY)
        client.ping()
    with suppress(AssertionError):
        client.run(read10(0, 16), 16 * BLOCK)


def look_around(url: str) -> None:
    """Discovery."""
    try:
        discover("iscsi://" + url.removeprefix("iscsi://").split("/")[0])
    except TransportError as error:
        raise RefusedError from error


def write_and_abort(client: Client, dice: random.Random) -> None:
    """Announce writes, never bring their data, abort them."""
    enter(client, InitialR2T="Yes", ImmediateData="No")
    for _ in range(dice.randrange(1, 10)):
        header = ScsiCommand(
            flags=FINAL | 0x20, itt=client.cmd_sn, edtl=1 << 20, cmd_sn=client.cmd_sn, cdb=write10(0, 512)
        )
        client.cmd_sn += 1
        client.socket.sendall(pdu(header))
    client.receive()
    abort = TaskManagementRequest(immediate=True, flags=FINAL | 2, itt=0x6000, cmd_sn=client.cmd_sn)
    client.socket.sendall(pdu(abort))
    client.receive()


def half_a_pdu(client: Client, dice: random.Random) -> None:
    """Vanish in the middle of a PDU."""
    enter(client)
    whole = pdu(NopOut(immediate=True, itt=5, cmd_sn=1), bytes(200_000))
    client.socket.sendall(whole[: dice.randrange(1, len(whole))])


def half_a_login(client: Client, dice: random.Random) -> None:
    """Vanish in the middle of the login."""
    request = pdu(LoginRequest(flags=0x40 | 1 << 2, isid=client.isid, itt=1, cmd_sn=1), b"A=" + bytes(4000))
    client.socket.sendall(request[: dice.randrange(1, len(request))])


def nonsense(client: Client, dice: random.Random) -> None:
    """Bytes that mean nothing."""
    with suppress(OSError):
        client.socket.sendall(dice.randbytes(dice.randrange(1, 5000)))


def ask_and_vanish(client: Client, dice: random.Random) -> None:
    """A burst of reads, none of whose answers is taken."""
    enter(client)
    burst = b"".join(
        pdu(ScsiCommand(flags=FINAL | 0x40, itt=n, edtl=1 << 19, cmd_sn=n, cdb=read10(0, 256)))
        for n in range(1, dice.randrange(2, 60))
    )
    client.socket.sendall(burst)
    time.sleep(dice.uniform(0.0, 0.05))


def stay(client: Client, dice: random.Random) -> None:
    """Log in and do nothing for a while."""
    enter(client)
    time.sleep(dice.uniform(0.0, 0.5))


DEEDS: tuple[tuple[str, Any], ...] = (
    ("logins that work", work_and_leave),
    ("discoveries", look_around),
    ("aborts", write_and_abort),
    ("PDUs cut off", half_a_pdu),
    ("logins cut off", half_a_login),
    ("nonsense", nonsense),
    ("reads not taken", ask_and_vanish),
    ("idle sessions", stay),
)


def settled(pid: int, idle: Sample) -> Sample:
    """The process once its connections are gone, as far as they go."""
    deadline = time.monotonic() + SETTLE_SECONDS
    while True:
        sample = Sample.of(pid)
        if (sample.threads, sample.files) == (idle.threads, idle.files) or time.monotonic() > deadline:
            time.sleep(0.2)
            return Sample.of(pid)
        time.sleep(0.1)


def run(folder: Path, connections: int, seconds: float, seed: int) -> dict[str, Any]:
    """Soak a target; the figures, and under `wrong` what must not be."""
    disc = folder / "soak.disc"
    create(disc, "dvd-rw")
    with ServedProcess(folder, disc) as served:
        pid = served.process.pid
        soak = Soak(("127.0.0.1", served.port), served.url, seed)
        idle = Sample.of(pid)
        soak.work(connections, seconds * WARM_SHARE)
        began = settled(pid, idle)
        soak.work(connections, seconds * (1 - WARM_SHARE))
        ended = settled(pid, idle)
        said = served.end()
    wrong = list(soak.wrong)
    if ended.resident > max(began.resident * TOLERATED, began.resident + TOLERATED_KIB):
        wrong.append(f"the memory grew from {began.resident} to {ended.resident} KiB")
    if (ended.threads, ended.files) != (idle.threads, idle.files):
        wrong.append(f"threads and files were {idle}, and are {ended}")
    if "Traceback" in said:
        wrong.append(said)
    disc_now = open_disc(disc, read_only=True)
    sessions = len(disc_now.session_views())
    disc_now.close()
    return {
        "connections": connections,
        "seconds": seconds,
        "resident_kib": {
            "idle": idle.resident,
            "began": began.resident,
            "ended": ended.resident,
            "peak": ended.peak,
        },
        "threads": ended.threads,
        "files": ended.files,
        "done": dict(sorted(soak.done.items())),
        "sessions_on_disc": sessions,
        "wrong": wrong,
    }


def main() -> int:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(prog="soak", description=__doc__.split("\n\n", 1)[0])
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--connections", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="the figures for programs")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="burnlab-soak-") as folder:
        figures = run(Path(folder), args.connections, args.seconds, args.seed)
    if args.json:
        print(json.dumps(figures, indent=2))
    else:
        memory = figures["resident_kib"]
        print(f"{figures['connections']} connections for {figures['seconds']:g} s: ", end="")
        print(", ".join(f"{what} {n}" for what, n in figures["done"].items()))
        print(
            f"memory of the target: {memory['idle']} KiB idle, {memory['began']} after the first quarter, "
            f"{memory['ended']} at the end, {memory['peak']} at the most; "
            f"{figures['threads']} threads, {figures['files']} open files"
        )
        for text in figures["wrong"]:
            print(f"WRONG: {text}", file=sys.stderr)
    return 1 if figures["wrong"] else 0


if __name__ == "__main__":
    sys.exit(main())
