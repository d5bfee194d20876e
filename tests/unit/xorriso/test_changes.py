from __future__ import annotations

import stat

import pytest

from burnlab.iso9660.tree import Directory, File, MemoryContent, Node
from burnlab.xorriso.command import CommandFailed
from burnlab.xorriso.commands import changes
from burnlab.xorriso.environment import Environment
from burnlab.xorriso.messages import Streams
from burnlab.xorriso.program import Program

NOW = 1_700_000_000


@pytest.fixture
def program() -> Program:
    def no_drive(address: str) -> object:
        raise AssertionError(address)

    environment = Environment(
        streams=Streams(lambda _text: None, lambda _text: None),
        directory="/",
        variables={},
        clock=lambda: NOW,
        monotonic=lambda: 0.0,
        sleep=lambda _seconds: None,
        read_line=lambda: "",
        open_drive=no_drive,  # type: ignore[arg-type]
    )
    return Program(environment)


def file(name: bytes = b"f") -> File:
    node = File(name=name, mode=stat.S_IFREG | 0o644, content=MemoryContent(b"x"))
    node.mtime = node.atime = node.ctime = 1000
    return node


def times(node: Node) -> tuple[int, int, int]:
    return node.atime, node.mtime, node.ctime


def test_attributes_and_the_time_of_change(program: Program) -> None:
    node = file()
    for change in (
        changes.chmod(program, "0600", "-"),
        changes.chown(program, "5"),
        changes.chgrp(program, "6"),
    ):
        node.ctime = 1000
        change(node)
        assert times(node) == (1000, 1000, NOW)
    assert (node.mode, node.uid, node.gid) == (stat.S_IFREG | 0o600, 5, 6)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("a", (7, 1000, NOW)), ("m", (1000, 7, NOW)), ("b", (7, 7, NOW)), ("c", (1000, 1000, 7)),
        ("a-c", (7, 1000, 1000)), ("m-c", (1000, 7, 1000)), ("b-c", (7, 7, 1000)),
    ],
)  # fmt: skip
def test_dates(program: Program, kind: str, expected: tuple[int, int, int]) -> None:
    node = file()
    changes.alter_date(program, kind, "=7", "-")(node)
    assert times(node) == expected


def test_like_mkisofs(program: Program) -> None:
    node = file()
    node.mode, node.uid = stat.S_IFREG | 0o4710, 5
    changes.mkisofs_r(node)
    assert (node.mode, node.uid, node.gid, node.ctime) == (stat.S_IFREG | 0o555, 0, 0, 1000)


def test_extended_attributes(program: Program) -> None:
    node = file()
    changes.setfattr(program, "user.a", "1")(node)
    changes.setfattr(program, "user.b", "2")(node)
    changes.setfattr(program, "-user.a", "")(node)
    assert node.attributes == {b"user.b": b"2"}
    changes.setfattr(program, "--remove-all", "")(node)
    assert node.attributes is None
    for name in ("", "trusted.x", "isofs.ca"):
        with pytest.raises(CommandFailed):
            changes.setfattr(program, name, "v")


def test_access_lists(program: Program) -> None:
    node = file()
    changes.setfacl(program, "u::rw,g::r,m::rwx,o::-,u:5:x", "x")(node)
    assert node.mode == stat.S_IFREG | 0o670
    assert node.attributes is not None
    assert list(node.attributes) == [b""]
    changes.setfacl(program, "clear", "x")(node)
    assert node.attributes is None


def test_copies_share_contents_and_nothing_else(program: Program) -> None:
    top = Directory(name=b"d", mode=stat.S_IFDIR | 0o755)
    inner = Directory(name=b"i", mode=stat.S_IFDIR | 0o755)
    child = file()
    child.attributes = {b"user.k": b"v"}
    top.add(inner)
    inner.add(child)
    twin = changes.copy(top, b"t")
    assert isinstance(twin, Directory)
    copied = twin.children[b"i"]
    assert isinstance(copied, Directory)
    other = copied.children[b"f"]
    assert isinstance(other, File)
    assert other.content is child.content and other.path() == b"/i/f" and other.attributes == child.attributes
    changes.setfattr(program, "user.k", "w")(other)
    assert child.attributes == {b"user.k": b"v"}
    assert changes.count_nodes(twin) == 3
    assert changes.remove(copied) == 2
    assert list(top.children) == [b"i"] and not twin.children
