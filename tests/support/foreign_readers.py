"""A tree that is hard on readers, and what a reader saw: path → MD5 of content, or what else it is."""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

from burnlab.iso9660.scan import scan_path
from burnlab.iso9660.tree import Directory

Seen = dict[str, str]

DIRECTORY = "directory"


def make_tree(root: Path) -> Path:
    """Names, links and sizes of many kinds below `root`."""
    (root / "deep/a/b/c/d/e/f/g/h/i").mkdir(parents=True)
    (root / "many").mkdir()
    for number in range(120):
        (root / "many" / f"a file with a rather long name, number {number:04d}.text").write_text(
            f"{number}\n" * number
        )
    (root / "deep/a/b/c/d/e/f/g/h/i/leaf").write_bytes(b"deep down")
    (root / "empty").write_bytes(b"")
    (root / "one block").write_bytes(b"x" * 2048)
    (root / "one block more").write_bytes(bytes(range(256)) * 8 + b"y")
    (root / "big.bin").write_bytes(hashlib.sha256(b"seed").digest() * 40000)
    (root / "Grüße.txt").write_text("grüß Gott\n", encoding="utf-8")
    (root / "UPPER.TXT").write_text("upper\n")
    (root / "upper.txt").write_text("lower\n")
    (root / ("long" * 60)).write_text("a name of 240 bytes\n")
    (root / "link").symlink_to("deep/a/b")
    (root / "dangling").symlink_to("/nowhere" + "/component of a target" * 8)
    os.link(root / "big.bin", root / "hard link")
    (root / "one block").chmod(0o600)
    return root


def change_tree(root: Path) -> Callable[[Directory], None]:
    """Add a file and replace one on disk; the change that makes an image equal."""
    changed = ("fresh.txt", "UPPER.TXT")
    for name in changed:
        (root / name).write_text(f"{name} of the second session\n")

    def change(tree: Directory) -> None:
        for name in changed:
            path = os.fsencode(root / name)
            tree.children.pop(os.fsencode(name), None)
            tree.add(scan_path(path))

    return change


def on_disk(root: Path) -> Seen:
    """The tree as it is on disk."""
    return {str(path.relative_to(root)): _kind(path) for path in sorted(root.rglob("*"))}


def _kind(path: Path) -> str:
    if path.is_symlink():
        return f"-> {path.readlink()}"
    return DIRECTORY if path.is_dir() else hashlib.md5(path.read_bytes()).hexdigest()


def run(*words: str | Path, folder: Path | None = None) -> str:
    """What a program prints, in an environment of its own."""
    done = subprocess.run(
        [str(word) for word in words],
        cwd=folder,
        capture_output=True,
        env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "TZ": "UTC", "HOME": "/nonexistent"},
        check=False,
    )
    assert done.returncode == 0, f"{words}: {done.returncode}\n{done.stderr.decode(errors='replace')}"
    return done.stdout.decode()
