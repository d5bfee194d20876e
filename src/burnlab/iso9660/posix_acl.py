"""Access control lists between the form that AAIP stores and the one of Linux's extended attributes.

Source: libisofs, doc/susp_aaip_2_0.txt (facts of the format only); Linux,
include/uapi/linux/posix_acl_xattr.h.
"""

from __future__ import annotations

from struct import Struct
from typing import Final, NamedTuple

from burnlab.iso9660.ecma119 import ImageError

USER_OBJ: Final = 1
USER_NAME: Final = 2
GROUP_OBJ: Final = 3
GROUP_NAME: Final = 4
MASK: Final = 5
OTHER: Final = 6
SWITCH: Final = 8
USER_ID: Final = 10
GROUP_ID: Final = 12
QUALIFIED: Final = 8

TAGS: Final = {USER_OBJ: 0x01, USER_ID: 0x02, GROUP_OBJ: 0x04, GROUP_ID: 0x08, MASK: 0x10, OTHER: 0x20}
KINDS: Final = {tag: kind for kind, tag in TAGS.items()}
NO_ID: Final = 0xFFFFFFFF
HEADER: Final = Struct("<I")
ENTRY: Final = Struct("<HHI")
VERSION: Final = 2


class Lists(NamedTuple):
    """Values of `system.posix_acl_access` and `system.posix_acl_default`; empty where there is none."""

    access: bytes = b""
    default: bytes = b""


def to_linux(stored: bytes) -> Lists:
    """The two lists of a stored one.

    Raises:
        ImageError: it is cut off, or has entries by name or of unknown kind.
    """
    entries: list[tuple[int, int, int]] = []
    access: bytes | None = None
    at = 0
    while at < len(stored):
        kind, permissions, has_qualifier = stored[at] >> 4, stored[at] & 7, stored[at] & QUALIFIED
        at += 1
        if kind == SWITCH and access is None:
            access, entries = _linux(entries), []
            continue
        if kind not in TAGS:
            raise ImageError("ACL has an entry by name or of unknown kind")
        number = NO_ID
        if has_qualifier:
            length = stored[at] if at < len(stored) else 0
            if not 1 <= length <= 4 or at + 1 + length > len(stored):
                raise ImageError("ACL is cut off")
            number = int.from_bytes(stored[at + 1 : at + 1 + length], "big")
            at += 1 + length
        entries.append((TAGS[kind], permissions, number))
    last = _linux(entries)
    return Lists(last) if access is None else Lists(access, last)


def _linux(entries: list[tuple[int, int, int]]) -> bytes:
    """Entries in the order that Linux wants."""
    return (
        HEADER.pack(VERSION) + b"".join(ENTRY.pack(*e) for e in sorted(entries, key=_order))
        if entries
        else b""
    )


def _order(entry: tuple[int, int, int]) -> tuple[int, int]:
    return entry[0], entry[2]


def from_linux(lists: Lists) -> bytes:
    """The stored form of both lists.

    Raises:
        ImageError: a value isn't a list.
    """
    stored = _stored(lists.access)
    return stored + (bytes((SWITCH << 4 | 1,)) + _stored(lists.default) if lists.default else b"")


def _stored(value: bytes) -> bytes:
    if not value:
        return b""
    if (len(value) - HEADER.size) % ENTRY.size or HEADER.unpack_from(value)[0] != VERSION:
        raise ImageError("Extended attribute isn't an ACL")
    parts = []
    for tag, permissions, number in ENTRY.iter_unpack(value[HEADER.size :]):
        kind = KINDS.get(tag)
        if kind is None:
            raise ImageError("ACL has an entry of unknown kind")
        if kind in (USER_ID, GROUP_ID):
            qualifier = number.to_bytes(max(1, (number.bit_length() + 7) // 8), "big")
            parts.append(bytes((kind << 4 | QUALIFIED | permissions & 7, len(qualifier))) + qualifier)
        else:
            parts.append(bytes((kind << 4 | permissions & 7,)))
    return b"".join(parts)
