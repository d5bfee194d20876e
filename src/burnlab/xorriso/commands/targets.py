"""What the commands on trees share: words to paths, patterns to files, looking up nodes, the time."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, NoReturn

from burnlab.iso9660.tree import Directory, Node
from burnlab.xorriso.command import CommandFailed
from burnlab.xorriso.paths import PathError, parent_of, relative, resolve
from burnlab.xorriso.pattern import Exists, ListNames, PatternError, expand, has_wildcards
from burnlab.xorriso.severity import Severity
from burnlab.xorriso.volume import require_image
from burnlab.xorriso.words import quote, split_line

if TYPE_CHECKING:
    from burnlab.xorriso.program import Program

PATTERN_SEEN: Final = "Pattern seen: "


# Time.


def local_time(seconds: int) -> tuple[int, int, int, int, int]:
    """Year, month, day, hour, minute of local time."""
    fields = time.localtime(seconds)
    return fields.tm_year, fields.tm_mon, fields.tm_mday, fields.tm_hour, fields.tm_min


def local_seconds(fields: tuple[int, int, int, int, int, int]) -> int:
    """Seconds since 1970 of fields of local time."""
    return int(time.mktime((*fields, 0, 0, -1)))


# Trouble.


def fail(program: Program, text: str, severity: Severity = Severity.FAILURE, cause: str = "") -> NoReturn:
    """Submit an event and leave the command.

    Raises:
        CommandFailed: always.
    """
    program.messages.event(severity, text, cause=cause)
    raise CommandFailed(text)


@contextmanager
def tolerance(program: Program) -> Iterator[None]:
    """Go on with the next item of a list if one fails, unless that has to end the program.

    Raises:
        CommandFailed: the event was too grave.
    """
    try:
        yield
    except CommandFailed:
        if program.messages.current >= program.messages.abort_on:
            raise


def need_words(program: Program, words: list[str], count: int = 1) -> None:
    """See to it that an open-ended command has its fixed parameters.

    Raises:
        CommandFailed: it hasn't.
    """
    if len(words) < count:
        name = program.command.name if program.command else ""
        fail(program, f"-{name} : Not enough arguments given", Severity.SORRY)


# Paths.


def image_path(program: Program, word: str) -> str:
    """The absolute path in the image that a word means.

    Raises:
        CommandFailed: it leads above the root.
    """
    try:
        return resolve(word, program.settings.image_directory)
    except PathError as error:
        fail(program, str(error))


def disk_path(program: Program, word: str) -> str:
    """The absolute path on disk that a word means.

    Raises:
        CommandFailed: it leads above the root.
    """
    try:
        return resolve(word, program.settings.disk_directory.rstrip("/"))
    except PathError as error:
        fail(program, str(error))


def shown(program: Program, path: str) -> str:
    """A path as results show it."""
    return path if program.settings.sh_style_result else quote(path)


def display(path: str, word: str, base: str) -> str:
    """How a listing names what a word led to: relative to `base` if the word was and the path is below."""
    if not word.startswith("/"):
        short = relative(path, base)
        if short is not None:
            return short
    return path or "/"


# Nodes.


def lookup(root: Directory, path: str) -> Node | None:
    """The node at an absolute path in normal form, or None."""
    node: Node | None = root
    for name in os.fsencode(path).split(b"/")[1:]:
        if not isinstance(node, Directory):
            return None
        node = node.children.get(name)
    return node


def node_at(program: Program, path: str, *, whole: bool = False) -> Node:
    """The node at an absolute path.

    Raises:
        CommandFailed: there is none; the event names the first part that isn't there, or the `whole` path.
    """
    root = require_image(program)
    node = lookup(root, path)
    if node is None:
        missing = path
        while not whole and (above := parent_of(missing)) and lookup(root, above) is None:
            missing = above
        fail(program, f"Cannot find path {quote(missing)} in loaded ISO image")
    return node


def text_of(name: bytes) -> str:
    """A name in the image as text."""
    return os.fsdecode(name)


# Patterns.


def expand_image(program: Program, words: list[str], *, listing: bool = False) -> list[str]:
    """Absolute image paths that words mean. Patterns are expanded if `-iso_rr_pattern` lets them be.

    A pattern that fits nothing stays as it is. `listing` commands expand in mode `ls` too.

    Raises:
        CommandFailed: a pattern is malformed, or a path leads above the root.
    """
    is_on = program.settings.iso_rr_pattern in (("on", "ls") if listing else ("on",))
    if is_on:
        check_directory(program, words)
    root = require_image(program)

    def names_in(path: str) -> list[str]:
        node = lookup(root, path)
        if not isinstance(node, Directory):
            return []
        return [os.fsdecode(name) for name in sorted(node.children)]

    def exists(path: str) -> bool:
        return lookup(root, path) is not None

    def absolute(word: str) -> str:
        try:
            return resolve(word, program.settings.image_directory)
        except PathError as error:
            if not is_on:
                fail(program, str(error))
            program.messages.event(Severity.FAILURE, "Your '..' bonked at the root directory.")
            fail(program, f"Cannot compile pattern to regular expression:  {word}")

    warning = "" if listing else NO_IMAGE_EXPANSION
    return list(_expand(program, words, absolute, names_in, exists, is_on, warning))


def check_directory(program: Program, words: list[str]) -> None:
    """See to it that relative words have a directory to be looked up in.

    Raises:
        CommandFailed: the working directory in the image doesn't exist.
    """
    base = program.settings.image_directory
    relative_words = [word for word in words if not word.startswith("/")]
    if base and relative_words and lookup(require_image(program), base) is None:
        what = f"While expanding pattern {quote(relative_words[0])}"
        fail(program, f"{what} : Working directory does not exist in ISO image")


def expand_disk(program: Program, words: list[str], *, listing: bool = False) -> list[str]:
    """Absolute disk paths that words mean. Patterns are expanded if `-disk_pattern` lets them be.

    Raises:
        CommandFailed: a pattern is malformed, or a path leads above the root.
    """
    is_on = program.settings.disk_pattern in (("on", "ls") if listing else ("on",))
    trouble = 'Pattern expansion of wildcards "*?[" is disabled by command -disk_pattern or -pathspecs'

    def absolute(word: str) -> str:
        return disk_path(program, word)

    warning = "" if listing else trouble
    return list(_expand(program, words, absolute, disk_names, os.path.lexists, is_on, warning))


def disk_names(path: str) -> list[str]:
    """Names in a directory on disk, unsorted; none if it can't be read."""
    try:
        return os.listdir(path or "/")
    except OSError:
        return []


