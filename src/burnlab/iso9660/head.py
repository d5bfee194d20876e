"""Blocks 0 to 31 of overwritable media: a copy of the newest session's descriptors, which leads to it.

Source: libisofs, doc/checksums.txt (facts of the format only) for the relocated superblock's tag.
"""

from __future__ import annotations

from hashlib import md5
from typing import Final

from burnlab.iso9660.checksums import ChecksumTag, TagKind
from burnlab.iso9660.descriptors import descriptor_set, system_area
from burnlab.iso9660.ecma119 import BLOCK, STANDARD_ID, SYSTEM_AREA_BLOCKS, ImageError
from burnlab.iso9660.layout import HEAD_BLOCKS, Layout

MEDIA_HEAD_BLOCKS: Final = 32
HIDDEN_ID: Final = b"CDXX1"
PAGE_BLOCKS: Final = 2
PAGE_OF_PVD: Final = SYSTEM_AREA_BLOCKS
REST: Final = PAGE_OF_PVD + PAGE_BLOCKS
"""Blocks behind the page of the first descriptor."""
DESCRIPTORS_WITH_SIZE: Final = (1, 2)
"""Types of the volume descriptors that tell a volume space size (ECMA-119, 8.4.8 and 8.5.8)."""


def make_head(layout: Layout, old: bytes = b"") -> bytes:
    """The 32 blocks that go to block 0 after the session is safely written.

    Args:
        layout: the newest session.
        old: blocks 0 to 31 as they are on the medium, nothing if it is blank. What isn't replaced stays,
            but for checksum tags, which are disabled.
    """
    data = bytearray(old[: HEAD_BLOCKS * BLOCK].ljust(HEAD_BLOCKS * BLOCK, b"\0"))
    start = system_area(layout.options) + descriptor_set(layout, head=True)
    data[: len(start)] = start
    pos = len(start) // BLOCK
    if layout.options.md5 and pos < HEAD_BLOCKS:
        digest = md5(start).digest()
        tag = ChecksumTag(TagKind.RELOCATED, pos, 0, pos, digest, layout.base).pack()
        data[pos * BLOCK : (pos + 1) * BLOCK] = tag
        pos += 1
    for lba in range(pos, HEAD_BLOCKS):
        if _is_tag(bytes(data[lba * BLOCK : (lba + 1) * BLOCK]), lba):
            data[lba * BLOCK] = 0
    return bytes(data)


def head_steps(old: bytes, new: bytes) -> list[tuple[int, bytes]]:
    """The head as pieces, each with its first block, to be written one after the other.

    A process that is killed in the middle of a write leaves a part of it, cut off between two pages of
    memory. Whatever came of these pieces, the medium leads to the old session or to the new one: the tag that
    vouches for all goes away first and comes back last, and nothing must agree with the page of the first
    descriptor meanwhile.

    Args:
        old: blocks 0 to 31 as they are on the medium.
        new: what is to be there.
    """
    if old[PAGE_OF_PVD * BLOCK + 1 : PAGE_OF_PVD * BLOCK + 6] != STANDARD_ID:
        return [(0, new)]
    count = len(new) // BLOCK
    olds = [old[lba * BLOCK : (lba + 1) * BLOCK].ljust(BLOCK, b"\0") for lba in range(count)]
    news = [new[lba * BLOCK : (lba + 1) * BLOCK] for lba in range(count)]
    tags = [lba for lba in range(REST, count) if _is_tag(olds[lba], lba)]
    steps = [(lba, _disabled(olds[lba])) for lba in tags if lba >= REST + PAGE_BLOCKS]
    between = b"".join(_between(olds[lba], news[lba], lba) for lba in range(REST, count))
    rest = b"".join(news[REST:])
    return [*steps, (REST, between), (0, b"".join(news[:REST])), (REST, rest)]


def _between(old: bytes, new: bytes, lba: int) -> bytes:
    """A block behind the first descriptors, while some of them are old and others new."""
    if new[1:6] == STANDARD_ID:
        return new
    if old[1:6] == STANDARD_ID:
        return old
    return _disabled(new) if _is_tag(new, lba) else new


def _disabled(block: bytes) -> bytes:
    return b"\0" + block[1:]


def grown_head(old: bytes, session: bytes, base: int) -> bytes:
    """Blocks 0 to 31 that lead to a session which somebody else made for block `base`.

    Args:
        old: blocks 0 to 31 as they are on the medium; the system area stays.
        session: the first 32 blocks of the session.
        base: where it was written.
    """
    start = SYSTEM_AREA_BLOCKS * BLOCK
    data = bytearray(old[:start].ljust(start, b"\0") + session[start : HEAD_BLOCKS * BLOCK])
    for at in range(start, len(data), BLOCK):
        if data[at + 1 : at + 6] != STANDARD_ID:
            break
        if data[at] in DESCRIPTORS_WITH_SIZE:
            size = int.from_bytes(data[at + 80 : at + 84], "little") + base
            data[at + 80 : at + 88] = size.to_bytes(4, "little") + size.to_bytes(4, "big")
    return bytes(data)


def _is_tag(block: bytes, lba: int) -> bool:
    try:
        return ChecksumTag.unpack(block, lba) is not None
    except ImageError:
        return False


def invalidate_head(old: bytes) -> bytes:
    """Blocks 0 to 31 so that the medium counts as blank: all descriptors get an id that none has."""
    data = bytearray(old)
    for lba in range(SYSTEM_AREA_BLOCKS, len(data) // BLOCK):
        at = lba * BLOCK + 1
        if bytes(data[at : at + 5]) == STANDARD_ID:
            data[at : at + 5] = HIDDEN_ID
    return bytes(data)
