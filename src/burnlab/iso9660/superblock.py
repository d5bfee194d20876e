"""The check that a loader does first: whether superblock and directory tree are what was written.

Source: libisofs, doc/checksums.txt, "Checksum tags"; the steps are those of its loader.
"""

from __future__ import annotations

from hashlib import md5
from typing import Final

from burnlab.iso9660.blocks import ReadBlocks
from burnlab.iso9660.checksums import ChecksumTag, TagKind
from burnlab.iso9660.ecma119 import BLOCK, SYSTEM_AREA_BLOCKS, ImageError

SEARCHED_BLOCKS: Final = 32
READ_BLOCKS: Final = 512
MISMATCH: Final = "Checksum mismatch between checksum tag and data blocks"


class TagMismatch(ImageError):
    """Blocks differ from what a checksum tag says, or the tag itself is damaged."""


def check_tree(read: ReadBlocks, lba: int) -> ChecksumTag | None:
    """Check what the tags of a session vouch for, from its first block up to the end of its directory tree.

    `lba` is where the session starts, or 0 for the head of an overwritable medium, which leads to its
    session. Returns the tree tag; None if there are no tags.

    Raises:
        TagMismatch: a check failed.
        ImageError: blocks can't be read.
    """
    try:
        data = read(lba, SEARCHED_BLOCKS)
    except OSError as error:
        raise ImageError(f"Block {lba} can't be read: {error.strerror or error}") from error
    tag = _first_tag(data, lba)
    if tag is None or tag.range_start != lba:
        return None
    _compare(read, tag)
    if tag.kind == TagKind.RELOCATED:
        start = tag.extra or 0
        return check_tree(read, start) if lba == 0 and start >= SEARCHED_BLOCKS else None
    if tag.kind != TagKind.SUPERBLOCK or tag.extra is None or tag.extra <= tag.pos:
        return None
    announced = _tag_at(_read_all(read, tag.extra, 1), tag.extra)
    if announced is None or announced.kind != TagKind.TREE or announced.range_start != lba:
        raise TagMismatch(MISMATCH)
    _compare(read, announced)
    return announced


def _first_tag(data: bytes, lba: int) -> ChecksumTag | None:
    for number in range(SYSTEM_AREA_BLOCKS, len(data) // BLOCK):
        tag = _tag_at(data[number * BLOCK : (number + 1) * BLOCK], lba + number)
        if tag is not None:
            return tag
    return None


def _tag_at(block: bytes, lba: int) -> ChecksumTag | None:
    try:
        return ChecksumTag.unpack(block, lba)
    except ImageError as error:
        raise TagMismatch(f"{MISMATCH}: {error}") from error


def _compare(read: ReadBlocks, tag: ChecksumTag) -> None:
    context = md5()
    for start in range(tag.range_start, tag.pos, READ_BLOCKS):
        context.update(_read_all(read, start, min(READ_BLOCKS, tag.pos - start)))
    if context.digest() != tag.digest:
        raise TagMismatch(MISMATCH)


def _read_all(read: ReadBlocks, lba: int, count: int) -> bytes:
    try:
        data = read(lba, count)
    except OSError as error:
        raise ImageError(f"Block {lba} can't be read: {error.strerror or error}") from error
    if len(data) < count * BLOCK:
        raise ImageError(f"Block {lba + len(data) // BLOCK} is behind the end of the medium")
    return data
