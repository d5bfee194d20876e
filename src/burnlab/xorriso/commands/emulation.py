"""The command that makes the program behave like another one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from burnlab.xorriso.acquire import fail

if TYPE_CHECKING:
    from burnlab.xorriso.program import Program

RECORDERS: Final = ("cdrecord", "wodim", "cdrskin", "xorrecord")
IMAGE_MAKERS: Final = ("mkisofs", "genisoimage", "genisofs", "xorrisofs")


def as_(program: Program, words: list[str]) -> None:
    """Run words in another program's language."""
    if not words:
        raise fail(program, "-as : Not enough arguments given. Needed: whom do_what --")
    name, *rest = words
    if name in RECORDERS:
        from burnlab.xorriso.commands.cdrecord import run_cdrecord

        run_cdrecord(program, name, rest)
        return
    if name in IMAGE_MAKERS:
        raise fail(program, f"-as : The emulation of '{name}' is not built into burnlab yet")
    raise fail(program, f"-as : Not a known emulation personality: '{name}'")
