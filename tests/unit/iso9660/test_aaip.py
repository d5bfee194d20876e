"""Attributes in AL fields: payloads of real images, round trips, and payloads that lie."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from burnlab.iso9660 import aaip
from burnlab.iso9660.aaip import ChecksumArea
from burnlab.iso9660.ecma119 import BLOCK, ImageError
from support.iso_images import sample_image

NAMES = st.one_of(
    st.sampled_from(
        [b"", b"user.mime", b"isofs.cx", b"system.x", b"trusted.overlay", b"security.selinux", b"user."]
    ),
    st.binary(max_size=300).filter(lambda name: b"\0" not in name),
)


def test_root_attributes_of_a_real_session() -> None:
    payload = sample_image("two")[52 * BLOCK + 237 + 5 :][:38]
    found = aaip.unpack_attributes(payload)
    assert list(found) == [aaip.NAME_TRUNCATION, aaip.CHECKSUM_AREA]
    assert found[aaip.NAME_TRUNCATION] == aaip.TRUNCATE_255
    area = ChecksumArea.unpack(found[aaip.CHECKSUM_AREA])
    assert area == ChecksumArea(32, 65, 7)
    assert area.pack() == found[aaip.CHECKSUM_AREA]
    assert aaip.pack_attributes(found) == payload
    assert aaip.pack_fields(payload) == [sample_image("two")[52 * BLOCK + 237 :][:43]]


def test_index_field() -> None:
    field = bytes.fromhex("414c100100" + "0003046378" + "000400000003")
    assert aaip.pack_fields(aaip.pack_attributes({b"isofs.cx": aaip.pack_index(3)})) == [field]
    assert aaip.unpack_index(b"\0\0\1\0") == 256
    assert [aaip.unpack_index(value) for value in (b"", b"\1\2\3\4\5")] == [0, 0]


@given(st.dictionaries(NAMES, st.binary(max_size=1000), max_size=6))
def test_attributes_survive(attributes: dict[bytes, bytes]) -> None:
    payload = aaip.pack_attributes(attributes)
    assert aaip.unpack_attributes(payload) == attributes
    fields = aaip.pack_fields(payload)
    assert b"".join(field[5:] for field in fields) == payload
    assert all(len(field) == 255 and field[4] == 1 for field in fields[:-1])
    assert all(field[2] == len(field) for field in fields)
    assert not fields or fields[-1][4] == 0


@given(st.binary(max_size=600))
def test_any_payload_is_read_or_refused(payload: bytes) -> None:
    with suppress(ImageError):
        aaip.unpack_attributes(payload)


@pytest.mark.parametrize("payload", [b"\0", b"\0\5abc", b"\1\1a", b"\0\1a", b"\0\1a\0\1b\1\0"])
def test_bad_payloads(payload: bytes) -> None:
    with pytest.raises(ImageError):
        aaip.unpack_attributes(payload)


@pytest.mark.parametrize("value", [b"", b"\4\0\0\0", b"\0" * 20, b"\4\0\0\0\x20\xff" + bytes(40)])
def test_bad_checksum_areas(value: bytes) -> None:
    with pytest.raises(ImageError):
        ChecksumArea.unpack(value)


def test_long_values_are_split() -> None:
    assert aaip.pack_component(b"x" * 256) == b"\1\xff" + b"x" * 255 + b"\0\1x"
    assert aaip.pack_component(b"x" * 255) == b"\0\xff" + b"x" * 255
