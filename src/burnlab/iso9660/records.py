"""Directory records of one node with all their system use fields: how long they are, and their bytes.

Source: ECMA-119, 9.1; SUSP 1.12; RRIP 1.12. The order of fields and what goes to the continuation area is
libisofs's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from burnlab.iso9660.aaip import (
    CHECKSUM_AREA,
    CHECKSUM_INDEX,
    NAME_TRUNCATION,
    STREAM_START,
    TRUNCATE_255,
    ChecksumArea,
    pack_attributes,
    pack_fields,
    pack_index,
)
from burnlab.iso9660.ecma119 import BLOCK, U32BE, U32LE, civil_from_seconds
from burnlab.iso9660.options import ImageOptions
from burnlab.iso9660.rock_ridge import (
    CE_BYTES,
    NAME_HEAD,
    SP_FIELD,
    Continuation,
    ExtensionsReference,
    PosixAttributes,
    pack_link,
    pack_name,
    pack_nm,
    pack_pn,
    pack_px,
)
from burnlab.iso9660.tree import Node, Special, Symlink

RECORD_BYTES: Final = 254
"""libisofs's limit: even, so a record never needs its last byte."""
OLDEST: Final = -2208988800
"""1900-01-01 00:00:00, the first second that 7 bytes can tell."""
NEWEST: Final = 5869583999
"""2155-12-31 23:59:59, the last one."""

DIRECTORY_TAIL: Final = b"\2\0\0\1\0\0\1"
FILE_TAIL: Final = b"\0\0\0\1\0\0\1"
PARTIAL_TAIL: Final = b"\x80\0\0\1\0\0\1"
"""Flags, unit size, gap and volume number."""

ER_FIELD: Final = ExtensionsReference().pack()
TF_HEAD: Final = b"TF\x1a\x01\x0e"