def _expand(  # noqa: PLR0917
    program: Program,
    words: list[str],
    absolute: Callable[[str], str],
    names_in: ListNames,
    exists: Exists,
    is_on: bool,
    trouble: str,
) -> Iterator[str]:
    for word in words:
        path = absolute(word)
        if not has_wildcards(word):
            yield path
            continue
        if not is_on:
            if trouble:
                warn_of_pattern(program, word, trouble)
                trouble = ""
            yield path
            continue
        if not has_wildcards(path):
            # Its wildcards are cancelled out by `..`: it fits nothing.
            yield word if word.startswith("/") else f"/{word}"
            continue
        found = False
        try:
            for match in expand(path, names_in, exists):
                found = True
                yield match
        except PatternError as error:
            event = program.messages.event
            event(Severity.FAILURE, f"Cannot compile regular expression : {error.expression}")
            fail(program, f"Cannot compile pattern to regular expression:  {path}")
        if not found:
            yield path


NO_EXPANSION: Final = 'Pattern expansion of wildcards "*?[" does not apply to this command'
NO_IMAGE_EXPANSION: Final = 'Pattern expansion of wildcards "*?[" is disabled by command -iso_rr_pattern'


def warn_of_pattern(program: Program, word: str, text: str = NO_EXPANSION) -> None:
    """Say that wildcards are taken literally."""
    if has_wildcards(word):
        program.messages.event(Severity.WARNING, text)
        program.messages.event(Severity.WARNING, f"{PATTERN_SEEN}{quote(word)}\n")


# Files of words.


def read_words(program: Program, path: str, *, quoted: bool) -> Iterator[tuple[int, list[str]]]:
    """Line numbers and words of a file: each line one word, or words in quotes. `-` is standard input.

    Raises:
        CommandFailed: the file can't be opened.
    """
    if path == "-":
        program.messages.event(Severity.NOTE, "Ready for data at standard input")
        lines: Iterator[str] = iter(program.environment.read_line, "")
        yield from _words_of(lines, quoted=quoted)
        return
    try:
        file = open(path, encoding="utf-8", errors="surrogateescape", newline="\n")  # noqa: SIM115
    except IsADirectoryError:
        raise
    except OSError as error:
        fail(program, f"Failed to open file {quote(path)} in rb mode", cause=error.strerror or "")
    with file:
        yield from _words_of(iter(file), quoted=quoted)


def _words_of(lines: Iterator[str], *, quoted: bool) -> Iterator[tuple[int, list[str]]]:
    for number, line in enumerate(lines, start=1):
        text = line.removesuffix("\n")
        words = split_line(text) if quoted else [text] if text else []
        if words:
            yield number, words


class Follow:
    """Which links and mount points are followed on disk, as `-follow` says."""

    def __init__(self, text: str) -> None:
        occasions = set(text.split(":"))
        if "on" in occasions:
            occasions |= {"link", "mount"}
        if "default" in occasions:
            occasions |= {"mount", "pattern"}
        self.links = "link" in occasions
        self.parameters = self.links or "param" in occasions
        self.mounts = "mount" in occasions
