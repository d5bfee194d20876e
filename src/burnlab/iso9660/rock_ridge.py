"""System use fields of SUSP and Rock Ridge: packed and iterated.

Source: SUSP (IEEE P1281) draft 1.10 and 1.12, RRIP (IEEE P1282) draft 1.10 and 1.12. Written in the style
of RRIP 1.10.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar, Final, NamedTuple

from burnlab.iso9660.ecma119 import ImageError, both32, read_both32, unpack_date7, unpack_date17

FIELD_HEAD: Final = 4
FIELD_BYTES: Final = 255
CONTINUE: Final = 1
CE_BYTES: Final = 28
NAME_HEAD: Final = 5
NAME_PART: Final = FIELD_BYTES - NAME_HEAD
LINK_HEAD: Final = 5
LINK_PART: Final = FIELD_BYTES - LINK_HEAD - 2


class Field(NamedTuple):
    """A system use field: its two letters, version, and what follows the four bytes of its head.

    Source: SUSP 1.12, 4.
    """

    signature: bytes
    version: int
    data: bytes


def pack_field(signature: bytes, data: bytes, version: int = 1) -> bytes:
    """A field with its head.

    Raises:
        ValueError: it would be longer than 255 bytes.
    """
    return signature + bytes((FIELD_HEAD + len(data), version)) + data


def iter_fields(area: bytes, offset: int = 0) -> Iterator[Field]:
    """The fields of a system use area from an offset on, up to ST, a zero byte, or less than four bytes.

    Raises:
        ImageError: a field's length doesn't fit.
    """
    end = len(area)
    while offset + FIELD_HEAD <= end and area[offset]:
        length = area[offset + 2]
        if length < FIELD_HEAD or offset + length > end:
            raise ImageError(f"System use field of {length} bytes doesn't fit")
        signature = area[offset : offset + 2]
        if signature == b"ST":
            return
        yield Field(signature, area[offset + 3], area[offset + FIELD_HEAD : offset + length])
        offset += length


def _need(field: bytes, length: int, name: str) -> None:
    if len(field) < length:
        raise ImageError(f"{name} field of {FIELD_HEAD + len(field)} bytes is too short")


# SUSP.

SP_FIELD: Final = b"SP\x07\x01\xbe\xef\x00"
"""Sharing protocol indicator, nothing skipped. Source: SUSP 1.12, 5.3."""


@dataclass(frozen=True, slots=True)
class SharingProtocol:
    """SP: bytes that are skipped at the start of the system use area of each record but the root's own.

    Source: SUSP 1.12, 5.3.
    """

    skip: int = 0

    def pack(self) -> bytes:
        """The field."""
        return SP_FIELD[:6] + bytes((self.skip,))

    @classmethod
    def unpack(cls, data: bytes) -> SharingProtocol:
        """From a field's data.

        Raises:
            ImageError: too short, or without its check bytes.
        """
        _need(data, 3, "SP")
        if data[:2] != b"\xbe\xef":
            raise ImageError("SP field without its check bytes")
        return cls(data[2])


@dataclass(frozen=True, slots=True)
class Continuation:
    """CE: where the rest of a system use area is.

    Source: SUSP 1.12, 5.1.
    """

    block: int
    offset: int
    length: int

    def pack(self) -> bytes:
        """The field."""
        return b"CE\x1c\x01" + both32(self.block) + both32(self.offset) + both32(self.length)

    @classmethod
    def unpack(cls, data: bytes) -> Continuation:
        """From a field's data.

        Raises:
            ImageError: too short.
        """
        _need(data, 24, "CE")
        return cls(read_both32(data, 0), read_both32(data, 8), read_both32(data, 16))


RRIP_ID: Final = b"RRIP_1991A"
RRIP_DESCRIPTION: Final = (
    b"THE ROCK RIDGE INTERCHANGE PROTOCOL PROVIDES SUPPORT FOR POSIX FILE SYSTEM SEMANTICS"
)
RRIP_SOURCE: Final = (
    b"PLEASE CONTACT DISC PUBLISHER FOR SPECIFICATION SOURCE.  SEE PUBLISHER IDENTIFIER IN PRIMARY VOLUME"
    b" DESCRIPTOR FOR CONTACT INFORMATION."
)


@dataclass(frozen=True, slots=True)
class ExtensionsReference:
    """ER: which extension the fields belong to.

    Source: SUSP 1.12, 5.5.
    """

    identifier: bytes = RRIP_ID
    description: bytes = RRIP_DESCRIPTION
    source: bytes = RRIP_SOURCE
    extension_version: int = 1

    def pack(self) -> bytes:
        """The field."""
        texts = (self.identifier, self.description, self.source)
        return pack_field(b"ER", bytes((*map(len, texts), self.extension_version)) + b"".join(texts))

    @classmethod
    def unpack(cls, data: bytes) -> ExtensionsReference:
        """From a field's data.

        Raises:
            ImageError: its texts don't fit in it.
        """
        _need(data, 4, "ER")
        first, second, third = data[:3]
        _need(data, 4 + first + second + third, "ER")
        texts = data[4:]
        description, source = texts[first : first + second], texts[first + second :][:third]
        return cls(texts[:first], description, source, data[3])


# RRIP.


@dataclass(frozen=True, slots=True)
class PosixAttributes:
    """PX: mode, links and owner; a file serial number in RRIP 1.12 only.

    Source: RRIP 1.12, 4.1.1.
    """

    mode: int
    links: int
    uid: int
    gid: int
    inode: int | None = None

    def pack(self) -> bytes:
        """36 bytes, or 44 with a serial number."""
        data = both32(self.mode) + both32(self.links) + both32(self.uid) + both32(self.gid)
        return pack_field(b"PX", data if self.inode is None else data + both32(self.inode))

    @classmethod
    def unpack(cls, data: bytes) -> PosixAttributes:
        """From a field's data.

        Raises:
            ImageError: neither form.
        """
        if len(data) not in (32, 40):
            raise ImageError(f"PX field of {FIELD_HEAD + len(data)} bytes")
        inode = read_both32(data, 32) if len(data) == 40 else None
        return cls(
            read_both32(data, 0), read_both32(data, 8), read_both32(data, 16), read_both32(data, 24), inode
        )


@lru_cache(maxsize=1 << 12)
def pack_px(mode: int, links: int, uid: int, gid: int) -> bytes:
    """A PX field without serial number; few differ, so they are remembered."""
    return PosixAttributes(mode, links, uid, gid).pack()


@dataclass(frozen=True, slots=True)
class TimeStamps:
    """TF: times in seconds since 1970; None where there is none.

    Source: RRIP 1.12, 4.1.6.
    """

    modify: int | None = None
    access: int | None = None
    attributes: int | None = None
    creation: int | None = None

    LONG_FORM: ClassVar[int] = 0x80
    ORDER: ClassVar[tuple[str, ...]] = ("creation", "modify", "access", "attributes", "", "", "")

    @classmethod
    def unpack(cls, data: bytes) -> TimeStamps:
        """From a field's data; kinds of times that nobody here asks for are left out.

        Raises:
            ImageError: shorter than its flags say.
        """
        _need(data, 1, "TF")
        size = 17 if data[0] & cls.LONG_FORM else 7
        read = unpack_date17 if size == 17 else unpack_date7
        found: dict[str, int | None] = {}
        offset = 1
        for bit, name in enumerate(cls.ORDER):
            if not data[0] >> bit & 1:
                continue
            _need(data, offset + size, "TF")
            if name:
                found[name] = read(data[offset : offset + size])
            offset += size
        return cls(**found)


def pack_pn(device: int) -> bytes:
    """PN: a device number, its upper and lower 32 bits. Source: RRIP 1.12, 4.1.2."""
    return b"PN\x14\x01" + both32(device >> 32 & 0xFFFFFFFF) + both32(device & 0xFFFFFFFF)


def unpack_pn(data: bytes) -> int:
    """The device number of a PN field's data.

    Raises:
        ImageError: too short.
    """
    _need(data, 16, "PN")
    return read_both32(data, 0) << 32 | read_both32(data, 8)


def unpack_location(data: bytes) -> int:
    """The block in the data of a CL or PL field. Source: RRIP 1.12, 4.1.5.

    Raises:
        ImageError: too short.
    """
    _need(data, 8, "CL or PL")
    return read_both32(data, 0)


# Names.


class NameFlags:
    """Source: RRIP 1.12, 4.1.4."""

    CONTINUE: Final = 1
    CURRENT: Final = 2
    PARENT: Final = 4


def pack_nm(part: bytes, *, more: bool = False) -> bytes:
    """NM: a name, or a part of it of at most 250 bytes."""
    return b"NM" + bytes((NAME_HEAD + len(part), 1, CONTINUE if more else 0)) + part


def pack_name(name: bytes) -> list[bytes]:
    """NM fields for a name."""
    if len(name) <= NAME_PART:
        return [pack_nm(name)]
    return [pack_nm(name[:NAME_PART], more=True), pack_nm(name[NAME_PART:])]


def unpack_nm(data: bytes) -> tuple[int, bytes]:
    """Flags and text of an NM field's data.

    Raises:
        ImageError: without flags.
    """
    _need(data, 1, "NM")
    return data[0], data[1:]


# Symbolic links.


class ComponentFlags:
    """Source: RRIP 1.12, 4.1.3.1."""

    CONTINUE: Final = 1
    CURRENT: Final = 2
    PARENT: Final = 4
    ROOT: Final = 8


_MARKS: Final = {b"": ComponentFlags.ROOT, b".": ComponentFlags.CURRENT, b"..": ComponentFlags.PARENT}
_MARKED: Final = {flag: text for text, flag in _MARKS.items()}


def _target_components(target: bytes) -> list[bytes]:
    """The parts of a link target: an empty one for the root and between slashes, none for a slash at the
    end.
    """
    parts = target.split(b"/")
    if len(parts) > 1 and parts[-1] == b"":
        parts.pop()
    return parts if target else []


def pack_link(target: bytes) -> list[bytes]:
    """SL fields for a link target.

    A component that doesn't fit any more starts the next field; only one too long for any field is
    divided, between the field that is begun and the next one if that suffices.
    """
    fields: list[bytearray] = [bytearray()]

    def put(flags: int, text: bytes) -> None:
        fields[-1] += bytes((flags, len(text))) + text

    for part in _target_components(target):
        mark = _MARKS.get(part)
        text = b"" if mark is not None else part
        room = FIELD_BYTES - LINK_HEAD - 2 - len(fields[-1])
        if len(text) > room:
            here = room if len(text) > LINK_PART and room >= 1 and len(text) - room <= LINK_PART else 0
            if here:
                put(ComponentFlags.CONTINUE, text[:here])
                text = text[here:]
            fields.append(bytearray())
            if len(text) > LINK_PART:
                put(ComponentFlags.CONTINUE, text[:LINK_PART])
                text = text[LINK_PART:]
                fields.append(bytearray())
        put(mark or 0, text)
    last = len(fields) - 1
    return [
        b"SL" + bytes((LINK_HEAD + len(data), 1, CONTINUE if number < last else 0)) + bytes(data)
        for number, data in enumerate(fields)
    ]


def unpack_link(fields: Iterable[bytes], limit: int = 4096) -> bytes:
    """The target from the data of a link's SL fields in order.

    Raises:
        ImageError: components that don't fit, aren't known, aren't finished, or are longer together than
        `limit`.
    """
    parts: list[bytes] = []
    pending: bytes | None = None
    mark = 0
    for data in fields:
        _need(data, 1, "SL")
        offset, end = 1, len(data)
        while offset < end:
            if offset + 2 > end or offset + 2 + data[offset + 1] > end:
                raise ImageError("Component of a symbolic link doesn't fit in its SL field")
            flags, length = data[offset], data[offset + 1]
            text = data[offset + 2 : offset + 2 + length]
            offset += 2 + length
            mark = flags & ~ComponentFlags.CONTINUE
            if mark and mark not in _MARKED:
                raise ImageError(f"Component of a symbolic link has unknown flags 0x{flags:02x}")
            text = (pending or b"") + (_MARKED[mark] if mark else text)
            pending = text if flags & ComponentFlags.CONTINUE else None
            if pending is None:
                parts.append(text)
        if sum(map(len, parts)) + len(parts) > limit:
            raise ImageError(f"Target of a symbolic link is longer than {limit} bytes")
    if pending is not None:
        raise ImageError("Component of a symbolic link isn't finished")
    # A root at the end is a slash of its own: it had one more behind it, which wasn't stored.
    return b"/".join(parts) + (b"/" if mark == ComponentFlags.ROOT else b"")
