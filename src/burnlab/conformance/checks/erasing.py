"""BLANK and FORMAT UNIT: what they make of a medium, and what they refuse."""

from __future__ import annotations

from typing import Final

from burnlab.conformance.bench import BLOCK, Bench, announced, at_least, holds, not_here, same
from burnlab.conformance.burning import MINIMAL, MMC_FORMAT, blank, format_unit
from burnlab.conformance.case import Chapter
from burnlab.conformance.conditions import (
    BLANKABLE,
    SEQUENTIAL,
    is_blankable,
    is_overwritable,
    medium_of,
    that,
)
from burnlab.conformance.refusal import (
    INVALID_FIELD,
    INVALID_OPCODE,
    INVALID_PARAMETER,
    LIST_LENGTH,
    MEDIUM,
    PROTECTED,
    UNREADABLE,
)
from burnlab.scsi.commands import Read10, ReadCapacity10
from burnlab.scsi.mmc.commands import Blank, FormatUnit, ReadFormatCapacities
from burnlab.scsi.mmc.disc_info import DiscStatus
from burnlab.scsi.mmc.format_list import FormatList
from burnlab.scsi.mmc.formats import CapacityType
from burnlab.scsi.mmc.profiles import Profile

BLANKING: Final = Chapter("blank", destroys=True)
FORMATTING: Final = Chapter("format", destroys=True)
FORMATTING_BD_R: Final = Chapter(
    "format-bd-r", medium_of((Profile.BD_R_SRM,), "the medium is no BD-R"), destroys=True
)

NO_TYPE: Final = 7
NO_FORMAT: Final = 0x3F
FULL, PLUS_RW_BASIC, RESTRICTED_QUICK = 0x00, 0x26, 0x15
SEQUENTIAL_WITH_SPARES: Final = 1
"""Sub-type of a format of BD-R that leaves it sequential."""
EVERYTHING: Final = 0xFFFFFFFF
LONGEST: Final = 252
NOT_BLANKABLE: Final = SEQUENTIAL - BLANKABLE | {Profile.CD_ROM, Profile.DVD_ROM, Profile.BD_ROM}
NOT_FORMATTABLE: Final = frozenset(
    {
        *(Profile.CD_ROM, Profile.DVD_ROM, Profile.BD_ROM),
        *(Profile.CD_R, Profile.DVD_R, Profile.DVD_PLUS_R, Profile.DVD_PLUS_R_DL),
    }
)

is_new: Final = that("the medium isn't blank", lambda subject: subject.is_blank)


@BLANKING.case("MMC-5, 6.2; SPC-4, 3.3 (reserved)", is_blankable)
def reserved_type(bench: Bench) -> None:
    """A reserved blanking type is an invalid field."""
    bench.refused(Blank(immed=True, blanking_type=NO_TYPE), INVALID_FIELD)


@BLANKING.case("MMC-5, 6.2", medium_of(NOT_BLANKABLE, "the medium can be blanked, or overwritten"))
def wrong_medium(bench: Bench) -> None:
    """A medium that can't be erased is refused, and stays as it is."""
    before = bench.attempt(ReadCapacity10(), answer=8)
    refusals = (MEDIUM, INVALID_FIELD, INVALID_OPCODE, PROTECTED)
    bench.refused(Blank(immed=True, blanking_type=MINIMAL), *refusals)
    bench.wait()
    same("capacity", before, bench.attempt(ReadCapacity10(), answer=8))


@BLANKING.case("MMC-5, 6.2; SPC-4, 4.5.2", is_blankable)
def in_progress(bench: Bench) -> None:
    """With the IMMED bit BLANK answers at once; the unit is busy until it is done, and progress rises."""
    bench.good(Blank(immed=True, blanking_type=MINIMAL))
    seen = bench.wait()
    bench.look()
    if not seen:
        raise not_here("the unit was done before it could be asked")
    rising = [sense.progress for sense in seen if sense.progress is not None]
    holds("progress that only rises", rising == sorted(rising), rising)


@BLANKING.case("MMC-5, 6.2 and 6.22.3.1", is_blankable)
def minimal(bench: Bench) -> None:
    """Blanked minimally, the medium is empty: one session, one track from LBA 0 on, and no data."""
    blank(bench, MINIMAL)
    told = bench.disc()
    same("status of disc", DiscStatus.EMPTY.name, DiscStatus(told.status).name)
    same("sessions", 1, told.sessions)
    track = bench.last_track()
    same("track, start and next writable address", (1, 0, 0), (track.track, track.start, track.next_writable))
    capacity = bench.attempt(ReadCapacity10(), answer=8)
    if capacity is not None:
        same("last address", 0, int.from_bytes(capacity[0:4], "big"))
    bench.refused(Read10(0, 1), *UNREADABLE, answer=BLOCK)


def _formats(bench: Bench) -> tuple[int, int, list[FormatList]]:
    """Current blocks and descriptor type, and the formats that are offered."""
    data = announced(bench.good(ReadFormatCapacities(allocation_length=LONGEST)), 3, 1, 4)
    at_least(data, 12)
    rows = (data[n : n + 8] for n in range(12, len(data) - 7, 8))
    offers = [
        FormatList(
            blocks=int.from_bytes(row[0:4], "big"),
            format_type=row[4] >> 2,
            parameter=int.from_bytes(row[5:8], "big"),
        )
        for row in rows
    ]
    return int.from_bytes(data[4:8], "big"), data[8] & 0x03, offers


