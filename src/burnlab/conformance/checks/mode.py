"""MODE SENSE and MODE SELECT: the pages of an optical drive."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from burnlab.conformance.bench import Bench, announced, at_least, holds, not_here, same, told
from burnlab.conformance.case import Chapter, Deviation
from burnlab.conformance.refusal import INVALID_FIELD, INVALID_PARAMETER, LIST_LENGTH, SAVING
from burnlab.conformance.subject import Subject
from burnlab.scsi.commands import ModeSelect10, ModeSense6, ModeSense10
from burnlab.scsi.mmc.features import Feature
from burnlab.scsi.mmc.mode_pages import ModePage, iter_pages
from burnlab.scsi.task import Status

SENSE: Final = Chapter("mode-sense")
SELECT: Final = Chapter("mode-select")

CURRENT, CHANGEABLE, DEFAULT, SAVED = range(4)
LONGEST: Final = 0xFFFE
LONGEST_6: Final = 255
HEADER: Final = 8
HEADER_6: Final = 4
NO_PAGE: Final = 0x30
PAGE_CODE: Final = 0x3F
RESERVED_WRITE_TYPE: Final = 0x0F
WRITERS: Final = (Feature.CD_TRACK_AT_ONCE, Feature.CD_MASTERING, Feature.DVD_R_RW_WRITE)


class Demand(NamedTuple):
    """A page that must be there, and its least length in bytes."""

    page: ModePage
    least: int
    clause: str


DEMANDS: Final = (
    Demand(ModePage.ERROR_RECOVERY, 12, "MMC-5, 7.3"),
    Demand(ModePage.WRITE_PARAMETERS, 52, "MMC-5, 7.5"),
    Demand(ModePage.POWER_CONDITION, 12, "MMC-5, 7.1"),
    Demand(ModePage.TIMEOUT_AND_PROTECT, 10, "MMC-5, 7.1"),
    Demand(ModePage.CAPABILITIES, 20, "MMC-3, 6.3.11"),
)


def can_write_cd_or_dvd(subject: Subject) -> str:
    """A unit that writes CD or DVD-R has write parameters."""
    return "" if subject.supported & set(WRITERS) else "the unit has no feature that uses write parameters"


def _ask(bench: Bench, page: int, control: int = CURRENT) -> bytes:
    cdb = ModeSense10(dbd=True, page_control=control, page_code=page, allocation_length=LONGEST)
    data = bench.good(cdb)
    at_least(data, HEADER)
    return announced(data, 0, 2, 2)


def _pages(data: bytes, header: int = HEADER) -> dict[int, bytes]:
    """Page code → page, its first byte without the bit that tells whether it can be saved."""
    return {p[0] & PAGE_CODE: bytes((p[0] & PAGE_CODE,)) + p[1:] for p in iter_pages(data, header)}


def _page(bench: Bench, code: int, control: int = CURRENT) -> bytes:
    pages = _pages(_ask(bench, code, control))
    same("pages", [code], list(pages))
    return pages[code]


def _optional_page(bench: Bench, code: int) -> bytes:
    """A page; NotApplicable if the unit doesn't have it, which is told of elsewhere."""
    cdb = ModeSense10(dbd=True, page_code=code, allocation_length=LONGEST)
    if bench.outcome(cdb).status is not Status.GOOD:
        raise not_here(f"the unit has no page {code:02X}h")
    return _page(bench, code)


@SENSE.case("SPC-4, 7.5.5; MMC-5, 7.1")
def no_block_descriptors(bench: Bench) -> None:
    """There are no block descriptors before the pages."""
    data = _ask(bench, ModePage.ALL)
    same("block descriptor length", 0, int.from_bytes(data[6:8], "big"))


@SENSE.case("SPC-4, 7.5")
def all_pages(bench: Bench) -> None:
    """Page code 3Fh gives all pages, whole ones in rising order, each as it is given alone."""
    data = _ask(bench, ModePage.ALL)
    codes = [page[0] & PAGE_CODE for page in iter_pages(data, HEADER)]
    same("page codes in rising order", sorted(set(codes)), codes)
    for code, page in _pages(data).items():
        same(f"page {code:02X}h alone", page, _page(bench, code))


def _demanded(demand: Demand) -> Callable[[Bench], None]:
    def check(bench: Bench) -> None:
        page = _page(bench, demand.page)
        holds(f"a page of {demand.least} bytes or more", len(page) >= demand.least, f"{len(page)} bytes")
        same("bytes of the page, by its length", page[1] + 2, len(page))

    return check


for _demand in DEMANDS:
    _name = _demand.page.name.lower().replace("_", "-")
    _says = f"Page {_demand.page.value:02X}h ({_name.replace('-', ' ')}) is there and whole."
    _when = (can_write_cd_or_dvd,) if _demand.page is ModePage.WRITE_PARAMETERS else ()
    SENSE.add(f"page-{_name}", _demand.clause, _says, _demanded(_demand), *_when)


@SENSE.case("SPC-4, 6.12")
def controls(bench: Bench) -> None:
    """Current, changeable and default values of a page are equally long."""
    for code, page in _pages(_ask(bench, ModePage.ALL)).items():
        for control in (CHANGEABLE, DEFAULT):
            same(f"bytes of page {code:02X}h, control {control}", len(page), len(_page(bench, code, control)))


