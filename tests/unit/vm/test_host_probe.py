"""The probe on made-up folders that look like /dev, /sys, /proc and /run."""

from __future__ import annotations

import fcntl
import os
import shutil
import stat
from pathlib import Path

import pytest

from burnlab.vm import host_probe
from burnlab.vm.host_drive import DriveFacts, Holder, NodeKind, QueueLimits

UDEV = "E:ID_CDROM_BD_R=1\nE:ID_CDROM_MEDIA=1\nE:ID_CDROM_MEDIA_BD_R=1\n"
MOUNTS = "22 1 11:0 / /media/a\\040b ro - iso9660 /dev/sr0 ro\n9 1 8:1 / / rw - ext4 /dev/sda1 rw\n"
SCSI = "sys/devices/host0/target/0:0:0:0"


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def link(path: Path, target: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(target)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A host with one drive, /dev/sr0 and /dev/sg1, and a disk's /dev/sg0."""
    device = tmp_path / SCSI
    for name, text in {"type": "5", "vendor": "ACME", "model": "BD-RE  ", "rev": "1.00"}.items():
        write(device / name, f"{text}\n")
    write(device / "block/sr0/dev", "11:0\n")
    write(device / "block/sr0/queue/max_sectors_kb", "120\n")
    write(device / "block/sr0/queue/max_segments", "64\n")
    (device / "scsi_generic/sg1").mkdir(parents=True)
    disk = tmp_path / "sys/devices/host0/target/0:0:1:0"
    write(disk / "type", "0\n")
    (disk / "scsi_generic/sg0").mkdir(parents=True)
    link(device / "block/sr0/device", device)
    link(device / "scsi_generic/sg1/device", device)
    link(disk / "scsi_generic/sg0/device", disk)
    link(tmp_path / "sys/class/block/sr0", device / "block/sr0")
    link(tmp_path / "sys/class/scsi_generic/sg1", device / "scsi_generic/sg1")
    link(tmp_path / "sys/class/scsi_generic/sg0", disk / "scsi_generic/sg0")
    (tmp_path / "sys/module/sg").mkdir(parents=True)
    write(
        tmp_path / "run/udev/data/b11:0", "E:ID_CDROM_BD_R=1\nE:ID_CDROM_MEDIA=1\nE:ID_CDROM_MEDIA_BD_R=1\n"
    )
    write(
        tmp_path / "proc/self/mountinfo",
        "22 1 11:0 / /media/a\\040b ro - iso9660 /dev/sr0 ro\n9 1 8:1 / / rw\n",
    )
    write(tmp_path / "proc/self/status", "Name:\tx\nCapEff:\t0000000000020000\n")
    write(tmp_path / "proc/41/comm", "udisksd\n")
    write(tmp_path / "proc/42/comm", "xorriso\n")
    link(tmp_path / "proc/42/fd/3", Path("/dev/sg1"))
    for name in ("sr0", "sg0", "sg1"):
        write(tmp_path / "dev" / name, "")
    return tmp_path


@pytest.fixture
def nodes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let plain files pass for device nodes."""
    monkeypatch.setattr(host_probe, "_FORMATS", dict.fromkeys(host_probe._KINDS.values(), lambda _mode: True))


def test_a_drive_is_known_by_both_of_its_nodes(root: Path, nodes: None) -> None:
    block, generic = (host_probe.look_at(node, root) for node in ("/dev/sr0", "/dev/sg1"))
    assert (block.kind, block.sibling) == (NodeKind.BLOCK, "/dev/sg1")
    assert (generic.kind, generic.sibling) == (NodeKind.GENERIC, "/dev/sr0")
    for facts in (block, generic):
        assert facts.label.endswith("(ACME BD-RE 1.00)")
        assert facts.limits == QueueLimits(120, 64)
        assert (facts.writes, facts.medium) == (("BD-R",), "BD-R")
        assert facts.mounted_at == ("/media/a b",)
        assert facts.holders == (Holder(42, "xorriso"),)
        assert facts.automounters == ("udisksd",)
        assert facts.has_rawio and facts.has_sg_module
        assert facts.may_use and facts.mode.endswith(oct_mode(root / "dev/sr0"))


def oct_mode(path: Path) -> str:
    return stat.filemode(path.stat().st_mode)[1:]


def test_what_isnt_a_drive(root: Path, nodes: None) -> None:
    assert host_probe.look_at("/dev/sr7", root).kind is NodeKind.MISSING
    write(root / "dev/sda", "")
    assert host_probe.look_at("/dev/sda", root).kind is NodeKind.OTHER
    assert host_probe.look_at("/dev/sg0", root).device_type == 0


def test_a_plain_file_is_no_drive_whatever_its_name(root: Path) -> None:
    assert host_probe.look_at("/dev/sr0", root).kind is NodeKind.OTHER


def test_drives_are_listed_once(root: Path) -> None:
    assert host_probe.list_drives(root) == ("/dev/sr0",)
    # Without the module sr_mod there is only the generic node.
    (root / "sys/class/block/sr0").unlink()
    shutil.rmtree(root / SCSI / "block")
    assert host_probe.list_drives(root) == ("/dev/sg1",)


def test_a_host_with_nothing(tmp_path: Path) -> None:
    assert host_probe.list_drives(tmp_path) == ()
    facts = host_probe.look_at("/dev/sr0", tmp_path)
    assert (facts.kind, facts.has_sg_module, facts.automounters) == (NodeKind.MISSING, False, ())


def test_a_drive_is_held_until_the_last_one_lets_go(tmp_path: Path) -> None:
    node = tmp_path / "sr0"
    node.touch()
    facts = DriveFacts(str(node), NodeKind.BLOCK)
    with host_probe.hold(facts) as handle:
        inherited = os.dup(handle)
    with pytest.raises(Exception, match="is in use by another program"), host_probe.hold(facts, 0.0):
        pass
    os.close(inherited)
    with host_probe.hold(facts, 0.0) as handle:
        assert fcntl.fcntl(handle, fcntl.F_GETFL) & os.O_RDWR


def test_a_drive_that_is_gone_cant_be_held(tmp_path: Path) -> None:
    facts = DriveFacts(str(tmp_path / "sr0"), NodeKind.BLOCK)
    with pytest.raises(Exception, match="can't be opened: ENOENT"), host_probe.hold(facts):
        pass
