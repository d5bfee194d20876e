"""What is known of the host: facts only, and what collects them. What they mean is in `examination`."""

from __future__ import annotations

import grp
import os
import platform
import pwd
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from burnlab.vm import accel
from burnlab.vm.argv import PROGRAM
from burnlab.vm.errors import VmError
from burnlab.vm.host_drive import AUTOMOUNTERS, DriveFacts
from burnlab.vm.host_probe import ROOT, list_drives, look_at
from burnlab.vm.images import apt
from burnlab.vm.images.store import Progress, ignore
from burnlab.vm.places import Places

PROGRAMS = (
    "qemu-img", "apt-get", "dpkg-deb", "mmdebstrap", "mke2fs", "ssh", "scp", "ssh-keygen", "fakeroot",
    "newuidmap", "xorriso", "isoinfo", "iscsi-ls", "iscsiadm", "virsh",
)  # fmt: skip
"""Programs that are looked for."""
_APT_HELPER = "/usr/lib/apt/apt-helper"
_RULES = ("etc/udev/rules.d", "run/udev/rules.d", "usr/lib/udev/rules.d", "lib/udev/rules.d")
_MIRROR_SECONDS = 10
_DEVICE = re.compile(r'^name "([^"]+)"', re.MULTILINE)
_MISSING_DRIVER = re.compile(r"Unknown driver|not available")


@dataclass(frozen=True, slots=True)
class HostFacts:
    """What was found out. Texts are empty where nothing is known, sets where there is nothing."""

    user: str = ""
    is_root: bool = False
    groups: frozenset[str] = frozenset()
    """The groups of this login."""
    enlisted: frozenset[str] = frozenset()
    """The groups that the user is in by now, this login perhaps not."""
    system: str = ""
    machine: str = "x86_64"
    programs: Mapping[str, str] = field(default_factory=dict)
    """Program → where it is."""
    qemu: str = ""
    """QEMU's version; empty if there is none that works."""
    qemu_devices: frozenset[str] = frozenset()
    has_iscsi_driver: bool = False
    has_kvm_device: bool = False
    may_use_kvm: bool = False
    kvm_works: bool = False
    kvm_detail: str = ""
    cpu_flags: frozenset[str] = frozenset()
    drives: tuple[DriveFacts, ...] = ()
    has_sg_module: bool = False
    has_udev: bool = False
    rules_for_block: bool = False
    """Whether a udev rule gives srN to the group cdrom."""
    rules_for_generic: bool = False
    """Whether one gives the sgN of CD drives to it."""
    automounters: tuple[str, ...] = ()
    has_apt_lists: bool = False
    suite: str = ""
    mirror: str = ""
    mirror_error: str = ""
    """Why the mirror can't be reached; empty if it can."""
    cache: str = ""
    free_bytes: int = 0
    iscsid_runs: bool = False


def collect(places: Places, progress: Progress = ignore, root: Path = ROOT) -> HostFacts:
    """Look at this host. Nothing is changed; whether KVM works is tried once and remembered."""
    user = _user()
    version = _qemu_version()
    kvm = _kvm(places, progress) if version else accel.ProbeResult(False, f"there is no {PROGRAM} to try it")
    suite, mirror = _mirror()
    cache = next(path for path in (places.cache, *places.cache.parents) if path.exists())
    processes = _processes(root)
    rules = _rules(root)
    return HostFacts(
        user=user,
        is_root=os.geteuid() == 0,
        groups=frozenset(_group(number) for number in {*os.getgroups(), os.getegid()}),
        enlisted=frozenset(entry.gr_name for entry in grp.getgrall() if user in entry.gr_mem),
        system=_system(root),
        machine=platform.machine(),
        programs={name: path for name in PROGRAMS if (path := _which(name))},
        qemu=version,
        qemu_devices=_qemu_devices() if version else frozenset(),
        has_iscsi_driver=bool(version) and _has_iscsi_driver(),
        has_kvm_device=accel.KVM_DEVICE.exists(),
        may_use_kvm=os.access(accel.KVM_DEVICE, os.R_OK | os.W_OK),
        kvm_works=kvm.works,
        kvm_detail=kvm.detail,
        cpu_flags=frozenset(_text(root / "proc/cpuinfo").split()) & {"vmx", "svm"},
        drives=tuple(look_at(node, root) for node in list_drives(root)),
        has_sg_module=(root / "sys/class/scsi_generic").exists(),
        has_udev=(root / "run/udev/control").exists(),
        rules_for_block=any('KERNEL=="sr' in rule for rule in rules),
        rules_for_generic=any('"scsi_generic"' in rule for rule in rules),
        automounters=tuple(name for name in AUTOMOUNTERS if name in processes),
        has_apt_lists=any("Packages" in path.name for path in (root / "var/lib/apt/lists").glob("*")),
        suite=suite,
        mirror=mirror,
        mirror_error=_ask_mirror(mirror, suite) if mirror else "",
        cache=str(cache),
        free_bytes=shutil.disk_usage(cache).free,
        iscsid_runs="iscsid" in processes,
    )


