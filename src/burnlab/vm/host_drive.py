"""A drive of the host as a set of facts, and what they mean for a guest. What does I/O is in `host_probe`."""

from __future__ import annotations

import errno
import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum

GROUP = "cdrom"
CD_DEVICE_TYPE = 5  # peripheral device type of CD, DVD and BD drives    Source: SPC-3, 6.4.2, table 83
_KIB_SECTORS = 2  # sectors of 512 bytes in a KiB
_PAGE_KIB = 4
RULE = (
    'printf \'%s\\n\' \'SUBSYSTEM=="block", KERNEL=="sr[0-9]*", GROUP="cdrom", MODE="0660"\' '
    '\'SUBSYSTEM=="scsi_generic", ATTRS{type}=="5", GROUP="cdrom", MODE="0660"\' '
    "| sudo tee /etc/udev/rules.d/70-recorders.rules && sudo udevadm control --reload && sudo udevadm trigger"
)
"""The command that gives drives to the group."""
_LIST = "See which drives there are: ls -l /dev/sr* /dev/sg*"

AUTOMOUNTERS: dict[str, str] = {
    "udisksd": "udisks, which mounts for desktops",
    "gvfs-udisks2-vo": "GNOME's volume monitor",
    "udiskie": "udiskie",
    "devmon": "udevil's devmon",
    "automount": "autofs",
    "usbmount": "usbmount",
}
"""A process's name, as long as the kernel keeps it (15 letters) → what it is."""


class NodeKind(Enum):
    """What lies at a path."""

    BLOCK = "CD drive"
    GENERIC = "SCSI generic node"
    OTHER = "something else"
    MISSING = "nothing"


class Tray(Enum):
    """What CDROM_DRIVE_STATUS answers.    Source: Linux, Documentation/userspace-api/ioctl/cdrom.rst"""

    UNKNOWN = 0
    EMPTY = 1
    OPEN = 2
    BUSY = 3
    LOADED = 4


@dataclass(frozen=True, slots=True)
class QueueLimits:
    """How much the host's kernel hands to the drive at once; 0 where it isn't known."""

    max_kib: int = 0
    max_segments: int = 0

    @property
    def sectors(self) -> int:
        """The longest transfer in sectors of 512 bytes, 0 if nothing is known.

        A buffer that lies badly takes a segment for each page and one more for its crooked start.
        """
        limits = [self.max_kib, (self.max_segments - 1) * _PAGE_KIB if self.max_segments > 1 else 0]
        return min((limit for limit in limits if limit > 0), default=0) * _KIB_SECTORS


@dataclass(frozen=True, slots=True)
class Holder:
    """A process that has the drive open."""

    pid: int
    name: str


@dataclass(frozen=True, slots=True)
class DriveFacts:
    """What was found out about a device node. Texts are empty and tuples are where nothing is known."""

    node: str
    kind: NodeKind
    user: str = ""
    mode: str = ""
    """As `ls -l` writes it: `brw-rw----`."""
    group: str = ""
    may_use: bool = True
    """Whether the file's permissions let this process read and write."""
    group_may_use: bool = False
    is_enlisted: bool = False
    """Whether the user is in that group by now, but this login isn't."""
    open_error: int = 0
    """Why it can't be opened for reading and writing (errno)."""
    device_type: int = CD_DEVICE_TYPE
    sibling: str = ""
    """The drive's other node: sg for sr, sr for sg."""
    vendor: str = ""
    product: str = ""
    revision: str = ""
    limits: QueueLimits = QueueLimits()
    tray: Tray = Tray.UNKNOWN
    medium: str = ""
    """What udev found out about the medium: `DVD-RW, blank`."""
    writes: tuple[str, ...] = ()
    """The media that the drive writes, as udev knows it."""
    mounted_at: tuple[str, ...] = ()
    is_claimed: bool = False
    """Whether another program has it for itself alone."""
    holders: tuple[Holder, ...] = ()
    automounters: tuple[str, ...] = ()
    has_rawio: bool = False
    """Whether this process has CAP_SYS_RAWIO."""
    has_sg_module: bool = True

    @property
    def label(self) -> str:
        """What it is called: `/dev/sr0 (ACME BD-RE 1.00)`."""
        names = " ".join(name for name in (self.vendor, self.product, self.revision) if name)
        return f"{self.node} ({names})" if names else self.node


