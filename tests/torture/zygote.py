"""Processes to be killed, each in milliseconds: everything is imported once, then each is a fork of it.

As a program it reads a JSON line for each process that is wanted, and forks; the process says so by a line.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

HASTE = 1000.0
"""How many times faster the recorder's clock runs: a blanking of seconds is over in milliseconds."""
START_SECONDS = 60.0


def serve(request: dict[str, Any], out: TextIO) -> None:
    """A recorder with a disc in its tray and a target in front of it, as `burnlab recorder serve` has."""
    from burnlab.iscsi.server import TargetConfig, TargetServer
    from burnlab.lab.serving import HandledRecorder
    from burnlab.recorder import MODELS

    recorder = HandledRecorder(MODELS["generic"], now=lambda: time.monotonic() * HASTE)
    recorder.holder = "a recorder that will be killed"
    if request.get("early"):
        tell(out, "")
    recorder.load(Path(request["disc"]))
    target = TargetServer(recorder.unit, TargetConfig(port=0), lock=recorder._lock)
    target.start()
    if not request.get("early"):
        tell(out, target.url)
    wait_for_the_parent()


def burn_program(request: dict[str, Any], out: TextIO) -> None:
    """Our own burn program with its words."""
    from burnlab.cli.xorriso import main

    os.chdir(request["folder"])
    tell(out, "")
    log = os.open(request["log"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    for fd in (1, 2):
        os.dup2(log, fd)
    sys.argv = ["bxorriso", *request["words"]]
    try:
        main()
    except SystemExit as ended:
        os._exit(int(ended.code or 0))


JOBS = {"serve": serve, "burn_program": burn_program}


def tell(out: TextIO, url: str) -> None:
    """Say who one is, by one write."""
    out.write(json.dumps({"pid": os.getpid(), "url": url}) + "\n")
    out.flush()


def wait_for_the_parent() -> None:
    """Live as long as the parent does."""
    parent = os.getppid()
    while os.getppid() == parent:
        time.sleep(0.2)


def main() -> None:
    """Fork until there is nobody left to ask for it."""
    import burnlab.burn.mmc
    import burnlab.cli.units
    import burnlab.cli.xorriso
    import burnlab.disc.folder
    import burnlab.iso9660.emit
    import burnlab.iso9660.image
    import burnlab.iso9660.layout
    import burnlab.iso9660.load
    import burnlab.lab.serving
    import burnlab.recorder  # noqa: F401

    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for line in sys.stdin:
        request = json.loads(line)
        if os.fork():
            continue
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        sys.stdin = open(0, closefd=False)  # noqa: SIM115 - it stays open until the end
        try:
            JOBS[request["job"]](request, sys.stdout)
        except BaseException as error:  # whoever asked has to learn of it
            with suppress(OSError):
                sys.stderr.write(f"{request}: {type(error).__name__}: {error}\n")
                sys.stderr.flush()
        finally:
            os._exit(70)


@dataclass
class Victim:
    """A process that is going to be killed. It is no child of ours, so it is held by a descriptor; by none if
    it had ended before it could be held.
    """

    pid: int
    fd: int
    url: str

    @classmethod
    def hold(cls, pid: int, url: str) -> Victim:
        """Take hold of a process."""
        try:
            return cls(pid, os.pidfd_open(pid), url)
        except ProcessLookupError:
            return cls(pid, -1, url)

    def kill(self) -> None:
        """SIGKILL; one that has ended already is left alone."""
        if self.fd >= 0:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(self.fd, signal.SIGKILL)

    def wait(self, seconds: float = 60.0) -> bool:
        """Wait until it is gone, and its locks with it; returns whether it is."""
        if self.fd < 0:
            return True
        poll = select.poll()
        poll.register(self.fd, select.POLLIN)
        return bool(poll.poll(seconds * 1000))

    def close(self) -> None:
        """Kill it, wait until it is gone, and let go."""
        if self.fd >= 0:
            self.kill()
            assert self.wait(), f"process {self.pid} can't be killed"
            os.close(self.fd)
            self.fd = -1


class Zygote:
    """The process that forks, from outside."""

    def __init__(self) -> None:
        tests = Path(__file__).parent.parent
        path = os.pathsep.join([str(tests), *filter(None, [os.environ.get("PYTHONPATH")])])
        self._process = subprocess.Popen(
            [sys.executable, "-m", "torture.zygote"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": path},
        )

    def __enter__(self) -> Zygote:
        return self

    def __exit__(self, *_exc: object) -> None:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(30)
        self._process.stdout.close()

    def _ask(self, **request: object) -> Victim:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        ready, _, _ = select.select([self._process.stdout], [], [], START_SECONDS)
        line = self._process.stdout.readline() if ready else ""
        if not line:
            raise RuntimeError(f"no process came of {request}")
        told = json.loads(line)
        return Victim.hold(told["pid"], told["url"])

    def serve(self, disc: Path, *, early: bool = False) -> Victim:
        """A recorder with a disc, once it answers; or `early`, before it has even looked at the disc."""
        return self._ask(job="serve", disc=str(disc), early=early)

    def burn_program(self, folder: Path, words: list[str], log: Path) -> Victim:
        """The burn program, at its first word."""
        return self._ask(job="burn_program", folder=str(folder), words=words, log=str(log))


if __name__ == "__main__":
    main()
