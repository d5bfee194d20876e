"""Running guests for Python: `with micro_guest(...) as guest: guest.run("xorriso -devices")`."""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from burnlab.vm import accel
from burnlab.vm.address import DiscFile, parse_recorder
from burnlab.vm.channel import Channel, Control, Pool, ports
from burnlab.vm.command import CommandResult, OnLine, check_xorriso
from burnlab.vm.errors import BadRequest, GuestSilent, VmError
from burnlab.vm.handing import fitted, handed
from burnlab.vm.images import micro
from burnlab.vm.images.recipes import MICRO_COMMAND_LINE, XORRISO_MINIMUM
from burnlab.vm.images.store import Image, Progress, ignore
from burnlab.vm.images.with_burnlab import PACKAGE_TAG, launchers, package_share
from burnlab.vm.machine import CONSOLE_LOG, CONSOLE_SOCKET, QMP_SOCKET, Machine, launch
from burnlab.vm.places import Places
from burnlab.vm.spec import (
    GUEST_ADDRESS,
    Chap,
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

BOOT_SECONDS = 180.0
CHANNELS = 2


@dataclass(slots=True)
class MicroGuest:
    """A running micro guest. Commands may be run from several threads."""

    machine: Machine
    facts: dict[str, str]
    _pool: Pool
    xorriso_version: str | None = None
    packages: dict[str, str] = field(default_factory=dict)
    """Debian packages that the guest was made of, with their versions."""

    def run(self, command: str, *, timeout: float = 60, on_line: OnLine | None = None) -> CommandResult:
        """Run a shell command to its end, as root.

        A process that it leaves behind must not keep its output open.
        Raises CommandTimeout, and LaunchFailure if QEMU ends meanwhile.
        """
        return self._pool.run(command, timeout, on_line)

    def monitor(self, command: str, **arguments: object) -> object:
        """Run a command of QEMU's monitor; `_` in argument names stands for `-`."""
        named = {name.replace("_", "-"): value for name, value in arguments.items()}
        with self.machine.qmp() as monitor:
            return monitor.execute(command, named)


@contextlib.contextmanager
def micro_guest(
    *,
    recorder: Recorder | str | Sequence[Recorder | str] | None = None,
    chap: Chap | None = None,
    cdrom: Path | None = None,
    shares: Iterable[Share] = (),
    memory: int = 512,
    cpus: int = 1,
    programs: Iterable[str] = ("xorriso",),
    accelerator: str = "auto",
    places: Places | None = None,
    progress: Progress = ignore,
    name: str = "micro",
    boot_timeout: float = BOOT_SECONDS,
    own_program: bool = False,
    network: bool = False,
    dvdrom: bool = True,
    hba: Hba = Hba.VIRTIO_SCSI,
) -> Iterator[MicroGuest]:
    """Start a micro guest and end it with the block.

    `recorder` is an iSCSI address or a drive of the host, or several: they become /dev/sr1, /dev/sr2, ...
    beside the virtual DVD-ROM /dev/sr0, or begin with /dev/sr0 without `dvdrom`. They hang on `hba`.
    With `own_program` it has Python and burnlab's burn program as it is here now. With `network` it finds the
    host's loopback at `HOST_ADDRESS`. Shares are mounted at /mnt/TAG. Raises VmError.
    """
    places = places or Places.of_user(os.environ)
    shares = (*shares, *([package_share()] if own_program else []))
    programs = _with_needed(programs, hba, own_program=own_program)
    image = micro.ensure(places, programs, progress)
    chosen = accel.choose(accelerator, places, progress)
    folder = places.private(name)
    dvd = VirtualDvd(cdrom) if dvdrom or cdrom else None
    with contextlib.ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        with handed(as_recorders(recorder, chap), progress) as (units, handles), image.in_use() as in_use:
            spec = VmSpec(
                name=name,
                accel=chosen,
                kernel=kernel_of(image, dvd, units),
                console=folder / CONSOLE_SOCKET,
                console_log=folder / CONSOLE_LOG,
                qmp=folder / QMP_SOCKET,
                memory_mib=memory,
                cpus=cpus,
                dvd=dvd,
                recorders=units,
                shares=shares,
                ports=ports(folder, CHANNELS),
                network=network,
                hba=hba,
            )
            machine = launch(fitted(spec, places, progress), folder, [in_use, *handles])
        stack.callback(machine.stop)
        guest = _attach(machine, folder, stack, boot_timeout)
        if "xorriso" in programs:
            guest.xorriso_version = check_xorriso(guest, XORRISO_MINIMUM)
        _prepare(guest, image, shares, network=network, own_program=own_program)
        yield guest


def _with_needed(programs: Iterable[str], hba: Hba, *, own_program: bool) -> tuple[str, ...]:
    needed = {"python3": own_program, "usb": hba is not Hba.VIRTIO_SCSI}
    return (*programs, *(name for name, is_needed in needed.items() if is_needed))


def kernel_of(
    image: Image, dvd: VirtualDvd | None, recorders: Sequence[Recorder], *, stays: bool = False
) -> Kernel:
    """Return a micro guest's kernel, told how many drives to wait for.

    If it `stays`, it doesn't end itself when the program that talked to it goes.
    """
    drives = len(recorders) + (dvd is not None)
    stay = " burnlab.stay" if stays else ""
    return Kernel(image.kernel, image.initrd, f"{MICRO_COMMAND_LINE} burnlab.drives={drives}{stay}")


def as_recorders(
    recorder: Recorder | str | Sequence[Recorder | str] | None, chap: Chap | None = None
) -> tuple[Recorder, ...]:
    """Turn what a caller names as recorders into values."""
    if recorder is None:
        return ()
    if isinstance(recorder, str | IscsiRecorder | HostDrive):
        recorder = [recorder]
    return tuple(_as_recorder(entry, chap) for entry in recorder)


def _as_recorder(entry: Recorder | str, chap: Chap | None) -> Recorder:
    if not isinstance(entry, str):
        return entry
    address = parse_recorder(entry)
    if isinstance(address, DiscFile):
        raise BadRequest(
            f"{entry} is a disc file; a guest needs a recorder that holds it",
            f"Serve it first: burnlab recorder serve --disc {shlex.quote(entry)}",
        )
    return IscsiRecorder(address, chap) if isinstance(address, IscsiAddress) else address


@contextlib.contextmanager
def attached(machine: Machine, seconds: float = BOOT_SECONDS) -> Iterator[MicroGuest]:
    """Talk to a micro guest that was started to stay; one program at a time can.

    Raises GuestSilent if it doesn't answer in time.
    """
    with contextlib.ExitStack() as stack:
        yield _attach(machine, machine.folder, stack, seconds)


def _attach(machine: Machine, folder: Path, stack: contextlib.ExitStack, seconds: float) -> MicroGuest:
    control = Control(folder / "burnlab.control")
    stack.callback(control.close)
    channels = [Channel(number, folder, control, machine.check) for number in range(1, CHANNELS + 1)]
    pool = Pool(channels)
    stack.callback(pool.close)
    try:
        facts = control.await_ready(seconds, machine.check)
    except GuestSilent as error:
        raise GuestSilent(
            f"{error.message}; its console ends with:\n{_indented(machine.console_tail())}",
            machine.console_tail(),
            "A loaded host may need more time; see what else runs on it, then try again.",
        ) from error
    return MicroGuest(machine, facts, pool)


def _prepare(
    guest: MicroGuest, image: Image, shares: Iterable[Share], *, network: bool, own_program: bool
) -> None:
    guest.packages = dict(entry.split("=", 1) for entry in image.manifest.get("packages", "").split())
    mount(guest, shares)
    if network:
        _join_network(guest)
    if own_program:
        _install_launchers(guest)


def mount(guest: MicroGuest, shares: Iterable[Share]) -> None:
    """Mount shared folders at /mnt/TAG.    Raises VmError."""
    for share in shares:
        mode = "rw" if share.writable else "ro"
        where = shlex.quote(f"/mnt/{share.tag}")
        options = f"trans=virtio,version=9p2000.L,msize=262144,cache=loose,{mode}"
        result = guest.run(f"mkdir -p {where} && mount -t 9p -o {options} {shlex.quote(share.tag)} {where}")
        if result.exit_code:
            raise VmError(
                f"the guest can't mount the shared folder {share.path}: {result.stderr.strip()}",
                "See that QEMU was built with virtfs: qemu-system-x86_64 -help | grep fsdev",
            )


def _join_network(guest: MicroGuest) -> None:
    result = guest.run(f"ip link set lo up; ip link set eth0 up && ip addr add {GUEST_ADDRESS}/24 dev eth0")
    if result.exit_code:
        raise VmError(f"the guest's network can't be set up: {result.stderr.strip()}")


def _install_launchers(guest: MicroGuest) -> None:
    for path, text in launchers(f"/mnt/{PACKAGE_TAG}").items():
        target = shlex.quote(str(path))
        result = guest.run(f"printf %s {shlex.quote(text)} >{target} && chmod 755 {target}")
        if result.exit_code:
            raise VmError(f"burnlab can't be put into the guest: {result.stderr.strip()}")


def _indented(text: str) -> str:
    lines = text.strip().splitlines()[-15:] or ["(nothing was written to it)"]
    return "\n".join(f"  {line}" for line in lines)
