"""Directories to nodes: records are read one by one, whatever shape they have, and become parts of the tree.

Source: ECMA-119, 9.1; SUSP 1.12; RRIP 1.12. `load` drives this directory by directory; `fast_records` does
the same for records of the shape that xorriso writes.
"""

from __future__ import annotations

import stat
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from burnlab.iso9660 import aaip
from burnlab.iso9660.blocks import BlockWindow
from burnlab.iso9660.ecma119 import (
    BLOCK,
    PARENT_ID,
    SELF_ID,
    DirectoryRecord,
    FileFlags,
    ImageError,
    blocks_of,
    unpack_date7,
)
from burnlab.iso9660.posix_acl import without_list
from burnlab.iso9660.susp import NodeFacts, continued_fields
from burnlab.iso9660.tree import (
    NAME_BYTES,
    Content,
    Directory,
    Extent,
    File,
    ImageContent,
    Node,
    Special,
    Symlink,
    show,
)

PLAIN_PERMISSIONS: Final = 0o555
"""What a node without Rock Ridge gets."""
EXTENTS: Final = 1 << 16
COLLISION_DIGITS: Final = b"_abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
COLLISION_TAIL: Final = 3


class Namespace(StrEnum):
    """Which of the trees in an image is read."""

    ROCK_RIDGE = "rock"
    JOLIET = "joliet"
    ISO = "iso"


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that isn't as it should be, and was coped with.

    `severity` is WARNING where the tree is complete, or SORRY where something was left out or can't be had.
    """

    severity: str
    text: str
    path: bytes = b""


@dataclass(slots=True)
class Subdirectory:
    """A directory whose records are still to be read."""

    node: Directory
    lba: int
    size: int
    depth: int
    is_relocated: bool = False


@dataclass(slots=True)
class MultiExtent:
    """A file of which further records must follow. `first`, its first record, tells all but the extents."""

    first: DirectoryRecord
    extents: list[Extent]


class RecordReader:
    """What all directories of a tree have in common: form of names, windows on the medium, contents met.

    Nodes gather in `sink`, problems in `held`, until a run of blocks is done with. `skip` is how many bytes
    of each system use area belong to someone else. `medium_end` is the block behind all content.
    """

    def __init__(
        self,
        window: BlockWindow,
        continuation: BlockWindow,
        namespace: Namespace,
        skip: int,
        medium_end: int,
    ) -> None:
        """Nothing read yet."""
        self.window = window
        self.continuation = continuation
        self.namespace = namespace
        self.skip = skip
        self.medium_end = medium_end
        self.array = b""
        self.slots = 0
        self.wants_attributes = True
        self.nodes = 0
        self.collisions = 0
        self.contents: dict[Extent, ImageContent] = {}
        self.divided: dict[tuple[Extent, ...], ImageContent] = {}
        self.pending: MultiExtent | None = None
        self.disagreeing: list[bytes] = []
        self.tails: dict[bytes, int] = {}
        self._directory: Directory | None = None
        self.sink: dict[bytes, Node] = {}
        self.held: list[Problem] = []

    # Reports.

    def warn(self, text: str, name: bytes = b"") -> None:
        """Tell of something odd."""
        self.held.append(Problem("WARNING", text, self._path(name)))

    def sorry(self, text: str, name: bytes = b"") -> None:
        """Tell of something that is missing in the tree."""
        self.held.append(Problem("SORRY", text, self._path(name)))

    def _path(self, name: bytes) -> bytes:
        if self._directory is None:
            return name
        path = self._directory.path()
        return path.rstrip(b"/") + b"/" + name if name else path

    def tell_disagreeing(self) -> None:
        """Tell of numbers whose two forms aren't the same, once for all records of a directory."""
        names = list(dict.fromkeys(self.disagreeing))
        self.disagreeing.clear()
        if names:
            whose = show(names[0]) + (f" and {len(names) - 1} more" if len(names) > 1 else "")
            self.warn(f"Numbers of {whose} differ by byte order: the little-endian ones count")

    # Records.

    def enter(self, where: Subdirectory) -> None:
        """Problems are this directory's from now on."""
        self._directory = where.node

    def read_block(self, where: Subdirectory, data: bytes, start: int, found: list[Subdirectory]) -> None:
        """All records of the block at an offset of a directory's data."""
        self.enter(where)
        offset, end = start, min(start + BLOCK, len(data))
        while offset < end and data[offset]:
            try:
                record = DirectoryRecord.unpack(data[:end], offset)
            except ImageError as error:
                self.sorry(f"{error}; the rest of the block is left out")
                return
            offset += data[offset]
            if record.identifier not in (SELF_ID, PARENT_ID):
                self.read_record(where, record, found)
        if data.count(0, offset, end) < end - offset:
            self.sorry("Something stands behind the last record of a block: it is left out")

    def read_record(self, where: Subdirectory, record: DirectoryRecord, found: list[Subdirectory]) -> None:
        """One record that isn't the directory's own or its parent's."""
        pending = self.pending
        if pending is not None and not continues(pending.first, record):
            self.finish(where, found)
            pending = None
        extents = [] if pending is None else pending.extents
        extents.append(self._extent(record))
        first = record if pending is None else pending.first
        if not record.agrees:
            self.disagreeing.append(record.identifier)
        if record.flags & FileFlags.MULTI_EXTENT:
            self.pending = MultiExtent(first, extents)
            if len(extents) >= EXTENTS:
                self.finish(where, found)
            return
        self.pending = None
        self._add(where, first, extents, found)

    def _extent(self, record: DirectoryRecord) -> Extent:
        return Extent(record.extent + record.attribute_blocks, record.size)

    def finish(self, where: Subdirectory, found: list[Subdirectory]) -> None:
        """A directory ends, or its next record isn't what was announced: so does a file that announced it."""
        pending, self.pending = self.pending, None
        if pending is not None:
            self.sorry(
                "File announces another extent that isn't there or is one too many", pending.first.identifier
            )
            self._add(where, pending.first, pending.extents, found)

    def _add(
        self,
        where: Subdirectory,
        record: DirectoryRecord,
        extents: list[Extent],
        found: list[Subdirectory],
    ) -> None:
        """Put a node under its name, and a directory onto the list of those to read."""
        if record.unit_size or record.interleave:
            self.sorry("File recorded in interleaved mode is left out", record.identifier)
            return
        if record.flags & FileFlags.ASSOCIATED:
            self.warn("Associated file is left out", record.identifier)
            return
        facts = self.facts(record) if self.namespace == Namespace.ROCK_RIDGE else NodeFacts()
        if facts.is_relocated:
            return
        name = self._name(record, facts)
        node = self._node(record, facts, name, extents)
        if node is None:
            return
        node.name = self._unique(where.node, name)
        self.sink[node.name] = node
        node.parent = where.node
        self.nodes += 1
        if isinstance(node, Directory):
            lba = self._extent(record).lba if facts.child is None else facts.child
            size = record.size if facts.child is None else BLOCK
            found.append(Subdirectory(node, lba, size, where.depth + 1, facts.child is not None))

    def facts(self, record: DirectoryRecord) -> NodeFacts:
        """What a record's system use fields tell."""

        def tell(text: str) -> None:
            self.sorry(text, record.identifier)

        use = record.system_use[self.skip :]
        facts = NodeFacts().take(continued_fields(use, self._blocks, tell), tell)
        if not facts.agrees:
            self.disagreeing.append(record.identifier)
        return facts

    def _blocks(self, lba: int, count: int) -> bytes:
        """Blocks of a continuation area: mostly right behind the directory."""
        if lba + count > self.medium_end:
            raise ImageError(f"CE field points to block {lba}, behind the end of the volume")
        window = self.window if self.window.has(lba, count) else self.continuation
        return window.get(lba, count)

    # Names.

    def _name(self, record: DirectoryRecord, facts: NodeFacts) -> bytes:
        if facts.has_name:
            name = facts.name
        elif self.namespace == Namespace.JOLIET:
            name = joliet_name(record.identifier)
        else:
            name = plain_name(record.identifier)
        good = usable_name(name)
        if good != name:
            self.warn(f"Name {show(name[:NAME_BYTES])} can't be. Now: {show(good)}")
        return good

    def _unique(self, directory: Directory, name: bytes) -> bytes:
        """The name itself, or one that isn't taken yet."""
        if name not in self.sink and name not in directory.children:
            return name
        stem = name[: NAME_BYTES - COLLISION_TAIL]
        key = b"%d/" % id(directory) + stem
        number = self.tails.get(key, 0)
        new = stem + collision_tail(number)
        while new in self.sink or new in directory.children:
            number += 1
            new = stem + collision_tail(number)
        self.tails[key] = number + 1
        self.collisions += 1
        taken = self._path(name).decode("utf-8", "surrogateescape")
        self.warn(
            f"File name collision resolved with {taken} . Now: {new.decode('utf-8', 'surrogateescape')}", name
        )
        return new

    # Nodes.

    def _node(
        self, record: DirectoryRecord, facts: NodeFacts, name: bytes, extents: list[Extent]
    ) -> Node | None:
        """The node of a record, still without a place."""
        mode = self._mode(record, facts, name)
        kind = stat.S_IFMT(mode)
        node: Node
        if kind == stat.S_IFDIR:
            node = Directory(name=name, mode=mode)
        elif kind == stat.S_IFREG:
            node = self._file(name, mode, facts, extents)
        elif kind == stat.S_IFLNK:
            target = facts.target(lambda text: self.sorry(text, name)).split(b"\0", 1)[0]
            node = Symlink(name=name, mode=mode, target=target)
            if not node.target:
                self.sorry("Symbolic link without a target is left out", name)
                return None
        else:
            node = Special(name=name, mode=mode, device=facts.device)
        self.describe(node, record, facts)
        return node

    def _mode(self, record: DirectoryRecord, facts: NodeFacts, name: bytes) -> int:
        """A mode whose type agrees with the record."""
        is_directory = bool(record.flags & FileFlags.DIRECTORY) or facts.child is not None
        kind = stat.S_IFDIR if is_directory else stat.S_IFREG
        if self.namespace != Namespace.ROCK_RIDGE:
            return kind | PLAIN_PERMISSIONS
        if facts.posix is None:
            return kind
        mode = facts.posix.mode & 0xFFFF
        told = stat.S_IFMT(mode)
        if told == kind or (told in NOT_REGULAR and not is_directory):
            return mode
        if told:
            self.warn(f"Type of file 0{told:o} in PX doesn't agree with the directory record", name)
        return kind | stat.S_IMODE(mode)

    def describe(self, node: Node, record: DirectoryRecord, facts: NodeFacts) -> None:
        """Set owner, times and attributes."""
        recorded = unpack_date7(record.date)
        times = facts.times
        node.mtime = node.atime = node.ctime = recorded
        if times is not None:
            node.mtime = recorded if times.modify is None else times.modify
            node.atime = recorded if times.access is None else times.access
            changed = times.creation if times.attributes is None else times.attributes
            node.ctime = recorded if changed is None else changed
        if facts.posix is not None:
            node.uid, node.gid, node.inode = facts.posix.uid, facts.posix.gid, facts.posix.inode or 0
        attributes = facts.attributes(lambda text: self.sorry(text, node.name))
        if not self.wants_attributes:
            node.mode = without_list(attributes.get(aaip.ACL, b""), node.mode)
        elif not isinstance(node, File):
            node.attributes = attributes or None
        elif attributes != index_of_content(node.content):
            node.attributes = attributes

    def _file(self, name: bytes, mode: int, facts: NodeFacts, extents: list[Extent]) -> File:
        index = 0
        value = facts.attributes(ignore).get(aaip.CHECKSUM_INDEX, b"")
        if value and self.wants_attributes:
            index = aaip.unpack_index(value)
            if self.slots and index and not 1 <= index < self.slots - 1:
                self.warn(f"Index {index} is outside of the MD5 array", name)
                index = 0
        if any(size and lba + blocks_of(size) > self.medium_end for lba, size in extents):
            self.sorry("Content lies behind the end of the volume", name)
        if facts.is_compressed:
            self.warn("File is compressed by zisofs and gets read as it is stored", name)
        return File(name=name, mode=mode, content=self.content(extents, index))

    def content(self, extents: list[Extent], index: int) -> ImageContent:
        """The content at these extents: one object for all files that have it."""
        md5 = self.array[16 * index : 16 * index + 16] if index and self.slots else None
        whole = tuple(extents)
        content = self.divided.get(whole) if len(whole) > 1 else self.contents.get(whole[0])
        if content is None:
            content = ImageContent(whole, sum(size for _, size in whole), md5, index)
            if len(whole) > 1:
                self.divided[whole] = content
            else:
                self.contents[whole[0]] = content
        elif content.md5 is None:
            content.md5 = md5
        return content


