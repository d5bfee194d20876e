"""Commands that say which drives may be written, and for which place on a medium a session is meant."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from burnlab.burn.drive import BLOCK

if TYPE_CHECKING:
    from burnlab.xorriso.program import Program

NUMBER = re.compile(r"\s*([0-9]+(?:\.[0-9]*)?)\s*([a-z]?)\s*")
UNITS = {"": BLOCK, "s": BLOCK, "k": 1024, "m": 1024**2, "g": 1024**3, "t": 1024**4, "d": 512}


def grow_blindly(program: Program, words: list[str]) -> None:
    """Make a session for a medium that isn't at hand: for its next writable address, or `off`."""
    word = words[0].lower()
    if word in ("", "off") or word.startswith("-"):
        program.settings.grow_blindly = None
        return
    found = NUMBER.fullmatch(word)
    unit = UNITS.get(found[2], 0) if found else 0
    program.settings.grow_blindly = int(float(found[1]) * unit) // BLOCK if found else 0


def ban_stdio_write(program: Program, _words: list[str]) -> None:
    """Let there be recorders only, from now to the end."""
    program.settings.ban_stdio_write = True
