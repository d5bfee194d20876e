"""Which drives a machine has: read from a made-up sysfs."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from burnlab.burn import sg_access
from burnlab.burn.sg_access import access_denied, device_busy, list_drives, sibling_of
from burnlab.scsi.transport import Fault


def make_device(
    root: Path, address: str, names: tuple[str, ...], kind: str = "5", model: str = "DRIVE"
) -> None:
    """A SCSI device with its device files, as sysfs has it."""
    device = root / "sys/devices/pci0" / address
    device.mkdir(parents=True)
    for name, text in {"type": kind, "vendor": "ACME    ", "model": f"{model:16}", "rev": "1.2 "}.items():
        (device / name).write_text(f"{text}\n")
    (root / "dev").mkdir(exist_ok=True)
    for name in names:
        folder = root / ("sys/class/scsi_generic" if name.startswith("sg") else "sys/class/block") / name
        folder.mkdir(parents=True)
        (folder / "device").symlink_to(device)
        if name.startswith("sr"):
            (device / "block" / name).mkdir(parents=True)
        node = root / "dev" / name
        node.write_bytes(b"")
        node.chmod(0o660)


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    make_device(tmp_path, "0:0:0:0", ("sg0", "sda"), kind="0")
    make_device(tmp_path, "2:0:0:0", ("sg2", "sr1"), model="BD-RE 16")
    make_device(tmp_path, "1:0:0:0", ("sg1", "sr0"), model="DVD-ROM")
    make_device(tmp_path, "3:0:0:0", ("sg10",), model="CHANGER")
    (tmp_path / "dev/cdrom").symlink_to("sr0")
    (tmp_path / "dev/dvdrw").symlink_to("sr1")
    (tmp_path / "dev/burner").symlink_to("/dev/sr1")
    return tmp_path


def test_drives_come_in_order_with_both_device_files(machine: Path) -> None:
    found = list_drives(machine)
    assert [(drive.path, drive.generic, drive.vendor, drive.product, drive.revision) for drive in found] == [
        ("/dev/sr0", "/dev/sg1", "ACME", "DVD-ROM", "1.2"),
        ("/dev/sr1", "/dev/sg2", "ACME", "BD-RE 16", "1.2"),
        ("/dev/sg10", "/dev/sg10", "ACME", "CHANGER", "1.2"),
    ]
    assert [drive.links for drive in found] == [("/dev/cdrom",), ("/dev/burner", "/dev/dvdrw"), ()]


def test_what_one_may_do_with_them(machine: Path) -> None:
    (machine / "dev/sr1").chmod(0o604)
    (machine / "dev/sg10").unlink()
    first, second, third = list_drives(machine)
    assert [drive.permissions for drive in (first, second, third)] == ["rwrw--", "rw--r-", "------"]
    assert (first.may_read, first.may_write, third.may_read) == (True, True, False)
    assert first.group


def test_a_machine_without_drives_or_modules(tmp_path: Path, machine: Path) -> None:
    assert list_drives(tmp_path / "nowhere") == ()
    for name in ("sg0", "sg1", "sg2", "sg10"):
        (machine / "sys/class/scsi_generic" / name / "device").unlink()
    assert [(drive.path, drive.generic) for drive in list_drives(machine)] == [
        ("/dev/sr0", ""),
        ("/dev/sr1", ""),
    ]


def test_the_other_device_file_of_a_drive(machine: Path) -> None:
    assert sibling_of("/dev/sg2", machine) == "/dev/sr1"
    assert sibling_of("/dev/sr1", machine) is None
    assert sibling_of("/dev/sg10", machine) is None


def test_a_busy_drive_is_named_with_the_reason(tmp_path: Path) -> None:
    mounts = tmp_path / "proc/self/mounts"
    mounts.parent.mkdir(parents=True)
    mounts.write_text("/dev/sda / ext4 rw 0 0\n/dev/sr0 /media/disc\\040one iso9660 ro 0 0\n")
    mounted = device_busy("/dev/sr0", tmp_path)
    assert mounted.fault is Fault.BUSY
    assert mounted.message == "the device /dev/sr0 is busy: it is mounted at /media/disc\\040one"
    other = device_busy("/dev/sr1", tmp_path)
    assert "/dev/sr1 is busy: another program uses it" in other.message
    assert "fuser -v /dev/sr1" in other.hint


def test_what_helps_without_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sg_access, "_user", lambda: "amy")
    node = tmp_path / "sr0"
    node.write_bytes(b"")
    node.chmod(0o600)
    closed = access_denied(str(node))
    assert closed.fault is Fault.DENIED
    assert closed.message.startswith(f"amy isn't allowed to use {node} (-rw-------, group ")
    assert 'GROUP="cdrom", MODE="0660"' in closed.hint
    assert "sudo usermod -a -G cdrom amy" in closed.hint
    if os.geteuid() == 0:
        os.chown(node, 0, 24)
        node.chmod(0o660)
        assert access_denied(str(node)).hint.startswith("Join the group: sudo usermod -a -G ")
    assert "namei -l" in access_denied(str(tmp_path / "gone" / "sr0")).hint
