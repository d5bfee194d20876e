"""Inode numbers of nodes, and which nodes are names of one file.

A number that an image recorded stays with its node. The others come behind the highest one, in order of the
nodes' types and of where they come from. Names of one file that no longer agree in their attributes become
files of their own.

Source: RRIP 1.12, 4.1.1, for the field; the order is libisofs's.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from functools import partial
from itertools import groupby
from typing import Final, NamedTuple, TypeAlias

from burnlab.iso9660.aaip import CHECKSUM_INDEX, pack_attributes, pack_fields
from burnlab.iso9660.tree import CopiedContent, Directory, File, ImageContent, Node, Special, Symlink, walk

INODE_LIMIT: Final = 0xFFFFFFFF
NOWHERE: Final = 1 << 64
"""A device behind all that there are."""


class Family(NamedTuple):
    """What names of one file have in common: their inode number, and how many they are."""

    inode: int
    links: int


Place: TypeAlias = tuple[int, int, int, int, int, int]


def assign_inodes(nodes: Iterable[Node], last: int, *, times_are_mtime: bool = False) -> dict[int, Family]:
    """The family of each node, by the node's `id`; new numbers begin behind `last`.

    With `times_are_mtime`, other times than that of modification don't tell names of a file apart.
    """
    groups: dict[Hashable, list[Node]] = {}
    places: dict[Hashable, Place] = {}
    for serial, node in enumerate(nodes):
        key, place = _place(node, serial)
        groups.setdefault(key, []).append(node)
        places.setdefault(key, place)
    found: dict[int, Family] = {}
    before = 0
    for key in sorted(places, key=places.__getitem__):
        for family in _families(groups[key], times_are_mtime=times_are_mtime):
            recorded = family[0].inode
            number = recorded
            if recorded in (0, before) or recorded > INODE_LIMIT:
                last += 1
                number = last
            before = recorded
            for node in family:
                found[id(node)] = Family(number, len(family))
    return found


def _place(node: Node, serial: int) -> tuple[Hashable, Place]:
    """What a node shares with other names of the same file, and its place in the order of numbers."""
    rank = _rank(node)
    if node.inode:
        return (rank, 1, node.inode), (rank, 1, 0, 0, node.inode, serial)
    content = node.content if isinstance(node, File) else None
    source = None if isinstance(node, Directory) else node.source_id
    if source is None:
        shared = content is not None and not isinstance(content, ImageContent)
        where = 2 if isinstance(node, File) else 0
        return (rank, 0, id(content) if shared else -serial), (rank, 0, where, 0, 0, serial)
    device, inode = source
    key = source if content is None else id(content)
    return (rank, 0, key), (rank, 0, 1, -device if content else device, inode, serial)


def _rank(node: Node) -> int:
    if isinstance(node, Directory):
        return 0
    if isinstance(node, File):
        return 1
    return 2 if isinstance(node, Symlink) else 3


def _families(group: list[Node], *, times_are_mtime: bool) -> Iterator[list[Node]]:
    """Nodes that agree in all their attributes; a directory has no other names."""
    if len(group) == 1 or isinstance(group[0], Directory):
        yield from ([node] for node in group)
        return
    key = partial(_properties, times_are_mtime=times_are_mtime)
    for _, family in groupby(sorted(group, key=key), key):
        yield list(family)


def _properties(node: Node, *, times_are_mtime: bool) -> tuple[Hashable, ...]:
    own = {name: value for name, value in (node.attributes or {}).items() if name != CHECKSUM_INDEX}
    fields = b"".join(pack_fields(pack_attributes(own)))
    times = (0, node.mtime, 0) if times_are_mtime else (node.atime, node.mtime, node.ctime)
    what: bytes | int = 0
    if isinstance(node, Symlink):
        what = node.target
    elif isinstance(node, Special):
        what = node.device
    return (what, node.mode, node.uid, node.gid, *times, len(fields), fields)


# What a loaded tree has.


def complete_inodes(root: Directory) -> int:
    """Give numbers to all nodes of a loaded tree that have none; the highest one in use."""
    last = max(node.inode for node in walk(root))
    for node in walk(root):
        if not node.inode:
            last += 1
            node.inode = last
    return last


def renew_inodes(root: Directory) -> int:
    """Give new numbers to the files of a loaded tree, so that none has another name; the highest one in use.

    Directories lose theirs. Links and devices keep what they have; those without any count as the last ones
    of their type.
    """
    last = max(node.inode for node in walk(root))
    for serial, node in enumerate(walk(root)):
        if isinstance(node, Directory):
            node.inode = 0
        elif not isinstance(node, File):
            if not node.inode and node.source_id is None:
                node.source_id = (NOWHERE, serial)
        elif isinstance(node.content, ImageContent | CopiedContent):
            last += 1
            node.inode = last
    return last