class Weight(Enum):
    """What a finding means for a guest that is to get the drive."""

    REFUSES = "refuses"
    WARNS = "warns"
    TELLS = "tells"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that the user should know, and what to do about it."""

    weight: Weight
    message: str
    remedy: str = ""


def findings(facts: DriveFacts) -> tuple[Finding, ...]:
    """Say what stands in the way of handing a drive to a guest, and what is worth knowing; the worst first.

    Where something refuses, what else there is isn't told: it may be wrong.
    """
    refusing = next((found for check in _REFUSING for found in check(facts)), None)
    if refusing:
        return (refusing,)
    return tuple(found for check in _TELLING for found in check(facts))


Check = Callable[[DriveFacts], Iterator[Finding]]


def _missing(facts: DriveFacts) -> Iterator[Finding]:
    if facts.kind is NodeKind.MISSING or facts.open_error in (errno.ENXIO, errno.ENODEV):
        # What is missing may be only its driver.
        module = "sr_mod" if "/sr" in facts.node else "" if facts.has_sg_module else "sg"
        hint = f"{_LIST}. If one is there, load its module: sudo modprobe {module}" if module else _LIST
        yield Finding(Weight.REFUSES, f"there is no drive {facts.node}", hint)


def _no_drive(facts: DriveFacts) -> Iterator[Finding]:
    if facts.kind is NodeKind.OTHER:
        yield Finding(Weight.REFUSES, f"{facts.node} isn't the node of a drive", _LIST)
    elif facts.device_type != CD_DEVICE_TYPE:
        what = f"{facts.label} is no CD drive, but a SCSI device of type {facts.device_type}"
        yield Finding(Weight.REFUSES, what, _LIST)


def _permission(facts: DriveFacts) -> Iterator[Finding]:
    if facts.may_use:
        if facts.open_error in (errno.EPERM, errno.EACCES):
            yield Finding(
                Weight.REFUSES,
                f"{facts.node} can't be opened, although its permissions allow it",
                "A container or a service may have to be given the device itself: --device for docker and "
                "podman, DeviceAllow= for systemd.",
            )
        return
    message = f"{facts.user} may not read and write {facts.node} ({facts.mode}, group {facts.group})"
    join = f"sudo usermod -a -G {{}} {facts.user}"
    if facts.group_may_use and facts.is_enlisted:
        hint = f"You are in the group {facts.group}, but not in this login: log in again."
    elif facts.group_may_use:
        hint = f"Join the group: {join.format(facts.group)}; then log in again"
    else:
        hint = f"Give drives to the group {GROUP} by a udev rule: {RULE}. Then join it: {join.format(GROUP)}"
    yield Finding(Weight.REFUSES, message, hint)


def _mounted(facts: DriveFacts) -> Iterator[Finding]:
    if facts.mounted_at:
        where = ", ".join(facts.mounted_at)
        hint = f"Unmount it: umount {shlex.quote(facts.mounted_at[0])}"
        yield Finding(Weight.REFUSES, f"the disc in {facts.node} is mounted at {where}", hint)


def _claimed(facts: DriveFacts) -> Iterator[Finding]:
    if facts.is_claimed or facts.open_error in (errno.EBUSY, errno.EAGAIN):
        who = ", ".join(f"{holder.name} (process {holder.pid})" for holder in facts.holders)
        message = f"{facts.node} is in use by {who or 'another program'}"
        hint = f"Wait for its end, or end it. See who it is: sudo fuser -v {facts.node}"
        yield Finding(Weight.REFUSES, message, hint)


def _unopenable(facts: DriveFacts) -> Iterator[Finding]:
    if facts.open_error:
        what = errno.errorcode.get(facts.open_error, str(facts.open_error))
        yield Finding(Weight.REFUSES, f"{facts.node} can't be opened: {what}", _LIST)


def _unguarded(facts: DriveFacts) -> Iterator[Finding]:
    if facts.kind is NodeKind.GENERIC and not facts.sibling:
        yield Finding(
            Weight.WARNS,
            f"{facts.label} has no /dev/srN beside it: other programs of this host can't be kept out",
            "Load the module sr_mod: sudo modprobe sr_mod",
        )


def _in_hands(facts: DriveFacts) -> Iterator[Finding]:
    if facts.holders:
        who = ", ".join(f"{holder.name} (process {holder.pid})" for holder in facts.holders)
        yield Finding(
            Weight.WARNS,
            f"{who} has {facts.node} open, too: it may disturb a burn",
            "End it before you burn.",
        )


def _automounting(facts: DriveFacts) -> Iterator[Finding]:
    if facts.automounters:
        who = ", ".join(AUTOMOUNTERS.get(name, name) for name in facts.automounters)
        yield Finding(
            Weight.TELLS,
            f"{who} is running: it is kept off {facts.node} as long as the guest runs, not longer",
        )


def _filtered(facts: DriveFacts) -> Iterator[Finding]:
    if facts.kind is NodeKind.BLOCK and not facts.has_rawio:
        other = f"get permission for {facts.sibling}, or start" if facts.sibling else "start"
        yield Finding(
            Weight.TELLS,
            f"the kernel lets only the commands pass that it knows (not a vendor's own) through {facts.node}",
            f"For those, {other} with CAP_SYS_RAWIO.",
        )


def _stuck(facts: DriveFacts) -> Iterator[Finding]:
    if facts.kind is NodeKind.BLOCK and facts.tray in (Tray.EMPTY, Tray.OPEN):
        yield Finding(
            Weight.WARNS,
            f"QEMU can't start with {facts.node} while no medium is in it",
            "Put one in, or load the module sg (sudo modprobe sg), whose node has no such need.",
        )


_TRAYS = {
    Tray.EMPTY: "no medium is in it: the guest sees an empty tray until one is put in",
    Tray.OPEN: "its tray is open",
    Tray.BUSY: "its medium isn't ready yet",
}


def _medium(facts: DriveFacts) -> Iterator[Finding]:
    medium = facts.medium if facts.tray in (Tray.LOADED, Tray.UNKNOWN) else ""
    text = _TRAYS.get(facts.tray, f"holds {medium}" if medium else "")
    if text:
        yield Finding(Weight.TELLS, f"{facts.label}: {text}")


_REFUSING: tuple[Check, ...] = (_missing, _no_drive, _permission, _mounted, _claimed, _unopenable)
_TELLING: tuple[Check, ...] = (_unguarded, _in_hands, _automounting, _filtered, _stuck, _medium)


_MEDIA: dict[str, str] = {
    "CD_R": "CD-R", "CD_RW": "CD-RW", "DVD_R": "DVD-R", "DVD_RW": "DVD-RW", "DVD_RAM": "DVD-RAM",
    "DVD_PLUS_R": "DVD+R", "DVD_PLUS_RW": "DVD+RW", "DVD_PLUS_R_DL": "DVD+R DL", "DVD_R_DL": "DVD-R DL",
    "DVD_PLUS_RW_DL": "DVD+RW DL", "BD_R": "BD-R", "BD_RE": "BD-RE",
}  # fmt: skip
"""End of a property's name in udev's database → medium.    Source: systemd, src/udev/cdrom_id"""
_FORMS = {
    "DVD_R_SEQ": "DVD-R", "DVD_RW_SEQ": "DVD-RW", "DVD_RW_RO": "DVD-RW overwrite", "CD": "CD-ROM",
    "DVD": "DVD-ROM", "BD": "BD-ROM",
}  # fmt: skip


def parse_udev(text: str) -> dict[str, str]:
    """Read the properties (lines `E:NAME=VALUE`) of an entry of udev's database."""
    lines = (line[2:].partition("=") for line in text.splitlines() if line.startswith("E:"))
    return {name: value for name, _, value in lines}


def media_written(properties: dict[str, str]) -> tuple[str, ...]:
    """Return the media that a drive writes, by its properties."""
    return tuple(name for key, name in _MEDIA.items() if properties.get(f"ID_CDROM_{key}") == "1")


def medium_of(properties: dict[str, str]) -> str:
    """Name the medium and its state: `DVD-RW, blank`; empty if udev knows of none."""
    if properties.get("ID_CDROM_MEDIA") != "1":
        return ""
    kinds = {**_FORMS, **_MEDIA}
    # What is said of DVD-RW is said of its two forms as well: the form tells more.
    named = [name for key, name in kinds.items() if properties.get(f"ID_CDROM_MEDIA_{key}") == "1"]
    state = properties.get("ID_CDROM_MEDIA_STATE", "")
    return ", ".join(part for part in (named[0] if named else "a medium", state) if part)
