"""What the guests consist of, as tables."""

from __future__ import annotations

from dataclasses import dataclass

KERNEL_PACKAGE = "linux-image-amd64"


@dataclass(frozen=True, slots=True)
class ProgramSet:
    """Programs for the micro guest: the packages they come from, their files, and links to them."""

    packages: tuple[str, ...]
    programs: tuple[str, ...]
    links: tuple[tuple[str, str], ...] = ()  # (path of the link, what it points to)
    trees: tuple[str, ...] = ()  # folders that come whole, as patterns
    modules: tuple[str, ...] = ()  # kernel modules that are loaded at start, beside those of every guest


MICRO_BASE = ProgramSet(
    ("busybox-static", "eject", "libc-bin"), ("/usr/bin/eject",), trees=("/usr/lib/locale/C.utf8",)
)
"""What every micro guest has; busybox itself is put in by name."""

PROGRAM_SETS: dict[str, ProgramSet] = {
    "xorriso": ProgramSet(("xorriso",), ("/usr/bin/xorriso",)),
    "cdrskin": ProgramSet(("cdrskin",), ("/usr/bin/cdrskin",)),
    "wodim": ProgramSet(("wodim",), ("/usr/bin/wodim", "/usr/bin/readom")),
    "genisoimage": ProgramSet(
        ("genisoimage",),
        ("/usr/bin/genisoimage", "/usr/bin/isoinfo"),
        (("/usr/bin/mkisofs", "genisoimage"),),
    ),
    "growisofs": ProgramSet(
        ("growisofs", "genisoimage"),
        ("/usr/bin/growisofs", "/usr/bin/genisoimage"),
        (("/usr/bin/mkisofs", "genisoimage"),),
    ),
    "dvd+rw-tools": ProgramSet(
        ("dvd+rw-tools",), ("/usr/bin/dvd+rw-format", "/usr/bin/dvd+rw-mediainfo", "/usr/bin/dvd+rw-booktype")
    ),
    "util-linux": ProgramSet(
        ("util-linux", "mount"), ("/usr/sbin/blkid", "/usr/bin/mount", "/usr/bin/umount")
    ),
    "libcdio-utils": ProgramSet(("libcdio-utils",), ("/usr/bin/cd-info", "/usr/bin/cd-read")),
    "cdparanoia": ProgramSet(("cdparanoia",), ("/usr/bin/cdparanoia",)),
    "icedax": ProgramSet(("icedax",), ("/usr/bin/icedax",)),
    "cdrdao": ProgramSet(("cdrdao",), ("/usr/bin/cdrdao",)),
    "setcd": ProgramSet(("setcd",), ("/usr/bin/setcd",)),
    "python3": ProgramSet(("python3",), ("/usr/bin/python3",), trees=("/usr/lib/python3.[0-9]*",)),
    # What compiled Python packages rest on: wheels still name libraries that are part of libc by now.
    "c++-runtime": ProgramSet(
        ("libstdc++6", "libgcc-s1", "libc6"),
        (
            "/usr/lib/x86_64-linux-gnu/libstdc++.so.6",
            *(
                f"/usr/lib/x86_64-linux-gnu/{name}"
                for name in ("librt.so.1", "libpthread.so.0", "libdl.so.2")
            ),
        ),
    ),
    "sg3-utils": ProgramSet(
        ("sg3-utils",), ("/usr/bin/sg_inq", "/usr/bin/sg_raw", "/usr/bin/sg_turs", "/usr/bin/sg_vpd")
    ),
    "usb": ProgramSet((), (), modules=("xhci_pci", "usb_storage", "uas")),
    "open-iscsi": ProgramSet(
        ("open-iscsi",),
        ("/usr/sbin/iscsid", "/usr/sbin/iscsiadm"),
        trees=("/etc/iscsi",),
        modules=("crc32c_generic", "iscsi_tcp"),
    ),
}
"""Name of a set → what it brings. A guest may have several; each combination is an image of its own."""

MICRO_MODULES = (
    "virtio_pci",
    "virtio_console",
    "virtio_net",
    # The HBA before the drives' driver: sr then finds all drives at once, in the order of their SCSI ids.
    "virtio_scsi",
    "cdrom",
    "sr_mod",
    "sg",
    "isofs",
    "udf",
    "loop",
    "9pnet_virtio",
    "9p",
    "nls_utf8",
)
"""Kernel modules that the micro guest loads at start, in this order, with all they depend on."""

OPTIONAL_MODULES = frozenset({"crc32c_generic"})
"""Modules that newer kernels have in another form, so that they may be missing."""

MICRO_COMMAND_LINE = (
    "console=ttyS0 quiet loglevel=4 panic=-1 rdinit=/sbin/init random.trust_cpu=on mitigations=off "
    # What a guest for minutes can do without: tests of the kernel's own ciphers, guards, watches.
    "cryptomgr.notests init_on_alloc=0 kfence.sample_interval=0 audit=0 apparmor=0 nowatchdog no_timer_check "
    "rcupdate.rcu_expedited=1"
)

DEBIAN_PACKAGES: dict[str, str] = {
    KERNEL_PACKAGE: "the kernel",
    "systemd-sysv": "init",
    "dbus": "logind needs it to hear the power button",
    "udev": "device nodes, the scenario's rules",
    "kmod": "modules",
    "openssh-server": "ssh and scp",
    "iproute2": "a look at the network",
    "xorriso": "the burn program",
    "eject": "trays",
    "mount": "ISO file systems",
    "procps": "processes",
    "less": "reading",
    "python3": "runs burnlab's own burn program, where that is put in",
}
"""Package of the debian guest → why it is there."""

# ext4 asks for crc32c by a name that no module file bears, so the dependencies don't lead to it.
DEBIAN_MODULES = ("virtio_pci", "virtio_blk", "crc32c_generic", "ext4")
"""What the debian guest's initramfs must load to find its root file system; udev does the rest."""

DEBIAN_COMMAND_LINE = "console=ttyS0 quiet loglevel=4 mitigations=off"
DEBIAN_DISK_BYTES = 8 << 30  # the scenario's 8G; the file is sparse

GUEST_USER = "burner"
XORRISO_MINIMUM = (1, 1, 8)
