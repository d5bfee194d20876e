"""Files of command lines: options files and startup files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final

from burnlab.xorriso.severity import Severity
from burnlab.xorriso.words import OpenQuote, continuation, join_lines, quote, split_line

if TYPE_CHECKING:
    from burnlab.xorriso.program import Program

MOST_NESTED: Final = 32


class CallEachOther(Exception):
    """Options files call each other without an end: none of them is read on."""


class Lines:
    """Input lines with continuations joined. `number` is that of the last line read."""

    def __init__(self, read_line: Callable[[], str]) -> None:
        self._read_line = read_line
        self.number = 0

    def __iter__(self) -> Iterator[str]:
        while (line := self._next()) is not None:
            while continuation(line):
                following = self._next()
                if following is None:
                    raise OpenQuote(line)
                line = join_lines(line, following)
            yield line

    def _next(self) -> str | None:
        line = self._read_line()
        if not line:
            return None
        self.number += 1
        return line.removesuffix("\n")


def run_file(program: Program, path: str, *, is_startup: bool = False) -> None:
    """Run the lines of a file; `-` is standard input. A startup file need not exist.

    Raises:
        Aborted: an event of one of its commands was too grave.
        Ended: one of its commands ended the program.
    """
    messages = program.messages
    if program.nested_files >= MOST_NESTED:
        messages.event(Severity.FAILURE, f"More than {MOST_NESTED} options files call each other")
        # To go on with each of them would take for ever if they call each other twice.
        raise CallEachOther
    program.nested_files += 1
    try:
        _run_opened(program, path, is_startup)
    except CallEachOther:
        if program.nested_files > 1:
            raise
    finally:
        program.nested_files -= 1


def _run_opened(program: Program, path: str, is_startup: bool) -> None:
    messages = program.messages
    if path == "-" and not is_startup:
        messages.event(Severity.NOTE, "Ready for data at standard input")
        _run_lines(program, path, program.environment.read_line)
        return
    try:
        with program.open_text(path) as file:
            _run_lines(program, path, file.readline)
    except OSError as error:
        if is_startup and isinstance(error, FileNotFoundError | NotADirectoryError):
            return
        cause = error.strerror or ""
        messages.event(Severity.FAILURE, f"Failed to open file {quote(path)} in rb mode", cause=cause)


def _run_lines(program: Program, path: str, read_line: Callable[[], str]) -> None:
    from burnlab.xorriso.program import Aborted

    lines = Lines(read_line)
    try:
        for line in lines:
            program.run_line(line)
    except OpenQuote:
        program.messages.event(Severity.FAILURE, "Open quotation mark at end of input")
        _blame(program, path, lines.number)
    except Aborted:
        _blame(program, path, lines.number)
        raise


def _blame(program: Program, path: str, number: int) -> None:
    program.messages.event(Severity.NOTE, f"error triggered by line {number} of file:\n    {quote(path)}\n")


def words_of_line(program: Program, line: str) -> list[str]:
    """The words of an input line, up to a NUL, which no path can hold; none of a comment.

    Raises:
        OpenQuote: the line ends within quotation marks.
    """
    if line.lstrip().startswith("#"):
        return []
    return split_line(line.partition("\0")[0], program.settings.decode_input)
