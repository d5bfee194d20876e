"""The dialog: commands read from standard input, with prompts."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING, Final

from burnlab.xorriso.program import Ended, Signalled
from burnlab.xorriso.severity import Severity
from burnlab.xorriso.words import OpenQuote, continuation, join_lines

if TYPE_CHECKING:
    from burnlab.xorriso.program import Program

BAR: Final = "=" * 28 + "\n"
INPUT_END: Final = "=" * 62 + "\n"
CONTINUED: Final = "-" * 63 + "\n"
PROMPT: Final = "enter option and arguments :\n"
MORE: Final = "{reason} : Enter rest of line (or @@@ to clear it) :\n"
REASONS: Final = {"\\": "Trailing backslash ", "'": "Quoted newline char", '"': "Quoted newline char"}
CLEAR: Final = "@@@"


def run_dialog(program: Program) -> None:
    """Read and run lines until a command ends the program.

    Raises:
        Aborted: an event was too grave.
        Ended: a command ended the program.
        Signalled: the input ended, which counts as a hangup.
    """
    # A dialog may go on for days, with many trees given up.
    gc.enable()
    messages = program.messages
    if not program.settings.abort_on_was_given:
        messages.abort_on = Severity.NEVER
    while True:
        messages.prompt(BAR + PROMPT)
        if program.settings.mark:
            messages.mark(program.settings.mark)
        line = _read_command(program)
        messages.prompt(INPUT_END)
        if line and not line.isspace():
            program.history.append(line)
        try:
            program.run_line(line)
        except OpenQuote:
            messages.event(Severity.FAILURE, f"Incomplete quotation in command line: {line}")
        except Ended:
            messages.prompt(BAR)
            raise


def read_input(program: Program) -> str:
    """A line of standard input without its newline; it is echoed if nobody sees it typed.

    Raises:
        Signalled: the input has ended.
    """
    line = program.environment.read_line()
    if not line:
        raise Signalled("SIGHUP")
    line = line.removesuffix("\n")
    if line and program.settings.use_readline and not program.environment.input_is_terminal:
        program.messages.echo(f"{line}\n")
    return line


def _read_command(program: Program) -> str:
    line = read_input(program)
    while program.settings.dialog != "single_line" and (reason := continuation(line)):
        program.messages.prompt(CONTINUED + MORE.format(reason=REASONS[reason]))
        following = read_input(program)
        if following == CLEAR:
            return ""
        line = join_lines(line, following)
    return line
