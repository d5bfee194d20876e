"""burnlab put on a guest's disk: which files, which programs, and that they arrive."""

from __future__ import annotations

import importlib
import subprocess
from pathlib import Path, PurePosixPath

import pytest

from burnlab.vm.errors import HostFault
from burnlab.vm.images import debian
from burnlab.vm.images.cpio import Archive
from burnlab.vm.images.initramfs import _add_tree
from burnlab.vm.images.store import Image
from burnlab.vm.images.with_burnlab import (
    LIBRARY,
    _install,
    _python_of,
    _recipe,
    launchers,
    package_files,
    package_share,
)


def debugfs(disk: Path, request: str) -> str:
    """What debugfs answers to a request."""
    program = next((p for p in ("/usr/sbin/debugfs", "/sbin/debugfs") if Path(p).exists()), "debugfs")
    done = subprocess.run([program, "-R", request, str(disk)], capture_output=True, text=True, check=True)
    return done.stdout


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    """An ext4 file system with the folders that every guest has."""
    tree, path = tmp_path / "tree", tmp_path / "disk"
    for folder in (LIBRARY, PurePosixPath("/usr/bin")):
        (tree / str(folder).strip("/")).mkdir(parents=True)
    argv = ["mke2fs", "-q", "-t", "ext4", "-d", str(tree), str(path), "8M"]
    environment = {"PATH": "/usr/sbin:/sbin:/usr/bin:/bin"}
    subprocess.run(argv, check=True, capture_output=True, env=environment)
    return path


def test_files_arrive_as_roots(tmp_path: Path, disk: Path) -> None:
    module, program = tmp_path / "a b.py", tmp_path / "go"
    module.write_text("x = 1\n")
    program.write_text("#!/bin/sh\n")
    module.chmod(0o600)
    go = PurePosixPath("/usr/bin/go")
    files = {LIBRARY / "burnlab" / "deep" / "mod.py": module, go: program}
    _install(disk, files, executable=frozenset({go}))
    assert debugfs(disk, f"cat {LIBRARY}/burnlab/deep/mod.py") == "x = 1\n"
    assert "Mode:  0644" in debugfs(disk, f"stat {LIBRARY}/burnlab/deep/mod.py")
    told = debugfs(disk, "stat /usr/bin/go")
    assert "Mode:  0755" in told
    assert "User:     0   Group:     0" in told


def test_a_disk_that_takes_nothing_is_told(tmp_path: Path, disk: Path) -> None:
    large = tmp_path / "large"
    large.write_bytes(b"x" * (9 << 20))
    with pytest.raises(HostFault, match="can't be put on the guest's disk"):
        _install(disk, {LIBRARY / "burnlab" / "large": large}, executable=frozenset())
    with pytest.raises(HostFault):
        _install(tmp_path / "none", {LIBRARY / "x": large}, executable=frozenset())


def test_the_package_goes_whole_and_without_what_was_compiled() -> None:
    files = package_files()
    assert LIBRARY / "burnlab" / "burn" / "sg_io.py" in files
    assert LIBRARY / "burnlab" / "vm" / "images" / "files" / "debian-setup" in files
    assert not [path for path in files if "__pycache__" in path.parts]
    assert (package_share().path / "burnlab" / "__init__.py").is_file()


def test_programs_start_what_the_package_says() -> None:
    programs = launchers()
    text = programs[PurePosixPath("/usr/bin/bxorriso")]
    assert text.startswith("#!/usr/bin/python3\n")
    assert "from burnlab.cli.xorriso import main\n" in text
    assert callable(importlib.import_module("burnlab.cli.xorriso").main)
    assert PurePosixPath("/usr/bin/burnlab") not in programs
    elsewhere = launchers("/mnt/x")[PurePosixPath("/usr/bin/bxorriso")]
    assert "sys.path.insert(0, '/mnt/x')\nfrom burnlab" in elsewhere


def test_the_guests_python_is_known_by_its_package() -> None:
    assert _python_of(Image(Path(), {"packages": "dash=0.5 python3=3.13.5-1 python3-minimal=1"})) == "3.13"
    assert _python_of(Image(Path(), {})) == ""


def test_the_guest_with_burnlab_is_an_image_of_its_own(tmp_path: Path) -> None:
    plain, changed = (Image(tmp_path / name, {}) for name in ("debian-1-2", "debian-1-3"))
    assert _recipe(plain).name != debian.recipe().name
    assert _recipe(plain).fingerprint == _recipe(plain).fingerprint != _recipe(changed).fingerprint


def test_trees_are_found_by_pattern(tmp_path: Path) -> None:
    for name in ("python3.11", "python3.12", "python3"):
        (tmp_path / "usr/lib" / name / "deep").mkdir(parents=True)
        (tmp_path / "usr/lib" / name / "deep" / "a.py").write_text(name)
    archive = Archive()
    _add_tree(archive, tmp_path, "/usr/lib/python3.[0-9]*")
    assert "usr/lib/python3.11/deep/a.py" in archive
    assert "usr/lib/python3.12/deep/a.py" in archive
    assert "usr/lib/python3/deep/a.py" not in archive
    with pytest.raises(HostFault, match="lack the folder /usr/lib/ruby"):
        _add_tree(archive, tmp_path, "/usr/lib/ruby*")
