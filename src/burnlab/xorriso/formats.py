"""The words of -format: which format of a medium they mean."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from burnlab.burn.drive import BLOCK, Drive, FormatChoice
from burnlab.burn.profiles import Profile
from burnlab.xorriso.acquire import fail
from burnlab.xorriso.commands.settings import size_of
from burnlab.xorriso.words import quote

if TYPE_CHECKING:
    from burnlab.xorriso.medium_view import MediumView
    from burnlab.xorriso.program import Program

MODES: Final = ("as_needed", "full", "fast", "without_spare")
INDEX_MODES: Final = ("by_index_", "fast_by_index_")
SIZE_MODES: Final = ("by_size_", "fast_by_size_")
MOST_INDEX: Final = 255
PLAIN, SPARELESS, QUICK_GROW = 0x00, 0x31, 0x15
"""Types of formats: the usual one, without spare area, and of a size that grows while it is written."""
SPARED: Final = (0x30, 0x32)
"""Types of formats with a choice of spare areas."""


def choice_of(program: Program, drive: Drive, view: MediumView, mode: str) -> FormatChoice | None:
    """The format that a mode names; None leaves it to the drive. One of no blocks isn't offered.

    Raises:
        CommandFailed: it is no mode.
    """
    if mode in MODES:
        if mode == "without_spare":
            return next((c for c in drive.formats().choices if c.code == SPARELESS), None)
        return None
    for prefix in INDEX_MODES:
        if mode.startswith(prefix):
            return _choice_by_index(program, drive, mode, mode.removeprefix(prefix))
    for prefix in SIZE_MODES:
        if mode.startswith(prefix):
            return _choice_by_size(program, drive, view, mode, mode.removeprefix(prefix))
    raise fail(program, f"-format: Unknown -format mode {quote(mode)}")


def _choice_by_index(program: Program, drive: Drive, mode: str, text: str) -> FormatChoice:
    if not text.isascii() or not text.isdigit() or int(text) > MOST_INDEX:
        raise fail(program, f"-format: mode {quote(mode)} provides unusable index number")
    choices = drive.formats().choices
    index = int(text)
    if not choices:
        raise fail(program, f"-format by_index_{index}: no format descriptors available")
    if index >= len(choices):
        last = len(choices) - 1
        raise fail(program, f"-format by_index_{index}: format descriptors range from index 0 to {last}")
    return choices[index]


def _choice_by_size(
    program: Program, drive: Drive, view: MediumView, mode: str, text: str
) -> FormatChoice | None:
    size = size_of(text)
    if size <= 0:
        raise fail(program, f"-format: mode {quote(mode)} provides unusable size value")
    profile = view.medium.profile
    if profile == Profile.DVD_PLUS_RW:
        return None
    blocks = -(-size // (32 * BLOCK)) * 32
    if profile in (Profile.DVD_RW_SEQUENTIAL, Profile.DVD_RW_RESTRICTED_OVERWRITE):
        return FormatChoice(QUICK_GROW, blocks)
    choices = drive.formats().choices
    found: FormatChoice | None
    if profile == Profile.DVD_RAM:
        larger = (c for c in choices if c.code == PLAIN and c.blocks >= blocks)
        found = min(larger, key=lambda choice: choice.blocks, default=None)
    else:
        spared = sorted((c for c in choices if c.code in SPARED), key=lambda choice: choice.blocks)
        # Spare areas may have any size between the least and the most that are listed.
        fits = bool(spared) and spared[0].blocks <= blocks <= spared[-1].blocks
        found = FormatChoice(spared[0].code, blocks) if fits else None
    return found or FormatChoice(PLAIN, 0)
