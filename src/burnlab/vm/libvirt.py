"""The domain XML of a virtual machine, for libvirt's users: the same devices as in `argv`. A pure function.

Where libvirt has an element for a device, that is taken, so that its security drivers let QEMU have the
files; what it has no word for (a port forwarded to ssh, a timeout of two hours) goes to QEMU as it is.
Source: libvirt, Domain XML format; "QEMU driver", pass-through of arbitrary qemu commands.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from burnlab.vm.argv import IO_TIMEOUT_SECONDS
from burnlab.vm.errors import BadRequest
from burnlab.vm.spec import INITIATOR_PREFIX, Accel, Hba, HostDrive, IscsiRecorder, Share, VmSpec

NAMESPACE = "http://libvirt.org/schemas/domain/qemu/1.0"
_DOMAINS = {Accel.KVM: ("kvm", "host-passthrough"), Accel.TCG: ("qemu", "maximum")}
_NETWORK_SLOT = "0x1e"  # high up: libvirt counts its own devices from below


@dataclass(frozen=True, slots=True)
class ScsiAddress:
    """Where a drive hangs on its host: the numbers by which libvirt names it, as in /sys."""

    host: int
    bus: int
    target: int
    unit: int

    @classmethod
    def parse(cls, text: str) -> ScsiAddress:
        """Read HOST:BUS:TARGET:UNIT. Raises ValueError."""
        host, bus, target, unit = (int(part) for part in text.split(":"))
        return cls(host, bus, target, unit)


def domain_xml(spec: VmSpec, places: Mapping[Path, ScsiAddress] | None = None) -> str:
    """Return the whole document.

    `places` tells where drives named by their SCSI generic node hang. Raises BadRequest if one isn't there,
    and for what libvirt has no words for.
    """
    if spec.hba is not Hba.VIRTIO_SCSI:
        raise BadRequest(
            f"libvirt can't hang recorders on {spec.hba.value}",
            "Leave --hba away, or take `vm command` itself.",
        )
    kind, cpu = _DOMAINS[spec.accel]
    ElementTree.register_namespace("qemu", NAMESPACE)
    domain = Element("domain", type=kind)
    _text(domain, "name", spec.name)
    _text(domain, "memory", str(spec.memory_mib), unit="MiB")
    _text(domain, "vcpu", str(spec.cpus))
    _boot(domain, spec)
    SubElement(SubElement(domain, "features"), "acpi")
    SubElement(domain, "cpu", mode=cpu)
    _text(domain, "on_poweroff", "destroy")
    _text(domain, "on_reboot", "destroy")
    devices = SubElement(domain, "devices")
    _hba(devices, spec)
    _disks(devices, spec)
    for index, recorder in enumerate(spec.recorders, 1):
        if isinstance(recorder, IscsiRecorder):
            _iscsi(devices, spec.name, index, recorder)
        elif recorder.is_generic:
            _generic(devices, index, recorder, places or {})
        else:
            _block(devices, index, recorder)
    for share in spec.shares:
        _share(devices, share)
    SubElement(SubElement(devices, "serial", type="pty"), "target", port="0")
    for port in spec.ports:
        channel = SubElement(devices, "channel", type="unix")
        SubElement(channel, "source", mode="bind", path=str(port.socket))
        SubElement(channel, "target", type="virtio", name=port.name)
    SubElement(devices, "memballoon", model="none")
    _to_qemu(domain, spec)
    ElementTree.indent(domain)
    return ElementTree.tostring(domain, encoding="unicode") + "\n"


def _text(parent: Element, tag: str, text: str, **attributes: str) -> Element:
    element = SubElement(parent, tag, attributes)
    element.text = text
    return element


def _hba(devices: Element, spec: VmSpec) -> None:
    controller = SubElement(devices, "controller", type="scsi", index="0", model="virtio-scsi")
    limits = [unit.max_sectors for unit in spec.recorders if isinstance(unit, HostDrive) and unit.max_sectors]
    if limits:
        SubElement(controller, "driver", max_sectors=str(min(limits)))


def _boot(domain: Element, spec: VmSpec) -> None:
    system = SubElement(domain, "os")
    _text(system, "type", "hvm", arch="x86_64", machine="q35")
    _text(system, "kernel", str(spec.kernel.image))
    if spec.kernel.initrd:
        _text(system, "initrd", str(spec.kernel.initrd))
    if spec.kernel.command_line:
        _text(system, "cmdline", spec.kernel.command_line)


def _disks(devices: Element, spec: VmSpec) -> None:
    if spec.disk:
        disk = SubElement(devices, "disk", type="file", device="disk")
        SubElement(disk, "driver", name="qemu", type=spec.disk.format, discard="unmap")
        SubElement(disk, "source", file=str(spec.disk.path))
        SubElement(disk, "target", dev="vda", bus="virtio")
    if spec.dvd is not None:
        disk = SubElement(devices, "disk", type="file", device="cdrom")
        SubElement(disk, "driver", name="qemu", type="raw")
        if spec.dvd.image:
            SubElement(disk, "source", file=str(spec.dvd.image))
        SubElement(disk, "target", dev="sda", bus="scsi")
        SubElement(disk, "readonly")
        # An empty drive would call itself a CD-ROM.
        _text(disk, "product", "QEMU DVD-ROM")
        _address(disk, 0)


def _address(device: Element, target: int) -> None:
    SubElement(device, "address", type="drive", controller="0", bus="0", target=str(target), unit="0")


def _lun(devices: Element, kind: str, index: int) -> tuple[Element, Element]:
    """A disk that hands all commands on, and its source."""
    disk = SubElement(devices, "disk", type=kind, device="lun")
    SubElement(disk, "driver", name="qemu", type="raw", error_policy="report", rerror_policy="report")
    source = SubElement(disk, "source")
    SubElement(disk, "target", dev=f"sd{chr(ord('a') + index)}", bus="scsi")
    SubElement(disk, "alias", name=_alias(index))
    _address(disk, index)
    return disk, source


def _alias(index: int) -> str:
    return f"ua-recorder{index}"


def _iscsi(devices: Element, name: str, index: int, recorder: IscsiRecorder) -> None:
    address = recorder.address
    _disk, source = _lun(devices, "network", index)
    source.attrib.update(protocol="iscsi", name=f"{address.target}/{address.lun}")
    SubElement(source, "host", name=address.host, port=str(address.port))
    if recorder.chap:
        # libvirt keeps secrets by itself; one is made of the file once, see `secret_xml`.
        auth = SubElement(source, "auth", username=recorder.chap.user)
        SubElement(auth, "secret", type="iscsi", usage=secret_usage(name, index))
    initiator = SubElement(source, "initiator")
    SubElement(initiator, "iqn", name=f"{INITIATOR_PREFIX}:{name}")


def secret_usage(name: str, index: int) -> str:
    """The name by which libvirt finds the CHAP secret of a machine's recorder."""
    return f"burnlab-{name}-recorder{index}"