_MINUTES: Final = [bytes((minute // 60, minute % 60)) for minute in range(1440)]
_SECONDS: Final = [bytes((second, 0)) for second in range(60)]


class PackedDates(dict[int, bytes]):
    """Dates of 7 bytes by seconds since 1970; many nodes have the same."""

    REMEMBERED: Final = 1 << 14

    def __init__(self) -> None:
        """None yet."""
        super().__init__()
        self._days: dict[int, bytes] = {}

    def __missing__(self, seconds: int) -> bytes:
        """Work a date out: in UTC, brought into the years 1900 to 2155. Source: ECMA-119, 9.1.5."""
        days, rest = divmod(min(max(seconds, OLDEST), NEWEST), 86400)
        start = self._days.get(days)
        if start is None:
            year, month, day, *_ = civil_from_seconds(days * 86400)
            start = self._days[days] = bytes((year - 1900, month, day))
        date = start + _MINUTES[rest // 60] + _SECONDS[rest % 60]
        if len(self) < self.REMEMBERED:
            self[seconds] = date
        return date


DATES: Final = PackedDates()


def pack_date(seconds: int) -> bytes:
    """The 7-byte form of a time; see `PackedDates`."""
    return DATES[seconds]


VOID: Final = 1 << 32


class Codes(NamedTuple):
    """What a node's fields say beyond the node itself: its links, its inode number if recorded, its MD5
    index or 0 for none. An index of VOID is written as 0.
    """

    links: int = 1
    inode: int | None = None
    slot: int = 0


@dataclass(frozen=True, slots=True)
class SystemUse:
    """System use fields of one record: `inside` it, and in the continuation area, where fields must stay
    whole.

    The CE field, if there is a continuation, stands behind the first `before` bytes of `inside`.
    """

    inside: bytes
    before: int
    continued: tuple[bytes, ...]

    @property
    def length(self) -> int:
        """Bytes in the record."""
        return len(self.inside) + (CE_BYTES if self.continued else 0)

    def pack(self, continuation: bytes) -> bytes:
        """The bytes in the record, given the CE field or nothing."""
        return self.inside[: self.before] + continuation + self.inside[self.before :]


def pack_times(node: Node, options: ImageOptions) -> bytes:
    """The TF field."""
    modified = pack_date(node.mtime)
    if options.times_are_mtime:
        return TF_HEAD + modified * 3
    return TF_HEAD + modified + pack_date(node.atime) + pack_date(node.ctime)


def pack_attributes_px(node: Node, codes: Codes) -> bytes:
    """The PX field."""
    if codes.inode is None:
        return pack_px(node.mode, codes.links, node.uid, node.gid)
    return PosixAttributes(node.mode, codes.links, node.uid, node.gid, codes.inode).pack()


def attribute_fields(
    node: Node, codes: Codes, options: ImageOptions, more: Mapping[bytes, bytes] | None = None
) -> list[bytes]:
    """The AL fields of a node: its own attributes, and what the image adds or puts in their place.

    An index that was loaded stays if this session records no MD5 itself.
    """
    pairs = dict(node.attributes or {})
    if codes.slot:
        pairs[CHECKSUM_INDEX] = pack_index(codes.slot & 0xFFFFFFFF)
    elif options.md5:
        pairs.pop(CHECKSUM_INDEX, None)
    pairs.update(more or {})
    return pack_fields(pack_attributes(pairs)) if pairs else []


def root_attributes(options: ImageOptions, area: ChecksumArea | None) -> dict[bytes, bytes]:
    """What the root's record carries about the image."""
    pairs = {}
    if options.stream_start is not None:
        pairs[STREAM_START] = b"%d" % options.stream_start
    pairs[NAME_TRUNCATION] = TRUNCATE_255
    if area is not None:
        pairs[CHECKSUM_AREA] = area.pack()
    return pairs


def root_use(root: Node, codes: Codes, options: ImageOptions, area: ChecksumArea | None) -> SystemUse:
    """The fields of the root's own record; all that isn't the same in every image is in its continuation
    area.
    """
    inside = SP_FIELD + pack_attributes_px(root, codes) + pack_times(root, options)
    fields: list[bytes] = []
    if options.has_attributes:
        fields = attribute_fields(root, codes, options, root_attributes(options, area))
    return SystemUse(inside, len(inside), (ER_FIELD, *fields))


def dot_use(node: Node, codes: Codes, options: ImageOptions) -> bytes:
    """The fields of other records named by 00 or 01."""
    return pack_attributes_px(node, codes) + pack_times(node, options)


def node_use(node: Node, codes: Codes, options: ImageOptions, head: int) -> SystemUse:
    """The fields of a node's record under its name, whose head and identifier take `head` bytes."""
    fixed = pack_attributes_px(node, codes) + pack_times(node, options)
    if isinstance(node, Special) and node.mode & 0o170000 in (0o020000, 0o060000):
        fixed += pack_pn(node.device)
    names = pack_name(node.name)
    links = pack_link(node.target) if isinstance(node, Symlink) else []
    attributes = attribute_fields(node, codes, options) if options.has_attributes else []
    room = RECORD_BYTES - head
    if len(fixed) + sum(map(len, names)) + sum(map(len, links)) + sum(map(len, attributes)) <= room:
        inside = b"".join((fixed, *names, *links, *attributes))
        return SystemUse(inside, len(inside), ())
    return _divide(fixed, node.name, links, attributes, room - CE_BYTES)


def _divide(fixed: bytes, name: bytes, links: list[bytes], attributes: list[bytes], room: int) -> SystemUse:
    """Fields that don't fit: the name first, then what still has room, the rest to the continuation area."""
    inside, continued = fixed, []
    left = room - len(inside)
    if len(name) + NAME_HEAD <= left:
        inside += pack_nm(name)
    else:
        here = left - NAME_HEAD
        inside += pack_nm(name[:here], more=True)
        continued += pack_name(name[here:])
    before = len(inside)
    for group in (links, attributes):
        size = sum(map(len, group))
        if continued or size > room - len(inside):
            continued += group
        else:
            inside += b"".join(group)
    return SystemUse(inside, before, tuple(continued))


class Piece(NamedTuple):
    """A part of the continuation area: where it starts and the bytes of fields in it."""

    offset: int
    fields: bytes


@dataclass(frozen=True, slots=True)
class Placement:
    """Where the continued fields of a record go: parts, linked by CE fields, in a region of blocks; and
    where it ends.
    """

    pieces: tuple[Piece, ...]
    end: int

    def field(self, number: int, block: int) -> bytes:
        """The CE field that leads to a part; nothing behind the last one."""
        if number >= len(self.pieces):
            return b""
        piece = self.pieces[number]
        length = len(piece.fields) + (CE_BYTES if number + 1 < len(self.pieces) else 0)
        return Continuation(block + piece.offset // BLOCK, piece.offset % BLOCK, length).pack()

    def put(self, region: bytearray, block: int) -> None:
        """Write all parts into a region that starts at a block."""
        for number, piece in enumerate(self.pieces):
            data = piece.fields + self.field(number + 1, block)
            if len(region) < piece.offset:
                region.extend(bytes(piece.offset - len(region)))
            region[piece.offset : piece.offset + len(data)] = data


def place(fields: tuple[bytes, ...], pos: int) -> Placement:
    """Find room for continued fields from a position in the region on.

    A part stays within one block, with room for a CE field behind it.
    """
    pieces: list[Piece] = []
    total = sum(map(len, fields))
    if (pos + total + CE_BYTES - 1) // BLOCK != pos // BLOCK and pos % BLOCK:
        pos = (pos // BLOCK + 1) * BLOCK
    start, data = pos, b""
    for field in fields:
        fits = (start + len(data) + len(field) + CE_BYTES - 1) // BLOCK == start // BLOCK
        if data and not fits:
            pieces.append(Piece(start, data))
            start, data = (start // BLOCK + 1) * BLOCK, b""
        data += field
    pieces.append(Piece(start, data))
    return Placement(tuple(pieces), start + len(data))


def record_head(identifier: bytes) -> int:
    """Bytes of a record up to its system use fields."""
    return 33 + len(identifier) + (len(identifier) + 1) % 2


def pack_record(
    identifier: bytes, extent: int, size: int, date: bytes, tail: bytes = FILE_TAIL, *, use: bytes = b""
) -> bytes:
    """A record; `tail` is one of the constants above."""
    length = record_head(identifier) + len(use)
    length += length & 1
    data = b"".join(
        (
            bytes((length, 0)),
            U32LE.pack(extent),
            U32BE.pack(extent),
            U32LE.pack(size),
            U32BE.pack(size),
            date,
            tail,
            bytes((len(identifier),)),
            identifier,
            b"" if len(identifier) & 1 else b"\0",
            use,
        )
    )
    return data if len(data) == length else data + b"\0"