def _offer(bench: Bench, code: int) -> FormatList:
    _blocks, _kind, offers = _formats(bench)
    found = next((offer for offer in offers if offer.format_type == code), None)
    if found is None:
        raise not_here(f"the unit offers no format of type {code:02X}h for this medium")
    return found


@FORMATTING.case("MMC-5, 6.5.3; SPC-4, 3.3 (reserved)")
def unknown_type(bench: Bench) -> None:
    """A format type that isn't offered is refused, and the medium stays as it is."""
    blocks, kind, offers = _formats(bench)
    if not offers:
        raise not_here("the medium can't be formatted")
    wish = FormatList(immed=True, blocks=offers[0].blocks, format_type=NO_FORMAT)
    cdb = FormatUnit(format_data=True, format_code=MMC_FORMAT)
    bench.refused(cdb, INVALID_PARAMETER, MEDIUM, data_out=wish.pack())
    bench.wait()
    same("current capacity", (blocks, kind), _formats(bench)[:2])


@FORMATTING.case("MMC-5, 6.5", is_overwritable)
def cut_short(bench: Bench) -> None:
    """A format list without its descriptor is refused."""
    cdb = FormatUnit(format_data=True, format_code=MMC_FORMAT)
    refusals = (LIST_LENGTH, INVALID_PARAMETER, INVALID_FIELD)
    bench.refused(cdb, *refusals, data_out=FormatList(immed=True, descriptor_length=0).pack()[:4])


@FORMATTING.case("MMC-5, 6.5", medium_of(NOT_FORMATTABLE, "the medium can be formatted"))
def wrong_medium_to_format(bench: Bench) -> None:
    """A medium that can't be formatted is refused."""
    wish = FormatList(immed=True, blocks=1 << 16, format_type=FULL, parameter=BLOCK)
    cdb = FormatUnit(format_data=True, format_code=MMC_FORMAT)
    refusals = (MEDIUM, INVALID_FIELD, INVALID_PARAMETER, INVALID_OPCODE, PROTECTED)
    bench.refused(cdb, *refusals, data_out=wish.pack())
    bench.wait()


@FORMATTING.case("MMC-5, 6.5.3", medium_of((Profile.DVD_PLUS_RW,), "the medium is no DVD+RW"))
def dvd_plus_rw(bench: Bench) -> None:
    """A DVD+RW is formatted in the background: soon ready, and as large as its format capacity said."""
    offer = _offer(bench, PLUS_RW_BASIC)
    format_unit(bench, FormatList(blocks=EVERYTHING, format_type=PLUS_RW_BASIC))
    blocks, kind, _offers = _formats(bench)
    same("current capacity", (offer.blocks, CapacityType.FORMATTED.value), (blocks, kind))
    holds("background formatting begun or done", bench.disc().background_format in (1, 2, 3), bench.disc())


@FORMATTING.case(
    "MMC-5, 6.5.3 and 6.24.3.2",
    medium_of((Profile.DVD_RAM, Profile.BD_RE), "the medium is neither DVD-RAM nor BD-RE"),
)
def full(bench: Bench) -> None:
    """Formatted to an offered size, DVD-RAM and BD-RE have that size, and all of it can be read."""
    offer = _offer(bench, FULL)
    format_unit(bench, offer)
    same("current capacity", (offer.blocks, CapacityType.FORMATTED.value), _formats(bench)[:2])
    data = bench.good(ReadCapacity10(), answer=8)
    same("last address", offer.blocks - 1, int.from_bytes(data[0:4], "big"))
    bench.read(Read10(offer.blocks - 1, 1), 1)


@FORMATTING.case(
    "MMC-5, 6.5.3 and 6.2", medium_of((Profile.DVD_RW_SEQUENTIAL,), "the medium is no sequential DVD-RW")
)
def dvd_rw(bench: Bench) -> None:
    """Formatted, a DVD-RW becomes restricted overwrite (0013h); blanked, sequential again (0014h)."""
    wish = _offer(bench, RESTRICTED_QUICK)
    format_unit(bench, wish)
    same("profile", Profile.DVD_RW_RESTRICTED_OVERWRITE.name, bench.subject.medium.replace(" ", "_"))
    blank(bench, MINIMAL)
    same("profile", Profile.DVD_RW_SEQUENTIAL.name, bench.subject.medium.replace(" ", "_"))
    format_unit(bench, _offer(bench, FULL))


@FORMATTING_BD_R.case("MMC-5, 6.5.3", is_new)
def with_spares(bench: Bench) -> None:
    """Formatted with spare blocks, a new BD-R has the offered size, and is still sequential and empty."""
    offer = _offer(bench, FULL)
    wish = FormatList(
        options_valid=True,
        blocks=offer.blocks,
        format_type=FULL,
        sub_type=SEQUENTIAL_WITH_SPARES,
        parameter=offer.parameter,
    )
    format_unit(bench, wish)
    same("current capacity", offer.blocks, _formats(bench)[0])
    same("profile", Profile.BD_R_SRM.name, bench.subject.medium.replace(" ", "_"))
    same("next writable address", 0, bench.last_track().next_writable)


BLANK_CHAPTERS: Final = (BLANKING, FORMATTING_BD_R)
FORMAT_CHAPTERS: Final = (FORMATTING,)
