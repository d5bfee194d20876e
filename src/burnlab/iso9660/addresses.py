"""Every content of a session once, numbered, with its place; and what records say of nodes beyond the nodes
themselves.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from typing import Final

from burnlab.iso9660.aaip import ChecksumArea
from burnlab.iso9660.checksums import array_blocks
from burnlab.iso9660.ecma119 import BLOCK, blocks_of
from burnlab.iso9660.inodes import Family, assign_inodes
from burnlab.iso9660.options import ImageOptions
from burnlab.iso9660.recorded import recorded_index
from burnlab.iso9660.records import VOID, Codes, SystemUse, root_use
from burnlab.iso9660.tree import Content, CopiedContent, Directory, Extent, File, ImageContent, Node, walk

EXTENT_LIMIT: Final = 0xFFFFFFFF
"""Bytes that one directory record can tell."""
EXTENT_BYTES: Final = 0xFFFFF800
"""Bytes of each extent but the last of a larger file."""


def divide(lba: int, size: int) -> tuple[Extent, ...]:
    """The extents of a content that starts at a block."""
    if size <= EXTENT_LIMIT:
        return (Extent(lba, size),)
    return tuple(
        Extent(lba + at // BLOCK, min(EXTENT_BYTES, size - at)) for at in range(0, size, EXTENT_BYTES)
    )


class Addresses:
    """Contents by ordinal, from 1 in order of the files' paths; ordinal 0 is none.

    `index` is the place in the MD5 array or 0, `links` the number of names, `lba` the first block. `order`
    has the ordinals of what this session stores, in order of its place.
    """

    __slots__ = (
        "_families",
        "_keep_old",
        "_linked",
        "_old",
        "_seen",
        "base",
        "contents",
        "empty_lba",
        "has_own_slots",
        "index",
        "indexed",
        "lba",
        "links",
        "many",
        "md5_lba",
        "options",
        "order",
        "root",
    )

    def __init__(self, root: Directory, base: int, options: ImageOptions, *, keep_old: bool = True) -> None:
        """Nothing is known yet. Unless old contents are kept in place, this session stores them, too."""
        self.root = root
        self.base = base
        self._keep_old = keep_old
        self.options = options
        self.contents: list[Content | None] = [None]
        self.index = array("I", [0])
        self.links = array("I", [0])
        self.lba = array("I", [0])
        self.order = array("I")
        self.many: dict[int, tuple[Extent, ...]] = {}
        self.indexed = 0
        self.has_own_slots = options.has_attributes and not options.md5
        self.empty_lba = 0
        self.md5_lba = 0
        self._families: dict[int, Family] = {}
        self._linked: list[Node] = []
        self._seen: dict[int, int] = {}
        self._old: dict[object, int] = {}

    # Numbering, in order of the files' paths.

    def number(self, node: Node) -> int:
        """The ordinal of a file's content: a new one for a content not met before; 0 for other nodes."""
        if not isinstance(node, File):
            if (node.source_id is not None or node.inode) and not isinstance(node, Directory):
                self._linked.append(node)
            return 0
        content = node.content
        ordinal = self._seen.get(id(content))
        if ordinal is None:
            if isinstance(content, ImageContent):
                return self._number_old(node, content)
            ordinal = self._seen[id(content)] = len(self.contents)
            self.contents.append(content)
            self.lba.append(0)
            self.links.append(1)
            if self.options.md5:
                self.indexed += 1
            self.index.append(self.indexed)
            if content.size > EXTENT_LIMIT:
                self.many[ordinal] = divide(0, content.size)
            return ordinal
        self.links[ordinal] += not isinstance(content, CopiedContent)
        return ordinal

    def _number_old(self, node: File, content: ImageContent) -> int:
        """Old contents are the same if they have the same place, or no size; their links aren't counted."""
        md5_is_known = content.md5 is not None and recorded_index(node)
        key = content.extents if content.size else ()
        ordinal = self._old.get(key)
        if ordinal is None:
            ordinal = self._old[key] = len(self.contents)
            self.contents.append(content)
            self.lba.append(content.extents[0].lba if content.extents and self._keep_old else 0)
            self.links.append(1)
            has_index = self.options.md5 and bool(md5_is_known or not self._keep_old)
            self.indexed += has_index
            self.index.append(self.indexed if has_index else 0)
            if len(content.extents) > 1 and self._keep_old:
                self.many[ordinal] = content.extents
            elif content.size > EXTENT_LIMIT:
                self.many[ordinal] = divide(0, content.size)
        elif md5_is_known and not self.index[ordinal]:
            self.has_own_slots = True
        return ordinal

    def numbered(self) -> None:
        """All nodes have been met."""
        self._seen.clear()
        self._old.clear()
        options = self.options
        nodes = walk(self.root) if options.hardlinks else self._linked
        times_are_mtime = options.times_are_mtime
        self._families = assign_inodes(nodes, options.last_inode, times_are_mtime=times_are_mtime)
        self._linked.clear()

    # Places.

    def by_weight(self, ordinals: Iterator[int]) -> Iterable[int]:
        """The same in the order of storing: contents of another image by their weights, around the others."""
        contents = self.contents
        if not any(isinstance(content, CopiedContent) for content in contents):
            return ordinals

        def weight(ordinal: int) -> int:
            content = contents[ordinal]
            return content.weight if isinstance(content, CopiedContent) else 0

        return sorted(ordinals, key=weight, reverse=True)

    def put(self, ordinal: int, lba: int) -> int:
        """Give a new content its place unless it has one; the block behind it."""
        content = self.contents[ordinal]
        if self.lba[ordinal] or content is None:
            return lba
        size = content.size
        if not size:
            self.lba[ordinal] = self.empty_lba
            return lba
        self.lba[ordinal] = lba
        self.order.append(ordinal)
        if ordinal in self.many:
            self.many[ordinal] = divide(lba, size)
        return lba + blocks_of(size)

    @property
    def array_blocks(self) -> int:
        """Blocks of the MD5 array."""
        return array_blocks(self.indexed) if self.options.md5 else 0

    # What records say.

    def extents(self, ordinal: int) -> tuple[Extent, ...]:
        """The extents of a content."""
        found = self.many.get(ordinal)
        if found is None:
            content = self.contents[ordinal]
            found = (Extent(self.lba[ordinal], 0 if content is None else content.size),)
        return found

    def codes(self, node: Node, ordinal: int) -> Codes:
        """Links, inode number and MD5 index of a node; `ordinal` is 0 if it is no file."""
        family, slot = self._families.get(id(node)), self.slot(node, ordinal)
        if family is None:
            return Codes(self.links[ordinal] if ordinal else 1, None, slot)
        return Codes(family.links, family.inode if self.options.hardlinks else None, slot)

    def slot(self, node: Node, ordinal: int) -> int:
        """The index that a node's record has: with MD5 that of its content; else the one that was loaded, for
        the array that it leads to is still there.

        A file that had an index, but shares its place with an earlier one that had none, gets the index 0.
        """
        if not self.has_own_slots or not ordinal:
            return self.index[ordinal]
        old = recorded_index(node)
        return self.index[ordinal] or (VOID if old else 0) if self.options.md5 else old

    def root_use(self) -> SystemUse:
        """The fields of the root's own record."""
        area = ChecksumArea(self.base, self.md5_lba, self.indexed + 2) if self.options.md5 else None
        return root_use(self.root, self.codes(self.root, 0), self.options, area)
