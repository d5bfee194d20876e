"""Which drives this machine has, who may use them, and what to do about it. Nothing is opened for that."""

from __future__ import annotations

import contextlib
import grp
import os
import pwd
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from burnlab.scsi.inquiry import CD_DVD_DEVICE
from burnlab.scsi.transport import Fault, TransportError

ROOT: Final = Path("/")
_GROUP: Final = "cdrom"
_GENERIC: Final = "sys/class/scsi_generic"
_BLOCK: Final = "sys/class/block"
_RULE: Final = (
    'printf \'%s\\n\' \'SUBSYSTEM=="block", KERNEL=="sr[0-9]*", GROUP="cdrom", MODE="0660"\' '
    '\'SUBSYSTEM=="scsi_generic", ATTRS{type}=="5", GROUP="cdrom", MODE="0660"\' '
    "| sudo tee /etc/udev/rules.d/70-recorders.rules && sudo udevadm control --reload && sudo udevadm trigger"
)


@dataclass(frozen=True, slots=True)
class FoundDrive:
    """An optical drive of this machine.

    `path` is the device file to use, `generic` the drive's sg file (empty without the module sg); `links` are
    names in /dev that lead to it. `mode` is that of the device file, 0 if there is none.
    """

    path: str
    generic: str
    vendor: str
    product: str
    revision: str
    mode: int
    group: str
    may_read: bool
    may_write: bool
    links: tuple[str, ...] = ()

    @property
    def permissions(self) -> str:
        """Who may read and write it: owner, group and others, as `rwrw--`."""
        bits = ((0o400, "r"), (0o200, "w"), (0o040, "r"), (0o020, "w"), (0o004, "r"), (0o002, "w"))
        return "".join(letter if self.mode & bit else "-" for bit, letter in bits)


def list_drives(root: Path = ROOT) -> tuple[FoundDrive, ...]:
    """All optical drives, by sysfs, in the order of their names: sr first, then those with sg only.

    `root` is where /sys and /dev are found.
    """
    generic = {device: name for name, device in _devices(root, _GENERIC, "sg")}
    block = {device: name for name, device in _devices(root, _BLOCK, "sr")}
    found = [_drive(root, device, name, generic.get(device, "")) for device, name in block.items()]
    found += [
        _drive(root, device, name, name)
        for device, name in generic.items()
        if device not in block and _number(device / "type") == CD_DVD_DEVICE
    ]
    return tuple(found)


def _devices(root: Path, folder: str, prefix: str) -> Iterator[tuple[str, Path]]:
    """Name of each device file of a kind, and the SCSI device that it belongs to."""
    try:
        names = [entry.name for entry in (root / folder).iterdir()]
    except OSError:
        return
    numbered = [name for name in names if name.startswith(prefix) and name[len(prefix) :].isdigit()]
    for name in sorted(numbered, key=lambda name: int(name[len(prefix) :])):
        device = root / folder / name / "device"
        if device.exists():
            yield name, device.resolve()


def _drive(root: Path, device: Path, name: str, generic: str) -> FoundDrive:
    node = root / "dev" / name
    mode, group = 0, ""
    with contextlib.suppress(OSError):
        facts = node.stat()
        mode, group = stat.S_IMODE(facts.st_mode), _group_name(facts.st_gid)
    return FoundDrive(
        path=f"/dev/{name}",
        generic=f"/dev/{generic}" if generic else "",
        vendor=_text(device / "vendor"),
        product=_text(device / "model"),
        revision=_text(device / "rev"),
        mode=mode,
        group=group,
        may_read=os.access(node, os.R_OK),
        may_write=os.access(node, os.W_OK),
        links=_links(root, name),
    )


def _links(root: Path, name: str) -> tuple[str, ...]:
    found = []
    with contextlib.suppress(OSError):
        for entry in (root / "dev").iterdir():
            if entry.is_symlink() and entry.readlink().name == name:
                found.append(f"/dev/{entry.name}")
    return tuple(sorted(found))


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace").strip()
    except OSError:
        return ""


def _number(path: Path) -> int:
    text = _text(path)
    return int(text) if text.isdigit() else -1


def _group_name(number: int) -> str:
    try:
        return grp.getgrgid(number).gr_name
    except KeyError:
        return str(number)


def sibling_of(path: str, root: Path = ROOT) -> str | None:
    """The block device of a drive that is named by its sg file; None if there is none."""
    name = Path(os.path.realpath(path)).name
    if not name.startswith("sg"):
        return None
    folder = root / _GENERIC / name / "device" / "block"
    try:
        return next((f"/dev/{entry.name}" for entry in folder.iterdir()), None)
    except OSError:
        return None


def access_denied(path: str) -> TransportError:
    """Say who may use a device file, and what to do so that this user may, too."""
    who = _user()
    try:
        facts = Path(path).stat()
    except OSError:
        hint = f"Look at the folders on the way: namei -l {path}"
        return TransportError(Fault.DENIED, f"{who} isn't allowed to look at {path}", hint)
    mode, group = stat.filemode(facts.st_mode), _group_name(facts.st_gid)
    message = f"{who} isn't allowed to use {path} ({mode}, group {group})"
    if facts.st_gid and facts.st_mode & 0o060 == 0o060:
        hint = f"Join the group: sudo usermod -a -G {group} {who}; then log in again"
    else:
        rule = f"Give drives to the group {_GROUP} by a udev rule: {_RULE}"
        hint = f"{rule}. Then join it: sudo usermod -a -G {_GROUP} {who}; and log in again"
    return TransportError(Fault.DENIED, message, hint)


def device_busy(path: str, root: Path = ROOT) -> TransportError:
    """Say that a device file is held by others, and by whom if that can be seen."""
    where = _mounted_at(os.path.realpath(path), root)
    if where:
        message = f"the device {path} is busy: it is mounted at {where}"
        return TransportError(Fault.BUSY, message, f"Unmount it: umount {where}")
    message = f"the device {path} is busy: another program uses it"
    return TransportError(Fault.BUSY, message, f"See which one: sudo fuser -v {path}; end it, or wait for it")


def _mounted_at(path: str, root: Path) -> str:
    """Where a block device is mounted; blanks in the path are written as the kernel writes them."""
    for line in _text(root / "proc/self/mounts").splitlines():
        words = line.split()
        if len(words) > 1 and words[0] == path:
            return words[1]
    return ""


def _user() -> str:
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return f"user {os.geteuid()}"
