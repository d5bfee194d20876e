"""MD5 of image data: the four kinds of tag blocks, the array of file digests, and a session's running digest.

Source: libisofs, doc/checksums.txt (facts of the format only). A session is digested once, from its first
block on; digests at three points on the way go into the superblock tag, the tree tag and slot 0 of the array,
the last one into the session tag.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from hashlib import md5
from typing import Final

from burnlab.iso9660.ecma119 import BLOCK, ImageError, blocks_of, pad_block

DIGEST_BYTES: Final = 16
MAX_SLOTS: Final = 1 << 27
LBA_END: Final = 1 << 32


class TagKind(StrEnum):
    """The kinds of tags by their id on the medium."""

    SUPERBLOCK = "libisofs_sb_checksum_tag_v1"
    TREE = "libisofs_tree_checksum_tag_v1"
    SESSION = "libisofs_checksum_tag_v1"
    RELOCATED = "libisofs_rlsb32_checksum_tag_v1"


EXTRA_PARAMETER: Final = {
    TagKind.SUPERBLOCK: "next",
    TagKind.TREE: "next",
    TagKind.RELOCATED: "session_start",
}

TAG_LINE: Final = re.compile(
    rb"(libisofs_(?:sb_|tree_|rlsb32_)?checksum_tag_v1)"
    rb" pos=(\d{1,10}) range_start=(\d{1,10}) range_size=(\d{1,10})"
    rb"(?: (next|session_start)=(\d{1,10}))? md5=([0-9a-f]{32}) self=([0-9a-f]{32})\n"
)


@dataclass(frozen=True, slots=True)
class ChecksumTag:
    """A checksum tag: the digest of blocks `range_start` up to `pos`, where it stands itself.

    `extra` is where the next tag is (superblock and tree), or where the newest session starts (relocated).

    Source: libisofs, doc/checksums.txt, "Checksum tags".
    """

    kind: TagKind
    pos: int
    range_start: int
    range_size: int
    digest: bytes
    extra: int | None = None

    def pack(self) -> bytes:
        """One block."""
        name = EXTRA_PARAMETER.get(self.kind)
        extra = "" if name is None else f" {name}={self.extra}"
        line = (
            f"{self.kind.value} pos={self.pos} range_start={self.range_start} range_size={self.range_size}"
            f"{extra} md5={self.digest.hex()}"
        ).encode("ascii")
        return pad_block(line + b" self=" + md5(line).hexdigest().encode("ascii") + b"\n")

    @classmethod
    def unpack(cls, block: bytes, lba: int) -> ChecksumTag | None:
        """The tag in the block at an address; None if there is none, or one for another place.

        Raises:
            ImageError: it looks like a tag but its own digest or numbers are wrong.
        """
        tag = read_tag(block)
        if tag is None:
            return None
        if not is_intact(block):
            raise ImageError(f"Checksum tag at block {lba} is damaged")
        if tag.pos != lba:
            return None
        if not tag.is_possible:
            raise ImageError(f"Checksum tag at block {lba} has a range that doesn't end before it")
        return tag

    @property
    def is_possible(self) -> bool:
        """Whether its range ends where it stands, and all addresses can be on a medium."""
        ends_here = self.range_start + self.range_size == self.pos
        return ends_here and self.pos < LBA_END and (self.extra or 0) < LBA_END


def read_tag(block: bytes) -> ChecksumTag | None:
    """What a block says in the form of a tag, not yet checked."""
    found = TAG_LINE.match(block)
    if found is None:
        return None
    kind = TagKind(found[1].decode("ascii"))
    if (found[5] or b"").decode("ascii") != EXTRA_PARAMETER.get(kind, ""):
        return None
    extra = int(found[6]) if found[6] else None
    digest = bytes.fromhex(found[7].decode("ascii"))
    return ChecksumTag(kind, int(found[2]), int(found[3]), int(found[4]), digest, extra)


def is_intact(block: bytes) -> bool:
    """Whether a tag's line is what its own digest was made of."""
    found = TAG_LINE.match(block)
    return found is not None and md5(block[: found.end(7)]).hexdigest().encode("ascii") == found[8]


def array_blocks(files: int) -> int:
    """Blocks that the array for so many files takes."""
    return blocks_of((files + 2) * DIGEST_BYTES)


def check_array(array: bytes, count: int) -> bool:
    """Whether the last of `count` slots covers the others."""
    covered = (count - 1) * DIGEST_BYTES
    return (
        len(array) >= count * DIGEST_BYTES
        and md5(array[:covered]).digest() == array[covered : covered + DIGEST_BYTES]
    )


class SessionDigest:
    """The running digest of a session's blocks.

    Feed all blocks in order, tags too; take a digest right before the block that is to carry it.
    """

    __slots__ = ("_context", "length", "start")

    def __init__(self, start: int) -> None:
        """`start` is the session's first block."""
        self.start = start
        self.length = 0
        self._context = md5()

    @property
    def pos(self) -> int:
        """The block that comes next."""
        return self.start + self.length // BLOCK

    def update(self, data: bytes | memoryview) -> None:
        """Take the next blocks in."""
        self._context.update(data)
        self.length += len(data)

    def digest(self) -> bytes:
        """The digest of all blocks up to here."""
        return self._context.digest()

    def tag(self, kind: TagKind, extra: int | None = None) -> bytes:
        """The tag block for this place, taken in as the next block."""
        size = self.pos - self.start
        block = ChecksumTag(kind, self.pos, self.start, size, self.digest(), extra).pack()
        self.update(block)
        return block
