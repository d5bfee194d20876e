"""A burn program that is killed between two system calls, or within one, while it makes an image file grow.

The new session is written first and what leads to it last: whatever came of it, block 0 leads to the old
session or to the new one, and every file of it is whole.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from burnlab.iso9660.load import load_tree
from burnlab.iso9660.tree import File, walk
from burnlab.iso9660.verify import Verdict, check_files
from support.syscall_log import Call, Files, can_trace, trace

pytestmark = [
    pytest.mark.compat,
    pytest.mark.skipif(not can_trace(), reason="strace is missing, or may not trace: apt install strace"),
]

BLOCK, PAGE = 2048, 4096
HEAD = 32 * BLOCK
OURS = [sys.executable, "-c", "from burnlab.cli.xorriso import main; main()"]


def words(name: str, joliet: bool) -> list[str]:
    options = ["-md5", "on", "-joliet", "on" if joliet else "off"]
    return ["-no_rc", *options, "-dev", "stdio:x.iso", "-add", name, "--"]


def make_tree(folder: Path, name: str) -> None:
    (folder / name / "deeper").mkdir(parents=True)
    (folder / name / "data").write_bytes(os.urandom(70_000))
    (folder / name / "deeper" / "text").write_text(name * 1000)


def names_at(read: Callable[[int, int], bytes]) -> frozenset[bytes]:
    """What is in the root that block 0 leads to; all files below it are whole."""
    root = load_tree(read, 0, check_tags=True).root
    files = [node for node in walk(root) if isinstance(node, File)]
    assert {checked.verdict for checked in check_files(read, files, workers=1)} == {Verdict.MATCH}
    return frozenset(root.children)


def reader(data: bytearray) -> Callable[[int, int], bytes]:
    return lambda lba, count: bytes(data[lba * BLOCK : (lba + count) * BLOCK])


def parts(call: Call) -> Iterator[Call]:
    """The kernel takes a write page by page, and looks for signals in between."""
    for end in range(PAGE, len(call.data), PAGE):
        yield Call(call.name, call.path, call.data[:end], call.at)


@pytest.mark.parametrize(
    ("old_joliet", "new_joliet"), [(False, False), (True, True), (False, True), (True, False)]
)
def test_an_image_file_killed_at_every_system_call(
    tmp_path: Path, old_joliet: bool, new_joliet: bool
) -> None:
    make_tree(tmp_path, "old")
    make_tree(tmp_path, "new")
    subprocess.run([*OURS, *words("old", old_joliet)], cwd=tmp_path, check=True, capture_output=True)
    files = Files({"x.iso": bytearray((tmp_path / "x.iso").read_bytes())})
    calls = trace([*OURS, *words("new", new_joliet)], tmp_path / "log", dict(os.environ), cwd=tmp_path)
    calls = [call for call in calls if Path(call.path).name == "x.iso"]
    places = [call.at for call in calls if call.data]
    head = next(n for n, at in enumerate(places) if at < HEAD)
    assert head > 0, "first the new session"
    assert all(at < HEAD for at in places[head:]), "then what leads to it"

    old, both, seen = frozenset({b"old"}), frozenset({b"old", b"new"}), set()
    for call in calls:
        for part in parts(call):
            torn = files.copy()
            torn.apply(part)
            seen.add(names_at(reader(torn.files["x.iso"])))
        files.apply(call)
        seen.add(names_at(reader(files.files["x.iso"])))
        assert seen <= {old, both}
    assert seen == {old, both}
    assert bytes(files.files["x.iso"]) == (tmp_path / "x.iso").read_bytes(), "the log holds all that happened"
