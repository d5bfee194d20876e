"""libvirt reads the domain XML of our machines, by its schema."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from burnlab.vm.argv import qemu_argv
from burnlab.vm.errors import BadRequest
from burnlab.vm.host_probe import scsi_addresses
from burnlab.vm.libvirt import NAMESPACE, ScsiAddress, domain_xml, secret_usage, secret_xml
from burnlab.vm.spec import (
    Accel,
    Chap,
    Disk,
    Hba,
    HostDrive,
    IscsiAddress,
    IscsiRecorder,
    Kernel,
    Port,
    Share,
    VirtualDvd,
    VmSpec,
)

pytestmark = pytest.mark.compat

ISCSI = IscsiRecorder(IscsiAddress("127.0.0.1", 3260, "iqn.2024-01.lab:recorder", 1))
BLOCK, GENERIC = HostDrive(Path("/dev/sr0"), 240), HostDrive(Path("/dev/sg3"))
PLACES = {GENERIC.path: ScsiAddress(2, 0, 1, 0)}
BARE = VmSpec(
    name="bare",
    accel=Accel.TCG,
    kernel=Kernel(Path("/i/vmlinuz")),
    console=Path("/r/console"),
    console_log=Path("/r/console.log"),
    qmp=Path("/r/qmp"),
    dvd=None,
)
WHOLE = replace(
    BARE,
    name="whole",
    accel=Accel.KVM,
    kernel=Kernel(Path("/i/vmlinuz"), Path("/i/initrd"), "console=ttyS0 <quiet> & 'more'"),
    dvd=VirtualDvd(Path("/d/a,b <c>.iso")),
    disk=Disk(Path("/r/disk.qcow2")),
    recorders=(ISCSI, replace(ISCSI, chap=Chap("ann", Path("/s/secret"))), BLOCK, GENERIC),
    shares=(Share(Path("/s"), "work"), Share(Path("/t"), "out", writable=True)),
    ssh_port=5557,
    ports=(Port("burnlab.control", Path("/r/control")),),
)
SPECS = {
    "bare": BARE,
    "empty DVD-ROM": replace(BARE, dvd=VirtualDvd()),
    "everything": WHOLE,
    "IPv6": replace(
        BARE, recorders=(replace(ISCSI, address=IscsiAddress("fd00::1", 4000, "iqn.2024-01.lab:recorder")),)
    ),
    "network alone": replace(BARE, network=True),
}


@pytest.mark.parametrize("name", SPECS)
def test_schema(name: str, tmp_path: Path) -> None:
    if not shutil.which("virt-xml-validate"):
        pytest.skip("virt-xml-validate isn't here: apt-get install libvirt-clients libxml2-utils")
    path = tmp_path / "domain.xml"
    path.write_text(domain_xml(SPECS[name], PLACES))
    done = subprocess.run(["virt-xml-validate", str(path), "domain"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr + path.read_text()


def test_schema_of_a_secret(tmp_path: Path) -> None:
    if not shutil.which("virt-xml-validate"):
        pytest.skip("virt-xml-validate isn't here: apt-get install libvirt-clients libxml2-utils")
    path = tmp_path / "secret.xml"
    path.write_text(secret_xml("whole", 2))
    done = subprocess.run(["virt-xml-validate", str(path), "secret"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f'usage="{secret_usage("whole", 2)}"' in domain_xml(WHOLE, PLACES)
    assert "/s/secret" not in domain_xml(WHOLE, PLACES)


def test_the_same_machine() -> None:
    """What the command line says stands in the document too."""
    argv = " ".join(qemu_argv(WHOLE))
    domain = ElementTree.fromstring(domain_xml(WHOLE, PLACES))
    disks = domain.findall("devices/disk")
    assert [disk.get("device") for disk in disks] == ["disk", "cdrom", "lun", "lun", "lun"]
    targets = [place.get("target") for place in domain.iterfind("devices//address[@type='drive']")]
    assert targets == ["0", "1", "2", "3", "4"] and argv.count("scsi-id=") == 5
    assert domain.findtext("os/cmdline") == WHOLE.kernel.command_line
    names = [name.get("name") for name in domain.iterfind("devices//initiator/iqn")]
    assert names == ["iqn.2008-11.org.linux-kvm:whole"] * 2
    timeouts = [entry.get("value") for entry in domain.iter(f"{{{NAMESPACE}}}property")]
    assert timeouts == ["7200"] * 4 and argv.count("io_timeout=7200") == 4
    words = [entry.get("value") for entry in domain.iter(f"{{{NAMESPACE}}}arg")]
    assert "user,id=net0,hostfwd=tcp:127.0.0.1:5557-:22" in words
    assert domain.find("devices/hostdev/source/adapter").attrib == {"name": "scsi_host2"}
    assert domain.get("type") == "kvm"
    assert domain.find("devices/controller/driver").get("max_sectors") == "240"
    assert domain.find("devices/channel/target").get("name") == "burnlab.control"


def test_a_generic_node_whose_place_is_unknown() -> None:
    with pytest.raises(BadRequest, match="/dev/sg3"):
        domain_xml(WHOLE)


def test_what_libvirt_has_no_words_for() -> None:
    with pytest.raises(BadRequest, match="usb-uas"):
        domain_xml(replace(BARE, hba=Hba.USB_UAS))


def test_places_of_drives(tmp_path: Path) -> None:
    device = tmp_path / "sys/devices/pci0/host2/target2:0:1/2:0:1:0"
    device.mkdir(parents=True)
    node = tmp_path / "sys/class/scsi_generic/sg3"
    node.mkdir(parents=True)
    (node / "device").symlink_to(device)
    assert scsi_addresses([GENERIC.path, Path("/dev/sg9")], tmp_path) == PLACES