@SENSE.case("SPC-4, 6.12")
def unchangeable(bench: Bench) -> None:
    """What can't be changed has its default value."""
    for code, page in _pages(_ask(bench, ModePage.ALL)).items():
        if code == ModePage.CAPABILITIES:
            continue  # It tells of the medium and of speeds: neither is set by MODE SELECT.
        mask, default = _page(bench, code, CHANGEABLE), _page(bench, code, DEFAULT)
        same(
            f"bytes of page {code:02X}h, of its mask and default", (len(page),) * 2, (len(mask), len(default))
        )
        differs = bytes((a ^ b) & ~m & 0xFF for a, b, m in zip(page[2:], default[2:], mask[2:], strict=True))
        same(f"differences in page {code:02X}h where nothing can be changed", bytes(len(differs)), differs)


@SENSE.case("SPC-4, 6.12")
def saved_values(bench: Bench) -> None:
    """Saved values come, or the unit says that it saves none."""
    cdb = ModeSense10(dbd=True, page_control=SAVED, page_code=ModePage.ALL, allocation_length=LONGEST)
    reply = bench.outcome(cdb)
    if reply.status is not Status.GOOD:
        bench.refused(cdb, SAVING)
        return
    _pages(bytes(reply.data_in))


@SENSE.case("SPC-4, 6.12")
def unknown_page(bench: Bench) -> None:
    """A page that the unit doesn't have is an invalid field."""
    if NO_PAGE in _pages(_ask(bench, ModePage.ALL)):
        raise not_here(f"the unit has a page {NO_PAGE:02X}h")
    bench.refused(ModeSense10(dbd=True, page_code=NO_PAGE, allocation_length=LONGEST), INVALID_FIELD)


@SENSE.case("SPC-4, 6.11 and 7.5.5")
def six_byte_form(bench: Bench) -> None:
    """MODE SENSE (6) gives the same pages behind its shorter header."""
    for code, page in _pages(_ask(bench, ModePage.ALL)).items():
        if len(page) + HEADER_6 > LONGEST_6:
            continue
        cdb = ModeSense6(dbd=True, page_code=code, allocation_length=LONGEST_6)
        data = announced(bench.good(cdb), 0, 1, 1)
        at_least(data, HEADER_6)
        same(f"page {code:02X}h", page, _pages(data, HEADER_6)[code])


def _select(page: bytes) -> tuple[ModeSelect10, bytes]:
    data = bytes(HEADER) + page
    return ModeSelect10(page_format=True, parameter_list_length=len(data)), data


def _selectable(bench: Bench) -> bytes:
    """A page that the unit takes back as it is: NotApplicable if it has none of them."""
    for code in (ModePage.WRITE_PARAMETERS, ModePage.ERROR_RECOVERY):
        if code in _pages(_ask(bench, ModePage.ALL)):
            return _page(bench, code)
    raise not_here("the unit has neither page 01h nor page 05h")


@SELECT.case("SPC-4, 6.10")
def back_again(bench: Bench) -> None:
    """What MODE SENSE gave is taken by MODE SELECT, and changes nothing."""
    for code in (ModePage.ERROR_RECOVERY, ModePage.WRITE_PARAMETERS):
        if code not in _pages(_ask(bench, ModePage.ALL)):
            continue
        page = _page(bench, code)
        cdb, data = _select(page)
        reply = bench.outcome(cdb, data)
        if code == ModePage.WRITE_PARAMETERS and reply.status is not Status.GOOD:
            # What a unit begins with need not fit the medium that is in it.
            continue
        if reply.status is not Status.GOOD:
            raise Deviation("GOOD", told(reply))
        same(f"page {code:02X}h", page, _page(bench, code))


@SELECT.case("SPC-4, 6.10")
def nothing(bench: Bench) -> None:
    """A parameter list length of 0 is no error, and changes nothing."""
    page = _selectable(bench)
    bench.good(ModeSelect10(page_format=True, parameter_list_length=0))
    same("page", page, _page(bench, page[0]))


@SELECT.case("SPC-4, 6.10 and 7.5")
def unknown_to_select(bench: Bench) -> None:
    """A page that the unit doesn't have is an invalid field in the parameter list."""
    if NO_PAGE in _pages(_ask(bench, ModePage.ALL)):
        raise not_here(f"the unit has a page {NO_PAGE:02X}h")
    cdb, data = _select(bytes((NO_PAGE, 2, 0, 0)))
    bench.refused(cdb, INVALID_PARAMETER, data_out=data)


@SELECT.case("SPC-4, 6.10")
def cut_short(bench: Bench) -> None:
    """A list that ends in the middle of a page is refused, and changes nothing."""
    page = _selectable(bench)
    data = (bytes(HEADER) + page)[: HEADER + len(page) // 2]
    cdb = ModeSelect10(page_format=True, parameter_list_length=len(data))
    bench.refused(cdb, LIST_LENGTH, INVALID_PARAMETER, data_out=data)
    same("page", page, _page(bench, page[0]))


@SELECT.case("SPC-4, 7.5")
def wrong_length(bench: Bench) -> None:
    """A page whose length isn't that of MODE SENSE is an invalid field in the parameter list."""
    page = _selectable(bench)
    cdb, data = _select(page[:1] + bytes((4,)) + page[2:6])
    bench.refused(cdb, INVALID_PARAMETER, LIST_LENGTH, data_out=data)
    same("page", page, _page(bench, page[0]))


@SELECT.case("MMC-5, 7.5.4.9; SPC-4, 3.3 (reserved)", can_write_cd_or_dvd)
def reserved_write_type(bench: Bench) -> None:
    """A reserved write type is an invalid field in the parameter list."""
    page = bytearray(_optional_page(bench, ModePage.WRITE_PARAMETERS))
    page[2] = page[2] & 0xF0 | RESERVED_WRITE_TYPE
    cdb, data = _select(bytes(page))
    bench.refused(cdb, INVALID_PARAMETER, data_out=data)


CHAPTERS: Final = (SENSE, SELECT)
