"""The QEMU command line of a virtual machine: a pure function."""

from __future__ import annotations

from burnlab.vm.spec import INITIATOR_PREFIX, Accel, Hba, HostDrive, IscsiRecorder, Recorder, Share, VmSpec

PROGRAM = "qemu-system-x86_64"

IO_TIMEOUT_SECONDS = 7200
"""QEMU would give up after 30 s: shorter than a blanking, a formatting or the closing of a session."""

_ACCEL = {
    Accel.KVM: ["-accel", "kvm", "-cpu", "host"],
    Accel.TCG: ["-accel", "tcg,thread=multi", "-cpu", "max"],
}


def options(kind: str, **values: object) -> str:
    """Join one QEMU option: `_` in a name stands for `-`, `__` for `.`; a comma in a value is doubled."""
    parts = [kind]
    for name, value in values.items():
        key = name.rstrip("_").replace("__", ".").replace("_", "-")
        parts.append(f"{key}={str(value).replace(',', ',,')}")
    return ",".join(parts)


def qemu_argv(spec: VmSpec) -> list[str]:
    """Return the whole command line, program included.

    The SCSI ids decide the order in which the guest's kernel finds the drives: all of them sit on one bus,
    so that `/dev/sr0` is the virtual DVD-ROM and `/dev/sr1` the first recorder each time. On USB, which has
    no ids, the logical units of one device do.
    """
    return [
        PROGRAM,
        *("-name", options(spec.name, process=f"burnlab-{spec.name}")),
        *("-machine", "q35"),
        *_ACCEL[spec.accel],
        *("-smp", str(spec.cpus)),
        *("-m", str(spec.memory_mib)),
        *("-nodefaults", "-no-user-config", "-no-reboot"),
        *("-display", "none"),
        *_kernel(spec),
        *_control(spec),
        *_disk(spec),
        *_hba(spec),
        *_dvd(spec),
        *(word for index, unit in enumerate(spec.recorders, 1) for word in _recorder(spec, index, unit)),
        *(word for index, share in enumerate(spec.shares) for word in _share(index, share)),
        *_network(spec),
    ]


def _kernel(spec: VmSpec) -> list[str]:
    words = ["-kernel", str(spec.kernel.image)]
    if spec.kernel.initrd:
        words += ["-initrd", str(spec.kernel.initrd)]
    if spec.kernel.command_line:
        words += ["-append", spec.kernel.command_line]
    return words


def _control(spec: VmSpec) -> list[str]:
    server = {"server": "on", "wait": "off"}
    words = [
        *("-chardev", options("socket", id="console", path=spec.console, **server, logfile=spec.console_log)),
        *("-serial", "chardev:console"),
        *("-chardev", options("socket", id="qmp", path=spec.qmp, **server)),
        *("-mon", "chardev=qmp,mode=control"),
    ]
    if spec.ports:
        words += ["-device", f"virtio-serial-pci,id=ports,max_ports={len(spec.ports) + 1}"]
    for index, port in enumerate(spec.ports, 1):
        chardev = f"port{index}"
        words += ["-chardev", options("socket", id=chardev, path=port.socket, **server)]
        device = options("virtserialport", bus="ports.0", nr=index, chardev=chardev, name=port.name)
        words += ["-device", device]
    return words


def _disk(spec: VmSpec) -> list[str]:
    if spec.disk is None:
        return []
    return [
        *("-blockdev", options(f"driver={spec.disk.format}", node_name="disk0", discard="unmap",
                               file__driver="file", file__filename=spec.disk.path)),
        *("-device", "virtio-blk-pci,drive=disk0"),
    ]  # fmt: skip


def _hba(spec: VmSpec) -> list[str]:
    if spec.hba is not Hba.VIRTIO_SCSI:
        return [
            *("-device", "qemu-xhci,id=usb0"),
            *("-device", f"{spec.hba.value},id=scsi0,bus=usb0.0"),
        ]
    limits = [unit.max_sectors for unit in spec.recorders if isinstance(unit, HostDrive) and unit.max_sectors]
    # The host's kernel refuses what is longer than its queue takes; the guest can't know of that by itself.
    limit: dict[str, object] = {"max_sectors": min(limits)} if limits else {}
    return ["-device", _device(spec, "virtio-scsi-pci", {"id": "scsi0"}, limit)]


