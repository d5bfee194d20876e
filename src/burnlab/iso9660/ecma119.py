"""Volume descriptors, dates, both-endian numbers, and directory records.

Source: ECMA-119 (ISO 9660); clauses are named at each structure. Numbers are those of the little-endian half.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, IntFlag
from functools import lru_cache
from struct import Struct
from typing import Final

BLOCK: Final = 2048
SYSTEM_AREA_BLOCKS: Final = 16
STANDARD_ID: Final = b"CD001"
UNSET_DATE: Final = b"0" * 16 + b"\0"
SELF_ID: Final = b"\0"
PARENT_ID: Final = b"\1"
RECORD_HEAD: Final = 33
OLDEST: Final = -2208988800
"""1900-01-01 00:00:00, the first second that 7 bytes can tell."""
NEWEST: Final = 5869583999
"""2155-12-31 23:59:59, the last one."""

U16LE: Final = Struct("<H")
U16BE: Final = Struct(">H")
U32LE: Final = Struct("<I")
U32BE: Final = Struct(">I")
RECORD_FIELDS: Final = Struct("<BBI4xI4x7sBBBH2xB")
"""Length, attribute blocks, extent, size, date, flags, unit, gap, volume, length of the identifier."""


class ImageError(Exception):
    """What was read isn't a usable image, or not the part of one that it should be."""


class DescriptorType(IntEnum):
    """Source: ECMA-119, 8.1.1."""

    BOOT = 0
    PRIMARY = 1
    SUPPLEMENTARY = 2
    PARTITION = 3
    TERMINATOR = 255


class FileFlags(IntFlag):
    """Source: ECMA-119, 9.1.6."""

    HIDDEN = 0x01
    DIRECTORY = 0x02
    ASSOCIATED = 0x04
    RECORD = 0x08
    PROTECTION = 0x10
    MULTI_EXTENT = 0x80


def blocks_of(size: int) -> int:
    """Blocks that so many bytes take."""
    return (size + BLOCK - 1) // BLOCK


def pad_block(data: bytes) -> bytes:
    """Zeros appended up to the next multiple of a block."""
    return data + bytes(-len(data) % BLOCK)


# Numbers.


def both16(number: int) -> bytes:
    """Source: ECMA-119, 7.2.3."""
    return U16LE.pack(number) + U16BE.pack(number)


def both32(number: int) -> bytes:
    """Source: ECMA-119, 7.3.3."""
    return U32LE.pack(number) + U32BE.pack(number)


def read_both32(data: bytes, offset: int) -> int:
    """The little-endian half, which is what readers go by."""
    return int.from_bytes(data[offset : offset + 4], "little")


def halves_agree(data: bytes, offset: int, half: int) -> bool:
    """Whether both forms of a both-endian number of 2 x `half` bytes tell the same number."""
    little = data[offset : offset + half]
    return little == data[offset + half : offset + 2 * half][::-1]


# Dates.


def days_from_civil(year: int, month: int, day: int) -> int:
    """Days since 1970-01-01 in the Gregorian calendar; months and days out of range carry over."""
    year, month = year + (month - 1) // 12, (month - 1) % 12
    year, month = (year, month - 2) if month >= 2 else (year - 1, month + 10)
    return year * 365 + year // 4 - year // 100 + year // 400 + (153 * month + 2) // 5 + day - 719469


