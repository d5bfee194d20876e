"""The QEMU command line, word by word."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from burnlab.vm.argv import qemu_argv
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

RECORDER = IscsiRecorder(IscsiAddress("127.0.0.1", 3260, "iqn.2024-01.lab:recorder", 1))

BARE = VmSpec(
    name="bare",
    accel=Accel.TCG,
    kernel=Kernel(Path("/i/vmlinuz"), Path("/i/initrd"), "console=ttyS0 quiet"),
    console=Path("/r/console"),
    console_log=Path("/r/console.log"),
    qmp=Path("/r/qmp"),
)

BARE_ARGV = """
qemu-system-x86_64
-name|bare,process=burnlab-bare
-machine|q35
-accel|tcg,thread=multi|-cpu|max
-smp|2
-m|512
-nodefaults|-no-user-config|-no-reboot
-display|none
-kernel|/i/vmlinuz
-initrd|/i/initrd
-append|console=ttyS0 quiet
-chardev|socket,id=console,path=/r/console,server=on,wait=off,logfile=/r/console.log
-serial|chardev:console
-chardev|socket,id=qmp,path=/r/qmp,server=on,wait=off
-mon|chardev=qmp,mode=control
-device|virtio-scsi-pci,id=scsi0
-device|scsi-cd,id=dvdrom,bus=scsi0.0,scsi-id=0,product=QEMU DVD-ROM
"""

WHOLE = replace(
    BARE,
    name="whole",
    accel=Accel.KVM,
    memory_mib=768,
    cpus=4,
    dvd=VirtualDvd(Path("/d/a,b.iso")),
    recorders=(RECORDER,),
    disk=Disk(Path("/r/disk.qcow2")),
    shares=(Share(Path("/s"), "work"), Share(Path("/t"), "out", writable=True)),
    ports=(Port("burnlab.control", Path("/r/control")),),
    ssh_port=5557,
)

WHOLE_ARGV = """
qemu-system-x86_64
-name|whole,process=burnlab-whole
-machine|q35
-accel|kvm|-cpu|host
-smp|4
-m|768
-nodefaults|-no-user-config|-no-reboot
-display|none
-kernel|/i/vmlinuz
-initrd|/i/initrd
-append|console=ttyS0 quiet
-chardev|socket,id=console,path=/r/console,server=on,wait=off,logfile=/r/console.log
-serial|chardev:console
-chardev|socket,id=qmp,path=/r/qmp,server=on,wait=off
-mon|chardev=qmp,mode=control
-device|virtio-serial-pci,id=ports,max_ports=2
-chardev|socket,id=port1,path=/r/control,server=on,wait=off
-device|virtserialport,bus=ports.0,nr=1,chardev=port1,name=burnlab.control
-blockdev|driver=qcow2,node-name=disk0,discard=unmap,file.driver=file,file.filename=/r/disk.qcow2
-device|virtio-blk-pci,drive=disk0
-device|virtio-scsi-pci,id=scsi0
-blockdev|driver=raw,node-name=dvd0,read-only=on,file.driver=file,file.filename=/d/a,,b.iso
-device|scsi-cd,id=dvdrom,bus=scsi0.0,scsi-id=0,product=QEMU DVD-ROM,drive=dvd0
-blockdev|driver=iscsi,node-name=rec1,transport=tcp,portal=127.0.0.1:3260,target=iqn.2024-01.lab:recorder,lun=1,initiator-name=iqn.2008-11.org.linux-kvm:whole
-device|scsi-block,id=recorder1,bus=scsi0.0,scsi-id=1,drive=rec1,io_timeout=7200,rerror=report,werror=report
-fsdev|local,id=share0,path=/s,security_model=none,readonly=on
-device|virtio-9p-pci,fsdev=share0,mount_tag=work
-fsdev|local,id=share1,path=/t,security_model=none
-device|virtio-9p-pci,fsdev=share1,mount_tag=out
-netdev|user,id=net0,hostfwd=tcp:127.0.0.1:5557-:22
-device|virtio-net-pci,netdev=net0,romfile=
"""


def words(golden: str) -> list[str]:
    return [word for line in golden.strip().splitlines() for word in line.split("|")]


def only_new(spec: VmSpec) -> list[str]:
    """What a spec has that the bare one hasn't, in its order."""
    return [word for word in qemu_argv(spec) if word not in BARE_ARGV.replace("|", "\n").splitlines()]


def test_a_bare_machine_has_nothing_but_what_it_needs() -> None:
    assert qemu_argv(BARE) == words(BARE_ARGV)


def test_a_machine_with_everything() -> None:
    assert qemu_argv(WHOLE) == words(WHOLE_ARGV)


def test_the_recorder_comes_after_the_virtual_dvd_rom_with_or_without_an_image() -> None:
    for dvd in (VirtualDvd(), VirtualDvd(Path("/x.iso"))):
        argv = qemu_argv(replace(BARE, dvd=dvd, recorders=(RECORDER,)))
        devices = [word for word in argv if "scsi-id=" in word]
        assert [word.split("scsi-id=")[1][0] for word in devices] == ["0", "1"]
        assert devices[0].startswith("scsi-cd") and devices[1].startswith("scsi-block")


