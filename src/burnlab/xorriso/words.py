"""The grammar of words: command names, lines cut into words, quotation marks, backslash codes."""

from __future__ import annotations

import re
from typing import Final

BACKSLASH_LETTERS: Final = dict(zip("abefnrtv\\", "\a\b\x1b\f\n\r\t\v\\", strict=True))
BACKSLASH_NAMES: Final = {code: letter for letter, code in BACKSLASH_LETTERS.items()}
BACKSLASH_CODE: Final = re.compile(r"\\(?:([abefnrtv\\])|([0-7]{1,3})|x([0-9a-fA-F]{1,2})|c(.))", re.DOTALL)
CURSOR_CODES: Final = "\a\b\t\n\f\r"
UNSAFE: Final = re.compile(r"[^ -\[\]-~]")
TOKEN: Final = re.compile(r"'([^']*)'|\"([^\"]*)\"|([^\s'\"]+)|(\s+)|['\"]")

DOUBLE_QUOTED: Final = 1
SINGLE_QUOTED: Final = 2
UNQUOTED: Final = 4
"""Which parts of an input line have their backslash codes resolved."""
KINDS: Final = {1: SINGLE_QUOTED, 2: DOUBLE_QUOTED, 3: UNQUOTED}
"""Group of `TOKEN` → the kind of part it is."""


class OpenQuote(Exception):
    """A line ends within quotation marks."""


def command_name(word: str) -> str:
    """The inner spelling of a command word: no leading dashes, `_` for `-`; a lone `-` stays."""
    return (word.lstrip("-") or word[:1]).replace("-", "_")


def quote(text: str) -> str:
    """A path for a message: in single quotation marks, as a shell would take it."""
    return "'" + text.replace("'", "'\"'\"'") + "'"


def decode_backslashes(text: str) -> str:
    """Resolve codes like those of bash's `$'...'`: letters, octal and hexadecimal bytes, control keys."""
    if "\\" not in text:
        return text
    decoded = BACKSLASH_CODE.sub(_decode_code, text)
    return decoded.encode("utf-8", "surrogateescape").decode("utf-8", "surrogateescape")


def _decode_code(found: re.Match[str]) -> str:
    letter, octal, hexadecimal, control = found.groups()
    if letter:
        return BACKSLASH_LETTERS[letter]
    if control:
        return chr(ord(control) & 0x1F)
    byte = int(octal, 8) & 0xFF if octal else int(hexadecimal, 16)
    return bytes([byte]).decode("utf-8", "surrogateescape")


def decode_word(text: str) -> str:
    """The same for a word of a command line, which a NUL ends: no path and no parameter can hold one."""
    return decode_backslashes(text).partition("\0")[0]


def encode_backslashes(text: str) -> str:
    """The way back: every byte that isn't printable ASCII, and the backslash itself, as a code."""
    return UNSAFE.sub(_encode_character, text)


def _encode_character(found: re.Match[str]) -> str:
    character = found.group()
    if character in BACKSLASH_NAMES:
        return "\\" + BACKSLASH_NAMES[character]
    return "".join(f"\\{byte:03o}" for byte in character.encode("utf-8", "surrogateescape"))


def encode_output(text: str) -> str:
    """Output with codes: as `encode_backslashes`, but what moves the cursor stays."""
    return UNSAFE.sub(lambda found: found[0] if found[0] in CURSOR_CODES else _encode_character(found), text)


def continuation(line: str) -> str:
    """Why a line of input wants the next one: its open quotation mark, or the backslash at its end; else
    empty.

    A comment never does: an apostrophe in its text is none of ours.
    """
    if line.lstrip().startswith("#"):
        return ""
    for token in TOKEN.finditer(line):
        if token.lastindex is None:
            return token.group()
    return "\\" if line.endswith("\\") else ""


def join_lines(line: str, following: str) -> str:
    """A continued line and the next: quotation marks keep the newline, a backslash at the end goes with
    it.
    """
    return f"{line[:-1]}{following}" if continuation(line) == "\\" else f"{line}\n{following}"


def split_line(line: str, decode: int = 0) -> list[str]:
    """The words of a line: apart by whitespace, `'...'` and `"..."` keep it; marks may begin within a word.

    `decode` tells in which parts backslash codes are resolved.

    Raises:
        OpenQuote: the line ends within quotation marks.
    """
    words: list[str] = []
    parts: list[str] = []
    for token in TOKEN.finditer(line):
        group = token.lastindex
        if group is None:
            raise OpenQuote(line)
        if group in KINDS:
            part = token[group]
            parts.append(decode_word(part) if decode & KINDS[group] else part)
        elif parts:
            words.append("".join(parts))
            parts = []
    if parts:
        words.append("".join(parts))
    return words
