"""The kinds of media, a row each. What differs between them is data; how they are recorded is a strategy."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from burnlab.disc.model import WriteType


class Recording(StrEnum):
    """How a medium takes data."""

    READ_ONLY = "read-only"
    SEQUENTIAL = "sequential"


@dataclass(frozen=True, slots=True)
class Medium:
    """One kind of medium; sizes in blocks of 2048 bytes."""

    name: str
    title: str
    profile: int
    recording: Recording
    capacity_blocks: int = 0
    unit_blocks: int = 1
    """Smallest piece that is recorded as a whole: an ECC block on DVD (16), a cluster on BD (32)."""
    erasable: bool = False
    write_types: frozenset[WriteType] = frozenset()
    first_gap_blocks: int = 0
    """From the end of session 1 to the first block of session 2: border-out and border-in."""
    next_gap_blocks: int = 0
    """The same after every later session."""
    book_type: int = 0
    """DVD book type of the physical format information."""
    product: str = ""
    """Medium product id as sold unless another is wished."""


_SEQUENTIAL_DVD = frozenset({WriteType.INCREMENTAL, WriteType.DISC_AT_ONCE})

MEDIA: dict[str, Medium] = {
    medium.name: medium
    for medium in (
        Medium("cd-rom", "CD-ROM", 0x0008, Recording.READ_ONLY),
        Medium("dvd-rom", "DVD-ROM", 0x0010, Recording.READ_ONLY, book_type=0),
        Medium(
            "dvd-rw",
            "DVD-RW sequential recording",
            0x0014,
            Recording.SEQUENTIAL,
            capacity_blocks=2298496,
            unit_blocks=16,
            erasable=True,
            write_types=_SEQUENTIAL_DVD,
            first_gap_blocks=28688,
            next_gap_blocks=6160,
            book_type=3,
            product="RITEKW04",
        ),
    )
}
"""Every kind by its name on the command line. Gaps of DVD-RW: 1793 and 385 ECC blocks, as an Optiarc
BD-5300S left them on a 4x medium."""


def medium_named(name: str) -> Medium:
    """The kind with this name; KeyError tells which names there are."""
    try:
        return MEDIA[name]
    except KeyError:
        raise KeyError(f"unknown medium type '{name}': use one of {', '.join(sorted(MEDIA))}") from None
