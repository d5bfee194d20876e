"""Every content of a session once, numbered, with its place; and what records say of nodes beyond the nodes
themselves.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from typing import Final

from burnlab.iso9660.aaip import ChecksumArea
from burnlab.iso9660.checksums import array_blocks
from burnlab.iso9660.ecma119 import BLOCK, blocks_of
from burnlab.iso9660.options import ImageOptions
from burnlab.iso9660.records import Codes, SystemUse, root_use
from burnlab.iso9660.tree import Content, Directory, Extent, File, ImageContent, Node, Symlink, walk

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
        "_inodes",
        "_keep_old",
        "_old",
        "_same_source",
        "_seen",
        "base",
        "contents",
        "empty_lba",
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
        self.empty_lba = 0
        self.md5_lba = 0
        self._inodes: dict[int, int] = {}
        self._same_source: dict[tuple[int, int], int] = {}
        self._seen: dict[int, int] = {}
        self._old: dict[object, int] = {}

    # Numbering, in order of the files' paths.

    def number(self, node: Node) -> int:
        """The ordinal of a file's content: a new one for a content not met before; 0 for other nodes."""
        if not isinstance(node, File):
            if node.source_id is not None:
                self._same_source[node.source_id] = self._same_source.get(node.source_id, 0) + 1
            return 0
        content = node.content
        ordinal = self._seen.get(id(content))
        if ordinal is None:
            if isinstance(content, ImageContent):
                return self._number_old(content)
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
        self.links[ordinal] += 1
        return ordinal

    def _number_old(self, content: ImageContent) -> int:
        """Old contents are the same if they have the same place, or no size; their links aren't counted."""
        key = content.extents if content.size else ()
        ordinal = self._old.get(key)
        if ordinal is None:
            ordinal = self._old[key] = len(self.contents)
            self.contents.append(content)
            self.lba.append(content.extents[0].lba if content.extents and self._keep_old else 0)
            self.links.append(1)
            has_index = self.options.md5 and (content.md5 is not None or not self._keep_old)
            self.indexed += has_index
            self.index.append(self.indexed if has_index else 0)
            if len(content.extents) > 1 and self._keep_old:
                self.many[ordinal] = content.extents
            elif content.size > EXTENT_LIMIT:
                self.many[ordinal] = divide(0, content.size)
        return ordinal

    def numbered(self) -> None:
        """All nodes have been met."""
        self._seen.clear()
        self._old.clear()
        if self.options.hardlinks:
            self._assign_inodes()

    def _assign_inodes(self) -> None:
        """Number the nodes: directories, files, links, others; each in order of where they come from."""
        keys: dict[object, tuple[object, ...]] = {}
        families: dict[object, list[int]] = {}
        for serial, (node, content) in enumerate(self._sources()):
            kind = _rank(node)
            source = node.source_id
            family = content or ((kind, source) if source else serial)
            families.setdefault(family, []).append(id(node))
            if family not in keys:
                keys[family] = (node is not self.root, kind, source is not None, source or (0, 0), serial)
        for inode, family in enumerate(sorted(keys, key=keys.__getitem__), start=1):
            for node_id in families[family]:
                self._inodes[node_id] = inode

    def _sources(self) -> Iterator[tuple[Node, object]]:
        """All nodes, and for files what tells whether they are the same file."""
        for node in walk(self.root):
            if not isinstance(node, File):
                yield node, None
            elif isinstance(node.content, ImageContent):
                yield node, ("old", node.content.extents, node.source_id)
            else:
                yield node, ("new", id(node.content))

    # Places.

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
        inode = self._inodes.get(id(node)) if self.options.hardlinks else None
        if ordinal:
            return Codes(self.links[ordinal], inode, self.index[ordinal])
        if isinstance(node, Directory) or node.source_id is None:
            return Codes(1, inode, 0)
        return Codes(self._same_source.get(node.source_id, 1), inode, 0)

    def root_use(self) -> SystemUse:
        """The fields of the root's own record."""
        area = ChecksumArea(self.base, self.md5_lba, self.indexed + 2) if self.options.md5 else None
        return root_use(self.root, self.codes(self.root, 0), self.options, area)


def _rank(node: Node) -> int:
    if isinstance(node, Directory):
        return 0
    if isinstance(node, File):
        return 1
    return 2 if isinstance(node, Symlink) else 3
