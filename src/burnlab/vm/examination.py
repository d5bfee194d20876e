"""What a host's facts mean: what works, what doesn't, and the one command that mends it. No I/O."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum

from burnlab.vm.host_drive import AUTOMOUNTERS, GROUP, RULE, DriveFacts, Weight, findings
from burnlab.vm.host_facts import HostFacts

MINIMUM_QEMU = (6, 2)  # the oldest with thread=multi, -blockdev iscsi and io_timeout as they are used here
ROOM_BYTES = 4 << 30
_QEMU_DEVICES = (
    "virtio-scsi-pci",
    "scsi-cd",
    "scsi-block",
    "scsi-generic",
    "virtio-blk-pci",
    "virtio-net-pci",
)
_KVM_MODULES = {"vmx": "kvm_intel", "svm": "kvm_amd"}
_UPDATE = "sudo apt-get update"


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
    needed_for: str = ""
    level: Level = Level.REQUIRED
    remedy: str = ""
    """The one command that mends it, where there is one."""
    advice: str = ""
    """What to know beside the command, or what to do where no command helps."""


@dataclass(frozen=True, slots=True)
class Tool:
    """A program of a Debian package."""

    program: str
    package: str
    needed_for: str
    level: Level = Level.REQUIRED
    unless_root: bool = False
    """Whether root can do without it."""


_OWN = "building the debian guest without being root"
TOOLS = (
    Tool("qemu-img", "qemu-utils", "the debian guest's disk"),
    Tool("apt-get", "apt", "getting the guests' packages"),
    Tool("dpkg-deb", "dpkg", "unpacking the guests' packages"),
    Tool("mmdebstrap", "mmdebstrap", "building the debian guest"),
    Tool("mke2fs", "e2fsprogs", "the debian guest's disk"),
    Tool("ssh", "openssh-client", "vm ssh"),
    Tool("scp", "openssh-client", "vm scp"),
    Tool("ssh-keygen", "openssh-client", "the debian guest's keys"),
    Tool("fakeroot", "fakeroot", _OWN, unless_root=True),
    Tool("newuidmap", "uidmap", _OWN, unless_root=True),
    Tool("iscsiadm", "open-iscsi", "recorder attach", Level.OPTIONAL),
    Tool("xorriso", "xorriso", "comparing with the real program on this host", Level.OPTIONAL),
    Tool("isoinfo", "genisoimage", "comparing images", Level.OPTIONAL),
    Tool("iscsi-ls", "libiscsi-bin", "testing the iSCSI target against libiscsi", Level.OPTIONAL),
    Tool("virsh", "libvirt-clients", "defining machines of vm command --libvirt", Level.OPTIONAL),
)


def examine(facts: HostFacts) -> tuple[Check, ...]:
    """Judge a host, one thing after the other."""
    return tuple(check for judge in _JUDGES for check in judge(facts))


def is_fit(checks: tuple[Check, ...]) -> bool:
    """Whether guests can be built and run here."""
    return all(check.ok or check.level is Level.OPTIONAL for check in checks)


def _install(package: str) -> str:
    return f"sudo apt-get install {package}"


def _qemu(facts: HostFacts) -> Iterator[Check]:
    remedy = _install("qemu-system-x86")
    if not facts.qemu:
        detail = "there is no working qemu-system-x86_64 on this host"
        yield Check("qemu", False, detail, "guests", remedy=remedy)
        return
    parts = tuple(int(part) for part in facts.qemu.split(".")[:2])
    if parts < MINIMUM_QEMU:
        least = ".".join(map(str, MINIMUM_QEMU))
        detail = f"QEMU {facts.qemu}, older than {least}"
        advice = "If the release has no newer one, take a newer release or its backports."
        yield Check("qemu", False, detail, "guests", remedy=remedy, advice=advice)
        return
    yield Check("qemu", True, f"QEMU {facts.qemu}", "guests")
    lacking = [name for name in _QEMU_DEVICES if name not in facts.qemu_devices]
    detail = f"lacks {', '.join(lacking)}" if lacking else "has the devices that guests are made of"
    advice = "This QEMU was built without them: take your distribution's own." if lacking else ""
    yield Check(
        "devices", not lacking, f"QEMU {detail}", "guests", remedy=remedy if lacking else "", advice=advice
    )
    has = facts.has_iscsi_driver
    detail = "QEMU's iSCSI driver" if has else "QEMU lacks its iSCSI driver"
    remedy = "" if has else _install("qemu-block-extra")
    yield Check("block-iscsi", has, detail, "handing an emulated recorder to a guest", remedy=remedy)


def _kvm(facts: HostFacts) -> Iterator[Check]:
    needed_for = "fast guests; without it they run under TCG"
    remedy, advice = "", ""
    if facts.kvm_works:
        yield Check("kvm", True, facts.kvm_detail, needed_for, Level.OPTIONAL)
        return
    if not facts.has_kvm_device:
        module = next((_KVM_MODULES[flag] for flag in sorted(facts.cpu_flags)), "")
        remedy = f"sudo modprobe {module}" if module else ""
        if not module:
            advice = (
                "The processor offers no virtualization: switch it on in the firmware's settings; "
                "in a virtual machine, have its host allow nested ones."
            )
    elif not facts.may_use_kvm:
        remedy, advice = _joining("kvm", facts)
    elif facts.qemu:
        advice = "It is there, but nothing runs under it: only who runs the machine below can mend that."
    yield Check("kvm", False, facts.kvm_detail, needed_for, Level.OPTIONAL, remedy, advice)


def _joining(group: str, facts: HostFacts) -> tuple[str, str]:
    """The command that makes a user member of a group, and what to do afterwards."""
    if group in facts.enlisted and group not in facts.groups:
        return f"newgrp {group}", f"You are in the group {group}, but not in this login: or log in again."
    return f"sudo usermod -a -G {group} {facts.user}", "Then log in again."


def _tools(facts: HostFacts) -> Iterator[Check]:
    for tool in TOOLS:
        if tool.unless_root and facts.is_root:
            continue
        path = facts.programs.get(tool.program, "")
        remedy = "" if path else _install(tool.package)
        detail = path or "not installed"
        yield Check(tool.program, bool(path), detail, tool.needed_for, tool.level, remedy)


def _packages(facts: HostFacts) -> Iterator[Check]:
    has = facts.has_apt_lists
    advice = "" if "apt-get" in facts.programs else f"Guests are built where apt is; this is {facts.system}."
    detail = f"apt knows packages of {facts.suite or facts.system}" if has else "apt has no lists of packages"
    yield Check("apt lists", has, detail, "building guests", remedy="" if has else _UPDATE, advice=advice)
    if not facts.mirror:
        return
    reached = not facts.mirror_error
    detail = "answers" if reached else f"can't be reached: {facts.mirror_error}"
    advice = (
        "" if reached else "See the network and apt's sources. Guests that are built already go on working."
    )
    remedy = "" if reached else _UPDATE
    level = Level.OPTIONAL
    yield Check("mirror", reached, f"{facts.mirror} {detail}", "building guests", level, remedy, advice)


def _room(facts: HostFacts) -> Iterator[Check]:
    enough = facts.free_bytes >= ROOM_BYTES
    detail = f"{facts.free_bytes / (1 << 30):.1f} GiB free at {facts.cache}"
    remedy = "" if enough else "export XDG_CACHE_HOME=/FOLDER/WITH/ROOM"
    needed_for = f"guests' images ({ROOM_BYTES >> 30} GiB)"
    advice = "" if enough else f"Or make room there: du -sh {facts.cache}"
    yield Check("room", enough, detail, needed_for, remedy=remedy, advice=advice)


def _group(facts: HostFacts) -> Iterator[Check]:
    needed_for = "working drives of this host"
    if facts.is_root or GROUP in facts.groups:
        who = "root needs no group" if facts.is_root else f"{facts.user} is in the group {GROUP}"
        yield Check("group", True, who, needed_for, Level.OPTIONAL)
        return
    remedy, advice = _joining(GROUP, facts)
    detail = f"{facts.user} isn't in the group {GROUP}"
    yield Check("group", False, detail, needed_for, Level.OPTIONAL, remedy, advice)


def _udev(facts: HostFacts) -> Iterator[Check]:
    needed_for = "drives that belong to a group"
    if not facts.has_udev:
        advice = "In a container that is so; the host outside has to give it the device files."
        yield Check("udev", False, "udev doesn't run here", needed_for, Level.OPTIONAL, advice=advice)
        return
    lacking = [
        name
        for name, has in (("/dev/srN", facts.rules_for_block), ("/dev/sgN", facts.rules_for_generic))
        if not has
    ]
    detail = (
        f"no rule gives {' and '.join(lacking)} to the group {GROUP}" if lacking else "its rules serve drives"
    )
    remedy = RULE if lacking else ""
    yield Check("udev", not lacking, detail, needed_for, Level.OPTIONAL, remedy)
    sg = facts.has_sg_module
    detail = "is loaded" if sg else "isn't loaded: drives have no /dev/sgN"
    remedy = "" if sg else "sudo modprobe sg"
    yield Check("module sg", sg, f"sg {detail}", "working drives by /dev/sgN", Level.OPTIONAL, remedy)


def _drives(facts: HostFacts) -> Iterator[Check]:
    if not facts.drives:
        detail = "this host has no optical drive; burnlab serves one: burnlab recorder serve"
        yield Check("drives", True, detail, level=Level.OPTIONAL)
    for drive in facts.drives:
        yield from _drive(drive)


def _drive(drive: DriveFacts) -> Iterator[Check]:
    name, needed_for = drive.node.removeprefix("/dev/"), "handing this drive to a guest"
    refusals = [found for found in findings(drive) if found.weight is Weight.REFUSES]
    for found in refusals:
        command, advice = _command_in(found.remedy)
        yield Check(name, False, found.message, needed_for, Level.OPTIONAL, command, advice)
    if not refusals:
        told = [drive.label]
        if drive.writes:
            told.append(f"writes {', '.join(drive.writes)}")
        if drive.medium:
            told.append(f"holds {drive.medium}")
        told += [found.message for found in findings(drive) if found.weight is Weight.WARNS]
        yield Check(name, True, "; ".join(told), needed_for, Level.OPTIONAL)


def _command_in(remedy: str) -> tuple[str, str]:
    """A finding's remedy as a command, and as a sentence that holds it."""
    _, _, command = remedy.partition(": ")
    starts = ("sudo ", "umount ", "printf ", "ls ")
    return (
        (command.partition(";")[0].partition(". Then")[0], remedy)
        if command.startswith(starts)
        else ("", remedy)
    )


