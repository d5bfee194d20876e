"""The kinds of media, a row each. What differs between them is data; how they are recorded is a strategy."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from burnlab.disc.model import WriteType


class Recording(StrEnum):
    """How a medium takes data."""

    READ_ONLY = "read-only"
    SEQUENTIAL = "sequential"
    OVERWRITE = "overwrite"
    CD = "cd"
    """Sequential, with pauses, run-out and cue sheets."""


@dataclass(frozen=True, slots=True)
class Format:
    """A size that a medium can be given: FORMAT UNIT's type, blocks, and its parameter."""

    code: int
    blocks: int
    parameter: int = 0x000800


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
    most_sessions: int = 0
    """The disc is closed with this session; 0 where there is no such limit."""
    formats: tuple[Format, ...] = ()
    formatted_profile: int = 0
    """Profile after formatting where that makes it another medium; else 0."""
    formatted_title: str = ""
    formatted_as_sold: int = 0
    """Blocks it is formatted with as sold; 0 where it is sold unformatted."""
    whole_units: bool = False
    """Overwriting takes only whole units."""
    erases_by_formatting: bool = False
    spares_on_request: bool = False
    """Formatting sets spare blocks aside and leaves the medium sequential."""
    book_type: int = 0
    """DVD book type of the physical format information."""
    product: str = ""
    """Medium product id as sold unless another is wished."""

    @property
    def largest_format(self) -> int:
        """The most blocks it can be formatted with."""
        return max((f.blocks for f in self.formats), default=0)


_DVD_MINUS = frozenset({WriteType.INCREMENTAL, WriteType.DISC_AT_ONCE})
_PLAIN = frozenset({WriteType.PLAIN})
_CD = frozenset({WriteType.DISC_AT_ONCE, WriteType.TRACK_AT_ONCE})
_CD_BLOCKS = 359849
"""Up to 79:59:74, as most 80 minute media say of themselves."""

DVD_RW_OVERWRITE = "dvd-rw-ovw"
"""Name of a DVD-RW that is formatted for restricted overwrite."""

_DVD_RW_BLOCKS = 2297888
_BD_BLOCKS = 12219392

