"""Shell patterns: `*`, `?`, `[..]` in names and paths, and their expansion in a tree.

Characters are those of decoded names. A backslash takes the meaning from the character that follows it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Final

WILDCARDS: Final = frozenset("*?[")
BEYOND: Final = "\xaa-\ud7ff\ue000-\U0010ffff"
"""Characters beyond ASCII, but for the bytes that aren't characters: they count as letters."""
CLASSES: Final = {
    "alnum": "a-zA-Z0-9" + BEYOND, "alpha": "a-zA-Z" + BEYOND, "blank": " \\t", "digit": "0-9",
    "lower": "a-z", "space": "\\s",
    "upper": "A-Z", "xdigit": "0-9a-fA-F", "punct": "!-/:-@\\[-`{-~", "graph": "!-~" + BEYOND,
    "print": " -~" + BEYOND,
    "cntrl": "\0-\x1f",
}  # fmt: skip

Match = Callable[[str], bool]
ListNames = Callable[[str], list[str]]
"""Absolute path of a directory → names in it; empty for anything else."""
Exists = Callable[[str], bool]


class PatternError(Exception):
    """A pattern has an open bracket. `expression` is what it would be as a regular expression."""

    def __init__(self, expression: str) -> None:
        super().__init__(expression)
        self.expression = expression


def has_wildcards(text: str) -> bool:
    """Whether a text has a character that makes it a pattern."""
    return not WILDCARDS.isdisjoint(text)


@lru_cache(maxsize=256)
def matcher(pattern: str) -> Match:
    """A function that tells whether a whole text fits the pattern; `*` fits slashes too.

    Raises:
        PatternError: a bracket is not closed.
    """
    if not has_wildcards(pattern) and "\\" not in pattern:
        return pattern.__eq__
    if len(pattern) > 1 and pattern[0] == "*" and not has_wildcards(pattern[1:]) and "\\" not in pattern:
        ending = pattern[1:]
        return lambda text: text.endswith(ending)
    compiled = re.compile(_expression(pattern), re.DOTALL).fullmatch
    return lambda text: compiled(text) is not None


def _expression(pattern: str) -> str:
    parts = []
    at = 0
    while at < len(pattern):
        character = pattern[at]
        at += 1
        if character == "*":
            parts.append(".*")
        elif character == "?":
            parts.append(".")
        elif character == "[":
            at, part = _bracket(pattern, at)
            parts.append(part)
        elif character == "\\" and at < len(pattern):
            parts.append(re.escape(pattern[at]))
            at += 1
        else:
            parts.append(re.escape(character))
    return "".join(parts)


def _bracket(pattern: str, at: int) -> tuple[int, str]:
    start = at
    negated = pattern[at : at + 1] in ("!", "^")
    at += negated
    members = ""
    while at < len(pattern):
        character = pattern[at]
        if character == "]" and at > start + negated:
            return at + 1, f"[{'^' if negated else ''}{members}]"
        if character == "[" and pattern[at + 1 : at + 2] == ":":
            name, found, _ = pattern[at + 2 :].partition(":]")
            if found and name in CLASSES:
                members += CLASSES[name]
                at += len(name) + 4
                continue
        members += character if character == "-" else re.escape(character)
        at += 1
    raise PatternError(f"^{pattern}$")


def expand(path: str, names_in: ListNames, exists: Exists) -> Iterator[str]:
    """The existing paths that an absolute pattern fits; wildcards fit no slash. Order is that of `names_in`.

    Raises:
        PatternError: a bracket is not closed.
    """
    components = [name for name in path.split("/") if name]
    tests = [matcher(name) if has_wildcards(name) else None for name in components]

    def below(directory: str, at: int) -> Iterator[str]:
        while at < len(components) and tests[at] is None:
            directory = f"{directory}/{components[at]}"
            at += 1
        if at == len(components):
            if exists(directory):
                yield directory
            return
        test = tests[at]
        assert test is not None
        for name in names_in(directory):
            if test(name):
                yield from below(f"{directory}/{name}", at + 1)

    yield from below("", 0)
