"""The tree of an image before it has addresses: nodes, their attributes, and where contents come from.

Names and link targets are bytes, as Rock Ridge stores them. Times are whole seconds since 1970 (UTC).
Two `File` nodes that share one `Content` object are hard links: the content is stored once.
"""

from __future__ import annotations

import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

ROOT_MODE = stat.S_IFDIR | 0o755
NAME_BYTES = 255


class TreeError(Exception):
    """A tree operation that can't be: the message says which path and why."""


class Extent(NamedTuple):
    """A run of content on the medium: first block (absolute LBA) and length in bytes."""

    lba: int
    size: int


@dataclass(slots=True, eq=False)
class DiskContent:
    """Content that a file on disk holds; it is opened when the image is written."""

    path: bytes
    size: int


@dataclass(slots=True, eq=False)
class MemoryContent:
    """Content that is at hand."""

    data: bytes

    @property
    def size(self) -> int:
        """Bytes of content."""
        return len(self.data)


@dataclass(slots=True, eq=False)
class ImageContent:
    """Content that an earlier session holds. `md5` is what the image recorded, if it did; `index` is the
    `isofs.cx` of its files, or 0.
    """

    extents: tuple[Extent, ...]
    size: int
    md5: bytes | None = None
    index: int = 0


@dataclass(slots=True, eq=False)
class CopiedContent:
    """Content that another image holds: it is read from there when this one is written, and stored anew.

    The higher its `weight`, the earlier it is stored; `index` is the `isofs.cx` of its files there, or 0.
    """

    extents: tuple[Extent, ...]
    size: int
    index: int = 0
    weight: int = 0


Content: TypeAlias = DiskContent | MemoryContent | ImageContent | CopiedContent


@dataclass(slots=True, eq=False, kw_only=True)
class Node:
    """What all nodes have. `mode` is st_mode with its type bits."""

    name: bytes
    mode: int
    uid: int = 0
    gid: int = 0
    mtime: int = 0
    atime: int = 0
    ctime: int = 0
    parent: Directory | None = None
    attributes: dict[bytes, bytes] | None = None
    """By full name, as AAIP stores them (`user.mime`, `isofs.st`; b"" is the ACL), in their order. None for a
    file whose only one is the `isofs.cx` that its content knows."""
    source_id: tuple[int, int] | None = None
    """Device and inode of the disk file it came from, if that was recorded."""
    inode: int = 0
    """File serial number that the loaded image recorded; 0 if none."""

    def path(self) -> bytes:
        """Absolute path in the image; the root is b"/"."""
        parts = []
        node: Node = self
        while node.parent is not None:
            parts.append(node.name)
            node = node.parent
        return b"/" + b"/".join(reversed(parts))


@dataclass(slots=True, eq=False, kw_only=True)
class Directory(Node):
    """A directory; `children` by name, in order of insertion."""

    children: dict[bytes, Node] = field(default_factory=dict)

    def add(self, node: Node) -> None:
        """Put a node under its name.

        Raises:
            TreeError: the name can't be had, or is taken.
        """
        check_name(node.name)
        if node.name in self.children:
            raise TreeError(f"{show(self.path())} already has {show(node.name)}")
        self.children[node.name] = node
        node.parent = self

    def remove(self, name: bytes) -> Node:
        """Take a node out, with all below it.

        Raises:
            TreeError: there is none of that name.
        """
        node = self.children.pop(name, None)
        if node is None:
            raise TreeError(f"{show(self.path())} has no {show(name)}")
        node.parent = None
        return node

    def sorted_children(self) -> list[Node]:
        """Children in bytewise order of their names."""
        children = self.children
        return [children[name] for name in sorted(children)]


@dataclass(slots=True, eq=False, kw_only=True)
class File(Node):
    """A regular file."""

    content: Content


@dataclass(slots=True, eq=False, kw_only=True)
class Symlink(Node):
    """A symbolic link."""

    target: bytes


@dataclass(slots=True, eq=False, kw_only=True)
class Special(Node):
    """A fifo, socket or device; `device` is the Linux dev_t."""

    device: int = 0


def new_root(now: int = 0, mode: int = ROOT_MODE) -> Directory:
    """An empty tree."""
    return Directory(name=b"", mode=mode, mtime=now, atime=now, ctime=now)


def check_name(name: bytes) -> None:
    """Refuse what can't be a leaf name.

    Raises:
        TreeError: empty, `.`, `..`, longer than 255 bytes, or with `/` or NUL in it.
    """
    if name in (b"", b".", b"..") or b"/" in name or b"\0" in name or len(name) > NAME_BYTES:
        raise TreeError(f"{show(name)} can't be the name of a file")


def split_path(path: bytes) -> list[bytes]:
    """The names along an absolute path; `.` and `..` are resolved textually, `..` of the root is the root."""
    names: list[bytes] = []
    for name in path.split(b"/"):
        if name == b"..":
            if names:
                names.pop()
        elif name not in (b"", b"."):
            names.append(name)
    return names


def find_node(root: Directory, path: bytes) -> Node | None:
    """The node at an absolute path, or None."""
    node: Node = root
    for name in split_path(path):
        if not isinstance(node, Directory):
            return None
        child = node.children.get(name)
        if child is None:
            return None
        node = child
    return node


def walk(node: Node) -> Iterator[Node]:
    """The node and all below it, depth first, children in bytewise order of their names."""
    stack = [node]
    while stack:
        node = stack.pop()
        yield node
        if isinstance(node, Directory):
            stack.extend(reversed(node.sorted_children()))


def show(text: bytes) -> str:
    """A name or path for a message: quoted, one line, safe on a terminal."""
    shown = text.decode("utf-8", "backslashreplace")
    return "'" + "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in shown) + "'"
