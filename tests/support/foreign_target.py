"""tgtd for the tests of the initiator: in the foreground, with a control port and a portal of its own."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

IQN = "iqn.2024-01.org.burnlab:tgtd"
USER, SECRET = "reader", "a secret of sixteen"
TARGET_USER, TARGET_SECRET = "disk", "another of fifteen"
START_SECONDS = 60.0


def free_port() -> int:
    """A TCP port that nobody uses at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Tgtd:
    """A running tgtd with one disk LUN. `admin` runs tgtadm."""

    def __init__(self, port: int, control: int) -> None:
        self.port = port
        self._control = control

    @property
    def url(self) -> str:
        """Where the disk is."""
        return f"iscsi://127.0.0.1:{self.port}/{IQN}/1"

    def admin(self, *words: str) -> str:
        """Run a command of tgtadm; the daemon may not answer at once."""
        argv = ["tgtadm", "-C", str(self._control), "--lld", "iscsi", *words]
        deadline = time.monotonic() + START_SECONDS
        while True:
            run = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=START_SECONDS)
            if run.returncode == 0:
                return run.stdout
            if time.monotonic() > deadline:
                raise AssertionError(f"{argv}: {run.stderr}")
            time.sleep(0.05)

    def set(self, **parameters: str) -> None:
        """Change what the target negotiates."""
        for name, value in parameters.items():
            words = ("--op", "update", "--mode", "target", "--tid", "1", "-n", name, "-v", value)
            self.admin(*words)

    def want_chap(self, *, mutual: bool = False) -> None:
        """Ask initiators for CHAP."""
        accounts = [(USER, SECRET, ())]
        if mutual:
            accounts.append((TARGET_USER, TARGET_SECRET, ("--outgoing",)))
        for user, secret, way in accounts:
            self.admin("--op", "new", "--mode", "account", "--user", user, "--password", secret)
            self.admin("--op", "bind", "--mode", "account", "--tid", "1", "--user", user, *way)


@contextlib.contextmanager
def tgtd(image: Path, *, mode: str = "disk") -> Iterator[Tgtd]:
    """Run tgtd with an image behind LUN 1; skips the test where that isn't possible."""
    if shutil.which("tgtd") is None:
        pytest.skip("tgtd is missing: apt install tgt")
    if os.geteuid() != 0:
        pytest.skip("tgtd needs root")
    # The control port is the end of a socket's name, no TCP port: the process's number tells runs apart.
    port, control = free_port(), 1 + os.getpid() % 32000
    with (image.parent / "tgtd.log").open("wb") as log:
        argv = ["tgtd", "-f", "-C", str(control), "--iscsi", f"portal=127.0.0.1:{port}"]
        process = subprocess.Popen(argv, stdout=log, stderr=log)
    try:
        target = Tgtd(port, control)
        target.admin("--op", "new", "--mode", "target", "--tid", "1", "-T", IQN)
        words = ("--op", "new", "--mode", "logicalunit", "--tid", "1", "--lun", "1", "-b", str(image))
        target.admin(*words, "-Y", mode)
        target.admin("--op", "bind", "--mode", "target", "--tid", "1", "-I", "ALL")
        yield target
    finally:
        # It doesn't follow SIGTERM as long as it has targets.
        process.kill()
        process.wait()
        for leftover in ("", ".lock"):
            Path(f"/var/run/tgtd/socket.{control}{leftover}").unlink(missing_ok=True)