def civil_from_seconds(seconds: int) -> tuple[int, int, int, int, int, int]:
    """Year, month, day, hour, minute, second of a time since 1970, UTC."""
    days, rest = divmod(seconds, 86400)
    era, day_of_era = divmod(days + 719468, 146097)
    year_of_era = (day_of_era - day_of_era // 1460 + day_of_era // 36524 - day_of_era // 146096) // 365
    day_of_year = day_of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    shifted = (5 * day_of_year + 2) // 153
    day = day_of_year - (153 * shifted + 2) // 5 + 1
    month = shifted + 3 if shifted < 10 else shifted - 9
    year = year_of_era + era * 400 + (month <= 2)
    return year, month, day, rest // 3600, rest // 60 % 60, rest % 60


def seconds_from_civil(year: int, fields: bytes | list[int]) -> int:
    """Seconds since 1970 of a UTC time: year, and month, day, hour, minute, second; these carry over."""
    month, day, hour, minute, second = fields
    return days_from_civil(year, month, day) * 86400 + hour * 3600 + minute * 60 + second


@lru_cache(maxsize=1 << 16)
def pack_date7(seconds: int) -> bytes:
    """Source: ECMA-119, 9.1.5; always in UTC, brought into the years 1900 to 2155."""
    seconds = min(max(seconds, OLDEST), NEWEST)
    year, month, day, hour, minute, second = civil_from_seconds(seconds)
    return bytes((year - 1900, month, day, hour, minute, second, 0))


@lru_cache(maxsize=1 << 16)
def unpack_date7(data: bytes) -> int:
    """Seconds since 1970 of 7 bytes; fields out of range carry over, nothing is refused."""
    zone = data[6] - 256 if data[6] > 127 else data[6]
    return seconds_from_civil(1900 + data[0], data[1:6]) - zone * 900


def pack_date17(seconds: int) -> bytes:
    """Source: ECMA-119, 8.4.26.1; always in UTC, no hundredths."""
    year, *rest = civil_from_seconds(seconds)
    digits = f"{year:04}" + "".join(f"{part:02}" for part in rest) + "00"
    return digits.encode("ascii")[:16] + b"\0"


def unpack_date17(data: bytes) -> int | None:
    """Seconds since 1970 of 17 bytes; None if unset, or if it has something else than digits."""
    digits = data[:16]
    if len(data) < 17 or not digits.isdigit() or not int(digits):
        return None
    zone = data[16] - 256 if data[16] > 127 else data[16]
    parts = [int(digits[at : at + 2]) for at in range(4, 14, 2)]
    return seconds_from_civil(int(digits[:4]), parts) - zone * 900


# Directory records.


@dataclass(frozen=True, slots=True)
class DirectoryRecord:
    """A directory record without its padding.

    Source: ECMA-119, 9.1. `date` is the 7-byte form; `attribute_blocks` is the Extended Attribute Record's.
    """

    identifier: bytes
    extent: int
    size: int
    date: bytes
    flags: int = 0
    system_use: bytes = b""
    attribute_blocks: int = 0
    unit_size: int = 0
    interleave: int = 0
    sequence: int = 1
    agrees: bool = True
    """Whether both byte orders told the same extent and size."""

    def pack(self) -> bytes:
        """The record, of even length.

        Raises:
            ValueError: it would be longer than 255 bytes.
        """
        head = RECORD_HEAD + len(self.identifier) + (len(self.identifier) + 1) % 2
        length = head + len(self.system_use)
        length += length % 2
        if length > 255:
            raise ValueError(f"a directory record of {length} bytes")
        data = b"".join(
            (
                bytes((length, self.attribute_blocks)),
                both32(self.extent),
                both32(self.size),
                self.date,
                bytes((self.flags, self.unit_size, self.interleave)),
                both16(self.sequence),
                bytes((len(self.identifier),)),
                self.identifier,
            )
        )
        return (data.ljust(head, b"\0") + self.system_use).ljust(length, b"\0")

    @classmethod
    def unpack(cls, data: bytes, offset: int = 0) -> DirectoryRecord:
        """The record at an offset; `system_use` has the padding at its end, if any.

        Raises:
            ImageError: its lengths don't fit each other or the data.
        """
        length = data[offset] if offset < len(data) else 0
        if length < RECORD_HEAD + 1 or offset + length > len(data):
            raise ImageError(f"Directory record of {length} bytes doesn't fit")
        _, xattr, extent, size, date, flags, unit, gap, volume, id_length = RECORD_FIELDS.unpack_from(
            data, offset
        )
        start = offset + RECORD_HEAD
        use = start + id_length + (id_length + 1) % 2
        if not id_length or RECORD_HEAD + id_length > length:
            raise ImageError(f"Directory record with an identifier of {id_length} bytes doesn't fit")
        return cls(
            identifier=data[start : start + id_length],
            extent=extent,
            size=size,
            date=date,
            flags=flags,
            system_use=data[use : offset + length],
            attribute_blocks=xattr,
            unit_size=unit,
            interleave=gap,
            sequence=volume,
            agrees=halves_agree(data, offset + 2, 4) and halves_agree(data, offset + 10, 4),
        )


# Volume descriptors.

JOLIET_ESCAPES: Final = (b"%/E", b"%/C", b"%/@")

VOLUME_FIELDS: Final = Struct(
    "<B5sBB32s32s8xI4x32sH2xH2xH2xI4xII4s4s34s128s128s128s128s37s37s37s17s17s17s17sBx512s653x"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumeDescriptor:
    """A primary or supplementary volume descriptor; ids are without their padding, dates in the 17-byte form.

    Source: ECMA-119, 8.4 and 8.5. Ids of a Joliet descriptor are big-endian UCS-2.
    """

    volume_id: bytes
    space_size: int
    path_table_size: int
    l_table: int
    m_table: int
    root: DirectoryRecord
    type: int = DescriptorType.PRIMARY
    version: int = 1
    flags: int = 0
    escapes: bytes = b""
    system_id: bytes = b""
    volume_set_id: bytes = b""
    publisher_id: bytes = b""
    preparer_id: bytes = b""
    application_id: bytes = b""
    copyright_id: bytes = b""
    abstract_id: bytes = b""
    bibliographic_id: bytes = b""
    creation: bytes = UNSET_DATE
    modification: bytes = UNSET_DATE
    expiration: bytes = UNSET_DATE
    effective: bytes = UNSET_DATE
    set_size: int = 1
    sequence: int = 1
    block_size: int = BLOCK
    l_optional: int = 0
    m_optional: int = 0
    structure_version: int = 1
    application_use: bytes = b""

    @property
    def is_joliet(self) -> bool:
        """Whether it heads a tree of UCS-2 names."""
        return self.type == DescriptorType.SUPPLEMENTARY and self.escapes[:3] in JOLIET_ESCAPES

    def pack(self) -> bytes:
        """One block. Application use is padded with blanks if primary, with zeros if supplementary."""
        wide = self.is_joliet
        use = self.application_use.ljust(512, b" " if self.type == DescriptorType.PRIMARY else b"\0")
        return b"".join(
            (
                bytes((self.type,)) + STANDARD_ID + bytes((self.version, self.flags)),
                pad_id(self.system_id, 32, wide) + pad_id(self.volume_id, 32, wide) + bytes(8),
                both32(self.space_size) + self.escapes.ljust(32, b"\0"),
                both16(self.set_size) + both16(self.sequence) + both16(self.block_size),
                both32(self.path_table_size),
                U32LE.pack(self.l_table) + U32LE.pack(self.l_optional),
                U32BE.pack(self.m_table) + U32BE.pack(self.m_optional),
                self.root.pack(),
                pad_id(self.volume_set_id, 128, wide) + pad_id(self.publisher_id, 128, wide),
                pad_id(self.preparer_id, 128, wide) + pad_id(self.application_id, 128, wide),
                pad_id(self.copyright_id, 37, wide) + pad_id(self.abstract_id, 37, wide),
                pad_id(self.bibliographic_id, 37, wide),
                self.creation + self.modification + self.expiration + self.effective,
                bytes((self.structure_version, 0)) + use + bytes(653),
            )
        )

    @classmethod
    def unpack(cls, data: bytes) -> VolumeDescriptor:
        """A block's descriptor.

        Raises:
            ImageError: it is no primary or supplementary descriptor, or its root isn't a directory record.
        """
        if len(data) < BLOCK or data[1:6] != STANDARD_ID or data[0] not in (1, 2):
            raise ImageError("No volume descriptor")
        fields = VOLUME_FIELDS.unpack_from(data)
        (kind, _, version, flags, system, volume, space, escapes, sets, sequence, block_size) = fields[:11]
        (table_size, l_table, l_optional, m_table, m_optional, root) = fields[11:17]
        wide = kind == DescriptorType.SUPPLEMENTARY and escapes[:3] in JOLIET_ESCAPES
        ids = [strip_id(field, wide) for field in (system, volume, *fields[17:24])]
        return cls(
            type=kind,
            version=version,
            flags=flags,
            escapes=escapes.rstrip(b"\0"),
            system_id=ids[0],
            volume_id=ids[1],
            space_size=space,
            set_size=sets,
            sequence=sequence,
            block_size=block_size,
            path_table_size=table_size,
            l_table=l_table,
            l_optional=l_optional,
            m_table=int.from_bytes(m_table, "big"),
            m_optional=int.from_bytes(m_optional, "big"),
            root=DirectoryRecord.unpack(root),
            volume_set_id=ids[2],
            publisher_id=ids[3],
            preparer_id=ids[4],
            application_id=ids[5],
            copyright_id=ids[6],
            abstract_id=ids[7],
            bibliographic_id=ids[8],
            creation=fields[24],
            modification=fields[25],
            expiration=fields[26],
            effective=fields[27],
            structure_version=fields[28],
            application_use=fields[29].rstrip(b" " if kind == DescriptorType.PRIMARY else b"\0"),
        )


def pad_id(text: bytes, length: int, wide: bool) -> bytes:
    """An id text in its field: blanks to the right; in UCS-2 a zero byte at the end of an odd field."""
    if not wide:
        return text[:length].ljust(length, b" ")
    pairs = length // 2
    return (text[: 2 * pairs] + b"\0 " * (pairs - len(text[: 2 * pairs]) // 2)).ljust(length, b"\0")


def strip_id(field: bytes, wide: bool) -> bytes:
    """The id text of a field, without blanks to the right."""
    if not wide:
        return field.rstrip(b" ")
    field = field[: len(field) // 2 * 2]
    while field.endswith(b"\0 "):
        field = field[:-2]
    return field


EL_TORITO_ID: Final = b"EL TORITO SPECIFICATION"


@dataclass(frozen=True, slots=True)
class BootRecord:
    """The boot record of El Torito: where the boot catalog is.

    Source: ECMA-119, 8.2; El Torito 1.0, figure 7.
    """

    catalog: int
    system_id: bytes = EL_TORITO_ID

    def pack(self) -> bytes:
        """One block."""
        head = b"\0" + STANDARD_ID + b"\1" + self.system_id.ljust(32, b"\0") + bytes(32)
        return (head + U32LE.pack(self.catalog)).ljust(BLOCK, b"\0")

    @classmethod
    def unpack(cls, data: bytes) -> BootRecord:
        """A block's boot record.

        Raises:
            ImageError: it is none.
        """
        if len(data) < BLOCK or data[:6] != b"\0" + STANDARD_ID:
            raise ImageError("No boot record")
        return cls(U32LE.unpack_from(data, 71)[0], data[7:39].rstrip(b"\0 "))


TERMINATOR: Final = (b"\xff" + STANDARD_ID + b"\1").ljust(BLOCK, b"\0")
"""Source: ECMA-119, 8.3."""


def is_primary(block: bytes) -> bool:
    """Whether a block is a primary volume descriptor that may head a session."""
    return len(block) >= BLOCK and block[:7] == b"\1" + STANDARD_ID + b"\1" and block[881] == 1
