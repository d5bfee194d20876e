"""The table of commands: one row for each, found by its name or an alias."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Final

from burnlab.xorriso.command import OPEN, Command
from burnlab.xorriso.table_rows import LIMITS, OWN_ROWS, ROWS

if TYPE_CHECKING:
    from burnlab.xorriso.program import Program

Handler = Callable[["Program", list[str]], None]

PACKAGE: Final = "burnlab.xorriso.commands"


def _rows(text: str) -> list[Command]:
    lines = (line for line in text.strip().splitlines() if not line.startswith("#"))
    return [_row(line, rank) for rank, line in enumerate(lines, start=1)]


def _row(line: str, rank: int) -> Command:
    names, arity, module, summary = line.split(" | ")
    name, *aliases = names.split(",")
    is_open = arity.endswith("*")
    return Command(
        name,
        OPEN if is_open else int(arity),
        f"{module}:{name}",
        rank,
        tuple(aliases),
        summary,
        LIMITS.get(name, ""),
        int(arity[:-1] or 0) if is_open else 0,
    )


COMMANDS: Final = tuple(_rows(ROWS))
"""All commands of xorriso, in the order of their ranks."""

OWN_COMMANDS: Final = tuple(_rows(OWN_ROWS))
"""Commands that only this program has."""

BY_NAME: Final = {name: row for row in (*COMMANDS, *OWN_COMMANDS) for name in (row.name, *row.aliases)}
"""Every name and alias in its inner spelling (`check_md5_r`) → row."""


@cache
def handler_of(command: Command) -> Handler | None:
    """The function that carries out a command; None if it isn't built.

    It is looked up in its module: in a dictionary `HANDLERS` by the command's name, or as a function of
    that name (with `_` behind a name that Python uses itself: `print_`, `as_`, `format_`).
    """
    from importlib import import_module

    module, _, name = command.handler.partition(":")
    place = f"{PACKAGE}.{module}"
    try:
        loaded = import_module(place)
    except ModuleNotFoundError as missing:
        if missing.name == place:
            return None
        raise
    listed: dict[str, Handler] = getattr(loaded, "HANDLERS", {})
    if name in listed:
        return listed[name]
    found: Handler | None = vars(loaded).get(name, vars(loaded).get(f"{name}_"))
    return found if getattr(found, "__module__", None) == place else None
