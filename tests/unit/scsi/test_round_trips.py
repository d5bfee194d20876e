"""Every CDB and every record comes back from its own bytes, whatever its fields hold."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import pkgutil
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import burnlab.scsi
from burnlab.scsi import CheckCondition
from burnlab.scsi.record import Cdb, Place, Record


def every_class(base: type[Record]) -> list[type[Record]]:
    """All concrete classes below `base`, wherever in `burnlab.scsi` they are."""
    found: dict[str, type[Record]] = {}
    for module in pkgutil.walk_packages(burnlab.scsi.__path__, "burnlab.scsi."):
        for _, kind in inspect.getmembers(importlib.import_module(module.name), inspect.isclass):
            if issubclass(kind, base) and kind.LENGTH:
                found[f"{kind.__module__}.{kind.__name__}"] = kind
    return [found[name] for name in sorted(found)]


RECORDS = every_class(Record)
CDBS = [kind for kind in every_class(Cdb) if kind.OPCODE or kind.NAME == "TEST UNIT READY"]


def values(place: Place, flag: bool) -> st.SearchStrategy[Any]:
    """What fits into a place."""
    if flag:
        return st.booleans()
    if place.text:
        # Text is padded with blanks, so only full width comes back as it was.
        return st.binary(min_size=place.width, max_size=place.width)
    width = place.bits or 8 * place.width + (8 if place.high is not None else 0)
    if place.signed:
        return st.integers(-(1 << width - 1), (1 << width - 1) - 1)
    return st.integers(0, (1 << width) - 1)


def instances(kind: type[Record]) -> st.SearchStrategy[Record]:
    return st.builds(kind, **{name: values(place, flag) for name, place, flag in kind.places()})


def test_all_are_found() -> None:
    assert len(CDBS) >= 30
    assert len(RECORDS) >= len(CDBS) + 12


@pytest.mark.parametrize("kind", RECORDS, ids=lambda k: k.__name__)
def test_unpack_undoes_pack(kind: type[Record]) -> None:
    @given(instances(kind))
    def check(record: Record) -> None:
        data = record.pack()
        assert len(data) == kind.LENGTH
        assert kind.unpack(data) == record
        assert kind.unpack(memoryview(data)) == record

    check()


@pytest.mark.parametrize("kind", CDBS, ids=lambda k: k.__name__)
def test_parse_undoes_pack_and_padding_does_not_matter(kind: type[Cdb]) -> None:
    @given(instances(kind))
    def check(cdb: Record) -> None:
        data = cdb.pack()
        assert data[0] == kind.OPCODE
        assert kind.parse(data) == cdb
        assert kind.parse(data.ljust(16, b"\0")) == cdb

    check()


@pytest.mark.parametrize("kind", CDBS, ids=lambda k: k.__name__)
def test_length_follows_the_opcodes_group(kind: type[Cdb]) -> None:
    groups = {0: 6, 1: 10, 2: 10, 4: 16, 5: 12}
    assert groups[kind.OPCODE >> 5] == kind.LENGTH


@pytest.mark.parametrize("kind", CDBS, ids=lambda k: k.__name__)
def test_short_bytes_are_refused(kind: type[Cdb]) -> None:
    for length in range(kind.LENGTH):
        with pytest.raises(CheckCondition):
            kind.parse(kind().pack()[:length])


@pytest.mark.parametrize("kind", RECORDS, ids=lambda k: k.__name__)
def test_reserved_bits_are_ignored_in_and_zero_out(kind: type[Record]) -> None:
    fixed = kind.PRESET
    noise = kind.unpack(b"\xff" * kind.LENGTH)
    again = kind.unpack(noise.pack())
    assert again == noise
    zeros = kind.unpack(bytes(kind.LENGTH)).pack()
    start = 1 if issubclass(kind, Cdb) else len(fixed)
    assert not any(zeros[start:])


@pytest.mark.parametrize("kind", RECORDS, ids=lambda k: k.__name__)
def test_no_two_fields_share_a_bit(kind: type[Record]) -> None:
    taken = 0
    for _, place, _ in kind.places():
        bits = ((1 << place.bits) - 1) << place.shift if place.bits else (1 << 8 * place.width) - 1
        mask = bits << 8 * (kind.LENGTH - place.byte - place.width)
        if place.high is not None:
            mask |= 0xFF << 8 * (kind.LENGTH - place.high - 1)
        assert not taken & mask
        taken |= mask


@pytest.mark.parametrize("kind", RECORDS, ids=lambda k: k.__name__)
def test_a_value_that_does_not_fit_is_refused(kind: type[Record]) -> None:
    for name, place, flag in kind.places():
        if flag or place.text:
            continue
        width = place.bits or 8 * place.width + (8 if place.high is not None else 0)
        with pytest.raises((ValueError, OverflowError)):
            dataclasses.replace(kind(), **{name: 1 << width}).pack()


@given(st.binary(max_size=64), st.sampled_from(RECORDS))
def test_any_bytes_can_be_read(data: bytes, kind: type[Record]) -> None:
    kind.unpack(data)
