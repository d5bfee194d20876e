"""What differs between versions of QEMU: the binary is asked what it has; nothing is guessed by version."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from burnlab.vm.errors import HostFault
from burnlab.vm.places import Places, make_folder
from burnlab.vm.spec import VmSpec

_SECONDS = 120.0  # a QEMU that is itself emulated takes its time to start


@dataclass(frozen=True, slots=True)
class Option:
    """A property of a device that the command line uses where the binary has it."""

    device: str
    name: str
    without: str
    """What it means if it is missing."""

    @property
    def key(self) -> str:
        """Its name in `VmSpec.lacking`."""
        return f"{self.device}.{self.name}"


_CUT = "a command of more than 30 s (blanking, formatting, closing) is cut off on a drive of the host"
_STOP = "an error of the drive may stop the guest instead of being told to it"

OPTIONS: tuple[Option, ...] = (
    Option("scsi-block", "io_timeout", _CUT),
    Option("scsi-generic", "io_timeout", _CUT),
    Option("scsi-block", "rerror", _STOP),
    Option("scsi-block", "werror", _STOP),
    Option("virtio-scsi-pci", "max_sectors", "the guest may ask for longer transfers than the drive takes"),
)
"""All options that aren't in every QEMU."""

DEVICES: tuple[str, ...] = (
    *("scsi-block", "scsi-generic", "scsi-cd", "virtio-scsi-pci", "qemu-xhci", "usb-bot", "usb-uas"),
)
"""Devices that recorders need; a QEMU may be built without them."""
_REMEDY = "Use a QEMU that has it: Debian's package qemu-system-x86 does."


def questions() -> str:
    """Return what is asked of the monitor: one line for each device."""
    lines: list[dict[str, object]] = [{"execute": "qmp_capabilities"}]
    for device in DEVICES:
        asked: dict[str, object] = {
            "execute": "device-list-properties",
            "arguments": {"typename": device},
            "id": device,
        }
        lines.append(asked)
    return "".join(json.dumps(line) + "\n" for line in [*lines, {"execute": "quit"}])


def parse_answers(text: str) -> dict[str, frozenset[str]]:
    """Read the answers: the properties of each device that is there."""
    found: dict[str, frozenset[str]] = {}
    for line in text.splitlines():
        try:
            answer = json.loads(line)
        except ValueError:
            continue
        if isinstance(answer, dict) and "return" in answer and answer.get("id") in DEVICES:
            found[answer["id"]] = frozenset(str(row["name"]) for row in answer["return"])
    return found


def lacking(properties: Mapping[str, frozenset[str]]) -> frozenset[str]:
    """Return what of `DEVICES` and `OPTIONS` isn't there: `usb-uas`, `scsi-block.io_timeout`."""
    missing = {device for device in DEVICES if device not in properties}
    options = {option.key for option in OPTIONS if option.name not in properties.get(option.device, ())}
    return frozenset(missing | options)


def complaints(spec: VmSpec, argv: list[str]) -> Iterator[str]:
    """Say what it means for a machine that the binary lacks options.

    Raises HostFault if it lacks a device that the machine has.
    """
    used = {word.partition(",")[0] for before, word in pairwise(argv) if before == "-device"}
    for device in DEVICES:
        if device in used & spec.lacking:
            raise HostFault(f"this QEMU has no device {device}", _REMEDY)
    told = {
        option.without: option.key
        for option in OPTIONS
        if option.key in spec.lacking and option.device in used
    }
    for without, key in told.items():
        yield f"this QEMU has no option {key}: {without}"


def ask(program: str, places: Places) -> frozenset[str]:
    """Return what a QEMU lacks; the answer is kept for this very binary.

    Raises HostFault if there is none.
    """
    path = shutil.which(program)
    if path is None:
        raise HostFault(
            f"there is no {program} on this host", "Install it: sudo apt-get install qemu-system-x86"
        )
    found = Path(path).stat()
    key = f"{path} {found.st_size} {found.st_mtime_ns} {len(questions())}"
    memory = make_folder(places.cache) / "qemu-options.json"
    known = _known(memory, key)
    if known is not None:
        return known
    properties = _interview(path)
    scratch = memory.with_suffix(f".{os.getpid()}")
    scratch.write_text(
        json.dumps({"key": key, "devices": {name: sorted(properties[name]) for name in properties}})
    )
    scratch.replace(memory)
    return lacking(properties)


def _known(memory: Path, key: str) -> frozenset[str] | None:
    try:
        content = json.loads(memory.read_text())
        if content["key"] != key:
            return None
        return lacking({name: frozenset(values) for name, values in content["devices"].items()})
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _interview(path: str) -> dict[str, frozenset[str]]:
    argv = [path, "-M", "none", "-nodefaults", "-no-user-config", "-display", "none", "-S", "-qmp", "stdio"]
    try:
        done = subprocess.run(
            argv, input=questions(), capture_output=True, text=True, check=False, timeout=_SECONDS
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise HostFault(
            f"{path} can't be asked what it has: {error}", "See what it says: burnlab doctor"
        ) from error
    properties = parse_answers(done.stdout)
    if not properties:
        last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise HostFault(f"{path} can't be asked what it has: {last}", "See what it says: burnlab doctor")
    return properties