_ROWS = (
    Medium("cd-rom", "CD-ROM", 0x0008, Recording.READ_ONLY),
    Medium("dvd-rom", "DVD-ROM", 0x0010, Recording.READ_ONLY),
    Medium("bd-rom", "BD-ROM", 0x0040, Recording.READ_ONLY),
    Medium(
        "cd-r",
        "CD-R",
        0x0009,
        Recording.CD,
        capacity_blocks=_CD_BLOCKS,
        write_types=_CD,
        first_gap_blocks=11400,
        next_gap_blocks=6900,
        product="97m26s60f",
    ),
    Medium(
        "cd-rw",
        "CD-RW",
        0x000A,
        Recording.CD,
        capacity_blocks=_CD_BLOCKS,
        erasable=True,
        write_types=_CD,
        first_gap_blocks=11400,
        next_gap_blocks=6900,
        product="97m34s23f",
    ),
    Medium(
        "dvd-r",
        "DVD-R sequential recording",
        0x0011,
        Recording.SEQUENTIAL,
        capacity_blocks=2298496,
        unit_blocks=16,
        write_types=_DVD_MINUS,
        first_gap_blocks=37792,
        next_gap_blocks=6160,
        book_type=2,
        product="RITEKF1",
    ),
    Medium(
        "dvd-rw",
        "DVD-RW sequential recording",
        0x0014,
        Recording.SEQUENTIAL,
        capacity_blocks=2298496,
        unit_blocks=16,
        erasable=True,
        write_types=_DVD_MINUS,
        first_gap_blocks=28688,
        next_gap_blocks=6160,
        formats=(
            Format(0x00, _DVD_RW_BLOCKS),
            Format(0x10, _DVD_RW_BLOCKS, 0x10),
            Format(0x15, _DVD_RW_BLOCKS, 0x10),
        ),
        formatted_profile=0x0013,
        formatted_title="DVD-RW restricted overwrite",
        whole_units=True,
        erases_by_formatting=True,
        book_type=3,
        product="RITEKW04",
    ),
    Medium(
        "dvd+r",
        "DVD+R",
        0x001B,
        Recording.SEQUENTIAL,
        capacity_blocks=2295104,
        unit_blocks=16,
        write_types=_PLAIN,
        first_gap_blocks=2048,
        next_gap_blocks=2048,
        most_sessions=153,
        book_type=0x0A,
        product="RITEK/R05",
    ),
    Medium(
        "dvd+r-dl",
        "DVD+R DL",
        0x002B,
        Recording.SEQUENTIAL,
        capacity_blocks=4173824,
        unit_blocks=16,
        write_types=_PLAIN,
        first_gap_blocks=2048,
        next_gap_blocks=2048,
        most_sessions=153,
        book_type=0x0E,
        product="MKM/003",
    ),
    Medium(
        "dvd+rw",
        "DVD+RW",
        0x001A,
        Recording.OVERWRITE,
        capacity_blocks=2295104,
        unit_blocks=16,
        erasable=True,
        write_types=_PLAIN,
        formats=(Format(0x26, 2295104, 0),),
        book_type=9,
        product="RITEK/004",
    ),
    Medium(
        "dvd-ram",
        "DVD-RAM",
        0x0012,
        Recording.OVERWRITE,
        capacity_blocks=2295072,
        unit_blocks=16,
        erasable=True,
        write_types=_PLAIN,
        formats=(Format(0x00, 2295072), Format(0x00, 2236704), Format(0x01, 2295072)),
        formatted_as_sold=2236704,
        book_type=1,
        product="",
    ),
    Medium(
        "bd-r",
        "BD-R sequential recording",
        0x0041,
        Recording.SEQUENTIAL,
        capacity_blocks=_BD_BLOCKS,
        unit_blocks=32,
        write_types=_PLAIN,
        formats=(
            Format(0x00, 11826176, 0x3000),
            Format(0x32, 11564032, 0x5000),
            Format(0x32, 11826176, 0x3000),
            Format(0x32, 12088320, 0x1000),
        ),
        spares_on_request=True,
        product="CMCMAG/BA5",
    ),
    Medium(
        "bd-re",
        "BD-RE",
        0x0043,
        Recording.OVERWRITE,
        capacity_blocks=_BD_BLOCKS,
        unit_blocks=32,
        erasable=True,
        write_types=_PLAIN,
        formats=(
            Format(0x00, 11826176, 0x3000),
            Format(0x01, 11564032, 0x5000),
            Format(0x30, 11826176, 0x3000),
            Format(0x30, 11564032, 0x5000),
            Format(0x30, 12088320, 0x1000),
            Format(0x31, _BD_BLOCKS),
        ),
        product="VERBAT/IM0",
    ),
)

MEDIA: dict[str, Medium] = {medium.name: medium for medium in _ROWS}
"""Every kind by its name on the command line.

Gaps of CD: a lead-out of 90 seconds, later 30, a lead-in of 60, and a pause of 2. Gaps of DVD-RW: 1793 and
385 ECC blocks, as an Optiarc BD-5300S left them on a 4x medium. Gaps of DVD+R: closure and intro of 64 ECC
blocks each (ECMA-349). Formats of BD: as that drive offered them for BD-RE.
"""


def medium_named(name: str) -> Medium:
    """The kind with this name; KeyError tells which names there are."""
    try:
        return MEDIA["dvd-rw" if name == DVD_RW_OVERWRITE else name]
    except KeyError:
        names = ", ".join(sorted([*MEDIA, DVD_RW_OVERWRITE]))
        raise KeyError(f"unknown medium type '{name}': use one of {names}") from None
