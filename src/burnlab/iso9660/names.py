"""From Rock Ridge names to ISO 9660 names and Joliet names that are unique in their directory.

Source: ECMA-119, 7.5 and 7.6 with 31 characters; Joliet Specification, 1995, for the characters of UCS-2
names. How names are shortened and told apart is not standardized: here it is what libisofs does.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Final, NamedTuple

ISO_CHARACTERS: Final = 31
JOLIET_CHARACTERS: Final = 64
EXTENSION_CHARACTERS: Final = 3
MAX_DIGITS: Final = 7
VERSION: Final = b";1"

_D_CHARACTERS: Final = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")
_UPPER: Final = bytes(range(128)).upper() + bytes(128)
DIRECTORY_TABLE: Final = bytes(c if c in _D_CHARACTERS else ord("_") for c in _UPPER)
"""Every byte to a d-character."""
FILE_TABLE: Final = DIRECTORY_TABLE.replace(b"_", b"_")[:0x2E] + b"." + DIRECTORY_TABLE[0x2F:]
"""Every byte but the dot to a d-character."""

JOLIET_BAD: Final = frozenset("*/:;?\\") | {chr(c) for c in range(32)}
JOLIET_TABLE: Final = {ord(c): "_" for c in JOLIET_BAD}
FIRST_WIDE_BYTE: Final = 0xF4
WIDE: Final = re.compile(
    rb"\xf4[\x90-\xbf][\x80-\xbf]{2}|[\xf5-\xf7][\x80-\xbf]{3}|\xf8[\x88-\xbf][\x80-\xbf]{3}"
    rb"|[\xf9-\xfb][\x80-\xbf]{4}|\xfc[\x84-\xbf][\x80-\xbf]{4}|\xfd[\x80-\xbf]{5}"
)
"""Characters beyond Unicode, which the C library lets pass."""
SURROGATES: Final = frozenset(map(chr, range(0xDC80, 0xDD00)))
"""What a byte that isn't part of valid UTF-8 is decoded to."""
FIRST_BEYOND_UCS2: Final = "\U00010000"


class TooManyAlike(ValueError):
    """So many names of a directory are alike that they can't be told apart."""


def decode(name: bytes) -> str:
    """As UTF-8 in its widest sense, with numbers up to 2**31; bytes that aren't part of it as lone
    surrogates.
    """
    if not name.isascii() and max(name) >= FIRST_WIDE_BYTE:
        name = WIDE.sub(b"_", name)
    return name.decode("utf-8", "surrogateescape")


def to_ascii(name: bytes) -> bytes:
    """One `_` for each character that isn't ASCII, and for each byte that isn't part of UTF-8."""
    return decode(name).encode("ascii", "replace").replace(b"?", b"_")


def iso_directory_name(name: bytes) -> bytes:
    """The ISO name of a directory, before it is made unique."""
    if not name.isascii():
        name = to_ascii(name)
    return name.translate(DIRECTORY_TABLE)[:ISO_CHARACTERS]


def iso_file_name(name: bytes) -> bytes:
    """The ISO name of anything else, before it is made unique; with exactly one dot, without version."""
    if not name.isascii():
        name = to_ascii(name)
    name = name.translate(FILE_TABLE)
    stem, dot, extension = name.rpartition(b".")
    if not dot or not extension:
        return name.replace(b".", b"_")[: ISO_CHARACTERS - 1] + b"."
    if b"." in stem:
        stem = stem.replace(b".", b"_")
        name = stem + dot + extension
    if len(name) <= ISO_CHARACTERS:
        return name
    stem, extension = _shorten(stem, extension, ISO_CHARACTERS - 1)
    return stem + dot + extension


def _shorten(stem: bytes, extension: bytes, characters: int) -> tuple[bytes, bytes]:
    """Both cut so that they have so many characters together: a long extension first, then the stem."""
    if len(extension) > EXTENSION_CHARACTERS:
        extension = extension[: max(EXTENSION_CHARACTERS, characters - len(stem))]
    return stem[: characters - len(extension)], extension