def continues(first: DirectoryRecord, record: DirectoryRecord) -> bool:
    """Whether a record can tell a further extent of a file."""
    return record.identifier == first.identifier and not record.flags & FileFlags.DIRECTORY


def index_of_content(content: Content) -> dict[bytes, bytes]:
    """The attributes of a file that has no others than its content.

    Empty files have one place in common, but may have indices of their own, or none.
    """
    index = content.index if isinstance(content, ImageContent) else 0
    return {aaip.CHECKSUM_INDEX: aaip.pack_index(index)} if index else {}


NOT_REGULAR: Final = frozenset((stat.S_IFLNK, stat.S_IFIFO, stat.S_IFSOCK, stat.S_IFCHR, stat.S_IFBLK))


def ignore(text: str) -> None:
    """Tell nobody."""


def plain_name(identifier: bytes) -> bytes:
    """The name of a file by its identifier alone: without version 1, and the dot that had to be there."""
    if len(identifier) > 2 and identifier.endswith(b";1"):
        return identifier[:-3] if len(identifier) > 3 and identifier[-3:-2] == b"." else identifier[:-2]
    return identifier


def joliet_name(identifier: bytes) -> bytes:
    """The name of a Joliet identifier in UTF-8; surrogates without a partner become `_`."""
    text = identifier[: len(identifier) // 2 * 2].decode("utf-16-be", "surrogatepass")
    name = "".join("_" if 0xD800 <= ord(char) < 0xE000 else char for char in text)
    return plain_name(name.encode("utf-8"))


def usable_name(name: bytes) -> bytes:
    """What can stand in a directory: the leaf of what looks like a path, up to a zero byte or 255 bytes."""
    name = name.split(b"\0", 1)[0].rstrip(b"/").rpartition(b"/")[2][:NAME_BYTES]
    return b"_" * max(1, len(name)) if name in (b"", b".", b"..") else name


def collision_tail(number: int) -> bytes:
    """Three characters, or more for very many: what distinguishes names that were equal."""
    digits = bytearray()
    while number or len(digits) < COLLISION_TAIL:
        number, digit = divmod(number, len(COLLISION_DIGITS))
        digits.append(COLLISION_DIGITS[digit])
    return bytes(reversed(digits))
