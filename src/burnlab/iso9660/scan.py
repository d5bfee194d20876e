"""A tree on disk as nodes of an image. Its paths are bytes, which `Path` doesn't have."""
# ruff: noqa: PTH115, PTH116, PTH119, PTH208

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias, cast

from burnlab.iso9660.aaip import ACL, DEVICE_INODE
from burnlab.iso9660.collector import no_collector
from burnlab.iso9660.posix_acl import ENTRY, GROUP_OBJ, HEADER, TAGS, Lists, from_linux
from burnlab.iso9660.tree import (
    Content,
    Directory,
    DiskContent,
    File,
    Node,
    Special,
    Symlink,
    TreeError,
)

OnScanProblem: TypeAlias = Callable[[bytes, OSError | TreeError], None]

ACL_ACCESS: Final = "system.posix_acl_access"
ACL_DEFAULT: Final = "system.posix_acl_default"


@dataclass(slots=True, kw_only=True)
class ScanOptions:
    """How to look at a disk tree.

    `contents` remembers each disk file by device and inode, so that further names of it become hard links,
    also in later scans that are given the same dictionary.
    """

    follow: bool = False
    """Take what symbolic links point to instead of them."""
    follow_top: bool = False
    """The same only for the path given."""
    xattr: bool = False
    any_namespace: bool = False
    """Take attributes of all namespaces, not only `user`."""
    acl: bool = False
    device_inodes: bool = False
    """Record device and inode numbers as attributes."""
    source_ids: bool = False
    """Remember them in the nodes: hard links of all kinds of nodes can be told by them."""
    one_filesystem: bool = False
    excluded: Callable[[bytes], bool] | None = None
    """Whether to leave out a path, given as it is on disk."""
    on_problem: OnScanProblem | None = None
    on_directory: Callable[[bytes, int], None] | None = None
    """Is told each directory that is entered, and how many nodes there are so far."""
    contents: dict[tuple[int, int], Content] = field(default_factory=dict)


def scan_path(path: bytes, name: bytes | None = None, options: ScanOptions | None = None) -> Node:
    """The node for a path on disk, with all below it.

    Args:
        path: of anything.
        name: the node's own; the last part of the path if it isn't given.
        options: defaults apply if there are none.

    Raises:
        OSError: the path can't be looked at.
        TreeError: its name or link target can't be had in an image.
    """
    scanner = _Scanner(options or ScanOptions())
    with no_collector():
        return scanner.scan(path, os.path.basename(path.rstrip(b"/")) if name is None else name)


