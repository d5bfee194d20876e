"""Named guests, which outlive the program that starts them, and debian guests for Python."""

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
from burnlab.vm.channel import ports
from burnlab.vm.command import CommandResult, OnLine, check_xorriso
from burnlab.vm.errors import BadRequest, HostFault, VmError
from burnlab.vm.guest import CHANNELS, attached, kernel_of, mount
from burnlab.vm.handing import check_drive, fitted, handed
from burnlab.vm.images import debian, micro, with_burnlab
from burnlab.vm.images.recipes import DEBIAN_COMMAND_LINE, GUEST_USER, XORRISO_MINIMUM
from burnlab.vm.images.store import Image, Progress, ignore
from burnlab.vm.machine import CONSOLE_LOG, CONSOLE_SOCKET, INSTALL_QEMU, QMP_SOCKET, Machine, launch
from burnlab.vm.places import Places
from burnlab.vm.record import MachineRecord, Process, RecorderRecord
from burnlab.vm.service import serve
from burnlab.vm.spec import (
    Accel,
    Chap,
    Disk,
    Hba,
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
ANSWER_SECONDS = 60.0
GUESTS = ("debian", "micro")
_NO_LIMIT = 1e7

ServeArgv = Callable[[Path, Path], Sequence[str]]
"""Disc file and control socket → the command that serves a recorder with that disc."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a user wants of a guest."""

    name: str = "default"
    guest: str = "debian"
    recorders: tuple[IscsiAddress | HostDrive | DiscFile, ...] = ()
    chap: Chap | None = None
    cdrom: Path | None = None
    dvdrom: bool = True
    """Have the virtual DVD-ROM as /dev/sr0; without it (and without an image) the recorders begin there."""
    hba: Hba = Hba.VIRTIO_SCSI
    ssh_port: int = SSH_PORT
    memory_mib: int = 512
    cpus: int = 2
    accelerator: str = "auto"
    shares: tuple[Share, ...] = ()
    with_burnlab: bool = False
    """Have Python and burnlab's burn program in the guest."""
    packages: tuple[str, ...] = ()
    """Debian packages that the debian guest has beside its own."""
    release: str = ""
    """Code name of the debian guest's release; empty: the host's own."""

    @property
    def is_micro(self) -> bool:
        """Whether the guest has no disk and no ssh: its commands come by ports of its own."""
        return self.guest == "micro"


def spec_of(
    wanted: Wanted, image: Image | Path, folder: Path, chosen: Accel, units: tuple[Recorder, ...]
) -> VmSpec:
    """Return the machine for what is wanted."""
    base = Image(image, {}) if isinstance(image, Path) else image
    dvd = VirtualDvd(wanted.cdrom) if wanted.dvdrom or wanted.cdrom else None
    micro_kernel = kernel_of(base, dvd, units, stays=True)
    return VmSpec(
        name=wanted.name,
        accel=chosen,
        kernel=micro_kernel if wanted.is_micro else Kernel(base.kernel, base.initrd, DEBIAN_COMMAND_LINE),
        console=folder / CONSOLE_SOCKET,
        console_log=folder / CONSOLE_LOG,
        qmp=folder / QMP_SOCKET,
        memory_mib=wanted.memory_mib,
        cpus=wanted.cpus,
        dvd=dvd,
        recorders=units,
        disk=None if wanted.is_micro else Disk(folder / "disk.qcow2"),
        shares=wanted.shares,
        ports=ports(folder, CHANNELS) if wanted.is_micro else (),
        ssh_port=None if wanted.is_micro else wanted.ssh_port,
        hba=wanted.hba,
    )


def start(
    places: Places,
    wanted: Wanted,
    serve_argv: ServeArgv,
    progress: Progress,
    timeout: float = BOOT_SECONDS,
) -> MachineRecord:
    """Start a guest and return once it takes commands.

    Its disk is fresh each time. Raises VmError; then nothing is left running.
    """
    record.check_free(places, wanted.name)
    _check(wanted)
    image = _image(places, wanted, progress)
    chosen = accel.choose(wanted.accelerator, places, progress)
    folder = record.claim(places, wanted.name)
    with contextlib.ExitStack() as undo:
        served, addresses = _serve(wanted, folder, serve_argv, progress, undo)
        named = [_recorder(address, wanted.chap) for address in addresses]
        with handed(named, progress) as (units, handles), image.in_use() as in_use:
            spec = fitted(spec_of(wanted, image, folder, chosen, units), places, progress)
            if spec.disk:
                _make_overlay(image.folder / debian.DISK, spec.disk.path)
            machine = launch(spec, folder, [in_use, *handles])
        undo.callback(machine.kill)
        entry = MachineRecord(
            name=wanted.name,
            qemu=Process.of(machine.pid),
            argv=list(machine.argv),
            image=str(image.folder),
            ssh_port=spec.ssh_port or 0,
            accelerator=chosen.value,
            cdrom=str(wanted.cdrom or ""),
            recorders=served,
            guest=wanted.guest,
        )
        record.save(folder, entry)
        _await(entry, machine, timeout, progress)
        undo.pop_all()
    return entry


def micro_sets(wanted: Wanted) -> list[str]:
    """Return the program sets of the micro guest that is wanted."""
    return ["xorriso"] if wanted.hba is Hba.VIRTIO_SCSI else ["xorriso", "usb"]


def _image(places: Places, wanted: Wanted, progress: Progress) -> Image:
    if wanted.is_micro:
        return micro.ensure(places, micro_sets(wanted), progress)
    ensure = with_burnlab.ensure if wanted.with_burnlab else debian.ensure
    return ensure(places, progress, wanted.packages, wanted.release)


def _await(entry: MachineRecord, machine: Machine, timeout: float, progress: Progress) -> None:
    if entry.is_micro:
        progress("waiting for the guest")
        with attached(machine, timeout):
            return
    progress("waiting for the guest's ssh server")
    ssh.await_answer(entry.access(GUEST_USER), timeout, machine.check, machine.console_tail)


def stop(places: Places, name: str, powerdown_seconds: float = POWERDOWN_SECONDS) -> str:
    """End a machine and the recorder that was served for it. Return which way it took."""
    entry = record.load(places, name)
    if entry is None:
        raise VmError(f"there is no machine named {name}", "See which ones there are: burnlab vm status")
    machine = record.machine_of(places, entry)
    # The process id may mean somebody else's process by now.
    way = machine.stop(powerdown_seconds=powerdown_seconds) if entry.is_running else "ended by itself"
    entry.end_servers()
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
    recorder: IscsiAddress | HostDrive | Sequence[IscsiAddress | HostDrive] = (),
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
    packages: Sequence[str] = (),
    hba: Hba = Hba.VIRTIO_SCSI,
    dvdrom: bool = True,
) -> Iterator[DebianGuest]:
    """Start a debian guest at a free ssh port and end it with the block. Shares are mounted at /mnt/TAG.

    With `own_program` it has Python and burnlab's burn program; `packages` are more of Debian's.
    """
    places = places or Places.of_user(os.environ)
    port = _free_port()
    wanted = Wanted(
        name=f"lab-{os.getpid()}-{port}",
        recorders=(recorder,) if isinstance(recorder, IscsiAddress | HostDrive) else tuple(recorder),
        hba=hba,
        dvdrom=dvdrom,
        chap=chap,
        cdrom=cdrom,
        ssh_port=port,
        memory_mib=memory,
        cpus=cpus,
        accelerator=accelerator,
        shares=tuple(shares),
        with_burnlab=own_program,
        packages=tuple(packages),
    )
    entry = start(places, wanted, _no_server, progress, boot_timeout)
    try:
        guest = DebianGuest(entry, record.machine_of(places, entry))
        guest.xorriso_version = check_xorriso(guest, XORRISO_MINIMUM)
        for share in wanted.shares:
            mount_share(places, entry, share)
        yield guest
    finally:
        stop(places, wanted.name, powerdown_seconds=0)


