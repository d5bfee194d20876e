"""The commands that rule which files on disk are left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from burnlab.xorriso.commands.targets import disk_path, expand_disk, fail, read_words
from burnlab.xorriso.exclusions import UnknownRule
from burnlab.xorriso.pattern import PatternError
from burnlab.xorriso.words import quote

if TYPE_CHECKING:
    from burnlab.xorriso.program import Program


def not_mgt(program: Program, words: list[str]) -> None:
    """Rule how exclusion lists are used."""
    try:
        program.settings.exclusions.manage(words[0])
    except UnknownRule:
        fail(program, f"-not_mgt: unknown setting '{words[0]}'")


def not_paths(program: Program, words: list[str]) -> None:
    """Exclude disk paths."""
    program.settings.exclusions.paths.update(expand_disk(program, words))


def not_leaf(program: Program, words: list[str]) -> None:
    """Exclude disk files whose name a pattern fits."""
    if not words[0]:
        return
    try:
        program.settings.exclusions.add_pattern(words[0])
    except PatternError as error:
        fail(program, f"Cannot compile regular expression : {error.expression}")


def not_list(program: Program, words: list[str]) -> None:
    """Exclude the paths and patterns in the lines of a file."""
    _from_file(program, words[0], quoted=False)


def quoted_not_list(program: Program, words: list[str]) -> None:
    """Exclude the paths and patterns that are the words of a file."""
    _from_file(program, words[0], quoted=True)


def _from_file(program: Program, path: str, *, quoted: bool) -> None:
    count = 0
    for _line, words in read_words(program, path, quoted=quoted):
        count += len(words)
        for word in words:
            if "/" in word:
                program.settings.exclusions.paths.add(disk_path(program, word))
            else:
                not_leaf(program, [word])
    program.messages.info(f"Added {count} exclusion list items from file {quote(path)}")
