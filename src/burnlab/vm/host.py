"""What guests need of the host, and the command that mends what is missing."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from burnlab.vm import accel
from burnlab.vm.argv import PROGRAM
from burnlab.vm.errors import VmError
from burnlab.vm.images.store import Progress, ignore
from burnlab.vm.places import Places

_MINIMUM_QEMU = (6, 2)  # the oldest with thread=multi, -blockdev iscsi and io_timeout as they are used here
_ROOM_BYTES = 4 << 30


class Level(Enum):
    """How bad it is when a check fails."""

    REQUIRED = "required"
    OPTIONAL = "optional"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at."""

    name: str
    ok: bool
    detail: str
    needed_for: str
    level: Level = Level.REQUIRED
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Tool:
    """A program of a Debian package."""

    program: str
    package: str
    needed_for: str
    level: Level = Level.REQUIRED


TOOLS = (
    Tool("qemu-img", "qemu-utils", "the debian guest's disk"),
    Tool("apt-get", "apt", "getting the guests' packages"),
    Tool("dpkg-deb", "dpkg", "unpacking the guests' packages"),
    Tool("mmdebstrap", "mmdebstrap", "building the debian guest"),
    Tool("mke2fs", "e2fsprogs", "the debian guest's disk"),
    Tool("ssh", "openssh-client", "vm ssh, vm scp"),
    Tool("xorriso", "xorriso", "comparing with the real program on this host", Level.OPTIONAL),
    Tool("isoinfo", "genisoimage", "comparing images", Level.OPTIONAL),
    Tool("iscsi-ls", "libiscsi-bin", "testing the iSCSI target against libiscsi", Level.OPTIONAL),
)


def checks(places: Places, progress: Progress = ignore) -> Iterator[Check]:
    """Look at the host, one thing after the other."""
    yield _qemu()
    yield _block_iscsi()
    yield _acceleration(places, progress)
    yield from (_tool(tool) for tool in TOOLS)
    if os.geteuid() != 0:
        yield _tool(Tool("fakeroot", "fakeroot", "building the debian guest without being root"))
        yield _tool(Tool("newuidmap", "uidmap", "building the debian guest without being root"))
    yield _apt_lists()
    yield _room(places)


def _qemu() -> Check:
    needed_for, remedy = "guests", "sudo apt-get install qemu-system-x86"
    try:
        version = accel.qemu_version()
    except VmError as error:
        return Check("qemu", False, error.message, needed_for, remedy=remedy)
    parts = tuple(int(part) for part in version.split(".")[:2])
    least = ".".join(map(str, _MINIMUM_QEMU))
    detail = f"{PROGRAM} {version}" + ("" if parts >= _MINIMUM_QEMU else f", older than {least}")
    return Check("qemu", parts >= _MINIMUM_QEMU, detail, needed_for, remedy=remedy)


def _block_iscsi() -> Check:
    """Look whether QEMU has its iSCSI driver: a module that Debian packs by itself."""
    name, needed_for, remedy = (
        "block-iscsi",
        "handing a recorder to a guest",
        "sudo apt-get install qemu-block-extra",
    )
    probe = ["-M", "none", "-nodefaults", "-display", "none", "-S"]
    node = (
        "driver=iscsi,node-name=x,transport=tcp,portal=127.0.0.1:9,target=iqn.2008-11.org.linux-kvm:x,lun=0"
    )
    try:
        done = subprocess.run(
            [PROGRAM, *probe, "-blockdev", node],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=20,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return Check(name, False, f"{PROGRAM} can't be asked", needed_for, remedy=remedy)
    # Nobody listens at the discard port: a driver that is there fails to connect, a missing one is unknown.
    ok = "Unknown driver" not in done.stderr and "not available" not in done.stderr
    return Check(
        name, ok, "QEMU's iSCSI driver" if ok else "QEMU lacks its iSCSI driver", needed_for, remedy=remedy
    )


def _acceleration(places: Places, progress: Progress) -> Check:
    needed_for = "fast guests; without it they run under TCG"
    try:
        result = accel.probe_kvm(places, progress)
    except VmError as error:
        return Check("kvm", False, error.message, needed_for, Level.OPTIONAL)
    remedy = "" if result.works else "use a host with working /dev/kvm, and join the group kvm"
    return Check("kvm", result.works, result.detail, needed_for, Level.OPTIONAL, remedy)


def _tool(tool: Tool) -> Check:
    found = shutil.which(tool.program, path=f"{os.environ.get('PATH', '/usr/bin')}:/usr/sbin:/sbin")
    remedy = f"sudo apt-get install {tool.package}"
    return Check(
        tool.program, found is not None, found or "not installed", tool.needed_for, tool.level, remedy
    )


def _apt_lists() -> Check:
    lists = Path("/var/lib/apt/lists")
    ok = any("Packages" in path.name for path in lists.glob("*"))
    detail = "apt knows packages" if ok else "apt has no lists of packages"
    return Check("apt lists", ok, detail, "building guests", remedy="sudo apt-get update")


def _room(places: Places) -> Check:
    folder = next(path for path in (places.cache, *places.cache.parents) if path.exists())
    free = shutil.disk_usage(folder).free
    detail = f"{free / (1 << 30):.1f} GiB free at {folder}"
    return Check("room", free >= _ROOM_BYTES, detail, "guests' images (4 GiB)", remedy="set XDG_CACHE_HOME")
