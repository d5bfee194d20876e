"""Paths as users give them: made absolute against a working directory.

Absolute paths have no slash at their end and no `.` or `..` in them; the root directory is the empty text.
"""

from __future__ import annotations

import re

from burnlab.xorriso.words import quote


class PathError(Exception):
    """A path can't be resolved: the message is the text of the event."""


def resolve(word: str, base: str) -> str:
    """The absolute path that a word means, `base` being the working directory.

    Raises:
        PathError: `..` leads above the root directory.
    """
    path = word if word.startswith("/") else f"{base}/{word}"
    if "/." not in path and "//" not in path:
        return path.rstrip("/")
    names: list[str] = []
    for name in path.split("/"):
        if name == "..":
            if not names:
                given = path if base else word
                raise PathError(f"Relative addressing in path exceeds root directory: {quote(given)}")
            names.pop()
        elif name not in ("", "."):
            names.append(name)
    return "".join(f"/{name}" for name in names)


def parent_of(path: str) -> str:
    """The directory of an absolute path; the root's is the root."""
    return path.rpartition("/")[0]


def name_of(path: str) -> str:
    """The last component of an absolute path; empty for the root."""
    return path.rpartition("/")[2]


def join(directory: str, name: str) -> str:
    """The path of a name in a directory, which may end in a slash."""
    return f"{directory}{name}" if directory.endswith("/") else f"{directory}/{name}"


def relative(path: str, base: str) -> str | None:
    """An absolute path as seen from `base`; `.` for `base` itself; None if it isn't at or below it."""
    if path == base:
        return "."
    return path[len(base) + 1 :] if path.startswith(f"{base}/") else None


def swap_prefix(path: str, old: str, new: str) -> str | None:
    """The path with the text `old` at its front replaced by `new`; None if it doesn't begin so.

    The prefix is a text, not a directory: `/src2` begins with `/src` and becomes `/x2`.
    """
    return new + path[len(old) :] if path.startswith(old) else None


def split_pathspec(word: str, *, escaped: bool) -> tuple[str, str]:
    r"""`target=source` in two; a word without `=` is both. `\=` is no `=`; `escaped` makes `\\` one `\`."""
    target = ""
    at = 0
    while at < len(word):
        character = word[at]
        following = word[at + 1 : at + 2]
        if character == "\\" and (following == "=" or (escaped and following == "\\")):
            target += following
            at += 2
            continue
        if character == "=":
            source = word[at + 1 :]
            return target, re.sub(r"\\([\\=])", r"\1", source) if escaped else source
        target += character
        at += 1
    return target, target
