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
from burnlab.vm.images import micro
from burnlab.vm.images.recipes import MICRO_COMMAND_LINE, XORRISO_MINIMUM
from burnlab.vm.images.store import Progress, ignore
from burnlab.vm.images.with_burnlab import PACKAGE_TAG, launchers, package_share
from burnlab.vm.machine import CONSOLE_LOG, CONSOLE_SOCKET, QMP_SOCKET, Machine, launch
from burnlab.vm.places import Places
from burnlab.vm.spec import (
    GUEST_ADDRESS,
    Chap,
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
) -> Iterator[MicroGuest]:
    """Start a micro guest and end it with the block.

    With `own_program` it has Python, and burnlab's burn program as it is on this host now. With `network` it
    finds the host's loopback at `HOST_ADDRESS`.

    `recorder` is an iSCSI address or a drive of the host, or several of them: they become /dev/sr1, /dev/sr2
    and so on beside the virtual DVD-ROM /dev/sr0. Shares are mounted at /mnt/TAG. Raises VmError.
    """
    places = places or Places.of_user(os.environ)
    shares = tuple(shares)
    programs = tuple(programs)
    if own_program:
        programs, shares = (*programs, "python3"), (*shares, package_share())
    image = micro.ensure(places, programs, progress)
    chosen = accel.choose(accelerator, places, progress)
    folder = places.private(name)
    units = as_recorders(recorder, chap)
    spec = VmSpec(
        name=name,
        accel=chosen,
        kernel=Kernel(image.kernel, image.initrd, f"{MICRO_COMMAND_LINE} burnlab.drives={1 + len(units)}"),
        console=folder / CONSOLE_SOCKET,
        console_log=folder / CONSOLE_LOG,
        qmp=folder / QMP_SOCKET,
        memory_mib=memory,
        cpus=cpus,
        dvd=VirtualDvd(cdrom),
        recorders=units,
        shares=shares,
        ports=ports(folder, CHANNELS),
        network=network,
    )
    with contextlib.ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        machine = launch(spec, folder, [stack.enter_context(image.in_use())])
        stack.callback(machine.stop)
        guest = _attach(machine, folder, stack, boot_timeout)
        guest.packages = dict(entry.split("=", 1) for entry in image.manifest.get("packages", "").split())
        if "xorriso" in programs:
            guest.xorriso_version = check_xorriso(guest, XORRISO_MINIMUM)
        _prepare(guest, shares, network=network, own_program=own_program)
        yield guest


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


def _prepare(guest: MicroGuest, shares: Iterable[Share], *, network: bool, own_program: bool) -> None:
    _mount(guest, shares)
    if network:
        _join_network(guest)
    if own_program:
        _install_launchers(guest)


def _mount(guest: MicroGuest, shares: Iterable[Share]) -> None:
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
