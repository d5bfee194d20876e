"""Header classes: round trips, and headers written down by hand from RFC 7143."""

from __future__ import annotations

from dataclasses import fields
from struct import Struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from burnlab.iscsi import pdu
from burnlab.iscsi.transfer import _DATA_IN, _SCSI_RESPONSE
from support.iscsi_headers import HEADERS, unpack_header

SIZES = {"B": 8, "H": 16, "I": 32, "Q": 64}


def layout_codes(layout: Struct) -> list[str]:
    """The format's fields, one string each, padding left out."""
    codes, number = [], ""
    for char in layout.format[1:]:
        if char.isdigit():
            number += char
            continue
        if char == "s":
            codes.append(f"{number}s")
        elif char != "x":
            codes += [char] * int(number or "1")
        number = ""
    return codes


@st.composite
def headers(draw: st.DrawFn) -> pdu.Header:
    """A header of any kind with any values."""
    cls: Any = draw(st.sampled_from(sorted(HEADERS.values(), key=lambda each: each.__name__)))
    values: list[Any] = []
    if issubclass(cls, pdu.Request):
        values.append(draw(st.booleans()))
    for code in layout_codes(cls.LAYOUT)[1:]:
        if code.endswith("s"):
            length = int(code[:-1])
            values.append(draw(st.binary(min_size=length, max_size=length)))
        else:
            values.append(draw(st.integers(0, 2 ** SIZES[code] - 1)))
    assert len(values) == len(fields(cls))
    return cls(*values)


@given(headers(), st.integers(0, 0xFFFFFF), st.integers(0, 255))
def test_round_trip(header: pdu.Header, data_bytes: int, ahs_words: int) -> None:
    raw = header.pack(data_bytes, ahs_words)
    assert len(raw) == 48
    assert int.from_bytes(raw[5:8], "big") == data_bytes
    assert raw[4] == ahs_words
    assert unpack_header(raw) == header


@pytest.mark.parametrize("opcode", sorted(pdu.Opcode))
def test_every_opcode_has_a_class_of_48_bytes(opcode: pdu.Opcode) -> None:
    assert HEADERS[opcode].LAYOUT.size == 48
    assert HEADERS[opcode].OPCODE is opcode


# Offsets as in the drawings of RFC 7143, section 11.
EXAMPLES = [
    (
        pdu.ScsiCommand(
            flags=0xC1,
            lun=0x0001 << 48,
            itt=0x14,
            edtl=0x400,
            cmd_sn=0x14,
            exp_stat_sn=0x18,
            cdb=b"\x28" + bytes(15),
        ),
        0,
        "01c10000 00000000 00010000 00000000 00000014 00000400 "
        "00000014 00000018 28000000 00000000 00000000 00000000",
    ),
    (
        pdu.R2T(itt=1, ttt=2, stat_sn=3, exp_cmd_sn=4, max_cmd_sn=5, r2t_sn=6, offset=7, desired=8),
        0,
        "31800000 00000000 00000000 00000000 00000001 00000002 "
        "00000003 00000004 00000005 00000006 00000007 00000008",
    ),
    (
        pdu.DataOut(flags=0x80, lun=0, itt=1, ttt=2, exp_stat_sn=3, data_sn=4, offset=5),
        0x200,
        "05800000 00000200 00000000 00000000 00000001 00000002 "
        "00000000 00000003 00000000 00000004 00000005 00000000",
    ),
    (
        pdu.LoginRequest(
            flags=0x87, isid=bytes.fromhex("400001370000"), tsih=1, itt=2, cid=3, cmd_sn=4, exp_stat_sn=5
        ),
        0x10,
        "43870000 00000010 40000137 00000001 00000002 00030000 "
        "00000004 00000005 00000000 00000000 00000000 00000000",
    ),
    (
        pdu.LoginResponse(
            flags=0x87,
            isid=bytes(6),
            tsih=1,
            itt=2,
            stat_sn=3,
            exp_cmd_sn=4,
            max_cmd_sn=5,
            status_class=2,
            status_detail=7,
        ),
        0,
        "23870000 00000000 00000000 00000001 00000002 00000000 "
        "00000003 00000004 00000005 02070000 00000000 00000000",
    ),
    (
        pdu.Reject(reason=4, stat_sn=1, exp_cmd_sn=2, max_cmd_sn=3, data_sn=4),
        48,
        "3f800400 00000030 00000000 00000000 ffffffff 00000000 "
        "00000001 00000002 00000003 00000004 00000000 00000000",
    ),
    (
        pdu.TaskManagementRequest(
            immediate=True, flags=0x81, itt=1, referenced_tag=2, cmd_sn=3, exp_stat_sn=4, ref_cmd_sn=5
        ),
        0,
        "42810000 00000000 00000000 00000000 00000001 00000002 "
        "00000003 00000004 00000005 00000000 00000000 00000000",
    ),
    (
        pdu.LogoutResponse(
            response=1,
            itt=2,
            stat_sn=3,
            exp_cmd_sn=4,
            max_cmd_sn=5,
            time2wait_seconds=6,
            time2retain_seconds=7,
        ),
        0,
        "26800100 00000000 00000000 00000000 00000002 00000000 "
        "00000003 00000004 00000005 00000000 00060007 00000000",
    ),
    (
        pdu.SnackRequest(flags=0x80, itt=1, ttt=2, exp_stat_sn=3, begin_run=4, run_length=5),
        0,
        "10800000 00000000 00000000 00000000 00000001 00000002 "
        "00000000 00000003 00000000 00000000 00000004 00000005",
    ),
]


@pytest.mark.parametrize(("header", "data_bytes", "text"), EXAMPLES)
def test_bytes_are_where_the_standard_wants_them(header: pdu.Header, data_bytes: int, text: str) -> None:
    assert header.pack(data_bytes).hex() == text.replace(" ", "")


def test_short_cuts_pack_the_same_bytes_as_the_classes() -> None:
    data_in = pdu.DataIn(0x81, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8)
    assert _DATA_IN.pack(0x25, 0x81, 0, 9, 0, 1, 2, 3, 4, 5, 6, 7, 8) == data_in.pack(9)
    response = pdu.ScsiResponse(0x82, 0, 2, 1, 2, 3, 4, 5, 6, 7, 8)
    assert _SCSI_RESPONSE.pack(0x21, 0x82, 0, 2, 9, 1, 2, 3, 4, 5, 6, 7, 8) == response.pack(9)
