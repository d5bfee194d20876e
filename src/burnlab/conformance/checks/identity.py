"""INQUIRY, vital product data, and the LUNs of a unit."""

from __future__ import annotations

from typing import Final

from burnlab.conformance.bench import Bench, at_least, holds, not_here, same
from burnlab.conformance.case import Chapter
from burnlab.conformance.conditions import counts_bytes, vital_product_data
from burnlab.conformance.refusal import INVALID_FIELD
from burnlab.scsi.commands import Inquiry, ReportLuns
from burnlab.scsi.inquiry import CD_DVD_DEVICE, StandardInquiry

INQUIRY: Final = Chapter("inquiry")
VPD: Final = Chapter("vital-product-data", vital_product_data)
LUNS: Final = Chapter("report-luns")

LONGEST: Final = 255
STANDARD_BYTES: Final = 36
SUPPORTED_PAGES, SERIAL_NUMBER, IDENTIFICATION = 0x00, 0x80, 0x83
HEADER: Final = 4
BLANK, TILDE = 0x20, 0x7E
LUN_BYTES: Final = 8


def _standard(bench: Bench) -> bytes:
    data = bench.good(Inquiry(allocation_length=LONGEST))
    at_least(data, STANDARD_BYTES)
    return data


def _printable(text: bytes) -> bool:
    return all(BLANK <= byte <= TILDE for byte in text)


@INQUIRY.case("SPC-4, 6.4.2; MMC-5, INQUIRY")
def standard_data(bench: Bench) -> None:
    """INQUIRY tells of a connected, removable CD/DVD device in response data format 2."""
    told = StandardInquiry.unpack(_standard(bench))
    same("peripheral qualifier", 0, told.qualifier)
    same("peripheral device type", CD_DVD_DEVICE, told.device_type)
    same("removable medium bit", True, told.removable)
    same("response data format", 2, told.response_data_format)


@INQUIRY.case("SPC-4, 6.4.2", counts_bytes)
def additional_length(bench: Bench) -> None:
    """The additional length counts what follows it, 36 bytes in all or more."""
    data = _standard(bench)
    if data[4] + 5 > LONGEST:
        raise not_here("there is more than this allocation length asks for")
    same("bytes in all, by the additional length", data[4] + 5, len(data))


@INQUIRY.case("SPC-4, 6.4.2")
def texts(bench: Bench) -> None:
    """Vendor, product and revision are printable ASCII."""
    text = _standard(bench)[8:36]
    holds("printable characters only", _printable(text), text)


@INQUIRY.case("SPC-4, 6.4")
def page_code_alone(bench: Bench) -> None:
    """A page code without the EVPD bit is an invalid field."""
    bench.refused(Inquiry(page_code=IDENTIFICATION, allocation_length=LONGEST), INVALID_FIELD)


def _page(bench: Bench, code: int) -> bytes:
    data = bench.good(Inquiry(evpd=True, page_code=code, allocation_length=LONGEST))
    at_least(data, HEADER)
    same("page code", code, data[1])
    same("peripheral device type", CD_DVD_DEVICE, data[0] & 0x1F)
    return data[HEADER : HEADER + int.from_bytes(data[2:4], "big")]


@VPD.case("SPC-4, 7.8.1")
def supported_pages(bench: Bench) -> None:
    """Page 00h lists the pages in rising order, itself and device identification (83h) among them."""
    pages = list(_page(bench, SUPPORTED_PAGES))
    same("pages in rising order", sorted(set(pages)), pages)
    holds("pages 00h and 83h in the list", {SUPPORTED_PAGES, IDENTIFICATION} <= set(pages), bytes(pages))


@VPD.case("SPC-4, 7.8.1")
def every_page(bench: Bench) -> None:
    """Every page of the list can be read, and tells its own code and length."""
    for code in _page(bench, SUPPORTED_PAGES):
        _page(bench, code)


@VPD.case("SPC-4, 7.8.1")
def unsupported_page(bench: Bench) -> None:
    """A page that isn't in the list is an invalid field."""
    pages = _page(bench, SUPPORTED_PAGES)
    missing = next(code for code in range(0x7F, 0, -1) if code not in pages)
    bench.refused(Inquiry(evpd=True, page_code=missing, allocation_length=LONGEST), INVALID_FIELD)


@VPD.case("SPC-4, 7.8")
def serial_number(bench: Bench) -> None:
    """The unit serial number is printable ASCII."""
    if SERIAL_NUMBER not in _page(bench, SUPPORTED_PAGES):
        raise not_here("there is no page 80h")
    text = _page(bench, SERIAL_NUMBER)
    holds("printable characters only", _printable(text), text)


@VPD.case("SPC-4, 7.8.6")
def designators(bench: Bench) -> None:
    """Device identification consists of whole designators, one of them of the logical unit."""
    data = _page(bench, IDENTIFICATION)
    offset, of_unit = 0, 0
    while offset + HEADER <= len(data):
        of_unit += (data[offset + 1] >> 4 & 0x03) == 0
        offset += HEADER + data[offset + 3]
    same("bytes of whole designators", len(data), offset)
    holds("a designator of the logical unit", of_unit > 0, data)


@LUNS.case("SPC-4, 6.24")
def lun_list(bench: Bench) -> None:
    """REPORT LUNS lists whole LUNs of 8 bytes, one at least."""
    data = bench.good(ReportLuns(allocation_length=4096))
    at_least(data, 16)
    length = int.from_bytes(data[0:4], "big")
    holds("one LUN of 8 bytes or more", length >= LUN_BYTES and not length % LUN_BYTES, length)


@LUNS.case("SPC-4, 6.24")
def reserved_report(bench: Bench) -> None:
    """A reserved SELECT REPORT code is an invalid field."""
    bench.good(ReportLuns(allocation_length=16))
    bench.refused(ReportLuns(select_report=0x0F, allocation_length=16), INVALID_FIELD)


CHAPTERS: Final = (INQUIRY, VPD, LUNS)
