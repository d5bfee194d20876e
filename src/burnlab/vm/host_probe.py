"""Looks at drives of the host, and keeps one for a guest alone. What it all means: see `host_drive`."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import grp
import os
import pwd
import re
import stat
import struct
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from burnlab.vm.errors import HostFault
from burnlab.vm.host_drive import (
    AUTOMOUNTERS,
    DriveFacts,
    Holder,
    NodeKind,
    QueueLimits,
    Tray,
    findings,
    media_written,
    medium_of,
    parse_udev,
)
from burnlab.vm.libvirt import ScsiAddress

ROOT = Path("/")
HOLD_SECONDS = 10.0
"""How long to wait for udev, which may just be looking at the drive."""

_CDROM_DRIVE_STATUS = 0x5326  # <linux/cdrom.h>
_BLKSECTGET = 0x1267  # <linux/fs.h>; an sg node answers in bytes
_CAP_SYS_RAWIO = 17  # <linux/capability.h>
_NODE = re.compile(r"(sr|sg)\d+")
_KINDS = {"sr": NodeKind.BLOCK, "sg": NodeKind.GENERIC}
_CLASSES = {NodeKind.BLOCK: "sys/class/block", NodeKind.GENERIC: "sys/class/scsi_generic"}
_FORMATS = {NodeKind.BLOCK: stat.S_ISBLK, NodeKind.GENERIC: stat.S_ISCHR}


@dataclass(frozen=True, slots=True)
class _Open:
    """How the attempt to open a node went."""

    error: int = 0
    tray: Tray = Tray.UNKNOWN
    max_kib: int = 0


def list_drives(root: Path = ROOT) -> tuple[str, ...]:
    """Return the nodes of the host's optical drives: srN in order, then sgN of those that have no srN."""
    nodes = [f"/dev/{path.name}" for path in _entries(root / _CLASSES[NodeKind.BLOCK], "sr")]
    for path in _entries(root / _CLASSES[NodeKind.GENERIC], "sg"):
        device = path / "device"
        if _text(device / "type") == "5" and not list(device.glob("block/sr*")):
            nodes.append(f"/dev/{path.name}")
    return tuple(nodes)


def scsi_addresses(nodes: Sequence[Path], root: Path = ROOT) -> dict[Path, ScsiAddress]:
    """Where drives hang, by their SCSI generic nodes; those that aren't there are left out."""
    found = {}
    for node in nodes:
        # Where the link leads to is named HOST:BUS:TARGET:UNIT.
        place = (root / _CLASSES[NodeKind.GENERIC] / node.name / "device").resolve().name
        with contextlib.suppress(ValueError):
            found[node] = ScsiAddress.parse(place)
    return found


def look_at(path: str, root: Path = ROOT) -> DriveFacts:
    """Find out about a device node; links are followed. Nothing is changed, no medium is read.

    `root` is where /dev, /sys, /proc and /run are found.
    """
    node = os.path.realpath(path) if root == ROOT else path
    name = Path(node).name
    place = root / node.lstrip("/")
    facts = DriveFacts(
        node=node,
        kind=_kind(place, name),
        user=_user(),
        has_rawio=_has_rawio(root),
        has_sg_module=(root / "sys/module/sg").exists(),
        automounters=_automounters(root),
    )
    if facts.kind not in _CLASSES:
        return facts
    device = root / _CLASSES[facts.kind] / name / "device"
    facts = _with_permissions(facts, place)
    facts = _with_device(facts, device, root)
    block = node if facts.kind is NodeKind.BLOCK else facts.sibling
    numbers = _text(root / "sys/class/block" / Path(block).name / "dev") if block else ""
    holders = _holders({node, *([facts.sibling] if facts.sibling else [])}, root)
    facts = replace(facts, mounted_at=_mounts(numbers, root), holders=holders)
    return _with_opening(facts, block, root) if facts.may_use else facts


def _with_permissions(facts: DriveFacts, place: Path) -> DriveFacts:
    found = place.stat()
    bits = (found.st_mode >> 3) & 0o6
    return replace(
        facts,
        mode=stat.filemode(found.st_mode),
        group=_group(found.st_gid),
        may_use=os.access(place, os.R_OK | os.W_OK, effective_ids=True),
        group_may_use=bits == 0o6 and found.st_gid != 0,
        is_enlisted=_is_enlisted(facts.user, found.st_gid),
    )


def _with_device(facts: DriveFacts, device: Path, root: Path) -> DriveFacts:
    folder, prefix = ("scsi_generic", "sg") if facts.kind is NodeKind.BLOCK else ("block", "sr")
    other = next((f"/dev/{entry.name}" for entry in _entries(device / folder, prefix)), "")
    block = Path(facts.node if facts.kind is NodeKind.BLOCK else other).name
    queue = root / "sys/class/block" / block / "queue"
    properties = (
        parse_udev(_text(root / "run/udev/data" / f"b{_text(queue.parent / 'dev')}")) if block else {}
    )
    return replace(
        facts,
        device_type=int(_text(device / "type") or "5"),
        sibling=other,
        vendor=_text(device / "vendor"),
        product=_text(device / "model"),
        revision=_text(device / "rev"),
        limits=QueueLimits(_number(queue / "max_sectors_kb"), _number(queue / "max_segments")),
        medium=medium_of(properties),
        writes=media_written(properties),
    )


