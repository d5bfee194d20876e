"""Access control lists: as AAIP stores them, and as the text that `getfacl` prints and `-setfacl` reads.

Source: libisofs, doc/susp_aaip_2_0.txt (facts of the format only). Each entry is a byte: type in the high
half, a flag that a qualifier follows, three permission bits. A mark ends the access list; the default list
follows it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

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
WORDS: Final = {
    USER_OBJ: "user", USER_NAME: "user", USER_ID: "user", GROUP_OBJ: "group", GROUP_NAME: "group",
    GROUP_ID: "group", MASK: "mask", OTHER: "other",
}  # fmt: skip
TYPES: Final = {"u": (USER_OBJ, USER_ID), "g": (GROUP_OBJ, GROUP_ID), "o": (OTHER, OTHER), "m": (MASK, MASK)}
LETTERS: Final = {"r": 4, "w": 2, "x": 1}

NameOf = Callable[[int], str]
NumberOf = Callable[[str], "int | None"]


class AclError(Exception):
    """A text is no access control list; the message says why."""


class Entry(NamedTuple):
    """One rule: `qualifier` is a number in big-endian bytes, or a name."""

    kind: int
    permissions: int
    qualifier: bytes = b""
    is_default: bool = False


def unpack_acl(stored: bytes) -> Iterator[Entry]:
    """Entries of the stored form; what is cut off or unknown ends it."""
    at = 0
    is_default = False
    while at < len(stored):
        kind, permissions = stored[at] >> 4, stored[at] & 7
        has_qualifier = bool(stored[at] & QUALIFIED)
        at += 1
        if kind == SWITCH:
            is_default = True
            continue
        qualifier = b""
        if has_qualifier:
            if at >= len(stored):
                return
            qualifier = stored[at + 1 : at + 1 + stored[at]]
            at += 1 + stored[at]
        if kind in WORDS:
            yield Entry(kind, permissions, qualifier, is_default)


def pack_acl(entries: list[Entry]) -> bytes:
    """The stored form: access list, mark, default list."""
    access = [_pack(entry) for entry in entries if not entry.is_default]
    default = [_pack(entry) for entry in entries if entry.is_default]
    return b"".join((*access, bytes((SWITCH << 4 | 1,)), *default))


def _pack(entry: Entry) -> bytes:
    kind, permissions, qualifier, _ = entry
    if not qualifier:
        return bytes((kind << 4 | permissions,))
    return bytes((kind << 4 | QUALIFIED | permissions, len(qualifier))) + qualifier


def text_of_acl(stored: bytes | None, mode: int, user: NameOf, group: NameOf) -> list[str]:
    """Lines as `getfacl` prints them; without a list they are made from the permissions."""
    if stored is None:
        parts = ((USER_OBJ, mode >> 6), (GROUP_OBJ, mode >> 3), (OTHER, mode))
        return [_line(Entry(kind, bits & 7), user, group) for kind, bits in parts]
    return [_line(entry, user, group) for entry in unpack_acl(stored)]


def _line(entry: Entry, user: NameOf, group: NameOf) -> str:
    qualifier = ""
    if entry.kind in (USER_ID, GROUP_ID):
        qualifier = (user if entry.kind == USER_ID else group)(int.from_bytes(entry.qualifier, "big"))
    elif entry.qualifier:
        qualifier = entry.qualifier.decode("utf-8", "surrogateescape")
    letters = "".join(letter if entry.permissions & bit else "-" for letter, bit in LETTERS.items())
    return f"{'default:' if entry.is_default else ''}{WORDS[entry.kind]}:{qualifier}:{letters}"


def parse_acl(text: str, user: NumberOf, group: NumberOf) -> list[Entry]:
    """Entries of a text: apart by comma or newline, `#` begins a comment.

    Raises:
        AclError: an entry is none, or a user or group isn't known.
    """
    entries = []
    for part in text.replace("\n", ",").split(","):
        entry = part.strip()
        if entry and not entry.startswith("#"):
            entries.append(_parse(entry, user, group))
    return entries


def _parse(text: str, user: NumberOf, group: NumberOf) -> Entry:
    is_default = text.startswith("d")
    if is_default:
        text = text.partition(":")[2]
    word, _, rest = text.partition(":")
    name, colon, letters = rest.partition(":")
    if not colon or word[:1] not in TYPES:
        raise AclError(f"Malformed ACL entry text '{text}'")
    permissions = 0
    for letter in letters.partition("#")[0]:
        if letter in LETTERS:
            permissions |= LETTERS[letter]
        elif letter not in "- \t":
            raise AclError(f"Malformed ACL entry text '{text}'")
    plain, qualified = TYPES[word[0]]
    if not name:
        return Entry(plain, permissions, is_default=is_default)
    number = (user if word[0] == "u" else group)(name)
    if number is None:
        kind = "user" if word[0] == "u" else "group"
        raise AclError(f"Unknown {kind} name found in ACL text: '{name}'")
    size = max(1, (number.bit_length() + 7) // 8)
    return Entry(qualified, permissions, number.to_bytes(size, "big"), is_default)


def permissions_of(entries: list[Entry], mode: int) -> int:
    """The permission bits that go with an access list: the mask stands for the group."""
    bits = {entry.kind: entry.permissions for entry in entries if not entry.is_default}
    group = bits.get(MASK, bits.get(GROUP_OBJ, mode >> 3 & 7))
    parts = bits.get(USER_OBJ, mode >> 6 & 7) << 6 | group << 3 | bits.get(OTHER, mode & 7)
    return (mode & ~0o777) | parts
