"""Commands that put disk files into the image."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from burnlab.iso9660.tree import Directory, Node
from burnlab.xorriso.command import CommandFailed
from burnlab.xorriso.commands.edit import single_target
from burnlab.xorriso.commands.grafting import Grafter
from burnlab.xorriso.commands.targets import (
    disk_path,
    expand_disk,
    fail,
    image_path,
    lookup,
    read_words,
    tolerance,
)
from burnlab.xorriso.pacifier import Counter
from burnlab.xorriso.paths import name_of, split_pathspec, swap_prefix
from burnlab.xorriso.severity import Severity
from burnlab.xorriso.volume import require_image
from burnlab.xorriso.words import quote

if TYPE_CHECKING:
    from burnlab.xorriso.program import Program


class _Job:
    """Insertions that are counted together."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.grafter = Grafter(program, Counter(program, "files added"))
        self.counter = self.grafter.counter

    def graft(self, disk: str, target: str, *, recursive: bool = True, tell: bool = True) -> None:
        self.grafter.had_problem = False
        node = self.grafter.graft(disk, target, recursive=recursive)
        if node is not None and tell:
            self.tell(node, disk, target)

    def tell(self, node: Node, disk: str, target: str) -> None:
        if not self.grafter.had_problem:
            kind = "directory" if isinstance(node, Directory) else "file"
            self.program.messages.info(f"Added to ISO image: {kind} '{target or '/'}'='{disk}'")

    def end(self) -> None:
        if self.grafter.count and self.counter is not None:
            self.counter.end(self.grafter.count)


# Under their own path.


def add(program: Program, words: list[str]) -> None:
    """Insert disk files and trees under the path they have, or the one before `=` of a pathspec."""
    job = _Job(program)
    for word in words:
        with tolerance(program):
            for disk, target in _pathspecs(program, [word]):
                job.graft(disk, target)
    job.end()


def _pathspecs(program: Program, words: list[str]) -> list[tuple[str, str]]:
    """Disk path and image path for each word."""
    if program.settings.pathspecs == "off":
        return [pair for word in words for pair in _same_paths(program, word)]
    pairs = []
    for word in words:
        target, source = split_pathspec(word, escaped=program.settings.pathspecs == "as_mkisofs")
        pairs.append((disk_path(program, source or "/"), image_path(program, target)))
    return pairs


def _same_paths(program: Program, word: str) -> list[tuple[str, str]]:
    base = program.settings.disk_directory.rstrip("/")
    pairs = []
    for disk in expand_disk(program, [word]):
        inside = not word.startswith("/") and disk.startswith(f"{base}/")
        pairs.append((disk, image_path(program, disk[len(base) + 1 :] if inside else word)))
    return pairs


def path_list(program: Program, words: list[str]) -> None:
    """Insert what the lines of a file name, as -add does."""
    _add_from_file(program, words[0], quoted=False)


def quoted_path_list(program: Program, words: list[str]) -> None:
    """Insert what the words of a file name, as -add does."""
    _add_from_file(program, words[0], quoted=True)


def _add_from_file(program: Program, path: str, *, quoted: bool) -> None:
    job = _Job(program)
    count = number = 0
    try:
        for at, words in read_words(program, path, quoted=quoted):
            number = at
            for disk, target in _pathspecs(program, words):
                job.graft(disk, target, tell=False)
            count += len(words)
    except (CommandFailed, OSError):
        if not number and not os.path.isdir(path):
            raise
        text = f"Aborted reading of file {quote(path)} in line number {number}"
        program.messages.event(Severity.FAILURE, text)
    else:
        job.end()
    program.messages.info(f"Added {count} items from file {quote(path)}")


# At another path.


def _map(program: Program, words: list[str], *, recursive: bool) -> None:
    source, target = words
    if not source:
        name = program.command.name if program.command else "map"
        fail(program, f"-{name}: Empty disk_path given", Severity.SORRY)
    disk = disk_path(program, source)
    job = _Job(program)
    goal = image_path(program, target or source)
    node = job.grafter.graft(disk, goal, recursive=recursive)
    job.end()
    if node is not None:
        job.tell(node, disk, goal)


def map_(program: Program, words: list[str]) -> None:
    """Insert a disk file or tree at a path in the image."""
    _map(program, words, recursive=True)


def map_single(program: Program, words: list[str]) -> None:
    """Insert one disk file, a directory without what is below it, at a path in the image."""
    _map(program, words, recursive=False)


def need_prefixes(program: Program, words: list[str], name: str) -> None:
    """See to it that there are two prefixes and a path.

    Raises:
        CommandFailed: there aren't.
    """
    if len(words) < 3:
        fail(program, f"-{name}: Not enough arguments given ({len(words)} < 3)")


def map_l(program: Program, words: list[str]) -> None:
    """Insert disk files and trees at paths with another prefix."""
    need_prefixes(program, words, "map_l")
    old, new = disk_path(program, words[0]), image_path(program, words[1])
    job = _Job(program)
    for disk in expand_disk(program, words[2:]):
        with tolerance(program):
            job.graft(disk, other_prefix(program, disk, old, new, "map_l"))
    job.end()


def other_prefix(program: Program, path: str, old: str, new: str, name: str) -> str:
    """The path with its prefix exchanged.

    Raises:
        CommandFailed: it hasn't that prefix.
    """
    swapped = swap_prefix(path, old, new)
    if swapped is None:
        fail(program, f"-{name}: disk_path {quote(path)} does not begin with disk_prefix {quote(old)}")
    return swapped


def cpr(program: Program, words: list[str]) -> None:
    """Insert disk files and trees like `cp -r` does."""
    if len(words) < 2:
        fail(program, "-cpri: not enough arguments", Severity.SORRY)
    sources = expand_disk(program, words[:-1])
    target = single_target(program, words[-1])
    root = require_image(program)
    into = len(sources) > 1 or isinstance(lookup(root, target), Directory)
    job = _Job(program)
    for disk in sources:
        with tolerance(program):
            job.graft(disk, f"{target}/{name_of(disk)}" if into else target)
    job.end()
