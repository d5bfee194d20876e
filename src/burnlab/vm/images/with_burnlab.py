"""The debian guest with this very burnlab: a copy of the guest, and the package put on its disk.

The two are images of their own: after a change of the package only the second one is made anew, in seconds.
What is installed needs nothing but Python's own library, so that the burn program can run where a drive is;
`burnlab` itself, which needs more, stays on the host.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import py_compile
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

import burnlab
from burnlab.vm.errors import HostFault
from burnlab.vm.images import debian
from burnlab.vm.images.apt import Package
from burnlab.vm.images.store import Image, Progress, Recipe, Store, digest
from burnlab.vm.places import Places
from burnlab.vm.spec import Share

LIBRARY = PurePosixPath("/usr/lib/python3/dist-packages")
PROGRAMS = PurePosixPath("/usr/bin")
_NEEDS_MORE = frozenset({"burnlab"})
_COPIED = ("vmlinuz", "initrd", debian.KEY, f"{debian.KEY}.pub", debian.KNOWN_HOSTS)
PACKAGE_TAG = "burnlab"
"""Where the package is mounted in a micro guest, below /mnt."""
_LAUNCHER = """#!/usr/bin/python3
import sys
{where}from {module} import {function}
sys.exit({function}())
"""


def ensure(places: Places, progress: Progress, additions: Sequence[str] = (), suite: str = "") -> Image:
    """Return the debian guest with burnlab, built first if need be."""
    base = debian.ensure(places, progress, additions, suite)
    with base.in_use():
        return Store(places.guests).ensure(_recipe(base), (), progress)


def package_files() -> dict[PurePosixPath, Path]:
    """Where each file of the installed package goes in a guest, and where it is here; no compiled ones."""
    root = Path(burnlab.__file__).parent
    found = {}
    for path in sorted(root.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            found[LIBRARY / "burnlab" / PurePosixPath(path.relative_to(root).as_posix())] = path
    return found


def package_share() -> Share:
    """The folder that holds the package, for a guest to mount."""
    return Share(Path(burnlab.__file__).parent.parent, PACKAGE_TAG)


def launchers(library: str = "") -> dict[PurePosixPath, str]:
    """The programs that need nothing but Python, as texts; `library` is where a guest finds the package."""
    where = f"sys.path.insert(0, {library!r})\n" if library else ""
    scripts = importlib.metadata.distribution("burnlab").entry_points.select(group="console_scripts")
    return {
        PROGRAMS / script.name: _LAUNCHER.format(module=script.module, function=script.attr, where=where)
        for script in scripts
        if script.name not in _NEEDS_MORE
    }


def _recipe(base: Image) -> Recipe:
    files, programs = package_files(), launchers()
    contents = {str(path): hashlib.sha256(source.read_bytes()).hexdigest() for path, source in files.items()}
    fingerprint = digest(base.folder.name, contents, {str(path): text for path, text in programs.items()})

    def build(folder: Path, _packages: Sequence[Package], progress: Progress) -> dict[str, str]:
        progress(f"debian+burnlab: putting {len(files)} files on the disk")
        for name in _COPIED:
            shutil.copy2(base.folder / name, folder / name)
        _copy_disk(base.folder / debian.DISK, folder / debian.DISK)
        staged = dict(files) | _compiled(files, folder / "compiled", _python_of(base))
        for path, text in programs.items():
            staged[path] = folder / path.name
            staged[path].write_text(text)
        _install(folder / debian.DISK, staged, executable=frozenset(programs))
        shutil.rmtree(folder / "compiled", ignore_errors=True)
        for path in programs:
            (folder / path.name).unlink()
        return base.manifest | {"base": base.folder.name}

    return Recipe(f"{base.manifest.get('name', 'debian')}+burnlab", fingerprint, build)


def _copy_disk(source: Path, target: Path) -> None:
    argv = ["cp", "--sparse=always", "--reflink=auto", str(source), str(target)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    if done.returncode:
        raise HostFault(
            f"the guest's disk can't be copied: {done.stderr.strip()}", "Look for room on the disk."
        )


def _python_of(base: Image) -> str:
    """The guest's Python as MAJOR.MINOR, empty if that can't be told."""
    packages = base.manifest.get("packages", "").split()
    version = next((entry.partition("=")[2] for entry in packages if entry.startswith("python3=")), "")
    return ".".join(version.split("-")[0].split(".")[:2])


def _compiled(files: dict[PurePosixPath, Path], folder: Path, version: str) -> dict[PurePosixPath, Path]:
    """The modules compiled, if this Python is of the guest's version: its user keeps nothing compiled."""
    if version != f"{sys.version_info.major}.{sys.version_info.minor}":
        return {}
    folder.mkdir()
    tag, made = sys.implementation.cache_tag, {}
    for number, (path, source) in enumerate(files.items()):
        if path.suffix == ".py":
            target = folder / f"{number}.pyc"
            mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
            py_compile.compile(str(source), str(target), str(path), quiet=2, invalidation_mode=mode)
            if target.exists():
                made[path.parent / "__pycache__" / f"{path.stem}.{tag}.pyc"] = target
    return made


def _install(disk: Path, files: dict[PurePosixPath, Path], executable: frozenset[PurePosixPath]) -> None:
    """Write files into a file system that isn't mounted, as root's."""
    text = "".join(f"{line}\n" for line in _commands(files, executable))
    environ = os.environ | {"PATH": f"{os.environ.get('PATH', '/usr/bin')}:/usr/sbin:/sbin", "LC_ALL": "C"}
    try:
        done = subprocess.run(
            ["debugfs", "-w", "-f", "-", str(disk)],
            input=text, capture_output=True, text=True, check=False, env=environ,
        )  # fmt: skip
    except FileNotFoundError as error:
        raise HostFault(
            "there is no debugfs on this host", "Install it: sudo apt-get install e2fsprogs"
        ) from error
    # It goes on after mistakes and ends well: only what it complains of tells. Its first line is its name.
    complaints = [line for line in done.stderr.splitlines()[1:] if line.strip()]
    if done.returncode or complaints:
        raise HostFault(
            f"burnlab can't be put on the guest's disk: {' '.join(complaints[:3])}", "Look for room."
        )


def _commands(files: dict[PurePosixPath, Path], executable: frozenset[PurePosixPath]) -> Iterator[str]:
    folders = {parent for path in files for parent in path.parents if parent.is_relative_to(LIBRARY)}
    for folder in sorted(folders - {LIBRARY}):
        yield f'mkdir "{folder}"'
    for path, source in files.items():
        yield f'cd "{path.parent}"'
        yield f'write "{source}" "{path.name}"'
        yield f'set_inode_field "{path}" mode 0100{"755" if path in executable else "644"}'
        yield f'set_inode_field "{path}" uid 0'
        yield f'set_inode_field "{path}" gid 0'
