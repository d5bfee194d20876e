"""Sense data: 18 bytes of fixed format, as programs decode them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from burnlab.scsi import Asc, CheckCondition, SenseData, SenseKey


def test_byte_by_byte() -> None:
    assert SenseData(0).pack().hex() == "700000000000000a00000000000000000000"
    assert SenseData(5, 0x21, 0x02).pack().hex() == "700005000000000a00000000210200000000"
    busy = SenseData.of(SenseKey.NOT_READY, Asc.OPERATION_IN_PROGRESS, progress=0x1234)
    assert busy.pack().hex() == "700002000000000a00000000040700801234"
    unreadable = SenseData.of(SenseKey.MEDIUM_ERROR, Asc.L_EC_UNCORRECTABLE, information=0x00012345)
    assert unreadable.pack().hex() == "f00003000123450a00000000110500000000"
    assert SenseData(3, 0x0C, deferred=True).pack()[0] == 0x71


def test_progress_leaves_byte_0_at_70h() -> None:
    assert SenseData(2, 4, 7, progress=1).pack()[0] == 0x70


@given(
    st.builds(
        SenseData,
        key=st.integers(0, 15),
        asc=st.integers(0, 255),
        ascq=st.integers(0, 255),
        information=st.none() | st.integers(0, 0xFFFFFFFF),
        progress=st.none() | st.integers(0, 0xFFFF),
        deferred=st.booleans(),
    )
)
def test_round_trip(sense: SenseData) -> None:
    assert len(sense.pack()) == 18
    assert SenseData.unpack(sense.pack()) == sense


@given(st.binary(max_size=40))
def test_any_bytes_can_be_read(data: bytes) -> None:
    SenseData.unpack(data)


def test_codes_are_unique_and_fit() -> None:
    values = [asc.value for asc in Asc]
    assert len(values) == len(set(values))
    assert all(0 <= code <= 255 and 0 <= qualifier <= 255 for code, qualifier in values)


def test_text() -> None:
    refusal = CheckCondition.of(SenseKey.ILLEGAL_REQUEST, Asc.LBA_OUT_OF_RANGE)
    assert str(refusal) == str(refusal.sense) == "5/21/00"
