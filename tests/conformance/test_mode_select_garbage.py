"""MODE SELECT of lists that are no lists: an error, and the parameters in force stay."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from burnlab.scsi.commands import ModeSelect10, ModeSense10
from support.drive import Drive, write_parameters
from support.expect import (
    GOOD,
    INVALID_FIELD_IN_PARAMETER_LIST,
    PARAMETER_LIST_LENGTH_ERROR,
    Outcome,
)

HEADER = bytes(8)
REFUSED = (INVALID_FIELD_IN_PARAMETER_LIST, PARAMETER_LIST_LENGTH_ERROR)


def select(drive: Drive, data: bytes, announced: int | None = None) -> Outcome:
    length = len(data) if announced is None else announced
    return drive.outcome(ModeSelect10(page_format=True, parameter_list_length=length), data)


def current(drive: Drive) -> bytes:
    return drive.run(ModeSense10(page_code=5, allocation_length=255))


@pytest.mark.parametrize(
    "data",
    [
        b"\0",
        bytes(7),
        HEADER + b"\x05",
        HEADER + b"\x05\x32" + bytes(20),
        HEADER + b"\x05\xff" + bytes(50),
        HEADER + b"\x05\x02\x02\xc5",
        HEADER + b"\x05\x00",
        HEADER + b"\x30\x02\x00\x00",
        b"\0\0\0\0\0\0\xff\xff" + bytes(52),
        HEADER + b"\x05\x32\x4f" + bytes(49),
    ],
    ids=[
        "one byte",
        "short header",
        "half a page header",
        "page cut",
        "page longer than the list",
        "page too short",
        "page without content",
        "unknown page",
        "descriptors longer than the list",
        "reserved write type",
    ],
)
def test_refused(drive: Drive, data: bytes) -> None:
    before = current(drive)
    assert select(drive, data) in REFUSED
    assert current(drive) == before


def test_less_data_than_announced(drive: Drive) -> None:
    before = current(drive)
    cdb, data = write_parameters()
    assert drive.outcome(cdb, data[:40]) == PARAMETER_LIST_LENGTH_ERROR
    assert drive.outcome(cdb) == PARAMETER_LIST_LENGTH_ERROR
    assert current(drive) == before


def test_more_data_than_announced_is_ignored(drive: Drive) -> None:
    cdb, data = write_parameters()
    assert drive.outcome(cdb, data + b"\xff" * 9) == GOOD


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=80))
def test_any_bytes_get_an_answer(drive: Drive, data: bytes) -> None:
    assert select(drive, data) in (GOOD, *REFUSED)
    assert len(current(drive)) == 60