def test_a_network_without_a_port_of_the_host() -> None:
    assert only_new(replace(BARE, network=True)) == [
        *("-netdev", "user,id=net0"),
        "virtio-net-pci,netdev=net0,romfile=",
    ]


def test_a_secret_stays_in_its_file() -> None:
    recorder = replace(RECORDER, chap=Chap("joe", Path("/etc/secret")))
    assert only_new(replace(BARE, recorders=(recorder,)))[:3] == [
        "-object",
        "secret,id=chap-rec1,file=/etc/secret",
        "-blockdev",
    ]
    blockdev = only_new(replace(BARE, recorders=(recorder,)))[3]
    assert blockdev.endswith(
        "initiator-name=iqn.2008-11.org.linux-kvm:bare,user=joe,password-secret=chap-rec1"
    )


def test_an_ipv6_portal_stands_in_brackets() -> None:
    recorder = IscsiRecorder(IscsiAddress("::1", 3261, "iqn.2024-01.lab:x"))
    argv = qemu_argv(replace(BARE, recorders=(recorder,)))
    assert any(",portal=[::1]:3261," in word for word in argv)


def test_a_drive_of_the_host_by_its_block_node() -> None:
    argv = qemu_argv(replace(BARE, recorders=(HostDrive(Path("/dev/sr2")),)))
    assert argv[-4:] == [
        "-blockdev",
        "driver=host_cdrom,node-name=rec1,filename=/dev/sr2",
        "-device",
        "scsi-block,id=recorder1,bus=scsi0.0,scsi-id=1,drive=rec1,io_timeout=7200,rerror=report,werror=report",
    ]


def test_a_drive_of_the_host_by_its_generic_node() -> None:
    argv = qemu_argv(replace(BARE, recorders=(HostDrive(Path("/dev/sg3")),)))
    assert argv[-4:] == [
        "-blockdev",
        "driver=host_device,node-name=rec1,filename=/dev/sg3",
        "-device",
        "scsi-generic,id=recorder1,bus=scsi0.0,scsi-id=1,drive=rec1,io_timeout=7200",
    ]


def test_several_recorders_have_ids_of_their_own() -> None:
    argv = qemu_argv(replace(BARE, recorders=(RECORDER, HostDrive(Path("/dev/sg1")))))
    assert [word.split(",")[1] for word in argv if ",drive=rec" in word] == ["id=recorder1", "id=recorder2"]


def test_the_longest_transfer_is_that_of_the_weakest_drive() -> None:
    drives = (
        HostDrive(Path("/dev/sr0"), 1024),
        HostDrive(Path("/dev/sg4"), 240),
        HostDrive(Path("/dev/sr2")),
    )
    argv = qemu_argv(replace(BARE, recorders=(RECORDER, *drives)))
    assert "virtio-scsi-pci,id=scsi0,max_sectors=240" in argv


def test_options_that_this_qemu_lacks_are_left_out() -> None:
    drives = (HostDrive(Path("/dev/sr0"), 240), HostDrive(Path("/dev/sg4"), 240))
    lacking = frozenset({"scsi-block.io_timeout", "scsi-block.werror", "virtio-scsi-pci.max_sectors"})
    devices = [word for word in qemu_argv(replace(BARE, recorders=drives, lacking=lacking)) if "scsi" in word]
    assert devices == [
        "virtio-scsi-pci,id=scsi0",
        "scsi-cd,id=dvdrom,bus=scsi0.0,scsi-id=0,product=QEMU DVD-ROM",
        "scsi-block,id=recorder1,bus=scsi0.0,scsi-id=1,drive=rec1,rerror=report",
        "scsi-generic,id=recorder2,bus=scsi0.0,scsi-id=2,drive=rec2,io_timeout=7200",
    ]


@pytest.mark.parametrize("hba", [Hba.USB_BOT, Hba.USB_UAS])
def test_on_usb_the_logical_units_are_in_the_order_of_the_drives(hba: Hba) -> None:
    argv = qemu_argv(replace(BARE, hba=hba, recorders=(RECORDER, HostDrive(Path("/dev/sg4"), 240))))
    devices = [word for before, word in pairwise(argv) if before == "-device"]
    assert devices == [
        "qemu-xhci,id=usb0",
        f"{hba.value},id=scsi0,bus=usb0.0",
        "scsi-cd,id=dvdrom,bus=scsi0.0,scsi-id=0,lun=0,product=QEMU DVD-ROM",
        "scsi-block,id=recorder1,bus=scsi0.0,scsi-id=0,lun=1,drive=rec1,"
        "io_timeout=7200,rerror=report,werror=report",
        "scsi-generic,id=recorder2,bus=scsi0.0,scsi-id=0,lun=2,drive=rec2,io_timeout=7200",
    ]


def test_without_a_virtual_dvd_rom_the_logical_units_begin_with_the_recorder() -> None:
    # USB takes no gap; SCSI ids stay as they are, so that the guest's rules find the recorder.
    for hba, place in {Hba.USB_UAS: "lun=0", Hba.VIRTIO_SCSI: "scsi-id=1"}.items():
        argv = qemu_argv(replace(BARE, hba=hba, dvd=None, recorders=(RECORDER,)))
        assert not any(word.startswith("scsi-cd") for word in argv)
        assert [place in word for word in argv if word.startswith("scsi-block")] == [True]
