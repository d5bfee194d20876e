"""Attributes of nodes in AL fields, and the attributes that libisofs reserves for itself.

Source: libisofs, doc/susp_aaip_2_0.txt (facts of the format only). A node's attributes are pairs of a name
and a value, as component records in one payload, which is cut into AL fields of up to 250 bytes. Names of
attributes are full names (`user.mime`) outside of this module; the ACL has the empty name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from burnlab.iso9660.ecma119 import ImageError

AL_SIGNATURE: Final = b"AL"
AL_HEAD: Final = 5
AL_PAYLOAD: Final = 250
COMPONENT_BYTES: Final = 255
CONTINUE: Final = 1

ESCAPE: Final = 1
NAMESPACES: Final = {b"system.": 2, b"user.": 3, b"isofs.": 4, b"trusted.": 5, b"security.": 6}
PREFIXES: Final = {code: prefix for prefix, code in NAMESPACES.items()}

CHECKSUM_AREA: Final = b"isofs.ca"
CHECKSUM_INDEX: Final = b"isofs.cx"
NAME_TRUNCATION: Final = b"isofs.nt"
DEVICE_INODE: Final = b"isofs.di"
STREAM_START: Final = b"isofs.st"
ACL: Final = b""
TRUNCATE_255: Final = b"\1\1\1\xff"

MD5_NAME: Final = b"MD5"
MD5_BYTES: Final = 16
INDEX_FIELD_BYTES: Final = 16


def pack_name(name: bytes) -> bytes:
    """A full attribute name as stored: a code for its namespace, an escape before what looks like a code."""
    for prefix, code in NAMESPACES.items():
        if name.startswith(prefix):
            return bytes((code,)) + name[len(prefix) :]
    if name and name[0] <= 0x1F:
        return bytes((ESCAPE,)) + name
    return name


def unpack_name(stored: bytes) -> bytes:
    """The full name of a stored one."""
    if not stored:
        return stored
    if stored[0] == ESCAPE:
        return stored[1:]
    prefix = PREFIXES.get(stored[0])
    return stored if prefix is None else prefix + stored[1:]


def pack_component(data: bytes) -> bytes:
    """A name or value as component records of up to 255 bytes."""
    if len(data) <= COMPONENT_BYTES:
        return bytes((0, len(data))) + data
    parts = [data[at : at + COMPONENT_BYTES] for at in range(0, len(data), COMPONENT_BYTES)]
    records = [bytes((CONTINUE, len(part))) + part for part in parts[:-1]]
    return b"".join(records) + bytes((0, len(parts[-1]))) + parts[-1]


def pack_attributes(attributes: Mapping[bytes, bytes] | Iterable[tuple[bytes, bytes]]) -> bytes:
    """The payload for attributes, in the order given."""
    pairs = attributes.items() if isinstance(attributes, Mapping) else attributes
    return b"".join(pack_component(pack_name(name)) + pack_component(value) for name, value in pairs)


def pack_fields(payload: bytes) -> list[bytes]:
    """AL fields for a payload: all but the last are full."""
    parts = [payload[at : at + AL_PAYLOAD] for at in range(0, len(payload), AL_PAYLOAD)]
    last = len(parts) - 1
    return [
        AL_SIGNATURE + bytes((AL_HEAD + len(part), 1, CONTINUE if number < last else 0)) + part
        for number, part in enumerate(parts)
    ]


def unpack_components(payload: bytes) -> list[bytes]:
    """Names and values by turns.

    Raises:
        ImageError: a record goes beyond the payload, or the last one announces another.
    """
    components: list[bytes] = []
    pending: list[bytes] = []
    offset, end = 0, len(payload)
    while offset < end:
        if offset + 2 > end or offset + 2 + payload[offset + 1] > end:
            raise ImageError("AAIP component goes beyond its AL fields")
        flags, length = payload[offset], payload[offset + 1]
        pending.append(payload[offset + 2 : offset + 2 + length])
        offset += 2 + length
        if not flags & CONTINUE:
            components.append(pending[0] if len(pending) == 1 else b"".join(pending))
            pending.clear()
    if pending:
        raise ImageError("AAIP component isn't finished")
    return components


def unpack_attributes(payload: bytes) -> dict[bytes, bytes]:
    """Attributes by full name; of several with one name the last one counts.

    Raises:
        ImageError: components don't fit, or a name has no value.
    """
    components = unpack_components(payload)
    if len(components) % 2:
        raise ImageError("AAIP attribute has no value")
    return {unpack_name(components[at]): components[at + 1] for at in range(0, len(components), 2)}


# The checksum area and the index into it.


@dataclass(frozen=True, slots=True)
class ChecksumArea:
    """Value of `isofs.ca`: the range that slot 0 covers, behind it the array, and the count of slots.

    Source: libisofs, doc/checksums.txt, "The Checksum Array" and doc/susp_aaip_isofs_names.txt.
    """

    start: int
    end: int
    count: int
    size: int = MD5_BYTES
    name: bytes = MD5_NAME

    def pack(self) -> bytes:
        """20 bytes: numbers in fixed width, so the length is known before they are."""
        numbers = b"".join(b"\4" + number.to_bytes(4, "big") for number in (self.start, self.end, self.count))
        return numbers + bytes((1, self.size)) + self.name

    @classmethod
    def unpack(cls, value: bytes) -> ChecksumArea:
        """An attribute's value.

        Raises:
            ImageError: lengths that don't fit.
        """
        numbers: list[int] = []
        offset = 0
        while len(numbers) < 4:
            length = value[offset] if offset < len(value) else 0
            if not 1 <= length <= 8 or offset + 1 + length > len(value):
                raise ImageError("isofs.ca is damaged")
            numbers.append(int.from_bytes(value[offset + 1 : offset + 1 + length], "big"))
            offset += 1 + length
        start, end, count, size = numbers
        return cls(start, end, count, size, value[offset:])


def pack_index(index: int) -> bytes:
    """Value of `isofs.cx`: a slot's number in exactly 4 bytes."""
    return index.to_bytes(4, "big")


def unpack_index(value: bytes) -> int:
    """A slot's number; 0, which is no file's, if the value can't be one."""
    return int.from_bytes(value, "big") if 1 <= len(value) <= 4 else 0


INDEX_PREFIX: Final = pack_component(pack_name(CHECKSUM_INDEX)) + b"\0\4"
"""Payload of `isofs.cx` up to the 4 bytes of the number."""
