"""Whether KVM really works here: something small has to boot with it."""

from __future__ import annotations

import json
import os
import platform
import re
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from burnlab.vm.argv import PROGRAM
from burnlab.vm.errors import BadRequest, HostFault
from burnlab.vm.machine import INSTALL_QEMU
from burnlab.vm.places import Places, make_folder
from burnlab.vm.spec import Accel

KVM_DEVICE = Path("/dev/kvm")
PROBE_SECONDS = 30.0
CHOICES = ("auto", *(accel.value for accel in Accel))

_EXIT_CODE = 33  # isa-debug-exit makes (value << 1) | 1 of the value written
_SECTOR = (
    b"\xb0\x10"  # mov al, 10h
    b"\xe6\xf4"  # out F4h, al
    b"\xf4"  # hlt
    b"\xeb\xfd"  # jmp to the hlt
).ljust(510, b"\0") + b"\x55\xaa"
_DISK_BYTES = 1 << 20  # the firmware finds no disk in a single sector
_CPUS = {Accel.KVM: "host", Accel.TCG: "max"}
_NOISE = re.compile(rf"^{PROGRAM}: (\S+:\d+: )?")
_VERSION = re.compile(r"version (\d+(?:\.\d+)+)")


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """Whether a boot sector ran, and what was seen if it didn't."""

    works: bool
    detail: str


def qemu_version() -> str:
    """Return QEMU's version.

    Raises HostFault if there is no QEMU.
    """
    try:
        done = subprocess.run([PROGRAM, "--version"], capture_output=True, text=True, check=False, timeout=30)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise HostFault(
            f"there is no working {PROGRAM} on this host", f"Install it: {INSTALL_QEMU}"
        ) from error
    found = _VERSION.search(done.stdout)
    if not found:
        raise HostFault(f"{PROGRAM} doesn't tell its version", f"Install it anew: {INSTALL_QEMU}")
    return found[1]


def boots(accel: Accel, seconds: float = PROBE_SECONDS) -> ProbeResult:
    """Boot a sector whose only deed is to end QEMU.

    A KVM that opens, answers its version and even creates a machine may still hang at the first instruction.
    """
    with tempfile.TemporaryDirectory(prefix="burnlab-probe-") as folder:
        sector = Path(folder) / "sector"
        sector.write_bytes(_SECTOR.ljust(_DISK_BYTES, b"\0"))
        argv = [
            *(PROGRAM, "-machine", "q35", "-accel", accel.value, "-cpu", _CPUS[accel], "-m", "32"),
            *("-nodefaults", "-no-user-config", "-no-reboot", "-display", "none"),
            *("-device", "isa-debug-exit,iobase=0xf4,iosize=0x04"),
            *("-blockdev", f"driver=raw,node-name=boot,read-only=on,file.driver=file,file.filename={sector}"),
            *("-device", "virtio-blk-pci,drive=boot"),
        ]
        try:
            done = subprocess.run(
                argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=seconds
            )
        except subprocess.TimeoutExpired:
            return ProbeResult(False, f"a boot sector didn't run to its end within {seconds:g} s")
        except OSError as error:
            raise HostFault(
                f"there is no working {PROGRAM} on this host", f"Install it: {INSTALL_QEMU}"
            ) from error
    if done.returncode == _EXIT_CODE:
        return ProbeResult(True, "a boot sector ran")
    last = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
    return ProbeResult(False, _NOISE.sub("", last))


def probe_kvm(places: Places, progress: Callable[[str], None]) -> ProbeResult:
    """Say whether KVM works; the answer is kept for this QEMU, this kernel and this permission."""
    if not KVM_DEVICE.exists():
        return ProbeResult(False, f"there is no {KVM_DEVICE}")
    if not os.access(KVM_DEVICE, os.R_OK | os.W_OK):
        return ProbeResult(False, f"no permission for {KVM_DEVICE} (join the group kvm)")
    memory = make_folder(places.cache) / "kvm.json"
    key = f"qemu {qemu_version()}, kernel {platform.release()} {platform.version()}"
    if known := _known(memory, key):
        return known
    progress("trying whether KVM works here (once)")
    result = boots(Accel.KVM)
    scratch = memory.with_suffix(f".{os.getpid()}")
    scratch.write_text(json.dumps({"key": key, "works": result.works, "detail": result.detail}) + "\n")
    scratch.replace(memory)
    return result


def choose(wanted: str, places: Places, progress: Callable[[str], None]) -> Accel:
    """Return KVM if it works and isn't forbidden, TCG otherwise, with a message.

    Raises HostFault if KVM is asked for by name and doesn't work.
    """
    if wanted not in CHOICES:
        raise BadRequest(f"'{wanted}' is no accelerator", f"There are: {', '.join(CHOICES)}.")
    if wanted == Accel.TCG.value:
        return Accel.TCG
    result = probe_kvm(places, progress)
    if result.works:
        return Accel.KVM
    if wanted == Accel.KVM.value:
        raise HostFault(f"KVM doesn't work here: {result.detail}", "Use --accel tcg, which works everywhere.")
    progress(f"KVM doesn't work here ({result.detail}): the guest runs under TCG, slower")
    return Accel.TCG


def _known(memory: Path, key: str) -> ProbeResult | None:
    try:
        content = json.loads(memory.read_text())
        return ProbeResult(bool(content["works"]), str(content["detail"])) if content["key"] == key else None
    except (OSError, ValueError, KeyError, TypeError):
        return None