class Numbering(NamedTuple):
    """How names that are alike get numbers: how many characters a name may have, whether its dot is one of
    them, of how many bytes they are, and what a dot is.
    """

    characters: int
    counts_dot: bool
    width: int
    dot: bytes
    encode: Callable[[str], bytes]

    def split(self, name: bytes, is_directory: bool, digits: int) -> tuple[bytes, bytes]:
        """What stands before and after a number of so many digits."""
        width = self.width
        room = self.characters - digits
        at = -1 if is_directory else self._find_dot(name)
        if at < 0:
            return name[: room * width], b""
        stem, extension = name[:at], name[at + len(self.dot) :]
        room -= self.counts_dot
        left = room - len(extension) // width
        if left <= 0:
            left = 1 if stem or self.counts_dot else 0
            extension = extension[: (room - left) * width]
        has_dot = self.counts_dot or extension
        return stem[: left * width], self.dot + extension if has_dot else b""

    def _find_dot(self, name: bytes) -> int:
        """Where the last dot is, in bytes, or -1."""
        at = name.rfind(self.dot)
        while at > 0 and at % self.width:
            at = name.rfind(self.dot, 0, at + len(self.dot) - 1)
        return at


ISO_NUMBERING: Final = Numbering(ISO_CHARACTERS, True, 1, b".", partial(str.encode, encoding="ascii"))
JOLIET_NUMBERING: Final = Numbering(
    JOLIET_CHARACTERS, False, 2, b"\0.", partial(str.encode, encoding="utf-16-be")
)


def unique_names(
    names: Sequence[bytes], directories: Iterable[bool], how: Numbering = ISO_NUMBERING
) -> list[bytes]:
    """The same names in the same order, with numbers in those that are alike.

    `names` are in bytewise order of the Rock Ridge names they come from, which decides who gets which number.

    Raises:
        TooManyAlike: more alike than numbers have room for.
    """
    result = list(names)
    taken = Counter(result)
    if len(taken) == len(result):
        return result
    is_directory = list(directories)
    order = sorted(range(len(result)), key=result.__getitem__)
    start = 0
    while start < len(order):
        first = result[order[start]]
        end = start + 1
        while end < len(order) and result[order[end]] == first:
            end += 1
        if end - start > 1:
            _number_run(result, order[start:end], is_directory[order[start]], taken, how)
        start = end
    return result


def _number_run(
    names: list[bytes], run: Sequence[int], is_directory: bool, taken: Counter[bytes], how: Numbering
) -> None:
    """Give numbers to the names at some places, all equal; `taken` counts all names.

    If one digit doesn't suffice, two are tried, and so on. The names that got a number by then keep it until
    they get the next one, and that is put into the first one of them: so it may have both.
    """
    for digits in range(1, MAX_DIGITS + 1):
        head, tail = how.split(names[run[0]], is_directory, digits)
        numbers = iter(range(10**digits))
        for place in run:
            for number in numbers:
                name = head + how.encode(f"{number:0{digits}}") + tail
                if not taken[name]:
                    break
            else:
                break
            taken[names[place]] -= 1
            taken[name] += 1
            names[place] = name
        else:
            return
    raise TooManyAlike(f"{len(run)} names are too many that are alike")


# Joliet.


def joliet_name(name: bytes, is_directory: bool) -> bytes:
    """The Joliet name as big-endian UCS-2, before it is made unique."""
    text = decode(name).translate(JOLIET_TABLE)
    if not text.isascii():
        text = "".join("_" if c >= FIRST_BEYOND_UCS2 or c in SURROGATES else c for c in text)
    if is_directory:
        return text[:JOLIET_CHARACTERS].encode("utf-16-be")
    stem, dot, extension = text.rpartition(".")
    if not (dot and extension):
        return text[:JOLIET_CHARACTERS].encode("utf-16-be")
    if len(text) > JOLIET_CHARACTERS + 1:
        if len(extension) > EXTENSION_CHARACTERS:
            extension = extension[: max(EXTENSION_CHARACTERS, JOLIET_CHARACTERS - len(stem))]
        stem = stem[: JOLIET_CHARACTERS - len(extension)]
    return f"{stem}.{extension}".encode("utf-16-be")
