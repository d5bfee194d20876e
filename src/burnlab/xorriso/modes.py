"""Permission texts of `-chmod`: octal numbers that begin with 0, or statements like `go-rwx,u+s`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

STATEMENT: Final = re.compile(r"([ugoa]*)([-+=])([rwxst]*)")
BARE_OPERATORS: Final = frozenset("+-=")

OF_PERSON: Final = {"u": 0o4700, "g": 0o2070, "o": 0o1007, "a": 0o7777}
"""Bits that belong to user, group, others, all."""
OF_LETTER: Final = {"r": 0o444, "w": 0o222, "x": 0o111, "s": 0o6000, "t": 0o1000}


class ModeError(Exception):
    """A text is no permission mode."""


@dataclass(frozen=True, slots=True)
class ModeChange:
    """Bits that go, then bits that come."""

    kept: int
    added: int

    def apply(self, mode: int) -> int:
        """The mode (type bits and all) after the change."""
        return (mode & (~0o7777 | self.kept)) | self.added


def parse_mode(text: str) -> ModeChange:
    """What a permission text does.

    Raises:
        ModeError: it is none.
    """
    if text.startswith("0"):
        octal = re.match("[0-7]+", text)
        assert octal is not None
        return ModeChange(0, int(octal[0], 8) & 0o7777)
    if not text or text in BARE_OPERATORS:
        raise ModeError(text)
    change = ModeChange(0o7777, 0)
    for statement in text.removeprefix(",").split(","):
        change = _then(change, statement)
    return change


def _then(before: ModeChange, statement: str) -> ModeChange:
    found = STATEMENT.fullmatch(statement)
    if found is None:
        raise ModeError(statement)
    people, operator, letters = found.groups()
    mask = _union(OF_PERSON, people)
    bits = _union(OF_LETTER, letters) & mask
    if operator == "-":
        return ModeChange(before.kept & ~bits, before.added & ~bits)
    gone = mask if operator == "=" else 0
    return ModeChange(before.kept & ~gone, (before.added & ~gone) | bits)


def _union(bits: dict[str, int], letters: str) -> int:
    union = 0
    for letter in letters:
        union |= bits[letter]
    return union
