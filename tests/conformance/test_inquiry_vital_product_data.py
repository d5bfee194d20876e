"""INQUIRY pages 00h, 80h and 83h: QEMU and the kernel walk the list, so all that is listed must answer."""

from __future__ import annotations

import pytest

from burnlab.scsi.commands import Inquiry
from support.drive import Drive
from support.expect import INVALID_FIELD_IN_CDB


def page(drive: Drive, code: int, length: int = 255) -> bytes:
    return drive.run(Inquiry(evpd=True, page_code=code, allocation_length=length))


def test_list(drive: Drive) -> None:
    # 12 01 00 00 40: QEMU at the opening of the unit.
    assert drive.run(bytes.fromhex("12010000400000000000000000000000")) == bytes.fromhex("05000003008083")


def test_everything_listed_answers(drive: Drive) -> None:
    for code in page(drive, 0)[4:]:
        answer = page(drive, code)
        assert answer[0:2] == bytes((0x05, code))
        assert int.from_bytes(answer[2:4], "big") == len(answer) - 4


def test_serial_number_and_designator(drive: Drive) -> None:
    serial = page(drive, 0x80)[4:]
    assert serial
    assert serial.isascii()
    designator = page(drive, 0x83)[4:]
    assert designator[0] & 0x0F == 2, "ASCII"
    assert designator[1] & 0x0F == 1, "T10 vendor identification"
    assert designator[3] == len(designator) - 4
    assert designator[4:12] == b"burnlab "
    assert designator.endswith(serial)


def test_without_a_medium(empty: Drive) -> None:
    assert page(empty, 0)[4:] == b"\x00\x80\x83"


@pytest.mark.parametrize(("evpd", "code"), [(True, 0xB0), (True, 0xB2), (True, 0x01), (False, 0x80)])
def test_what_is_not_listed_is_refused(drive: Drive, evpd: bool, code: int) -> None:
    cdb = Inquiry(evpd=evpd, page_code=code, allocation_length=255)
    assert drive.outcome(cdb) == INVALID_FIELD_IN_CDB
