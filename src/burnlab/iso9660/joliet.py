"""The Joliet tree: the same files under UCS-2 names, without Rock Ridge.

Source: Joliet Specification, Microsoft 1995; what is left out of it and how names are shortened is
libisofs's way.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from operator import itemgetter
from typing import Final

from burnlab.iso9660.addresses import Addresses
from burnlab.iso9660.directory_layout import DirectoryPlan
from burnlab.iso9660.ecma119 import BLOCK, PARENT_ID, SELF_ID, blocks_of, pad_block
from burnlab.iso9660.names import JOLIET_NUMBERING, joliet_name, unique_names
from burnlab.iso9660.path_tables import number_directories, pack_table, table_bytes
from burnlab.iso9660.records import (
    DIRECTORY_TAIL,
    FILE_TAIL,
    PARTIAL_TAIL,
    pack_date,
    pack_record,
    record_head,
)
from burnlab.iso9660.tree import Directory, Node

PATH_LIMIT: Final = 239
"""Bytes of a path of UCS-2 names, each after one byte for a slash: what is longer is left out of the Joliet
tree.
"""
CHUNK: Final = 1 << 20


class JolietDirectory:
    """A directory with its children in order of their Joliet names; see `DirectoryPlan`."""

    __slots__ = ("children", "lba", "name", "names", "node", "ordinals", "parent", "size", "subdirectories")

    def __init__(self, node: Directory, parent: JolietDirectory | None) -> None:
        """Children are filled in by `arrange`."""
        self.node = node
        self.parent = self if parent is None else parent
        self.name = SELF_ID
        self.children: list[Node] = []
        self.names: list[bytes] = []
        self.ordinals = array("I")
        self.subdirectories: list[JolietDirectory] = []
        self.lba = 0
        self.size = 0

    def arrange(self, plan: DirectoryPlan, path_bytes: int, omitted: list[Node]) -> list[DirectoryPlan]:
        """Take a directory's children, but those that Joliet can't have; the plans of the directories
        taken, in order.
        """
        kept: list[tuple[bytes, bytes, Node, int]] = []
        for node, ordinal in zip(plan.children, plan.ordinals, strict=True):
            if not ordinal and not isinstance(node, Directory):
                continue
            name = joliet_name(node.name, isinstance(node, Directory))
            if path_bytes + 1 + len(name) > PATH_LIMIT:
                omitted.append(node)
                continue
            kept.append((node.name, name, node, ordinal))
        kept.sort(key=itemgetter(0))
        names = unique_names(
            [name for _, name, _, _ in kept],
            (isinstance(node, Directory) for _, _, node, _ in kept),
            JOLIET_NUMBERING,
        )
        order = sorted(range(len(kept)), key=names.__getitem__)
        self.names = [names[at] for at in order]
        self.children = [kept[at][2] for at in order]
        self.ordinals = array("I", [kept[at][3] for at in order])
        plans = {id(below.node): below for below in plan.subdirectories}
        below = []
        for node, name in zip(self.children, self.names, strict=True):
            if isinstance(node, Directory):
                child = JolietDirectory(node, self)
                child.name = name
                self.subdirectories.append(child)
                below.append(plans[id(node)])
        return below

    def measure(self, addresses: Addresses) -> None:
        """Find the size."""
        pos = 2 * 34
        for name, ordinal in zip(self.names, self.ordinals, strict=True):
            length = record_head(name) + 1 & ~1
            for _ in addresses.many.get(ordinal, (None,)):
                rest = BLOCK - pos % BLOCK
                pos += length if length <= rest else length + rest
        self.size = blocks_of(pos) * BLOCK


class JolietLayout:
    """The whole tree; `omitted` are the nodes whose path is too long."""

    def __init__(self, addresses: Addresses, directories: list[JolietDirectory], omitted: list[Node]) -> None:
        """`directories` in order of their addresses."""
        self._addresses = addresses
        self.directories = directories
        self.omitted = omitted
        self.path_table = number_directories(directories[0])
        self.path_table_size = table_bytes(self.path_table)
        self.l_table = 0
        self.m_table = 0

    def place(self, lba: int) -> int:
        """Give all parts their places; the block behind them."""
        for directory in self.directories:
            directory.lba = lba
            lba += blocks_of(directory.size)
        blocks = blocks_of(self.path_table_size)
        self.l_table, self.m_table = lba, lba + blocks
        return lba + 2 * blocks

    def blocks(self) -> Iterator[bytes]:
        """All blocks, in chunks."""
        for directory in self.directories:
            yield from self._directory(directory)
        for big_endian in (False, True):
            yield pad_block(pack_table(self.path_table, big_endian=big_endian))

    def _directory(self, directory: JolietDirectory) -> Iterator[bytes]:
        out = bytearray()
        done = 0
        for record in self._records(directory):
            rest = -len(out) % BLOCK
            if len(record) > rest and rest:
                out += bytes(rest)
            out += record
            if len(out) >= CHUNK:
                cut = len(out) // BLOCK * BLOCK
                yield bytes(out[:cut])
                done += cut
                del out[:cut]
        yield bytes(out) + bytes(directory.size - done - len(out))

    def _records(self, directory: JolietDirectory) -> Iterator[bytes]:
        lba, size = directory.lba, directory.size
        parent = directory.parent
        yield pack_record(SELF_ID, lba, size, pack_date(directory.node.mtime), DIRECTORY_TAIL)
        yield pack_record(PARENT_ID, lba, size, pack_date(parent.node.mtime), DIRECTORY_TAIL)
        below = iter(directory.subdirectories)
        children = zip(directory.children, directory.names, directory.ordinals, strict=True)
        for node, name, ordinal in children:
            date = pack_date(node.mtime)
            if not ordinal:
                child = next(below)
                yield pack_record(name, child.lba, child.size, date, DIRECTORY_TAIL)
                continue
            extents = self._addresses.extents(ordinal)
            last = len(extents) - 1
            for number, (start, length) in enumerate(extents):
                tail = FILE_TAIL if number == last else PARTIAL_TAIL
                yield pack_record(name, start, length, date, tail)


def plan_joliet(addresses: Addresses, root: DirectoryPlan) -> JolietLayout:
    """The Joliet tree for an ISO tree whose contents are numbered."""
    omitted: list[Node] = []
    first = JolietDirectory(root.node, None)
    directories = []
    stack = [(first, root, 0)]
    while stack:
        directory, plan, path_bytes = stack.pop()
        directories.append(directory)
        below = directory.arrange(plan, path_bytes, omitted)
        directory.measure(addresses)
        children = zip(directory.subdirectories, below, strict=True)
        stack.extend(
            reversed([(child, found, path_bytes + 1 + len(child.name)) for child, found in children])
        )
    return JolietLayout(addresses, directories, omitted)
