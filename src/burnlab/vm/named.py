"""Debian guests: named ones that outlive the program which starts them, and the same for Python."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from burnlab.vm import accel, record, ssh
from burnlab.vm.address import DiscFile
from burnlab.vm.command import CommandResult, OnLine, check_xorriso
from burnlab.vm.errors import BadRequest, HostFault, VmError
from burnlab.vm.guest import as_recorders
from burnlab.vm.images import debian, with_burnlab
from burnlab.vm.images.recipes import DEBIAN_COMMAND_LINE, GUEST_USER, XORRISO_MINIMUM
from burnlab.vm.images.store import Image, Progress, ignore
from burnlab.vm.machine import CONSOLE_LOG, CONSOLE_SOCKET, INSTALL_QEMU, QMP_SOCKET, Machine, launch
from burnlab.vm.places import Places
from burnlab.vm.record import MachineRecord, Process
from burnlab.vm.service import serve
from burnlab.vm.spec import (
    Accel,
    Chap,
    Disk,
    HostDrive,
    IscsiAddress,
    IscsiRecorder,
    Kernel,
    Recorder,
    Share,
    VirtualDvd,
    VmSpec,
)

SSH_PORT = 5557
BOOT_SECONDS = 300.0
POWERDOWN_SECONDS = 60.0

ServeArgv = Callable[[Path, Path], Sequence[str]]
"""Disc file and control socket → the command that serves a recorder with that disc."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a user wants of a guest."""

    name: str = "default"
    recorder: IscsiAddress | HostDrive | DiscFile | None = None
    chap: Chap | None = None
    cdrom: Path | None = None
    ssh_port: int = SSH_PORT
    memory_mib: int = 512
    cpus: int = 2
    accelerator: str = "auto"
    shares: tuple[Share, ...] = ()
    with_burnlab: bool = False
    """Have Python and burnlab's burn program in the guest."""


def spec_of(
    wanted: Wanted, image: Image | Path, folder: Path, chosen: Accel, units: tuple[Recorder, ...]
) -> VmSpec:
    """Return the machine for what is wanted."""
    base = Image(image, {}) if isinstance(image, Path) else image
    return VmSpec(
        name=wanted.name,
        accel=chosen,
        kernel=Kernel(base.kernel, base.initrd, DEBIAN_COMMAND_LINE),
        console=folder / CONSOLE_SOCKET,
        console_log=folder / CONSOLE_LOG,
        qmp=folder / QMP_SOCKET,
        memory_mib=wanted.memory_mib,
        cpus=wanted.cpus,
        dvd=VirtualDvd(wanted.cdrom),
        recorders=units,
        disk=Disk(folder / "disk.qcow2"),
        shares=wanted.shares,
        ssh_port=wanted.ssh_port,
    )


def start(
    places: Places,
    wanted: Wanted,
    serve_argv: ServeArgv,
    progress: Progress,
    timeout: float = BOOT_SECONDS,
) -> MachineRecord:
    """Start a debian guest and return once it takes commands by ssh.

    Its disk is fresh each time. Raises VmError; then nothing is left running.
    """
    record.check_free(places, wanted.name)
    _check(wanted)
    image = (with_burnlab if wanted.with_burnlab else debian).ensure(places, progress)
    chosen = accel.choose(wanted.accelerator, places, progress)
    folder = record.claim(places, wanted.name)
    with contextlib.ExitStack() as undo:
        server, address, control = _serve(wanted, folder, serve_argv, progress)
        if server:
            undo.callback(server.end)
        units = as_recorders(_recorder(address, wanted.chap))
        spec = spec_of(wanted, image, folder, chosen, units)
        _make_overlay(image.folder / debian.DISK, folder / "disk.qcow2")
        with image.in_use() as handle:
            machine = launch(spec, folder, [handle])
        undo.callback(machine.kill)
        entry = MachineRecord(
            name=wanted.name,
            qemu=Process.of(machine.pid),
            argv=list(machine.argv),
            image=str(image.folder),
            ssh_port=wanted.ssh_port,
            accelerator=chosen.value,
            recorder=_text(wanted.recorder),
            cdrom=str(wanted.cdrom or ""),
            recorder_server=server,
            recorder_address=str(address or ""),
            recorder_control=str(control or ""),
        )
        record.save(folder, entry)
        progress("waiting for the guest's ssh server")
        ssh.await_answer(entry.access(GUEST_USER), timeout, machine.check, machine.console_tail)
        undo.pop_all()
    return entry


def stop(places: Places, name: str, powerdown_seconds: float = POWERDOWN_SECONDS) -> str:
    """End a machine and the recorder that was served for it. Return which way it took."""
    entry = record.load(places, name)
    if entry is None:
        raise VmError(f"there is no machine named {name}", "See which ones there are: burnlab vm status")
    machine = record.machine_of(places, entry)
    # The process id may mean somebody else's process by now.
    way = machine.stop(powerdown_seconds=powerdown_seconds) if entry.is_running else "ended by itself"
    if entry.recorder_server:
        entry.recorder_server.end()
    shutil.rmtree(machine.folder, ignore_errors=True)
    return way


