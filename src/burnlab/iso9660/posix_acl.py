"""Access control lists between the form that AAIP stores and the one of Linux's extended attributes.

Source: libisofs, doc/susp_aaip_2_0.txt (facts of the format only); Linux,
include/uapi/linux/posix_acl_xattr.h. A stored entry is a byte: type in the high half, a flag that a qualifier
follows, three permission bits. A mark ends the access list; the default list follows it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
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
MARK: Final = bytes((SWITCH << 4 | 1,))

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


class Entry(NamedTuple):
    """A stored rule: `qualifier` is a number in big-endian bytes, or a name."""

    kind: int
    permissions: int
    qualifier: bytes = b""
    is_default: bool = False

    def pack(self) -> bytes:
        """The stored form, without what tells that it is a default."""
        if not self.qualifier:
            return bytes((self.kind << 4 | self.permissions,))
        return bytes((self.kind << 4 | QUALIFIED | self.permissions, len(self.qualifier))) + self.qualifier


def unpack_entries(stored: bytes) -> Iterator[Entry]:
    """Entries of a stored list, of whatever kind; the access list first.

    Raises:
        ImageError: it is cut off.
    """
    at = 0
    is_default = False
    while at < len(stored):
        kind, permissions, has_qualifier = stored[at] >> 4, stored[at] & 7, stored[at] & QUALIFIED
        at += 1
        if kind == SWITCH and not is_default:
            is_default = True
            continue
        end = at
        if has_qualifier:
            length = stored[at] if at < len(stored) else 0
            end += 1 + length
            if not length or end > len(stored):
                raise ImageError("ACL is cut off")
        yield Entry(kind, permissions, stored[at + 1 : end], is_default)
        at = end


PERMISSION_SHIFTS: Final = {USER_OBJ: 6, GROUP_OBJ: 3, OTHER: 0}


def without_list(stored: bytes, mode: int) -> int:
    """The mode of a node once its list is gone: the group has its own permissions, not those of the mask.

    A list that is cut off changes nothing.
    """
    try:
        entries = list(unpack_entries(stored))
    except ImageError:
        return mode
    for kind, permissions, _, is_default in entries:
        shift = PERMISSION_SHIFTS.get(kind)
        if shift is not None and not is_default:
            mode = mode & ~(7 << shift) | permissions << shift
    return mode


def pack_entries(entries: Iterable[Entry]) -> bytes:
    """The stored form of one of the two lists."""
    return b"".join(entry.pack() for entry in entries)


def qualifier_of(number: int) -> bytes:
    """A user's or a group's number as it is stored."""
    return number.to_bytes(max(1, (number.bit_length() + 7) // 8), "big")


def to_linux(stored: bytes) -> Lists:
    """The two lists of a stored one.

    Raises:
        ImageError: it is cut off, or has entries by name or of unknown kind.
    """
    lists: tuple[list[tuple[int, int, int]], list[tuple[int, int, int]]] = ([], [])
    for kind, permissions, qualifier, is_default in unpack_entries(stored):
        if kind not in TAGS:
            raise ImageError("ACL has an entry by name or of unknown kind")
        if len(qualifier) > 4:
            raise ImageError("ACL has an id of more than 4 bytes")
        number = int.from_bytes(qualifier, "big") if qualifier else NO_ID
        lists[is_default].append((TAGS[kind], permissions, number))
    return Lists(*map(_linux, lists))


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
    access, default = map(_stored, lists)
    return access + (MARK + default if lists.default else b"")


def _stored(value: bytes) -> bytes:
    if not value:
        return b""
    if (len(value) - HEADER.size) % ENTRY.size or HEADER.unpack_from(value)[0] != VERSION:
        raise ImageError("Extended attribute isn't an ACL")
    entries = []
    for tag, permissions, number in ENTRY.iter_unpack(value[HEADER.size :]):
        kind = KINDS.get(tag)
        if kind is None:
            raise ImageError("ACL has an entry of unknown kind")
        qualifier = qualifier_of(number) if kind in (USER_ID, GROUP_ID) else b""
        entries.append(Entry(kind, permissions & 7, qualifier))
    return pack_entries(entries)
