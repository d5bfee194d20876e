"""The kernel's first file system, packed from unpacked Debian packages."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path

from burnlab.vm.errors import HostFault
from burnlab.vm.images.cpio import Archive
from burnlab.vm.images.elf import needs
from burnlab.vm.images.kernel import KernelTree
from burnlab.vm.images.recipes import ProgramSet

_LIBRARY_FOLDERS = ("usr/lib/x86_64-linux-gnu", "usr/lib")
_MERGED = ("bin", "sbin", "lib", "lib64")
_FOLDERS = ("proc", "sys", "dev", "run", "tmp", "root", "mnt", "etc", *(f"usr/{name}" for name in _MERGED))

File = tuple[str, str, int]
"""Path, content and mode of a file."""


def for_programs(
    root: Path, kernel: KernelTree, sets: Sequence[ProgramSet], modules: Iterable[str], files: Iterable[File]
) -> bytes:
    """Return an initramfs that is a whole guest: busybox, programs with their libraries, and modules."""
    archive = _start(root, kernel, modules)
    for entry in sets:
        for program in entry.programs:
            _add_program(archive, root, program)
        for path, target in entry.links:
            archive.link(path, target)
        for tree in entry.trees:
            _add_tree(archive, root, tree)
    for path, content, mode in files:
        archive.file(path, content.encode(), mode)
    return archive.pack()


def for_disk(root: Path, kernel: KernelTree, modules: Iterable[str], init: str) -> bytes:
    """Return an initramfs that finds a disk and hands over to the system on it."""
    archive = _start(root, kernel, modules)
    archive.file("init", init.encode(), 0o755)
    return archive.pack()


def _start(root: Path, kernel: KernelTree, modules: Iterable[str]) -> Archive:
    archive = Archive()
    for folder in _FOLDERS:
        archive.folder(folder)
    archive.console()
    for folder in _MERGED:
        archive.link(folder, f"usr/{folder}")
    _add_busybox(archive, root)
    order = kernel.in_load_order(modules)
    for name in order:
        archive.file(f"usr/lib/modules/{kernel.release}/{name}.ko", kernel.read(name))
    archive.file("etc/burnlab/modules", "".join(f"{name}\n" for name in order).encode())
    return archive


def _add_tree(archive: Archive, root: Path, pattern: str) -> None:
    """Add a folder, or all whose names fit a pattern, with the libraries that loadable modules in it need."""
    folders = [path for path in sorted(root.glob(pattern.strip("/"))) if path.is_dir()]
    if not folders:
        raise HostFault(f"the packages lack the folder {pattern}", "Report this with your Debian release.")
    for source in (source for folder in folders for source in sorted(folder.rglob("*"))):
        if source.is_file():
            data = source.read_bytes()
            archive.file(str(source.relative_to(root)), data)
            found = needs(data) if source.suffix == ".so" else None
            for library in found.libraries if found else ():
                _add_library(archive, root, library)


def _add_busybox(archive: Archive, root: Path) -> None:
    program = _locate(root, "bin/busybox")
    archive.file("usr/bin/busybox", program.read_bytes(), 0o755)
    names = subprocess.run([program, "--list"], capture_output=True, text=True, check=True).stdout.split()
    for name in names:
        if name != "busybox":
            archive.link(f"usr/bin/{name}", "busybox")
    archive.link("usr/sbin/init", "../bin/busybox")


def _add_program(archive: Archive, root: Path, path: str) -> None:
    source = _locate(root, path)
    data = source.read_bytes()
    archive.file(path, data, 0o755)
    found = needs(data)
    if found is None:
        return
    if found.interpreter and found.interpreter not in archive:
        merged = found.interpreter.strip("/")
        archive.file(f"usr/{merged}" if merged.startswith(_MERGED) else merged,
                     _locate(root, merged).read_bytes(), 0o755)  # fmt: skip
    for library in found.libraries:
        _add_library(archive, root, library)


def _add_library(archive: Archive, root: Path, name: str) -> None:
    for folder in _LIBRARY_FOLDERS:
        path = f"{folder}/{name}"
        if path in archive:
            return
        try:
            data = _locate(root, path).read_bytes()
        except HostFault:
            continue
        archive.file(path, data, 0o755)
        found = needs(data)
        for library in found.libraries if found else ():
            _add_library(archive, root, library)
        return
    raise HostFault(f"the packages lack the library {name}", "Report this with your Debian release.")


def _locate(root: Path, path: str) -> Path:
    """Find a file of an unpacked package, whether or not the package knows of the merged /usr."""
    path = path.strip("/")
    bare = path.removeprefix("usr/")
    for candidate in (root / path, root / bare, root / "usr" / bare):
        resolved = _within(root, candidate)
        if resolved and resolved.is_file():
            return resolved
    raise HostFault(f"the packages lack the file /{path}", "Report this with your Debian release.")


def _within(root: Path, path: Path) -> Path | None:
    """Follow symbolic links as they are meant inside `root`."""
    for _step in range(8):
        if not path.is_symlink():
            return path
        target = os.readlink(path)  # noqa: PTH115 - an absolute target counts from root
        joined = root / target.lstrip("/") if target.startswith("/") else path.parent / target
        path = joined
        if not path.exists() and not path.is_symlink():
            path = root / "usr" / str(joined.relative_to(root)) if joined.is_relative_to(root) else joined
    return None