@dataclass(slots=True)
class DebianGuest:
    """A running debian guest, for Python."""

    record: MachineRecord
    machine: Machine
    user: str = GUEST_USER
    xorriso_version: str | None = None

    def run(self, command: str, *, timeout: float = 60, on_line: OnLine | None = None) -> CommandResult:
        """Run a shell command by ssh as the normal user."""
        return self._run(self.user, command, timeout, on_line)

    def run_as_root(
        self, command: str, *, timeout: float = 60, on_line: OnLine | None = None
    ) -> CommandResult:
        """Run a shell command by ssh as root."""
        return self._run("root", command, timeout, on_line)

    def _run(self, user: str, command: str, timeout: float, on_line: OnLine | None) -> CommandResult:
        self.machine.check()
        return ssh.run(self.record.access(user), command, timeout, on_line)


@contextlib.contextmanager
def debian_guest(
    *,
    recorder: IscsiAddress | HostDrive | None = None,
    chap: Chap | None = None,
    cdrom: Path | None = None,
    shares: Sequence[Share] = (),
    memory: int = 512,
    cpus: int = 2,
    accelerator: str = "auto",
    places: Places | None = None,
    progress: Progress = ignore,
    boot_timeout: float = BOOT_SECONDS,
    own_program: bool = False,
) -> Iterator[DebianGuest]:
    """Start a debian guest at a free ssh port and end it with the block. Shares are mounted at /mnt/TAG.

    With `own_program` it has Python and burnlab's burn program.
    """
    places = places or Places.of_user(os.environ)
    port = _free_port()
    wanted = Wanted(
        name=f"lab-{os.getpid()}-{port}",
        recorder=recorder,
        chap=chap,
        cdrom=cdrom,
        ssh_port=port,
        memory_mib=memory,
        cpus=cpus,
        accelerator=accelerator,
        shares=tuple(shares),
        with_burnlab=own_program,
    )
    entry = start(places, wanted, _no_server, progress, boot_timeout)
    try:
        guest = DebianGuest(entry, record.machine_of(places, entry))
        guest.xorriso_version = check_xorriso(guest, XORRISO_MINIMUM)
        for share in wanted.shares:
            mount_share(entry, share)
        yield guest
    finally:
        stop(places, wanted.name, powerdown_seconds=0)


def mount_share(entry: MachineRecord, share: Share) -> None:
    """Mount a shared folder at /mnt/TAG in a debian guest."""
    options = f"trans=virtio,version=9p2000.L,msize=262144,{'rw' if share.writable else 'ro'}"
    where = f"/mnt/{share.tag}"
    command = f"mkdir -p {where} && mount -t 9p -o {options} {share.tag} {where}"
    result = ssh.run(entry.access("root"), command, 60, None)
    if result.exit_code:
        raise VmError(f"the guest can't mount the shared folder {share.path}: {result.stderr.strip()}")


def _check(wanted: Wanted) -> None:
    if wanted.cdrom and not wanted.cdrom.is_file():
        raise BadRequest(
            f"there is no image {wanted.cdrom}", "--cdrom takes a readable file, an ISO image say."
        )
    if isinstance(wanted.recorder, DiscFile) and not wanted.recorder.path.is_dir():
        path = wanted.recorder.path
        raise BadRequest(f"there is no disc {path}", f"Make one: burnlab disc create {path} --type dvd-rw")
    if isinstance(wanted.recorder, HostDrive) and not wanted.recorder.path.exists():
        raise BadRequest(f"there is no drive {wanted.recorder.path}", "See: ls /dev/sr* /dev/sg*")
    if wanted.chap and not wanted.chap.secret_file.is_file():
        raise BadRequest(f"there is no file {wanted.chap.secret_file}", "It has to hold the CHAP secret.")
    if not _is_free(wanted.ssh_port):
        raise VmError(
            f"port {wanted.ssh_port} of this host is in use",
            "Stop what uses it (burnlab vm status), or choose another with --ssh-port.",
        )


def _serve(
    wanted: Wanted, folder: Path, serve_argv: ServeArgv, progress: Progress
) -> tuple[Process | None, IscsiAddress | HostDrive | None, Path | None]:
    if not isinstance(wanted.recorder, DiscFile):
        return None, wanted.recorder, None
    control = folder / "recorder.sock"
    server, address = serve(serve_argv(wanted.recorder.path.absolute(), control), folder)
    progress(f"serving {wanted.recorder.path} at {address}")
    return server, address, control


def _recorder(address: IscsiAddress | HostDrive | None, chap: Chap | None) -> Recorder | None:
    return IscsiRecorder(address, chap) if isinstance(address, IscsiAddress) else address


def _no_server(disc: Path, _control: Path) -> Sequence[str]:
    raise BadRequest(f"{disc} is a disc file", "Serve it first: burnlab recorder serve")


def _text(recorder: IscsiAddress | HostDrive | DiscFile | None) -> str:
    if recorder is None:
        return ""
    return str(recorder) if isinstance(recorder, IscsiAddress) else str(recorder.path)


def _make_overlay(base: Path, overlay: Path) -> None:
    argv = ["qemu-img", "create", "-q", "-f", "qcow2", "-b", str(base), "-F", "raw", str(overlay)]
    try:
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise HostFault("there is no qemu-img on this host", f"Install it: {INSTALL_QEMU}") from error
    if done.returncode:
        raise HostFault(
            f"the guest's disk can't be made: {done.stderr.strip()}", "Look for room on the disk."
        )


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((ssh.ADDRESS, port))
        except OSError:
            return False
    return True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((ssh.ADDRESS, 0))
        return int(probe.getsockname()[1])
