"""What happens to the program's arguments before the first of them runs.

Some commands work from the start, wherever they stand; a word that is no command stops everything while
nothing has been touched; `-x` brings the commands into their usual order.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from burnlab.xorriso.command import CommandFailed
from burnlab.xorriso.table import BY_NAME, handler_of
from burnlab.xorriso.words import command_name

if TYPE_CHECKING:
    from burnlab.xorriso.command import Command
    from burnlab.xorriso.program import Program

FIRST_WINS: Final = ("-abort_on", "-report_about", "-return_with", "-signal_handling", "-scsi_log")
"""The first of each among the arguments works from the start; with exactly one dash."""
GRAMMAR: Final = ("-list_delimiter", "-backslash_codes", "-add_plainly")
"""They decide what is a command, so they have to be right before anything runs."""
GRAMMAR_SETTINGS: Final = (
    "list_delimiter", "add_plainly", "decode_arguments", "decode_input", "encode_output"
)  # fmt: skip
STDOUT_ADDRESSES: Final = ("-", "stdio:/dev/fd/1")
IMAGE_MAKERS: Final = ("mkisofs", "genisoimage", "genisofs")
RECORDERS: Final = ("cdrecord", "wodim", "cdrskin", "xorrecord")
RECORD_TO_STDOUT: Final = frozenset({"dev=-", "-dev=-", "dev=stdio:/dev/fd/1", "-dev=stdio:/dev/fd/1"})


def apply_first(program: Program, arguments: Sequence[str]) -> bool:
    """Run the commands that work from the start. What they complain about is judged later.

    Commands of the grammar are only tried, and leave no trace; the answer is whether backslash codes were
    asked for.

    Raises:
        Aborted: a command that the grammar depends on can't be right.
    """
    settings = program.settings
    seen = set()
    decoding = False
    for at, word in enumerate(arguments):
        if word in GRAMMAR:
            before = {name: getattr(settings, name) for name in GRAMMAR_SETTINGS}
            program.messages.begin_command(word)
            _run(program, word, arguments[at + 1 :])
            decoding = decoding or settings.decode_arguments or bool(settings.decode_input)
            for name, value in before.items():
                setattr(settings, name, value)
            program.messages.encode = None
            program.evaluate()
        elif word in FIRST_WINS and word not in seen and _has_words(arguments, at):
            seen.add(word)
            _run(program, word, arguments[at + 1 :])
    return decoding


def repeat_first(program: Program, arguments: Sequence[str]) -> None:
    """Run the first of each early command again: their complaints come once more, below the banner."""
    for word in FIRST_WINS:
        at = arguments.index(word) if word in arguments else -1
        if at >= 0 and _has_words(arguments, at):
            _run(program, word, arguments[at + 1 :])


def complain_of_unknown(program: Program, arguments: Sequence[str], decoding: bool) -> None:
    """Walk along commands and parameters; an event for every word that should be a command and isn't."""
    for word, command, _ in with_own_grammar(program, arguments):
        if command is None:
            program.complain_unknown(word, encoded=decoding)


def with_own_grammar(
    program: Program, arguments: Sequence[str]
) -> list[tuple[str, Command | None, list[str]]]:
    """The arguments cut into commands, with delimiters as the arguments change them; settings stay what
    they were.
    """
    settings = program.settings
    before = settings.list_delimiter, settings.add_plainly
    found = []
    try:
        for word, command, given in program.spoken(arguments):
            if command is None and (settings.add_plainly == "any" or program.takes_as_path(word)):
                command, given = BY_NAME["add"], [word]
            found.append((word, command, given))
            if command is not None and given:
                _set_grammar(program, command, given)
    finally:
        settings.list_delimiter, settings.add_plainly = before
    return found


def claims_stdout(arguments: Sequence[str]) -> bool:
    """Whether a drive address or an emulation among the arguments will write an image to standard output."""
    burns_to_stdout = bool(RECORD_TO_STDOUT & set(arguments))
    pairs = pairwise(arguments)
    return any(
        (command_name(word) in ("dev", "indev", "outdev") and following in STDOUT_ADDRESSES)
        or (command_name(word) == "as" and following in IMAGE_MAKERS)
        or (command_name(word) == "as" and following in RECORDERS and burns_to_stdout)
        for word, following in pairs
    )


def sorted_arguments(program: Program, arguments: Sequence[str]) -> list[tuple[Command, list[str]]]:
    """The commands with their parameters in the order of `-x`: by rank, equals as given. Unknown words are
    left out.
    """
    known = [
        (command, given) for _, command, given in with_own_grammar(program, arguments) if command is not None
    ]
    return sorted(known, key=lambda pair: pair[0].rank)


def _has_words(arguments: Sequence[str], at: int) -> bool:
    """Whether all parameters of the command there follow: without them it doesn't work from the start."""
    return at + BY_NAME[command_name(arguments[at])].arity < len(arguments)


def _set_grammar(program: Program, command: Command, given: list[str]) -> None:
    if not given:
        return
    if command.name == "list_delimiter":
        program.settings.list_delimiter = given[0]
    elif command.name == "add_plainly":
        program.settings.add_plainly = given[0]


def _run(program: Program, word: str, following: Sequence[str]) -> None:
    command = BY_NAME[command_name(word)]
    handler = handler_of(command)
    words = [*following[: command.arity], *[""] * command.arity][: command.arity]
    if handler is not None:
        with suppress(CommandFailed):
            handler(program, words)