def _which(program: str) -> str | None:
    return shutil.which(program, path=f"{os.environ.get('PATH', '/usr/bin')}:/usr/sbin:/sbin")


def _qemu_version() -> str:
    try:
        return accel.qemu_version()
    except VmError:
        return ""


def _kvm(places: Places, progress: Progress) -> accel.ProbeResult:
    try:
        return accel.probe_kvm(places, progress)
    except VmError as error:
        return accel.ProbeResult(False, error.message)


def _asked(*words: str) -> str:
    """What QEMU says, on both outputs; nothing if it can't be run."""
    try:
        done = subprocess.run(
            [PROGRAM, *words],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=20,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout + done.stderr


def _qemu_devices() -> frozenset[str]:
    return frozenset(_DEVICE.findall(_asked("-M", "q35", "-accel", "tcg", "-device", "help")))


def _has_iscsi_driver() -> bool:
    """Look whether QEMU has its iSCSI driver: a module that Debian packs by itself."""
    node = (
        "driver=iscsi,node-name=x,transport=tcp,portal=127.0.0.1:9,target=iqn.2008-11.org.linux-kvm:x,lun=0"
    )
    said = _asked("-M", "none", "-nodefaults", "-display", "none", "-S", "-blockdev", node)
    # Nobody listens at the discard port: a driver that is there fails to connect, a missing one is unknown.
    return bool(said) and not _MISSING_DRIVER.search(said)


def _mirror() -> tuple[str, str]:
    """The code name of the host's Debian release, and where apt gets its packages from."""
    try:
        suite, lines = apt.debian_sources()
    except VmError:
        return "", ""
    main = next((line.split() for line in lines if line.split()[2] == suite), lines[0].split())
    return suite, main[1]


def _ask_mirror(mirror: str, suite: str) -> str:
    """Get a small file through apt's own settings, proxies included; why it fails."""
    with tempfile.TemporaryDirectory(prefix="burnlab-mirror-") as folder:
        options = (
            "Acquire::Retries=0",
            f"Acquire::http::Timeout={_MIRROR_SECONDS}",
            "APT::Sandbox::User=root",
        )
        words = [word for option in options for word in ("-o", option)]
        url = f"{mirror.rstrip('/')}/dists/{suite}/InRelease"
        try:
            done = subprocess.run(
                [_APT_HELPER, *words, "download-file", url, str(Path(folder) / "file")],
                stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
                timeout=3 * _MIRROR_SECONDS,
            )  # fmt: skip
        except FileNotFoundError:
            return ""
        except (OSError, subprocess.TimeoutExpired):
            return f"no answer within {3 * _MIRROR_SECONDS} s"
    said = [line[3:] for line in done.stderr.splitlines() if line.startswith("E: ")]
    return "" if done.returncode == 0 else (said or [f"exit code {done.returncode}"])[0]


def _rules(root: Path) -> list[str]:
    """All udev rules that give something to the group cdrom."""
    found = []
    for folder in _RULES:
        for path in sorted((root / folder).glob("*.rules")):
            found += [line for line in _text(path).splitlines() if 'GROUP="cdrom"' in line and line[0] != "#"]
    return found


def _processes(root: Path) -> frozenset[str]:
    return frozenset(_text(path).strip() for path in (root / "proc").glob("[0-9]*/comm"))


def _system(root: Path) -> str:
    found = re.search(r'^PRETTY_NAME="?([^"\n]*)', _text(root / "etc/os-release"), re.MULTILINE)
    return found[1] if found else platform.system()


def _group(number: int) -> str:
    try:
        return grp.getgrgid(number).gr_name
    except KeyError:
        return str(number)


def _user() -> str:
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return f"user {os.geteuid()}"


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
