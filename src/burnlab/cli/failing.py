"""How a command ends that can't be carried out: a sentence, what to do next, an exit value."""

from __future__ import annotations

from enum import IntEnum
from typing import NoReturn

import typer


class Exit(IntEnum):
    """Exit values of burnlab's own commands."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    BROKEN = 3


def fail(message: object, hint: str = "", exit_value: Exit = Exit.FAILED) -> NoReturn:
    """Say what went wrong and what to do about it, on stderr, and end."""
    typer.echo(f"burnlab: {message}", err=True)
    if hint:
        typer.echo(f"  {hint}", err=True)
    raise typer.Exit(exit_value)
