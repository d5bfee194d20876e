"""A running QEMU: started as a child, watched, and ended."""

from __future__ import annotations

import contextlib
import logging
import os
import re
import shlex
import signal
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from burnlab.vm.argv import PROGRAM, qemu_argv
from burnlab.vm.errors import HostFault, LaunchFailure, VmError
from burnlab.vm.qmp import Qmp
from burnlab.vm.spec import VmSpec

log = logging.getLogger(__name__)

INSTALL_QEMU = "sudo apt-get install qemu-system-x86 qemu-utils qemu-block-extra"
CONSOLE_LOG = "console.log"
OUTPUT_LOG = "qemu.log"
QMP_SOCKET = "qmp"
CONSOLE_SOCKET = "console"
_TAIL_BYTES = 4000

HINTS: tuple[tuple[str, str], ...] = (
    (r"Unknown driver 'iscsi'|[Uu]nknown protocol 'iscsi'|block-iscsi",
     "QEMU's iSCSI module is missing: sudo apt-get install qemu-block-extra"),
    (r"Could not set up host forwarding rule",
     "The port for ssh is taken: stop what uses it (burnlab vm status), or choose another with --ssh-port."),
    (r"readcapacity|read_capacity",
     "The recorder's tray is empty and its target doesn't let that pass: put a disc in before the start."),
    (r"No more connections|[Cc]onnection refused|Failed to connect|connect to .* failed|Failed to log",
     "Nothing answers there as a recorder, or it refuses this guest: see that it is served "
     "(burnlab recorder serve) and that the address and the CHAP names are right."),
    (r"Is this a SCSI device",
     "QEMU can't start with /dev/srN while no medium is in it: put one in, or load the module sg "
     "(sudo modprobe sg), whose node has no such need."),
    (r"Could not access KVM|failed to initialize kvm|/dev/kvm",
     "KVM can't be used here: start with --accel tcg."),
    (r"/dev/s[rg]\d.*(Permission denied|Operation not permitted)",
     "You need read and write permission for the drive: join the group cdrom and log in again."),
    (r"Could not open '/dev/s[rg]\d+'.*(No such file|No such device)",
     "There is no such drive: see `ls /dev/sr* /dev/sg*`."),
    (r"Could not open '.*(No such file|Permission denied)", "See that the file is there, for you to read."),
    (r"Failed to get .* lock", "Another machine uses this disk or drive: see burnlab vm status."),
    (r"[Cc]annot set up guest memory|Cannot allocate memory", "Give the guest less memory: --memory 256."),
)  # fmt: skip
"""Pattern in QEMU's output → what to do next."""


@dataclass(slots=True)
class Machine:
    """A QEMU process with its folder: sockets, logs. Another process than its parent may hold one, too."""

    folder: Path
    argv: Sequence[str]
    pid: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def is_running(self) -> bool:
        """Whether QEMU is there."""
        if self.process:
            return self.process.poll() is None
        return started_at(self.pid) is not None

    def check(self) -> None:
        """Raise LaunchFailure if QEMU has ended."""
        if not self.is_running:
            code = self.process.returncode if self.process else None
            tail = self.output_tail()
            raise LaunchFailure(code, self.argv, tail, self._hint(tail, code))

    def qmp(self, timeout: float = 30) -> Qmp:
        """Connect to the monitor. Only one connection at a time is served."""
        return Qmp(self.folder / QMP_SOCKET, timeout=timeout, alive=self.check)

    def _hint(self, output: str, code: int | None) -> str:
        if code == 0:
            last = " | ".join(self.console_tail().strip().splitlines()[-3:])
            return f"The guest shut itself down. The last it said was: {last or 'nothing'}"
        for pattern, hint in HINTS:
            if re.search(pattern, output):
                return hint
        if code is not None and code < 0:
            return f"Signal {-code} ended it: see whether the host ran out of memory, then start it again."
        return "See what this host lacks: burnlab doctor"

    def output_tail(self) -> str:
        """Return the end of what QEMU printed."""
        return _tail(self.folder / OUTPUT_LOG)

    def console_tail(self) -> str:
        """Return the end of what the guest wrote to its console."""
        return _tail(self.folder / CONSOLE_LOG)

    def wait(self, seconds: float) -> bool:
        """Wait for QEMU's end; tell whether it came."""
        deadline = time.monotonic() + seconds
        while self.is_running:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.05)
        return True

    def stop(self, *, powerdown_seconds: float = 0) -> str:
        """End QEMU, by the guest's own shutdown if time is given for it. Return which way it took."""
        ways = [("system_powerdown", powerdown_seconds)] if powerdown_seconds else []
        for command, seconds in [*ways, ("quit", 5.0)]:
            if not self.is_running:
                break
            with contextlib.suppress(VmError), self.qmp(timeout=5) as monitor:
                monitor.execute(command, timeout=5)
            if self.wait(seconds):
                return command
        return self.kill()

    def kill(self) -> str:
        """End QEMU without asking."""
        if not self.is_running:
            return "ended by itself"
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        self.wait(10)
        return "SIGKILL"


def launch(spec: VmSpec, folder: Path, keep_open: Sequence[int] = ()) -> Machine:
    """Start QEMU and return once its devices are up, the recorder's login included.

    QEMU gets a session of its own: Ctrl-C on the terminal is for the program that talks to the guest.
    Raises LaunchFailure if QEMU ends before that.
    """
    argv = qemu_argv(spec)
    log.info("starting %s", shlex.join(argv))
    with (folder / OUTPUT_LOG).open("wb") as output:
        try:
            process = subprocess.Popen(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=keep_open,
            )
        except FileNotFoundError as error:
            raise HostFault(f"there is no {PROGRAM} on this host", f"Install it: {INSTALL_QEMU}") from error
        except OSError as error:
            raise HostFault(
                f"{PROGRAM} can't be started: {error.strerror}", f"Install it: {INSTALL_QEMU}"
            ) from error
    machine = Machine(folder, argv, process.pid, process)
    try:
        machine.qmp(timeout=120).close()
    except BaseException:
        machine.kill()
        raise
    return machine


def started_at(pid: int) -> int | None:
    """Return when a process started, in the kernel's clock ticks, or None if it is gone.

    Process ids are used again: only together with its start does one mean the same process.
    """
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else int(fields[19])


def _tail(path: Path) -> str:
    try:
        with path.open("rb") as handle:
            size = handle.seek(0, os.SEEK_END)
            handle.seek(max(0, size - _TAIL_BYTES))
            return handle.read().decode(errors="replace").replace("\r", "")
    except OSError:
        return ""