def _place(spec: VmSpec, index: int) -> dict[str, object]:
    if spec.hba is Hba.VIRTIO_SCSI:
        return {"bus": "scsi0.0", "scsi-id": index}
    # The logical units of a USB device begin with 0 and leave none out.
    return {"bus": "scsi0.0", "scsi-id": 0, "lun": index if spec.dvd else index - 1}


def _device(spec: VmSpec, kind: str, values: dict[str, object], optional: dict[str, object]) -> str:
    """Join a device's properties, those that this QEMU lacks left out. Names are as QEMU writes them."""
    kept = {name: value for name, value in optional.items() if f"{kind}.{name}" not in spec.lacking}
    parts = [f"{name}={str(value).replace(',', ',,')}" for name, value in (values | kept).items()]
    return ",".join([kind, *parts])


def _dvd(spec: VmSpec) -> list[str]:
    if spec.dvd is None:
        return []
    # An empty drive would call itself a CD-ROM.
    device = {"id": "dvdrom", **_place(spec, 0), "product": "QEMU DVD-ROM"}
    if spec.dvd.image is None:
        return ["-device", _device(spec, "scsi-cd", device, {})]
    return [
        *("-blockdev", options("driver=raw", node_name="dvd0", read_only="on",
                               file__driver="file", file__filename=spec.dvd.image)),
        *("-device", _device(spec, "scsi-cd", {**device, "drive": "dvd0"}, {})),
    ]  # fmt: skip


def _recorder(spec: VmSpec, index: int, recorder: Recorder) -> list[str]:
    node = f"rec{index}"
    words = (
        _iscsi(spec.name, node, recorder) if isinstance(recorder, IscsiRecorder) else _host(node, recorder)
    )
    device = {"id": f"recorder{index}", **_place(spec, index), "drive": node}
    optional: dict[str, object] = {"io_timeout": IO_TIMEOUT_SECONDS}
    if isinstance(recorder, HostDrive) and recorder.is_generic:
        # scsi-generic has no policy for errors: it hands every one of them to the guest anyway.
        return [*words, "-device", _device(spec, "scsi-generic", device, optional)]
    optional |= {"rerror": "report", "werror": "report"}
    return [*words, "-device", _device(spec, "scsi-block", device, optional)]


def _iscsi(name: str, node: str, recorder: IscsiRecorder) -> list[str]:
    address = recorder.address
    host = f"[{address.host}]" if ":" in address.host else address.host
    words: list[str] = []
    login: dict[str, object] = {}
    if recorder.chap:
        secret = f"chap-{node}"
        words += ["-object", options("secret", id=secret, file=recorder.chap.secret_file)]
        login = {"user": recorder.chap.user, "password_secret": secret}
    return [
        *words,
        *("-blockdev", options("driver=iscsi", node_name=node, transport="tcp",
                               portal=f"{host}:{address.port}", target=address.target, lun=address.lun,
                               initiator_name=f"{INITIATOR_PREFIX}:{name}", **login)),
    ]  # fmt: skip


def _host(node: str, drive: HostDrive) -> list[str]:
    # Only host_cdrom opens a drive whose tray is empty.
    driver = "host_device" if drive.is_generic else "host_cdrom"
    return ["-blockdev", options(f"driver={driver}", node_name=node, filename=drive.path)]


def _share(index: int, share: Share) -> list[str]:
    ident = f"share{index}"
    mode = "" if share.writable else ",readonly=on"
    return [
        *("-fsdev", options("local", id=ident, path=share.path) + f",security_model=none{mode}"),
        *("-device", f"virtio-9p-pci,fsdev={ident},mount_tag={share.tag}"),
    ]


def _network(spec: VmSpec) -> list[str]:
    if spec.ssh_port is None and not spec.network:
        return []
    forward = f",hostfwd=tcp:127.0.0.1:{spec.ssh_port}-:22" if spec.ssh_port is not None else ""
    return [
        *("-netdev", f"user,id=net0{forward}"),
        *("-device", "virtio-net-pci,netdev=net0,romfile="),
    ]