def mount_share(places: Places, entry: MachineRecord, share: Share) -> None:
    """Mount a shared folder at /mnt/TAG in a guest."""
    if entry.is_micro:
        with attached(record.machine_of(places, entry), ANSWER_SECONDS) as guest:
            mount(guest, [share])
        return
    options = f"trans=virtio,version=9p2000.L,msize=262144,{'rw' if share.writable else 'ro'}"
    where = f"/mnt/{share.tag}"
    command = f"mkdir -p {where} && mount -t 9p -o {options} {share.tag} {where}"
    result = ssh.run(entry.access("root"), command, 60, None)
    if result.exit_code:
        raise VmError(f"the guest can't mount the shared folder {share.path}: {result.stderr.strip()}")


def run_in_micro(places: Places, entry: MachineRecord, command: str, on_line: OnLine) -> CommandResult:
    """Run a shell command to its end in a micro guest that was started to stay, as root."""
    with attached(record.machine_of(places, entry), ANSWER_SECONDS) as guest:
        return guest.run(command, timeout=_NO_LIMIT, on_line=on_line)


def _check(wanted: Wanted) -> None:
    if wanted.guest not in GUESTS:
        raise BadRequest(f"there is no guest '{wanted.guest}'", f"Choose {' or '.join(GUESTS)}.")
    if wanted.is_micro and (wanted.with_burnlab or wanted.packages or wanted.release):
        raise BadRequest("the micro guest takes no more programs here", "Use the debian guest.")
    if wanted.cdrom and not wanted.cdrom.is_file():
        raise BadRequest(
            f"there is no image {wanted.cdrom}", "--cdrom takes a readable file, an ISO image say."
        )
    for unit in wanted.recorders:
        if isinstance(unit, DiscFile) and not unit.path.is_dir():
            make = f"Make one: burnlab disc create {unit.path} --type dvd-rw"
            raise BadRequest(f"there is no disc {unit.path}", make)
        if isinstance(unit, HostDrive):
            check_drive(unit, ignore)
    if wanted.chap and not wanted.chap.secret_file.is_file():
        raise BadRequest(f"there is no file {wanted.chap.secret_file}", "It has to hold the CHAP secret.")
    if not wanted.is_micro and not _is_free(wanted.ssh_port):
        raise VmError(
            f"port {wanted.ssh_port} of this host is in use",
            "Stop what uses it (burnlab vm status), or choose another with --ssh-port.",
        )


