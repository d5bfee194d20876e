"""What `burnlab doctor` says: of a bare Debian, of a host with everything, and with each thing broken."""

from __future__ import annotations

import errno
from dataclasses import replace

import pytest

from burnlab.vm.examination import TOOLS, Check, Level, examine, is_fit
from burnlab.vm.host_drive import RULE, DriveFacts, NodeKind, Tray
from burnlab.vm.host_facts import PROGRAMS, HostFacts

DRIVE = DriveFacts(
    node="/dev/sr0",
    kind=NodeKind.BLOCK,
    user="ann",
    mode="brw-rw----",
    group="cdrom",
    group_may_use=True,
    sibling="/dev/sg1",
    vendor="Optiarc",
    product="BD RW BD-5300S",
    revision="1.04",
    tray=Tray.LOADED,
    medium="DVD-RW, blank",
    writes=("CD-R", "DVD-RW", "BD-R"),
    has_rawio=True,
)
EVERYTHING = HostFacts(
    user="ann",
    groups=frozenset({"ann", "cdrom", "kvm"}),
    enlisted=frozenset({"cdrom", "kvm"}),
    system="Debian GNU/Linux 12 (bookworm)",
    programs={name: f"/usr/bin/{name}" for name in PROGRAMS},
    qemu="7.2.22",
    qemu_devices=frozenset(
        {
            *("virtio-scsi-pci", "scsi-cd", "scsi-block", "scsi-generic", "virtio-blk-pci"),
            *("virtio-net-pci", "virtio-serial-pci", "virtio-9p-pci"),
        }
    ),
    has_iscsi_driver=True,
    has_kvm_device=True,
    may_use_kvm=True,
    kvm_works=True,
    kvm_detail="a boot sector ran",
    cpu_flags=frozenset({"vmx"}),
    drives=(DRIVE,),
    has_sg_module=True,
    has_udev=True,
    rules_for_block=True,
    rules_for_generic=True,
    has_apt_lists=True,
    suite="bookworm",
    mirror="http://mirror.example/debian",
    cache="/cache/ann",
    free_bytes=100 << 30,
    iscsid_runs=True,
)
BARE = HostFacts(
    user="ann",
    groups=frozenset({"ann"}),
    system="Debian GNU/Linux 12 (bookworm)",
    programs={name: f"/usr/bin/{name}" for name in ("apt-get", "dpkg-deb", "mke2fs")},
    kvm_detail="there is no qemu-system-x86_64 to try it",
    has_kvm_device=True,
    may_use_kvm=False,
    has_udev=True,
    rules_for_block=True,
    rules_for_generic=True,
    has_apt_lists=True,
    suite="bookworm",
    mirror="http://mirror.example/debian",
    cache="/cache",
    free_bytes=10 << 30,
)


def failed(facts: HostFacts) -> list[Check]:
    """The checks that fail."""
    return [check for check in examine(facts) if not check.ok]


def test_a_host_with_everything() -> None:
    checks = examine(EVERYTHING)
    assert failed(EVERYTHING) == []
    assert is_fit(checks)
    (drive,) = [check for check in checks if check.name == "sr0"]
    assert drive.detail == (
        "/dev/sr0 (Optiarc BD RW BD-5300S 1.04); writes CD-R, DVD-RW, BD-R; holds DVD-RW, blank"
    )
    assert not any(check.remedy or check.advice for check in checks)


def test_a_bare_debian() -> None:
    """A fresh installation: packages and groups are missing, and nothing of the system itself is blamed."""
    found = {check.name: check for check in failed(BARE)}
    assert set(found) == {
        *("qemu", "kvm", "qemu-img", "mmdebstrap", "ssh", "scp", "ssh-keygen", "fakeroot", "newuidmap"),
        *("iscsiadm", "xorriso", "isoinfo", "iscsi-ls", "virsh", "group", "module sg"),
    }
    assert not is_fit(examine(BARE))
    assert found["qemu"].remedy == "sudo apt-get install qemu-system-x86"
    assert found["kvm"].remedy == "sudo usermod -a -G kvm ann"
    assert found["mmdebstrap"].remedy == "sudo apt-get install mmdebstrap"
    assert found["group"].remedy == "sudo usermod -a -G cdrom ann"
    assert found["module sg"].remedy == "sudo modprobe sg"
    (drives,) = [check for check in examine(BARE) if check.name == "drives"]
    assert drives.ok and "burnlab recorder serve" in drives.detail


