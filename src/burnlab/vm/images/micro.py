"""The micro guest: a kernel and an initramfs with busybox and burn programs, for tests. Up in seconds."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from importlib import resources
from pathlib import Path

from burnlab.vm.errors import BadRequest, HostFault
from burnlab.vm.images import apt, initramfs
from burnlab.vm.images.kernel import KernelTree, write_fast_image
from burnlab.vm.images.recipes import MICRO_BASE, MICRO_MODULES, PROGRAM_SETS, ProgramSet
from burnlab.vm.images.resolve import resolve
from burnlab.vm.images.store import Image, Progress, Recipe, Store, digest
from burnlab.vm.places import Places

_FILES = {
    "micro-init": ("etc/burnlab/init", 0o755),
    "micro-agent": ("etc/burnlab/agent", 0o755),
    "micro-inittab": ("etc/inittab", 0o644),
}
_PLAIN_FILES = (
    ("etc/passwd", "root:x:0:0:root:/root:/bin/sh\n", 0o644),
    ("etc/group", "root:x:0:\ncdrom:x:24:\n", 0o644),
)


def ensure(places: Places, programs: Iterable[str], progress: Progress) -> Image:
    """Return the micro guest with these program sets, built first if need be."""
    sets = tuple(sorted(set(programs)))
    unknown = [name for name in sets if name not in PROGRAM_SETS]
    if unknown:
        known = ", ".join(PROGRAM_SETS)
        raise BadRequest(f"the micro guest has no program set {', '.join(unknown)}", f"There are: {known}.")
    chosen = [MICRO_BASE, *(PROGRAM_SETS[name] for name in sets)]
    recipe = _recipe("-".join(["micro", *(name.replace("-", "_") for name in sets)]), chosen)
    store = Store(places.guests)
    names = sorted({package for entry in chosen for package in entry.packages})
    try:
        packages = resolve(places, names, kernel=True)
    except HostFault:
        # An image that is there serves well on a host whose apt can't be asked just now.
        if image := store.newest(recipe):
            progress(f"{recipe.name}: apt can't be asked for newer packages; using the image that is there")
            return image
        raise
    return store.ensure(recipe, packages, progress)


def _recipe(name: str, sets: Sequence[ProgramSet]) -> Recipe:
    files = {name: _read(name) for name in _FILES}
    # What the builder does with the tables is part of the recipe too.
    builder = [Path(__file__).read_text(), Path(initramfs.__file__).read_text()]
    fingerprint = digest([asdict(entry) for entry in sets], MICRO_MODULES, files, _PLAIN_FILES, builder)

    def build(folder: Path, packages: Sequence[apt.Package], progress: Progress) -> dict[str, str]:
        root = folder / "root"
        progress(f"{name}: downloading and unpacking {len(packages)} Debian packages")
        apt.unpack(packages, folder / "downloads", root)
        progress(f"{name}: making the initramfs")
        kernel = KernelTree(root)
        write_fast_image(kernel.image, folder / "vmlinuz")
        own = [(path, files[name], mode) for name, (path, mode) in _FILES.items()]
        modules = [*MICRO_MODULES, *(module for entry in sets for module in entry.modules)]
        content = initramfs.for_programs(root, kernel, sets, modules, [*_PLAIN_FILES, *own])
        (folder / "initrd").write_bytes(content)
        shutil.rmtree(root, ignore_errors=True)
        shutil.rmtree(folder / "downloads", ignore_errors=True)
        return {"kernel": kernel.release, "packages": " ".join(map(str, packages))}

    return Recipe(name, fingerprint, build)


def _read(name: str) -> str:
    return resources.files("burnlab.vm.images").joinpath("files", name).read_text()