def _with_opening(facts: DriveFacts, block: str, root: Path) -> DriveFacts:
    """Try the node itself, and the block node for whether somebody has the drive alone."""
    own = _try_open(root / facts.node.lstrip("/"), facts.kind)
    other = own if block in ("", facts.node) else _try_open(root / block.lstrip("/"), NodeKind.BLOCK)
    limits = facts.limits if facts.limits.max_kib else replace(facts.limits, max_kib=own.max_kib)
    return replace(
        facts,
        open_error=own.error,
        is_claimed=errno.EBUSY in (own.error, other.error),
        tray=other.tray,
        limits=limits,
    )


def _try_open(place: Path, kind: NodeKind) -> _Open:
    # A block node that was opened for writing makes udev read the medium when it is closed: only look.
    alone = os.O_RDONLY | os.O_EXCL if kind is NodeKind.BLOCK else os.O_RDWR
    try:
        handle = os.open(place, alone | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        return _Open(error.errno or errno.EIO)
    try:
        if kind is NodeKind.GENERIC:
            answer = fcntl.ioctl(handle, _BLKSECTGET, struct.pack("i", 0))
            return _Open(max_kib=struct.unpack("i", answer)[0] >> 10)
        return _Open(tray=Tray(fcntl.ioctl(handle, _CDROM_DRIVE_STATUS, 0x7FFFFFFF)))
    except (OSError, ValueError):
        return _Open()
    finally:
        os.close(handle)


@contextlib.contextmanager
def hold(facts: DriveFacts, seconds: float = HOLD_SECONDS) -> Iterator[int]:
    """Keep a drive for whoever has the file number given: a child that inherits it keeps it, too.

    The block node, opened for writing by one alone: nobody mounts it, burn programs find it busy, and the
    kernel stops polling it for media events, which would be lost to the guest. Its lock keeps udev away.
    Raises HostFault if another program has it.    Source: <linux/cdrom.h>; systemd, BLOCK_DEVICE_LOCKING.
    """
    block = facts.node if facts.kind is NodeKind.BLOCK else facts.sibling
    flags = os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC | (os.O_EXCL if block else 0)
    try:
        handle = os.open(block or facts.node, flags)
    except OSError as error:
        refusal = findings(replace(facts, open_error=error.errno or errno.EIO))[0]
        raise HostFault(refusal.message, refusal.remedy) from error
    try:
        if not _lock(handle, seconds):
            refusal = findings(replace(facts, is_claimed=True))[0]
            raise HostFault(refusal.message, refusal.remedy)
        yield handle
    finally:
        os.close(handle)


def _lock(handle: int, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while True:
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)


def _kind(place: Path, name: str) -> NodeKind:
    try:
        mode = place.stat().st_mode
    except OSError:
        return NodeKind.MISSING
    found = _NODE.fullmatch(name)
    kind = _KINDS[found[1]] if found else NodeKind.OTHER
    return kind if kind is not NodeKind.OTHER and _FORMATS[kind](mode) else NodeKind.OTHER


def _entries(folder: Path, prefix: str) -> list[Path]:
    try:
        found = [path for path in folder.iterdir() if _NODE.fullmatch(path.name)]
    except OSError:
        return []
    return sorted(
        (path for path in found if path.name.startswith(prefix)), key=lambda path: int(path.name[2:])
    )


def _mounts(numbers: str, root: Path) -> tuple[str, ...]:
    rows = [line.split() for line in _text(root / "proc/self/mountinfo").splitlines()]
    octal = re.compile(r"\\([0-7]{3})")
    return tuple(
        octal.sub(lambda code: chr(int(code[1], 8)), row[4])
        for row in rows
        if numbers and len(row) > 4 and row[2] == numbers
    )


def _holders(nodes: set[str], root: Path) -> tuple[Holder, ...]:
    found = []
    for process in _processes(root):
        with contextlib.suppress(OSError):  # gone, or somebody else's
            if any(str(handle.readlink()) in nodes for handle in (process / "fd").iterdir()):
                found.append(Holder(int(process.name), _text(process / "comm")))
    return tuple(holder for holder in found if holder.pid != os.getpid())


def _automounters(root: Path) -> tuple[str, ...]:
    running = {_text(process / "comm") for process in _processes(root)}
    return tuple(name for name in AUTOMOUNTERS if name in running)


def _processes(root: Path) -> list[Path]:
    try:
        found = [path for path in (root / "proc").iterdir() if path.name.isdecimal()]
    except OSError:
        return []
    return sorted(found, key=lambda path: int(path.name))


def _has_rawio(root: Path) -> bool:
    found = re.search(r"^CapEff:\s*([0-9a-f]+)", _text(root / "proc/self/status"), re.MULTILINE)
    return bool(found and int(found[1], 16) >> _CAP_SYS_RAWIO & 1)


def _is_enlisted(user: str, gid: int) -> bool:
    try:
        return user in grp.getgrgid(gid).gr_mem
    except KeyError:
        return False


def _group(gid: int) -> str:
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)


def _user() -> str:
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return f"user {os.geteuid()}"


def _number(path: Path) -> int:
    text = _text(path)
    return int(text) if text.isdecimal() else 0


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
