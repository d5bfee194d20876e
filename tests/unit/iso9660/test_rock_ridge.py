"""System use fields: packed, and read back whatever they hold."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from burnlab.iso9660.ecma119 import ImageError, pack_date7
from burnlab.iso9660.rock_ridge import (
    Continuation,
    ExtensionsReference,
    PosixAttributes,
    SharingProtocol,
    TimeStamps,
    iter_fields,
    pack_link,
    pack_name,
    pack_pn,
    unpack_link,
    unpack_nm,
    unpack_pn,
)


def data_of(field: bytes) -> bytes:
    (found,) = iter_fields(field)
    return found.data


def test_px_as_xorriso_writes_it() -> None:
    expected = bytes.fromhex("505824 01 a4810000 000081a4 01000000 00000001") + bytes(16)
    assert PosixAttributes(0o100644, 1, 0, 0).pack() == expected
    assert PosixAttributes.unpack(expected[4:]) == PosixAttributes(0o100644, 1, 0, 0)


@given(st.builds(PosixAttributes, *[st.integers(0, 2**32 - 1)] * 4, st.none() | st.integers(0, 2**32 - 1)))
def test_px_there_and_back(attributes: PosixAttributes) -> None:
    assert PosixAttributes.unpack(data_of(attributes.pack())) == attributes


def test_other_fields_there_and_back() -> None:
    for value in (Continuation(5, 6, 7), ExtensionsReference(), SharingProtocol(3)):
        assert type(value).unpack(data_of(value.pack())) == value
    assert unpack_pn(data_of(pack_pn(1 << 40 | 0x811))) == 1 << 40 | 0x811
    assert len(ExtensionsReference().pack()) == 237


def test_times() -> None:
    data = b"\x0e" + b"".join(map(pack_date7, (1641092645, 0, -1)))
    assert data[1:8] == bytes.fromhex("7a010203040500")
    times = TimeStamps.unpack(data)
    assert (times.modify, times.access, times.attributes, times.creation) == (1641092645, 0, -1, None)


def test_long_times_and_kinds_that_are_left_out() -> None:
    data = b"\x91" + b"2022010203040500\0" + b"2023010203040500\0"
    assert TimeStamps.unpack(data) == TimeStamps(creation=1641092645)


@given(st.binary(min_size=1, max_size=255).filter(lambda n: b"\0" not in n))
def test_names(name: bytes) -> None:
    parts = [unpack_nm(data_of(field)) for field in pack_name(name)]
    assert b"".join(text for _, text in parts) == name
    assert [flags for flags, _ in parts] == [1] * (len(parts) - 1) + [0]


@pytest.mark.parametrize("target", [b"/", b"a", b"..", b"/a/../b", b"a//b", b"x" * 255, b"./.", b"..."])
def test_links(target: bytes) -> None:
    assert unpack_link(data_of(field) for field in pack_link(target)) == target


def test_a_slash_at_the_end_of_a_link_is_dropped() -> None:
    assert unpack_link(data_of(field) for field in pack_link(b"a/")) == b"a"


@pytest.mark.parametrize("target", [b"//", b"///", b"a//", b"a///", b"../", b"..//", b"x" * 250 + b"//"])
def test_several_slashes_at_the_end_of_a_link_stay(target: bytes) -> None:
    kept = target if target.endswith(b"//") else target[:-1]
    once = unpack_link(data_of(field) for field in pack_link(target))
    assert once == kept
    assert pack_link(once) == pack_link(target), "growing must write the same again"


names = st.one_of(st.sampled_from([b"..", b".", b"a"]), st.integers(1, 255).map(lambda n: b"n" * n))


@given(st.lists(names, min_size=1, max_size=10).map(b"/".join))
def test_long_links(target: bytes) -> None:
    fields = pack_link(target)
    assert all(len(field) <= 255 for field in fields)
    assert unpack_link(data_of(field) for field in fields) == target


def test_a_component_of_248_bytes_isn_t_divided() -> None:
    assert [field[2] for field in pack_link(b"s" * 245 + b"/" + b"t" * 248)] == [252, 255]
    assert [field[2] for field in pack_link(b"x" * 245 + b"/" + b"z" * 249)] == [255, 255]


@given(st.binary(max_size=300))
def test_any_bytes_give_fields_or_an_image_error(area: bytes) -> None:
    try:
        for field in iter_fields(area):
            assert len(field.signature) == 2
    except ImageError:
        pass


def test_fields_end_at_st_zero_and_rest() -> None:
    assert [f.signature for f in iter_fields(b"RE\x04\x01ST\x04\x01RE\x04\x01")] == [b"RE"]
    assert [f.signature for f in iter_fields(b"RE\x04\x01\0\0\0\0RE\x04\x01")] == [b"RE"]
    assert [f.signature for f in iter_fields(b"RE\x04\x01RE\x04")] == [b"RE"]
    with pytest.raises(ImageError):
        list(iter_fields(b"RE\x03\x01"))


@pytest.mark.parametrize("data", [b"", b"\0\x10\0", b"\0\0\x05abc", b"\0\1\1a"])
def test_bad_links(data: bytes) -> None:
    with pytest.raises(ImageError):
        unpack_link([data])