BROKEN: dict[str, tuple[dict[str, object], str, str, str]] = {
    "no QEMU": ({"qemu": ""}, "qemu", "no working", "sudo apt-get install qemu-system-x86"),
    "old QEMU": ({"qemu": "6.1.0"}, "qemu", "6.1.0, older than 6.2", "sudo apt-get install qemu-system-x86"),
    "QEMU without a device": (
        {"qemu_devices": EVERYTHING.qemu_devices - {"scsi-block"}},
        *("devices", "lacks scsi-block", "sudo apt-get install qemu-system-x86"),
    ),
    "no iSCSI driver": (
        {"has_iscsi_driver": False},
        *("block-iscsi", "lacks its iSCSI driver", "sudo apt-get install qemu-block-extra"),
    ),
    "no KVM, Intel": (
        {"kvm_works": False, "kvm_detail": "there is no /dev/kvm", "has_kvm_device": False},
        *("kvm", "there is no /dev/kvm", "sudo modprobe kvm_intel"),
    ),
    "no KVM, AMD": (
        {
            "kvm_works": False, "kvm_detail": "there is no /dev/kvm", "has_kvm_device": False,
            "cpu_flags": frozenset({"svm"}),
        },
        *("kvm", "there is no /dev/kvm", "sudo modprobe kvm_amd"),
    ),
    "no permission for KVM": (
        {"kvm_works": False, "may_use_kvm": False, "enlisted": frozenset({"cdrom"}),
         "kvm_detail": "no permission for /dev/kvm", "groups": frozenset({"cdrom"})},
        *("kvm", "no permission", "sudo usermod -a -G kvm ann"),
    ),
    "KVM that was joined a minute ago": (
        {"kvm_works": False, "may_use_kvm": False, "kvm_detail": "no permission for /dev/kvm",
         "groups": frozenset({"cdrom"})},
        *("kvm", "no permission", "newgrp kvm"),
    ),
    "no lists of packages": (
        {"has_apt_lists": False}, *("apt lists", "no lists", "sudo apt-get update"),
    ),
    "a mirror that is away": (
        {"mirror_error": "Could not resolve 'mirror.example'"},
        *("mirror", "http://mirror.example/debian can't be reached: Could not", "sudo apt-get update"),
    ),
    "no room": ({"free_bytes": 1 << 30}, "room", "1.0 GiB free at /cache", "export XDG_CACHE_HOME="),
    "not in the group": (
        {"groups": frozenset({"kvm"}), "enlisted": frozenset({"kvm"})},
        *("group", "ann isn't in the group cdrom", "sudo usermod -a -G cdrom ann"),
    ),
    "in the group, not logged in again": (
        {"groups": frozenset({"kvm"})}, *("group", "ann isn't in the group", "newgrp cdrom"),
    ),
    "no rule for sgN": (
        {"rules_for_generic": False}, *("udev", "no rule gives /dev/sgN to the group cdrom", RULE),
    ),
    "no rule for srN": (
        {"rules_for_block": False}, *("udev", "no rule gives /dev/srN to the group cdrom", RULE),
    ),
    "no module sg": ({"has_sg_module": False}, "module sg", "sg isn't loaded", "sudo modprobe sg"),
    "udisks": (
        {"automounters": ("udisksd",)}, *("automounter", "udisks", "sudo systemctl stop udisks2"),
    ),
    "another automounter": (
        {"automounters": ("udiskie",)}, *("automounter", "udiskie is running", "pkill -x udiskie"),
    ),
    "no iscsid": ({"iscsid_runs": False}, "iscsid", "doesn't run", "sudo systemctl start iscsid"),
    "a drive for nobody": (
        {"drives": (replace(DRIVE, may_use=False, group="root", group_may_use=False),)},
        *("sr0", "ann may not read and write /dev/sr0 (brw-rw----, group root)", RULE),
    ),
    "a drive for others": (
        {"drives": (replace(DRIVE, may_use=False),)},
        *("sr0", "ann may not read and write /dev/sr0", "sudo usermod -a -G cdrom ann"),
    ),
    "a mounted disc": (
        {"drives": (replace(DRIVE, mounted_at=("/media/disc",)),)},
        *("sr0", "mounted at /media/disc", "umount /media/disc"),
    ),
    "a drive in use": (
        {"drives": (replace(DRIVE, open_error=errno.EBUSY),)},
        *("sr0", "is in use by another program", "sudo fuser -v /dev/sr0"),
    ),
}  # fmt: skip
"""What is broken → facts that differ, the check that must fail, words of it, how its remedy begins."""


@pytest.mark.parametrize("what", BROKEN)
def test_each_thing_broken(what: str) -> None:
    """One thing is broken: one check fails, and tells the command that mends it."""
    change, name, words, remedy = BROKEN[what]
    (check,) = failed(replace(EVERYTHING, **change))
    assert check.name == name
    assert words in check.detail
    assert check.remedy.startswith(remedy) and "\n" not in check.remedy
    assert check.needed_for


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.program)
def test_each_program_missing(tool) -> None:
    programs = {name: path for name, path in EVERYTHING.programs.items() if name != tool.program}
    facts = replace(EVERYTHING, programs=programs)
    (check,) = failed(facts)
    assert (check.name, check.remedy) == (tool.program, f"sudo apt-get install {tool.package}")
    assert check.level is tool.level
    assert is_fit(examine(facts)) == (tool.level is Level.OPTIONAL)
    as_root = failed(replace(facts, is_root=True))
    assert (as_root == []) == tool.unless_root


def test_what_no_command_mends() -> None:
    """A KVM that is there and runs nothing, a processor without it, and a container without udev: advice."""
    broken = replace(EVERYTHING, kvm_works=False, kvm_detail="a boot sector didn't run")
    (kvm,) = failed(broken)
    assert kvm.remedy == "" and "only who runs the machine below" in kvm.advice
    (none,) = failed(replace(broken, has_kvm_device=False, cpu_flags=frozenset()))
    assert none.remedy == "" and "firmware" in none.advice
    (udev,) = failed(replace(EVERYTHING, has_udev=False))
    assert udev.remedy == "" and "container" in udev.advice
    (apt,) = failed(replace(EVERYTHING, programs={**EVERYTHING.programs, "apt-get": ""}, system="Arch Linux"))
    assert apt.name == "apt-get"


def test_drives_with_little_known_of_them() -> None:
    bare = replace(DRIVE, writes=(), medium="", vendor="", product="", revision="", sibling="")
    (check,) = [entry for entry in examine(replace(EVERYTHING, drives=(bare,))) if entry.name == "sr0"]
    assert check.ok and check.detail == "/dev/sr0"
    two = replace(EVERYTHING, drives=(DRIVE, replace(DRIVE, node="/dev/sr1", open_error=errno.EBUSY)))
    (busy,) = failed(two)
    assert busy.name == "sr1"