def secret_xml(name: str, index: int) -> str:
    """What `virsh secret-define` takes; the secret itself is then set from its file."""
    secret = Element("secret", ephemeral="no", private="yes")
    usage = SubElement(secret, "usage", type="iscsi")
    _text(usage, "target", secret_usage(name, index))
    return ElementTree.tostring(secret, encoding="unicode")


def _block(devices: Element, index: int, drive: HostDrive) -> None:
    _disk, source = _lun(devices, "block", index)
    source.set("dev", str(drive.path))


def _generic(devices: Element, index: int, drive: HostDrive, places: Mapping[Path, ScsiAddress]) -> None:
    place = places.get(drive.path)
    if place is None:
        raise BadRequest(
            f"it isn't known where {drive.path} hangs, by which libvirt names it",
            "Name the drive by /dev/srN, or see that it is there: ls /sys/class/scsi_generic",
        )
    device = SubElement(devices, "hostdev", mode="subsystem", type="scsi", rawio="yes")
    source = SubElement(device, "source")
    SubElement(source, "adapter", name=f"scsi_host{place.host}")
    numbers = {"bus": place.bus, "target": place.target, "unit": place.unit}
    SubElement(source, "address", {name: str(number) for name, number in numbers.items()})
    SubElement(device, "alias", name=_alias(index))
    _address(device, index)


def _share(devices: Element, share: Share) -> None:
    # "squash" is QEMU's security_model=none.
    system = SubElement(devices, "filesystem", type="mount", accessmode="squash")
    SubElement(system, "source", dir=str(share.path))
    SubElement(system, "target", dir=share.tag)
    if not share.writable:
        SubElement(system, "readonly")


def _to_qemu(domain: Element, spec: VmSpec) -> None:
    words: list[str] = []
    if spec.ssh_port is not None or spec.network:
        forward = f",hostfwd=tcp:127.0.0.1:{spec.ssh_port}-:22" if spec.ssh_port is not None else ""
        words += ["-netdev", f"user,id=net0{forward}"]
        words += ["-device", f"virtio-net-pci,netdev=net0,romfile=,bus=pcie.0,addr={_NETWORK_SLOT}"]
    if words:
        line = SubElement(domain, f"{{{NAMESPACE}}}commandline")
        for word in words:
            SubElement(line, f"{{{NAMESPACE}}}arg", value=word)
    if spec.recorders:
        override = SubElement(domain, f"{{{NAMESPACE}}}override")
        for index in range(1, len(spec.recorders) + 1):
            device = SubElement(override, f"{{{NAMESPACE}}}device", alias=_alias(index))
            frontend = SubElement(device, f"{{{NAMESPACE}}}frontend")
            timeout = {"name": "io_timeout", "type": "unsigned", "value": str(IO_TIMEOUT_SECONDS)}
            SubElement(frontend, f"{{{NAMESPACE}}}property", timeout)
