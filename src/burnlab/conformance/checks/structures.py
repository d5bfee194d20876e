"""READ DISC STRUCTURE: what control data areas tell of DVD and BD."""

from __future__ import annotations

from typing import Final

from burnlab.conformance.bench import Bench, announced, at_least, holds, not_here, same
from burnlab.conformance.case import Chapter
from burnlab.conformance.conditions import is_bd, is_cd, is_dvd, medium_of
from burnlab.conformance.refusal import INVALID_FIELD, MEDIUM
from burnlab.conformance.subject import ANSWER
from burnlab.scsi.mmc.commands import ReadDiscStructure
from burnlab.scsi.mmc.profiles import Profile
from burnlab.scsi.mmc.structures import PHYSICAL_SECTOR_OFFSET, PhysicalFormat

DVD: Final = Chapter("disc-structure-dvd", is_dvd)
BD: Final = Chapter("disc-structure-bd", is_bd)
OTHER: Final = Chapter("disc-structure")

DVD_TYPE, BD_TYPE = 0, 1
PHYSICAL, COPYRIGHT, PRE_RECORDED, SPARES, LIST = 0x00, 0x01, 0x0E, 0x0A, 0xFF
NO_FORMAT: Final = 0xF0
HEADER: Final = 4
BOOK_TYPES: Final[dict[int, tuple[int, ...]]] = {
    Profile.DVD_ROM: (0,),
    Profile.DVD_R: (0, 2),
    Profile.DVD_RAM: (1,),
    Profile.DVD_RW_SEQUENTIAL: (0, 3),
    Profile.DVD_RW_RESTRICTED_OVERWRITE: (0, 3),
    Profile.DVD_PLUS_RW: (0, 9),
    Profile.DVD_PLUS_R: (0, 0xA),
    Profile.DVD_PLUS_R_DL: (0, 0xE),
}
"""Profile → book types that such a medium may bear; 0 where drives may pretend it to be a DVD-ROM."""


def _ask(bench: Bench, media_type: int, form: int) -> bytes:
    data = bench.good(ReadDiscStructure(media_type=media_type, format=form, allocation_length=ANSWER))
    at_least(data, HEADER)
    return announced(data, 0, 2, 2)[HEADER:]


@DVD.case("MMC-5, 6.23")
def physical_format(bench: Bench) -> None:
    """Format 00h tells the book type of such a medium, and sectors from 30000h (DVD-RAM: 31000h) on."""
    told = PhysicalFormat.unpack(_ask(bench, DVD_TYPE, PHYSICAL))
    books = BOOK_TYPES.get(bench.subject.profile)
    if books is None:
        raise not_here("nothing is known of the book type of such a medium")
    holds(f"a book type of {books}", told.book_type in books, told.book_type)
    first = (PHYSICAL_SECTOR_OFFSET, 0x31000)
    holds("first sector 30000h or 31000h", told.first_sector in first, f"{told.first_sector:X}h")


@DVD.case("MMC-5, 6.23")
def copyright_information(bench: Bench) -> None:
    """Format 01h has 4 bytes, and no recordable DVD is told to be protected."""
    data = _ask(bench, DVD_TYPE, COPYRIGHT)
    same("bytes", 4, len(data))
    if bench.subject.profile != Profile.DVD_ROM:
        same("copyright protection system type", 0, data[0])


@DVD.case("MMC-5, 6.23")
def structure_list(bench: Bench) -> None:
    """Format FFh lists structures, 4 bytes each, and those that are readable can be read at their length."""
    data = _ask(bench, DVD_TYPE, LIST)
    same("bytes beside whole rows", 0, len(data) % 4)
    rows = [data[n : n + 4] for n in range(0, len(data), 4)]
    readable_ones = [row for row in rows if row[1] & 0x40 and row[0] in (PHYSICAL, COPYRIGHT, PRE_RECORDED)]
    for row in readable_ones:
        length = len(_ask(bench, DVD_TYPE, row[0])) + HEADER
        same(f"length of format {row[0]:02X}h", int.from_bytes(row[2:4], "big"), length)


@BD.case("MMC-5, 6.23")
def disc_information(bench: Bench) -> None:
    """Format 00h holds disc information units, which begin with the letters DI."""
    data = _ask(bench, BD_TYPE, PHYSICAL)
    at_least(data, 112)
    same("first two bytes", b"DI", data[0:2])


@BD.case("MMC-5, 6.23", medium_of((Profile.BD_R_SRM, Profile.BD_RE), "the medium is no recordable BD"))
def spare_areas(bench: Bench) -> None:
    """Format 0Ah tells of no more free spare blocks than there are in all."""
    data = _ask(bench, BD_TYPE, SPARES)
    at_least(data, 12)
    free, total = int.from_bytes(data[4:8], "big"), int.from_bytes(data[8:12], "big")
    holds(f"{total} free spare blocks or fewer", free <= total, free)


@DVD.case("MMC-5, 6.23; SPC-4, 3.3 (reserved)")
def reserved_format(bench: Bench) -> None:
    """A reserved format is an invalid field."""
    _ask(bench, DVD_TYPE, PHYSICAL)
    bench.refused(ReadDiscStructure(format=NO_FORMAT, allocation_length=ANSWER), INVALID_FIELD)


@OTHER.case("MMC-5, 6.23", is_cd)
def of_a_cd(bench: Bench) -> None:
    """A CD has no such structures: the medium is incompatible, or the field invalid."""
    bench.refused(ReadDiscStructure(format=PHYSICAL, allocation_length=ANSWER), MEDIUM, INVALID_FIELD)


CHAPTERS: Final = (DVD, BD, OTHER)
