"""Directories of a session: their children in ISO order, their sizes, and their blocks once all addresses
are known.

Source: ECMA-119, 6.8 and 9; SUSP 1.12, 5.1 for continuation areas, which follow each directory's own blocks.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from typing import Final

from burnlab.iso9660.aaip import INDEX_FIELD_BYTES, INDEX_PREFIX
from burnlab.iso9660.addresses import Addresses
from burnlab.iso9660.ecma119 import BLOCK, PARENT_ID, SELF_ID, U32BE, U32LE, blocks_of
from burnlab.iso9660.names import VERSION, iso_directory_name, iso_file_name, unique_names
from burnlab.iso9660.records import (
    DATES,
    DIRECTORY_TAIL,
    FILE_TAIL,
    PARTIAL_TAIL,
    RECORD_BYTES,
    TF_HEAD,
    SystemUse,
    dot_use,
    node_use,
    pack_date,
    pack_record,
    place,
    record_head,
)
from burnlab.iso9660.rock_ridge import pack_px
from burnlab.iso9660.tree import Directory, Extent, Node

CHUNK: Final = 1 << 20
FILE_USE: Final = 36 + 26 + 5
"""PX, TF and the head of NM."""

_LENGTHS: Final = [bytes((length, 0)) for length in range(256)]
_ID_LENGTHS: Final = [FILE_TAIL + bytes((length,)) for length in range(256)]
_NM_HEADS: Final = [b"NM" + bytes((5 + length & 0xFF, 1, 0)) for length in range(256)]
_INDEX_HEAD: Final = b"AL\x10\1\0" + INDEX_PREFIX


class DirectoryPlan:
    """A directory with its children in ISO order.

    `ordinals` tells each child's content (0: none), `names` the children's ISO names without version,
    `name` its own, `lba` the first block.
    """

    __slots__ = (
        "blocks",
        "ce_blocks",
        "children",
        "lba",
        "name",
        "names",
        "node",
        "ordinals",
        "parent",
        "subdirectories",
    )

    def __init__(self, node: Directory, parent: DirectoryPlan | None) -> None:
        """Children are filled in by `arrange`."""
        self.node = node
        self.parent = self if parent is None else parent
        self.children: list[Node] = []
        self.name = SELF_ID
        self.names: list[bytes] = []
        self.ordinals = array("I")
        self.subdirectories: list[DirectoryPlan] = []
        self.lba = 0
        self.blocks = 0
        self.ce_blocks = 0

    @property
    def size(self) -> int:
        """Bytes of records, as the directory's own record tells."""
        return self.blocks * BLOCK

    def arrange(self, children: list[Node], ordinals: array[int], plans: list[DirectoryPlan]) -> None:
        """Take the children, given in order of their names, with their ordinals and the plans of
        directories among them.
        """
        names = [
            iso_directory_name(node.name) if isinstance(node, Directory) else iso_file_name(node.name)
            for node in children
        ]
        if len(set(names)) < len(names):
            names = unique_names(names, [isinstance(node, Directory) for node in children])
        order = sorted(range(len(names)), key=names.__getitem__)
        self.names = [names[at] for at in order]
        self.children = [children[at] for at in order]
        self.ordinals = array("I", [ordinals[at] for at in order])
        if plans:
            by_node = {id(plan.node): plan for plan in plans}
            for node, name in zip(self.children, self.names, strict=True):
                if isinstance(node, Directory):
                    plan = by_node[id(node)]
                    plan.name = name
                    self.subdirectories.append(plan)


def identifier(node: Node, name: bytes) -> bytes:
    """The identifier in a record: all but directories have a version."""
    return name if isinstance(node, Directory) else name + VERSION


class Measure:
    """Finds the sizes of directories before addresses are known."""

    def __init__(self, addresses: Addresses) -> None:
        """`addresses` has numbered its contents; places don't matter yet."""
        self._addresses = addresses
        self._options = addresses.options
        self._use = FILE_USE + (8 if addresses.options.hardlinks else 0)

    def measure(self, plan: DirectoryPlan) -> None:
        """Set a directory's count of blocks, and that of its continuation area."""
        pos, ce = self._own_records(plan)
        use = self._use
        many, index, slot = self._addresses.many, self._addresses.index, self._addresses.slot
        has_own_slots = self._addresses.has_own_slots
        for node, name, ordinal in zip(plan.children, plan.names, plan.ordinals, strict=True):
            if ordinal and not node.attributes and ordinal not in many:
                length = (36 + len(name)) & ~1
                number = slot(node, ordinal) if has_own_slots else index[ordinal]
                length += use + len(node.name) + (INDEX_FIELD_BYTES if number else 0) + 1 & ~1
                if length <= RECORD_BYTES:
                    rest = BLOCK - pos % BLOCK
                    pos += length if length <= rest else length + rest
                    continue
            head = record_head(identifier(node, name))
            found = node_use(node, self._addresses.codes(node, ordinal), self._options, head)
            length = head + found.length + 1 & ~1
            for _ in many.get(ordinal, (None,)):
                rest = BLOCK - pos % BLOCK
                pos += length if length <= rest else length + rest
                if found.continued:
                    ce = place(found.continued, ce).end
        plan.blocks = blocks_of(pos)
        plan.ce_blocks = blocks_of(ce)

    def _own_records(self, plan: DirectoryPlan) -> tuple[int, int]:
        """Where the records of the directory itself and its parent end, and the root's continuation."""
        dots = 34 + 36 + 26 + (8 if self._options.hardlinks else 0)
        if plan.parent is not plan:
            return 2 * dots, 0
        use = self._addresses.root_use()
        return (34 + use.length + 1 & ~1) + dots, place(use.continued, 0).end


