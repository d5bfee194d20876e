"""FORMAT UNIT on BD-RE and BD-R: sizes with spare areas, as the scenario prints them."""

from __future__ import annotations

import pytest

from support.drive import Drive, MakeDrive, pattern
from support.expect import (
    CANNOT_FORMAT_INCOMPATIBLE_MEDIUM,
    CANNOT_WRITE_INCOMPATIBLE_MEDIUM,
    GOOD,
    INVALID_ADDRESS_FOR_WRITE,
    INVALID_FIELD_IN_PARAMETER_LIST,
)
from support.formats import capacities, format_outcome

SCENARIO = [
    (0x00, 11826176),
    (0x01, 11564032),
    (0x30, 11826176),
    (0x30, 11564032),
    (0x30, 12088320),
    (0x31, 12219392),
]


def spares(drive: Drive) -> tuple[int, int]:
    """Free and total spare blocks: AD with media type 1, format 0Ah."""
    data = drive.run(bytes.fromhex("ad010000000000 0a00100000"))
    return int.from_bytes(data[8:12], "big"), int.from_bytes(data[12:16], "big")


@pytest.fixture
def bd_re(make_drive: MakeDrive) -> Drive:
    return make_drive("bd-re")


@pytest.fixture
def bd_r(make_drive: MakeDrive) -> Drive:
    return make_drive("bd-r")


def test_offers_of_the_scenario(bd_re: Drive) -> None:
    assert [(code, blocks) for code, blocks, _ in capacities(bd_re).offers] == SCENARIO


@pytest.mark.parametrize(
    ("code", "blocks", "spare_blocks"),
    [
        (0x00, 11826176, 393216),
        (0x30, 11826176, 393216),
        (0x30, 12088320, 131072),
        (0x30, 11600000, 619392),
        (0x31, 12219392, 0),
    ],
)
def test_sizes_and_spares(bd_re: Drive, code: int, blocks: int, spare_blocks: int) -> None:
    assert capacities(bd_re)[:2] == (12219392, 1)
    assert format_outcome(bd_re, code, blocks, flags=0x82) == GOOD
    assert capacities(bd_re)[:2] == (blocks, 2)
    assert spares(bd_re) == (spare_blocks, spare_blocks)
    assert bd_re.capacity() == blocks - 1
    assert bd_re.read(blocks - 1, 1) == bytes(2048)


@pytest.mark.parametrize(
    ("code", "blocks"), [(0x30, 12088352), (0x30, 11564031), (0x31, 1), (0x26, 11826176)]
)
def test_bad_formats(bd_re: Drive, code: int, blocks: int) -> None:
    assert format_outcome(bd_re, code, blocks, flags=0x82) == INVALID_FIELD_IN_PARAMETER_LIST
    assert capacities(bd_re).kind == 1


def test_writing_needs_a_format(bd_re: Drive) -> None:
    assert bd_re.disc_information().status == 0
    assert bd_re.capacity() == 0
    assert bd_re.write_outcome(0, 32) == CANNOT_WRITE_INCOMPATIBLE_MEDIUM


def test_formatting_again_keeps_the_data(bd_re: Drive) -> None:
    format_outcome(bd_re, 0x30, 12088320, flags=0x82)
    bd_re.write(64, 32)
    format_outcome(bd_re, 0x30, 11826176, flags=0x82)
    assert bd_re.read(64, 32) == pattern(64, 32)


def test_single_blocks_anywhere(bd_re: Drive) -> None:
    format_outcome(bd_re, 0x00, 11826176, flags=0x82)
    for lba in (11826175, 7, 0):
        bd_re.write(lba, 1)
        assert bd_re.read(lba, 1) == pattern(lba, 1)
    assert bd_re.disc_information().status in (2, 3)


def test_bd_r_with_spares_is_still_blank(bd_r: Drive) -> None:
    # libburn takes exactly this set of values as blank: status 1, last session empty, one session, LBA 0.
    assert format_outcome(bd_r, 0x00, 11826176, 0x3000, flags=0x82, sub_type=1) == GOOD
    information = bd_r.disc_information()
    assert (information.status, information.last_session_state, information.sessions) == (1, 0, 1)
    assert bd_r.capacity() == 0
    assert capacities(bd_r)[:2] == (11826176, 2)
    assert spares(bd_r) == (393216, 393216)
    assert bd_r.track(1).free_blocks == 11826176
    assert 0x24 in bd_r.current_features()
    assert 0x23 not in bd_r.current_features()


def test_bd_r_without_pseudo_overwrite(bd_r: Drive) -> None:
    # growisofs asks for it; libburn refuses such media.
    before = bd_r.state_bytes()
    outcome = format_outcome(bd_r, 0x00, 11826176, 0x3000, flags=0x82, sub_type=0)
    assert outcome == INVALID_FIELD_IN_PARAMETER_LIST
    assert bd_r.state_bytes() == before


@pytest.mark.parametrize("how", ["formatted", "written"])
def test_bd_r_only_once(bd_r: Drive, how: str) -> None:
    if how == "formatted":
        format_outcome(bd_r, 0x32, 12088320, 0x1000, flags=0x82, sub_type=1)
    else:
        bd_r.write(0, 32)
    outcome = format_outcome(bd_r, 0x00, 11826176, 0x3000, flags=0x82, sub_type=1)
    assert outcome == CANNOT_FORMAT_INCOMPATIBLE_MEDIUM


def test_formatted_bd_r_refuses_overwriting(bd_r: Drive) -> None:
    format_outcome(bd_r, 0x00, 11826176, 0x3000, flags=0x82, sub_type=1)
    bd_r.write(0, 64)
    assert bd_r.write_outcome(0, 32) == INVALID_ADDRESS_FOR_WRITE
