"""Which packages, in which versions, a guest would get today; apt is asked only when its lists changed."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path

from burnlab.vm.errors import HostFault
from burnlab.vm.images import apt
from burnlab.vm.images.recipes import KERNEL_PACKAGE
from burnlab.vm.images.store import digest, stamp_of
from burnlab.vm.places import Places, make_folder

_APT_STATE = ("/var/lib/apt/lists", "/etc/apt", "/etc/apt/sources.list.d", "/etc/apt/preferences.d")


def resolve(places: Places, names: Sequence[str], *, kernel: bool) -> list[apt.Package]:
    """Return packages with all they depend on, and the kernel's package alone without its dependencies.

    A kernel depends on tools that make an initramfs; a guest that brings its own needs none of them.
    """
    make_folder(places.cache)
    memory = places.cache / "packages.json"
    state = digest([stamp_of(Path(folder)) for folder in _APT_STATE])
    key = digest(list(names), kernel)
    known = _load(memory, state)
    if key not in known:
        known[key] = [[entry.name, entry.version] for entry in _ask(places, names, kernel)]
        _save(memory, state, known)
    return [apt.Package(name, version) for name, version in known[key]]


def _ask(places: Places, names: Sequence[str], kernel: bool) -> list[apt.Package]:
    status = places.cache / "no-packages"
    packages = apt.closure([*names, KERNEL_PACKAGE] if kernel else names, status)
    if not kernel:
        return packages
    images = set(apt.depends(KERNEL_PACKAGE))
    chosen = [entry for entry in packages if entry.name in images]
    if not chosen:
        raise HostFault(
            f"{KERNEL_PACKAGE} names no kernel on this release",
            "Guests are built from Debian packages: build them on Debian.",
        )
    return sorted([*apt.closure(names, status), *chosen])


def _load(memory: Path, state: str) -> dict[str, list[list[str]]]:
    try:
        content = json.loads(memory.read_text())
        return dict(content["packages"]) if content["state"] == state else {}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def _save(memory: Path, state: str, known: dict[str, list[list[str]]]) -> None:
    scratch = memory.with_suffix(f".{os.getpid()}")
    scratch.write_text(json.dumps({"state": state, "packages": known}))
    scratch.replace(memory)