def _automounters(facts: HostFacts) -> Iterator[Check]:
    for name in facts.automounters:
        what = AUTOMOUNTERS.get(name, name)
        detail = f"{what} is running and may touch a drive during a burn"
        yield Check(
            "automounter",
            False,
            detail,
            "burning undisturbed with a drive of this host",
            Level.OPTIONAL,
            _STOPPING.get(name, f"pkill -x {name}"),
            "A drive that `vm start --recorder` hands to a guest is kept off it by itself.",
        )


_STOPPING = {
    "udisksd": "sudo systemctl stop udisks2",
    "gvfs-udisks2-vo": "systemctl --user stop gvfs-udisks2-volume-monitor",
    "automount": "sudo systemctl stop autofs",
    "devmon": "sudo systemctl stop devmon",
}
"""An automounter's process → the command that ends it."""


def _initiator(facts: HostFacts) -> Iterator[Check]:
    if "iscsiadm" not in facts.programs:
        return
    runs = facts.iscsid_runs
    detail = "runs" if runs else "doesn't run; iscsiadm may start it when it is needed"
    remedy = "" if runs else "sudo systemctl start iscsid"
    yield Check("iscsid", runs, f"open-iscsi's daemon {detail}", "recorder attach", Level.OPTIONAL, remedy)


_JUDGES: tuple[Callable[[HostFacts], Iterator[Check]], ...] = (
    _qemu, _kvm, _tools, _packages, _room, _group, _udev, _drives, _automounters, _initiator,
)  # fmt: skip
