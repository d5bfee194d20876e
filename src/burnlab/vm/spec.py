"""What a virtual machine consists of, as values."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from pathlib import Path

HOST_ADDRESS = "10.0.2.2"
"""The host, as guests with a network see it.    Source: QEMU's manual, user networking."""
GUEST_ADDRESS = "10.0.2.15"
INITIATOR_PREFIX = "iqn.2008-11.org.linux-kvm"
"""QEMU's own initiator name. A target knows by it who asks, and can let an empty tray pass at start."""


class Hba(Enum):
    """The bus adapter that the guest's drives hang on: what it needs is a driver in the guest."""

    VIRTIO_SCSI = "virtio-scsi"
    USB_BOT = "usb-bot"
    USB_UAS = "usb-uas"


class Accel(Enum):
    """How the guest's instructions are run."""

    KVM = "kvm"
    TCG = "tcg"


@dataclass(frozen=True, slots=True)
class Kernel:
    """A kernel that QEMU loads itself, without a boot loader."""

    image: Path
    initrd: Path | None = None
    command_line: str = ""


@dataclass(frozen=True, slots=True)
class IscsiAddress:
    """A logical unit behind an iSCSI portal."""

    host: str
    port: int
    target: str
    lun: int = 0

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"iscsi://{host}:{self.port}/{self.target}/{self.lun}"


@dataclass(frozen=True, slots=True)
class Chap:
    """A name and the file that holds its secret; the secret itself never shows in an argument list."""

    user: str
    secret_file: Path


@dataclass(frozen=True, slots=True)
class IscsiRecorder:
    """A recorder that an iSCSI target serves."""

    address: IscsiAddress
    chap: Chap | None = None


@dataclass(frozen=True, slots=True)
class HostDrive:
    """A recorder of the host: `/dev/srN`, or `/dev/sgN` which never depends on a medium."""

    path: Path
    max_sectors: int = 0
    """The longest transfer that the host's kernel hands to it, in sectors of 512 bytes; 0: not known."""

    @property
    def is_generic(self) -> bool:
        """Whether the path is a SCSI generic node."""
        return self.path.name.startswith("sg")


Recorder = IscsiRecorder | HostDrive


@dataclass(frozen=True, slots=True)
class VirtualDvd:
    """QEMU's own read-only DVD-ROM drive, with an image in it or an empty tray."""

    image: Path | None = None


@dataclass(frozen=True, slots=True)
class Disk:
    """A virtual disk of the guest."""

    path: Path
    format: str = "qcow2"


@dataclass(frozen=True, slots=True)
class Share:
    """A folder of the host that the guest can mount by 9p under a tag."""

    path: Path
    tag: str
    writable: bool = False


@dataclass(frozen=True, slots=True)
class Port:
    """A virtio-serial port: the guest finds it by name, the host by its socket."""

    name: str
    socket: Path


@dataclass(frozen=True, slots=True)
class VmSpec:
    """One virtual machine. SCSI ids are given in order: 0 is the virtual DVD-ROM, 1 the first recorder."""

    name: str
    accel: Accel
    kernel: Kernel
    console: Path
    console_log: Path
    qmp: Path
    memory_mib: int = 512
    cpus: int = 2
    dvd: VirtualDvd | None = VirtualDvd()
    recorders: tuple[Recorder, ...] = ()
    disk: Disk | None = None
    shares: tuple[Share, ...] = ()
    ports: tuple[Port, ...] = ()
    ssh_port: int | None = None
    """Port of the host that leads to the guest's ssh."""
    network: bool = False
    """A network of its own, in which the guest finds the host's loopback at `HOST_ADDRESS`."""
    hba: Hba = Hba.VIRTIO_SCSI
    lacking: frozenset[str] = frozenset()
    """What this QEMU lacks of the options of `qemu_options`."""
