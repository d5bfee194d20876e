"""A command of the language as a row of a table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

OPEN: Final = -1
"""Arity of commands that take words up to the list delimiter."""


@dataclass(frozen=True, slots=True)
class Command:
    """One command: its name without dash, in the spelling of the prescan (`check_md5_r`).

    `arity` is the number of parameters, or `OPEN`; `leading` is how many words of an open-ended one are
    taken as they are, whatever they look like. `handler` is `module:function` below
    `burnlab.xorriso.commands`, imported at the first call; empty as long as it isn't built. `rank` is the
    place that `-x` sorts it to. `aliases` are further names of it. `limits` says what of it isn't built.
    """

    name: str
    arity: int
    handler: str = ""
    rank: int = 0
    aliases: tuple[str, ...] = ()
    summary: str = ""
    limits: str = ""
    leading: int = 0


class CommandFailed(Exception):
    """A command can't go on. Its event has been submitted already."""
