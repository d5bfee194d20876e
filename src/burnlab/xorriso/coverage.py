"""The coverage document, written from the table of commands."""

from __future__ import annotations

from typing import Final

from burnlab.xorriso.command import OPEN, Command
from burnlab.xorriso.table import COMMANDS, OWN_COMMANDS, handler_of
from burnlab.xorriso.table_rows import ROWS

BUILT, PARTLY, MISSING = "✓", "◐", "✗"
HEAD: Final = """\
# Which of xorriso's commands are built

Written by `make docs` from the table of commands; a test compares them. Of {total} commands {built} are built
(✓), {partly} are built with the limits given (◐), {missing} are known but not built (✗): they fail as an
unknown one does. They stand in the order of `-x`, with their further names.

"""
OWN_HEAD: Final = """
## Commands of burnlab's own

"""
COLUMNS: Final = "| | Command | What it does |\n|---|---|---|\n"


def state_of(command: Command) -> str:
    """Whether a command is built."""
    if handler_of(command) is None:
        return MISSING
    return PARTLY if command.limits else BUILT


def coverage_document() -> str:
    """The whole document."""
    states = [state_of(command) for command in COMMANDS]
    head = HEAD.format(
        built=states.count(BUILT),
        partly=states.count(PARTLY),
        missing=states.count(MISSING),
        total=len(states),
    )
    by_name = {command.name: command for command in COMMANDS}
    lines = []
    is_open = False
    for row in ROWS.strip().splitlines():
        if row.startswith("#"):
            lines.append(f"\n## {row.strip('# :')}\n\n{COLUMNS}")
            is_open = True
            continue
        if not is_open:
            lines.append(COLUMNS)
            is_open = True
        lines.append(_line(by_name[row.split(" | ")[0].split(",")[0]]))
    own = "".join(map(_line, OWN_COMMANDS))
    return head + "".join(lines) + OWN_HEAD + COLUMNS + own


def _line(command: Command) -> str:
    words = "".join(" …" for _ in range(command.arity)) if command.arity != OPEN else " … --"
    names = ", ".join([f"`-{command.name}{words}`", *(f"`-{alias}`" for alias in command.aliases)])
    limits = f". Limits: {command.limits}" if command.limits else ""
    return f"| {state_of(command)} | {names} | {command.summary}{limits} |\n"
