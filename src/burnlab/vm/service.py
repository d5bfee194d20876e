"""The recorder that is served for a guest which was given a disc file: a process of its own."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from burnlab.vm.address import parse_iscsi
from burnlab.vm.errors import VmError
from burnlab.vm.record import Process
from burnlab.vm.spec import IscsiAddress

_READY = "ready "
_READY_SECONDS = 60.0


def serve(argv: Sequence[str], folder: Path, name: str = "recorder") -> tuple[Process, IscsiAddress]:
    """Start a program that serves a recorder, and wait for its line `ready iscsi://...`.

    It outlives its parent; its output goes to a file NAME.out, which stays good when the parent is gone.
    Raises VmError with what the program said if it ends, or stays silent.
    """
    output, errors = folder / f"{name}.out", folder / f"{name}.log"
    with output.open("wb") as stdout, errors.open("wb") as stderr:
        child = subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr, start_new_session=True
        )
    process = Process.of(child.pid)
    deadline = time.monotonic() + _READY_SECONDS
    while time.monotonic() < deadline:
        ended = child.poll() is not None
        for line in output.read_text(errors="replace").splitlines(keepends=True):
            if line.startswith(_READY) and line.endswith("\n"):
                return process, parse_iscsi(line.removeprefix(_READY).strip())
        if ended:
            said = errors.read_text(errors="replace").strip() or f"exit code {child.returncode}"
            raise VmError(f"the recorder can't be served: {said}", "See: burnlab recorder serve --help")
        time.sleep(0.05)
    process.end()
    raise VmError(
        f"the recorder didn't get ready within {_READY_SECONDS:g} s", "Try it by hand: burnlab recorder serve"
    )
