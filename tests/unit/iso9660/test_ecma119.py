"""Structures of ECMA-119: what real images hold survives unpack and pack byte for byte."""

from __future__ import annotations

import calendar
import time
from collections.abc import Iterator
from struct import unpack_from
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from burnlab.iso9660 import ecma119
from burnlab.iso9660.ecma119 import (
    BLOCK,
    BootRecord,
    DescriptorType,
    DirectoryRecord,
    ImageError,
    VolumeDescriptor,
    pack_date7,
    pack_date17,
    unpack_date7,
    unpack_date17,
)
from burnlab.iso9660.path_tables import TreePlan, pack_table, table_bytes
from support.iso_images import SAMPLES, sample_facts, sample_image


def block(name: str, lba: int, count: int = 1) -> bytes:
    return sample_image(name)[lba * BLOCK : (lba + count) * BLOCK]


def descriptors(name: str, start: int) -> list[bytes]:
    found = []
    lba = start + 16
    while not found or found[-1][0] != DescriptorType.TERMINATOR:
        found.append(block(name, lba))
        lba += 1
    return found


@pytest.mark.parametrize("name", SAMPLES)
def test_volume_descriptors_survive(name: str) -> None:
    kinds = []
    for session in sample_facts(name)["sessions"]:
        for data in descriptors(name, session["start"]):
            kinds.append(data[0])
            if data[0] == DescriptorType.TERMINATOR:
                assert data == ecma119.TERMINATOR
            elif data[0] == DescriptorType.BOOT:
                assert BootRecord.unpack(data).pack() == data
            else:
                assert VolumeDescriptor.unpack(data).pack() == data
        found = VolumeDescriptor.unpack(block(name, session["pvd_lba"]))
        assert found.volume_id == session["volume_id"].encode()
        assert found.space_size == session["vol_space_size"]
        assert (found.l_table, found.m_table) == (session["l_path_table"], session["m_path_table"])
        assert (found.path_table_size, found.root.extent) == (session["path_table_size"], session["root_lba"])
        assert found.creation[:16].decode() == session["creation_time"]
    assert DescriptorType.PRIMARY in kinds


def test_joliet_descriptor() -> None:
    (found,) = [VolumeDescriptor.unpack(d) for d in descriptors("joliet", 32) if d[0] == 2]
    assert found.is_joliet
    assert found.volume_id == "Joliet vol".encode("utf-16-be")


def test_boot_record_tells_the_catalog() -> None:
    assert BootRecord.unpack(block("eltorito", 17)).catalog == 33


@pytest.mark.parametrize("name", SAMPLES)
def test_directory_records_and_path_tables_survive(name: str) -> None:
    for session in sample_facts(name)["sessions"]:
        size = session["path_table_size"]
        l_table = block(name, session["l_path_table"])[:size]
        m_table = block(name, session["m_path_table"])[:size]
        entries = list(path_table_entries(l_table))
        assert pack_table(entries, big_endian=False) == l_table
        assert pack_table(entries, big_endian=True) == m_table
        assert table_bytes(entries) == size
        assert len(entries) == sum(n["type"] == "dir" for n in session["nodes"])
        for entry, _ in entries:
            survive_records(name, entry.lba)


class Listed(NamedTuple):
    """A directory as a path table tells of it."""

    name: bytes
    lba: int
    subdirectories: tuple[TreePlan, ...] = ()


def path_table_entries(l_table: bytes) -> Iterator[tuple[Listed, int]]:
    """Directories of an L table, each with the number of its parent. Source: ECMA-119, 9.4."""
    offset = 0
    while offset < len(l_table):
        length, lba, parent = unpack_from("<BxIH", l_table, offset)
        yield Listed(l_table[offset + 8 : offset + 8 + length], lba), parent
        offset += 8 + length + length % 2


def survive_records(name: str, extent: int) -> None:
    size = DirectoryRecord.unpack(block(name, extent)).size
    data = block(name, extent, size // BLOCK)
    for start in range(0, size, BLOCK):
        offset = start
        while offset < start + BLOCK and data[offset]:
            record = DirectoryRecord.unpack(data, offset)
            assert record.pack() == data[offset : offset + data[offset]]
            offset += data[offset]


def test_a_record_by_hand() -> None:
    record = DirectoryRecord(b"KEEP.TXT;1", 59, 8, bytes.fromhex("7a010203040500"), system_use=b"x" * 92)
    head = "8800 3b0000000000003b 0800000000000008 7a010203040500 000000 01000001 0a"
    assert record.pack()[:33] == bytes.fromhex(head)
    assert DirectoryRecord.unpack(record.pack()) == record


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0" * 34,
        b"\x21" + bytes(40),
        b"\x22" + bytes(40),
        b"\x22" + bytes(31) + b"\2" + bytes(20),
        b"\xff" * 40,
    ],
)
def test_bad_records_are_refused(data: bytes) -> None:
    with pytest.raises(ImageError):
        DirectoryRecord.unpack(data)


@pytest.mark.parametrize(
    "data", [b"", bytes(BLOCK), b"\1CD002" + bytes(BLOCK), b"\1CD001\1".ljust(BLOCK, b"\0")]
)
def test_bad_descriptors_are_refused(data: bytes) -> None:
    with pytest.raises(ImageError):
        VolumeDescriptor.unpack(data)
    with pytest.raises(ImageError):
        BootRecord.unpack(data)


YEARS = st.integers(calendar.timegm((1900, 1, 1, 0, 0, 0)), calendar.timegm((2155, 12, 31, 23, 59, 59)))


@given(YEARS)
def test_dates(seconds: int) -> None:
    assert ecma119.civil_from_seconds(seconds) == tuple(time.gmtime(seconds))[:6]
    assert unpack_date7(pack_date7(seconds)) == seconds
    assert unpack_date17(pack_date17(seconds)) == seconds


@given(st.binary(min_size=7, max_size=7))
def test_any_seven_bytes_are_a_time(data: bytes) -> None:
    assert isinstance(unpack_date7(data), int)


@given(st.binary(max_size=20))
def test_any_seventeen_bytes_are_a_time_or_none(data: bytes) -> None:
    unpack_date17(data)


def test_years_out_of_range() -> None:
    assert pack_date7(1 << 40) == bytes((255, 12, 31, 23, 59, 59, 0))
    assert pack_date7(-(1 << 40)) == bytes((0, 1, 1, 0, 0, 0, 0))


def test_zones() -> None:
    assert unpack_date7(bytes((70, 1, 1, 1, 0, 0, 4))) == 0
    assert unpack_date7(bytes((69, 12, 31, 23, 0, 0, 252))) == 0
    assert unpack_date17(b"1970010101000000\4") == 0
    assert unpack_date17(ecma119.UNSET_DATE) is None


def test_both_endian_numbers() -> None:
    assert ecma119.both32(0x01020304) == bytes((4, 3, 2, 1, 1, 2, 3, 4))
    assert ecma119.both16(0x0102) == bytes((2, 1, 1, 2))
    assert ecma119.halves_agree(ecma119.both32(77), 0, 4)
    assert not ecma119.halves_agree(b"\1\0\0\0\0\0\0\2", 0, 4)
