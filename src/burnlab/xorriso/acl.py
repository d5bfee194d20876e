"""Access control lists: as AAIP stores them, and as the text that `getfacl` prints and `-setfacl` reads."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from burnlab.iso9660.ecma119 import ImageError
from burnlab.iso9660.posix_acl import (
    GROUP_ID,
    GROUP_NAME,
    GROUP_OBJ,
    MARK,
    MASK,
    OTHER,
    USER_ID,
    USER_NAME,
    USER_OBJ,
    Entry,
    pack_entries,
    qualifier_of,
    unpack_entries,
)

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


def unpack_acl(stored: bytes) -> Iterator[Entry]:
    """Entries of the stored form; unknown ones are passed over, and what is cut off ends it."""
    try:
        yield from (entry for entry in unpack_entries(stored) if entry.kind in WORDS)
    except ImageError:
        return


def pack_acl(entries: list[Entry]) -> bytes:
    """The stored form: access list, mark, default list."""
    access = pack_entries(entry for entry in entries if not entry.is_default)
    return access + MARK + pack_entries(entry for entry in entries if entry.is_default)


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
    return Entry(qualified, permissions, qualifier_of(number), is_default)


def permissions_of(entries: list[Entry], mode: int) -> int:
    """The permission bits that go with an access list: the mask stands for the group."""
    bits = {entry.kind: entry.permissions for entry in entries if not entry.is_default}
    group = bits.get(MASK, bits.get(GROUP_OBJ, mode >> 3 & 7))
    parts = bits.get(USER_OBJ, mode >> 6 & 7) << 6 | group << 3 | bits.get(OTHER, mode & 7)
    return (mode & ~0o777) | parts