class Writer:
    """Makes the blocks of directories."""

    def __init__(self, addresses: Addresses) -> None:
        """All addresses must be known."""
        self._addresses = addresses
        self._options = addresses.options

    def blocks(self, plan: DirectoryPlan) -> Iterator[bytes]:
        """The blocks of a directory and of its continuation area, in chunks."""
        ce_lba = plan.lba + plan.blocks
        region = bytearray()
        out = bytearray()
        done = 0
        for record in self._records(plan, ce_lba, region):
            rest = -len(out) % BLOCK
            if len(record) > rest and rest:
                out += bytes(rest)
            out += record
            if len(out) >= CHUNK:
                cut = len(out) // BLOCK * BLOCK
                yield bytes(out[:cut])
                done += cut
                del out[:cut]
        out += bytes(plan.size - done - len(out))
        region += bytes(plan.ce_blocks * BLOCK - len(region))
        yield bytes(out + region)

    def _records(self, plan: DirectoryPlan, ce_lba: int, region: bytearray) -> Iterator[bytes]:
        yield from self._own_records(plan, ce_lba, region)
        subdirectories = iter(plan.subdirectories)
        codes = self._addresses.codes
        simple = self._simple_file
        for node, name, ordinal in zip(plan.children, plan.names, plan.ordinals, strict=True):
            if ordinal and not node.attributes:
                record = simple(node, name, ordinal)
                if record:
                    yield record
                    continue
            if ordinal:
                extents = self._addresses.extents(ordinal)
                tail = FILE_TAIL
            elif isinstance(node, Directory):
                child = next(subdirectories)
                extents, tail = (Extent(child.lba, child.size),), DIRECTORY_TAIL
            else:
                extents, tail = (Extent(self._addresses.empty_lba, 0),), FILE_TAIL
            identity = identifier(node, name)
            use = node_use(node, codes(node, ordinal), self._options, record_head(identity))
            yield from self._full(
                identity, use, extents, pack_date(node.mtime), tail, ce_lba=ce_lba, region=region
            )

    def _full(
        self,
        identity: bytes,
        use: SystemUse,
        extents: tuple[Extent, ...],
        date: bytes,
        tail: bytes,
        *,
        ce_lba: int,
        region: bytearray,
    ) -> Iterator[bytes]:
        last = len(extents) - 1
        for number, (lba, size) in enumerate(extents):
            continuation = b""
            if use.continued:
                placement = place(use.continued, len(region))
                placement.put(region, ce_lba)
                continuation = placement.field(0, ce_lba)
            part = tail if number == last else PARTIAL_TAIL
            yield pack_record(identity, lba, size, date, part, use=use.pack(continuation))

    def _simple_file(self, node: Node, name: bytes, ordinal: int) -> bytes | None:
        """The record of a file that has only what all files have and one extent; None if it doesn't fit in
        a record.
        """
        addresses = self._addresses
        links, inode, index = addresses.codes(node, ordinal)
        content = addresses.contents[ordinal]
        if ordinal in addresses.many or inode is not None or content is None:
            return None
        lba, size = addresses.lba[ordinal], content.size
        name_length, id_length = len(node.name), len(name) + 2
        odd = id_length & 1
        length = (
            34 + id_length - odd + FILE_USE + name_length + (INDEX_FIELD_BYTES if index else 0) + 1
        ) & ~1
        if length > RECORD_BYTES:
            return None
        date = DATES[node.mtime]
        same = self._options.times_are_mtime
        times = date * 3 if same else date + DATES[node.atime] + DATES[node.ctime]
        return b"".join(
            (
                _LENGTHS[length],
                U32LE.pack(lba),
                U32BE.pack(lba),
                U32LE.pack(size),
                U32BE.pack(size),
                date,
                _ID_LENGTHS[id_length],
                name,
                VERSION if odd else b";1\0",
                pack_px(node.mode, links, node.uid, node.gid),
                TF_HEAD,
                times,
                _NM_HEADS[name_length],
                node.name,
                _INDEX_HEAD + U32BE.pack(index & 0xFFFFFFFF) if index else b"",
                b"" if (name_length + FILE_USE) % 2 == 0 else b"\0",
            )
        )

    def _own_records(self, plan: DirectoryPlan, ce_lba: int, region: bytearray) -> Iterator[bytes]:
        """The records 00 and 01; the date in the latter is that of the parent's own parent, as libisofs has
        it.
        """
        node, parent, options = plan.node, plan.parent, self._options
        codes = self._addresses.codes
        own = (Extent(plan.lba, plan.size),)
        date = pack_date(node.mtime)
        if parent is plan:
            yield from self._full(
                SELF_ID, self._addresses.root_use(), own, date, DIRECTORY_TAIL, ce_lba=ce_lba, region=region
            )
        else:
            use = dot_use(node, codes(node, 0), options)
            yield pack_record(SELF_ID, plan.lba, plan.size, date, DIRECTORY_TAIL, use=use)
        use = dot_use(parent.node, codes(parent.node, 0), options)
        date = pack_date(parent.parent.node.mtime)
        yield pack_record(PARENT_ID, parent.lba, parent.size, date, DIRECTORY_TAIL, use=use)