class _Scanner:
    def __init__(self, options: ScanOptions) -> None:
        self._options = options
        self._count = 0

    def scan(self, path: bytes, name: bytes) -> Node:
        options = self._options
        follow = options.follow or options.follow_top
        status = os.stat(path) if follow else os.lstat(path)
        top = self._node(path, name, status)
        if not isinstance(top, Directory):
            return top
        ancestors = {(status.st_dev, status.st_ino)} if options.follow else set()
        stack = [(path, top, ancestors)]
        while stack:
            path, directory, ancestors = stack.pop()
            for below, child, status in self._children(path, directory):
                if not isinstance(child, Directory):
                    continue
                if options.one_filesystem and status.st_dev != self._device(path):
                    continue
                inside = ancestors
                if options.follow:
                    key = (status.st_dev, status.st_ino)
                    if key in ancestors:
                        self._problem(below, OSError(40, "Directory is its own ancestor"))
                        continue
                    inside = ancestors | {key}
                stack.append((below, child, inside))
        return top

    @staticmethod
    def _device(path: bytes) -> int:
        return os.stat(path).st_dev

    def _children(self, path: bytes, directory: Directory) -> list[tuple[bytes, Node, os.stat_result]]:
        """Put a directory's children into its node; those that are directories are returned."""
        options = self._options
        found: list[tuple[bytes, Node, os.stat_result]] = []
        prefix = path if path.endswith(b"/") else path + b"/"
        children = directory.children
        try:
            names = os.listdir(path)
        except OSError as error:
            self._problem(path, error)
            return found
        self._count += len(names)
        if options.on_directory is not None:
            options.on_directory(path, self._count)
        excluded, look = options.excluded, os.stat if options.follow else os.lstat
        for name in names:
            below = prefix + name
            if excluded is not None and excluded(below):
                continue
            try:
                status = look(below)
                node = self._node(below, name, status)
            except FileNotFoundError as error:
                if not options.follow:
                    self._problem(below, error)
                    continue
                status = os.lstat(below)
                node = self._node(below, name, status)
            except (OSError, TreeError) as error:
                self._problem(below, error)
                continue
            children[name] = node
            node.parent = directory
            if isinstance(node, Directory):
                found.append((below, node, status))
        return found

    def _node(self, path: bytes, name: bytes, status: os.stat_result) -> Node:
        """A node without its children."""
        options = self._options
        numbers = cast("tuple[int, ...]", status)  # as a tuple it has whole seconds
        mode, inode, device, links, uid, gid, size, atime, mtime, ctime = numbers
        kind = stat.S_IFMT(mode)
        node: Node
        if kind == stat.S_IFREG:
            key = (device, inode)
            content = options.contents.get(key)
            if content is None:
                content = options.contents[key] = DiskContent(path, size)
            node = File(
                name=name,
                mode=mode,
                uid=uid,
                gid=gid,
                mtime=mtime,
                atime=atime,
                ctime=ctime,
                content=content,
            )
        else:
            if kind == stat.S_IFDIR:
                node = Directory(name=name, mode=mode)
            elif kind == stat.S_IFLNK:
                node = Symlink(name=name, mode=mode, target=link_target(path))
            else:
                node = Special(name=name, mode=mode, device=status.st_rdev)
            node.uid, node.gid, node.mtime, node.atime, node.ctime = uid, gid, mtime, atime, ctime
        if options.source_ids or (links > 1 and kind not in (stat.S_IFREG, stat.S_IFDIR)):
            node.source_id = (device, inode)
        names = attribute_names(path, follow=options.follow) if kind != stat.S_IFLNK else ()
        if names or options.device_inodes:
            self._attach(node, path, names, status)
        return node

    def _attach(self, node: Node, path: bytes, names: Sequence[str], status: os.stat_result) -> None:
        """The attributes that are wanted. Without the ACL the group has its permissions, not the mask's."""
        options = self._options

        def read(name: str) -> bytes:
            return os.getxattr(path, name, follow_symlinks=options.follow)

        found: dict[bytes, bytes] = {}
        if options.xattr:
            wanted = (name for name in names if options.any_namespace or name.startswith("user."))
            found = {os.fsencode(name): read(name) for name in wanted}
        lists = Lists(*(read(name) if name in names else b"" for name in (ACL_ACCESS, ACL_DEFAULT)))
        if options.acl and any(lists):
            found[ACL] = from_linux(lists)
        elif lists.access:
            node.mode = node.mode & ~0o070 | group_permissions(lists.access) << 3
        if not any(found.values()):
            found.clear()
        if options.device_inodes:
            found[DEVICE_INODE] = pack_device_inode(status.st_dev, status.st_ino)
        node.attributes = found or None

    def _problem(self, path: bytes, error: OSError | TreeError) -> None:
        if self._options.on_problem is not None:
            self._options.on_problem(path, error)


TARGET_BYTES: Final = 1023
"""As long as a link's target may be; each name in it may have 255 bytes."""


def link_target(path: bytes) -> bytes:
    """The target of a link on disk.

    Raises:
        OSError: it can't be read.
        TreeError: the target can't be stored.
    """
    target = os.readlink(path)
    if len(target) > TARGET_BYTES:
        raise TreeError("Rock Ridge path too long")
    if any(len(part) > 255 for part in target.split(b"/")):
        raise TreeError("Rock Ridge leaf name too long")
    return target


def pack_device_inode(device: int, inode: int) -> bytes:
    """Value of `isofs.di`: both numbers, each after the count of its bytes."""
    parts = (n.to_bytes(max(1, (n.bit_length() + 7) // 8), "big") for n in (device, inode))
    return b"".join(bytes((len(part),)) + part for part in parts)


def attribute_names(path: bytes, *, follow: bool) -> Sequence[str]:
    """The names of a file's extended attributes; none if the file system has no such thing."""
    try:
        return os.listxattr(path, follow_symlinks=follow)
    except OSError:
        return ()


def group_permissions(access: bytes) -> int:
    """What the owning group may do by an ACL of Linux, before its mask; 7 if it doesn't tell."""
    for tag, permissions, _ in ENTRY.iter_unpack(access[HEADER.size :]):
        if tag == TAGS[GROUP_OBJ]:
            return int(permissions) & 7
    return 7
