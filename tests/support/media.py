"""Discs of every kind in memory, for tests that go through all of them."""

from __future__ import annotations

from burnlab.disc import Disc
from burnlab.disc.disc import pressed_state
from burnlab.disc.formats import Wish
from burnlab.disc.media import DVD_RW_OVERWRITE, MEDIA, medium_named
from burnlab.disc.surface import MemorySurface
from support.drive import pattern

EVERY_KIND = (*MEDIA, DVD_RW_OVERWRITE)
"""Every name that a disc can be made by."""
PRESSED = ("cd-rom", "dvd-rom", "bd-rom")
PRESSED_BLOCKS = 4000

FORMATS = {"dvd+rw": Wish(0x26, 2295104), "bd-re": Wish(0x00, 11826176, 0x3000)}
"""What is sold unformatted, and the format that makes it writable."""


def make_disc(kind: str, *, formatted: bool = False) -> Disc:
    """A disc as sold, pressed ones with blocks that tell their own address."""
    if kind in PRESSED:
        surface = MemorySurface()
        surface.write(0, pattern(0, PRESSED_BLOCKS))
        return Disc(pressed_state(medium_named(kind), PRESSED_BLOCKS), surface)
    disc = Disc.in_memory(kind)
    if formatted and kind in FORMATS:
        disc.format(FORMATS[kind])
    return disc