def _serve(
    wanted: Wanted, folder: Path, serve_argv: ServeArgv, progress: Progress, undo: contextlib.ExitStack
) -> tuple[list[RecorderRecord], list[IscsiAddress | HostDrive]]:
    """Serve a recorder for each disc file; what the others are is known already."""
    records: list[RecorderRecord] = []
    addresses: list[IscsiAddress | HostDrive] = []
    for number, unit in enumerate(wanted.recorders, 1):
        if not isinstance(unit, DiscFile):
            text = str(unit) if isinstance(unit, IscsiAddress) else str(unit.path)
            records.append(RecorderRecord(text, text))
            addresses.append(unit)
            continue
        stem = "recorder" if number == 1 else f"recorder{number}"
        control = folder / f"{stem}.sock"
        server, address = serve(serve_argv(unit.path.absolute(), control), folder, stem)
        undo.callback(server.end)
        progress(f"serving {unit.path} at {address}")
        records.append(RecorderRecord(str(unit.path), str(address), str(control), server))
        addresses.append(address)
    return records, addresses


def _recorder(address: IscsiAddress | HostDrive, chap: Chap | None) -> Recorder:
    return IscsiRecorder(address, chap) if isinstance(address, IscsiAddress) else address


def _no_server(disc: Path, _control: Path) -> Sequence[str]:
    raise BadRequest(f"{disc} is a disc file", "Serve it first: burnlab recorder serve")


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
