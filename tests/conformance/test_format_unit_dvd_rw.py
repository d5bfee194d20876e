"""FORMAT UNIT on DVD-RW: full and quick formats lead to restricted overwrite, BLANK leads back."""

from __future__ import annotations

import pytest

from support.drive import Drive, pattern
from support.expect import (
    END_OF_USER_AREA,
    GOOD,
    INVALID_ADDRESS_FOR_WRITE,
    INVALID_FIELD_IN_PARAMETER_LIST,
    INVALID_PACKET_SIZE,
    LBA_OUT_OF_RANGE,
)
from support.formats import capacities, format_outcome

FULL_BLOCKS = 2297888
SEQUENTIAL, RESTRICTED_OVERWRITE = 0x14, 0x13


def profile(drive: Drive) -> int:
    return drive.configuration().current_profile


@pytest.mark.parametrize(("code", "parameter"), [(0x00, 0x000800), (0x10, 0x10)])
def test_full(drive: Drive, code: int, parameter: int) -> None:
    drive.burn_session(160)
    assert format_outcome(drive, code, FULL_BLOCKS, parameter) == GOOD
    assert profile(drive) == RESTRICTED_OVERWRITE
    information = drive.disc_information()
    assert (information.status, information.last_session_state) == (2, 3)
    assert (information.sessions, information.last_track_in_last_session) == (1, 1)
    assert drive.capacity() == FULL_BLOCKS - 1
    assert drive.read(0, 32) == bytes(32 * 2048), "formatted and never written: zeros"
    assert drive.read(FULL_BLOCKS - 32, 32) == bytes(32 * 2048)
    assert capacities(drive)[:2] == (FULL_BLOCKS, 2)
    features = drive.current_features()
    assert {0x1F, 0x23, 0x2C} <= features
    assert not {0x21, 0x2F} & features


def test_overwriting(drive: Drive) -> None:
    format_outcome(drive, 0x00, FULL_BLOCKS)
    drive.write(FULL_BLOCKS - 16, 16)
    drive.write(32, 64)
    drive.write(48, 16)
    assert drive.read(32, 64) == pattern(32, 64)
    assert drive.capacity() == FULL_BLOCKS - 1
    drive.synchronize()
    assert drive.disc_information().status == 2


@pytest.mark.parametrize(("lba", "blocks"), [(8, 16), (16, 8), (1, 1), (0, 17)])
def test_only_whole_units(drive: Drive, lba: int, blocks: int) -> None:
    format_outcome(drive, 0x00, FULL_BLOCKS)
    assert drive.write_outcome(lba, blocks) in (INVALID_PACKET_SIZE, INVALID_ADDRESS_FOR_WRITE)
    assert drive.read(0, 32) == bytes(32 * 2048)


def test_past_the_end(drive: Drive) -> None:
    format_outcome(drive, 0x00, FULL_BLOCKS)
    assert drive.write_outcome(FULL_BLOCKS, 16) in (END_OF_USER_AREA, LBA_OUT_OF_RANGE)


@pytest.mark.parametrize("blocks", [FULL_BLOCKS + 16, 0, 17])
def test_sizes_out_of_range(drive: Drive, blocks: int) -> None:
    before = drive.state_bytes()
    assert format_outcome(drive, 0x00, blocks) == INVALID_FIELD_IN_PARAMETER_LIST
    assert drive.state_bytes() == before


@pytest.mark.parametrize("code", [0x01, 0x13, 0x26, 0x30, 0x31, 0x32, 0x3F])
def test_types_of_other_media(drive: Drive, code: int) -> None:
    before = drive.state_bytes()
    assert format_outcome(drive, code, FULL_BLOCKS) == INVALID_FIELD_IN_PARAMETER_LIST
    assert drive.state_bytes() == before


def test_offers_of_a_blank_disc(drive: Drive) -> None:
    found = capacities(drive)
    assert found[:2] == (2298496, 1)
    assert [code for code, _, _ in found.offers] == [0x00, 0x10, 0x15]
    assert all(blocks == FULL_BLOCKS for _, blocks, _ in found.offers)


def test_quick_format_grows(drive: Drive) -> None:
    # libburn's -format fast: 15h with 65536 blocks, zeros by WRITE, SYNC, CLOSE SESSION.
    assert format_outcome(drive, 0x15, 65536, 0x10) == GOOD
    assert profile(drive) == RESTRICTED_OVERWRITE
    information = drive.disc_information()
    assert (information.status, information.last_session_state) == (1, 1)
    assert capacities(drive).kind == 3
    assert 0x13 not in [code for code, _, _ in capacities(drive).offers]
    drive.write(0, 256)
    drive.synchronize()
    drive.close_session()
    information = drive.disc_information()
    assert (information.status, information.last_session_state) == (2, 3)
    assert drive.capacity() == 255
    assert drive.write_outcome(256) in (END_OF_USER_AREA, LBA_OUT_OF_RANGE)
    assert (0x13, FULL_BLOCKS - 256, 0x10) in capacities(drive).offers


def test_growing_again(drive: Drive) -> None:
    format_outcome(drive, 0x15, 0, 0x10)
    drive.write(0, 256)
    drive.close_session()
    assert format_outcome(drive, 0x13, 32, 0x10) == GOOD
    drive.write(32, 16)
    drive.write(256, 64)
    assert drive.write_outcome(512) in (END_OF_USER_AREA, LBA_OUT_OF_RANGE), "it grows without holes"
    drive.close_session()
    assert drive.capacity() == 319
    assert drive.read(256, 64) == pattern(256, 64)


@pytest.mark.parametrize("minimal", [False, True])
def test_blanking_leads_back(drive: Drive, minimal: bool) -> None:
    format_outcome(drive, 0x00, FULL_BLOCKS)
    drive.write(0, 16)
    drive.blank(minimal=minimal)
    assert profile(drive) == SEQUENTIAL
    assert drive.disc_information().status == 0
    assert (0x21 in drive.current_features()) is not minimal
    assert capacities(drive)[:2] == (2298496, 1)


def test_as_sold_formatted(make_drive) -> None:  # type: ignore[no-untyped-def]
    drive = make_drive("dvd-rw-ovw")
    assert profile(drive) == RESTRICTED_OVERWRITE
    assert drive.capacity() == FULL_BLOCKS - 1
    track = drive.track(1)
    assert (track.packet, track.fixed_packet, track.packet_size) == (True, True, 16)


def test_progress_and_event(drive: Drive) -> None:
    drive.run(bytes.fromhex("041100000000"), bytes.fromhex("000200080023102000000800"))
    seen = drive.wait_ready()
    assert seen and seen == sorted(seen)
    assert drive.media_events() == [2]
    assert drive.ready() == GOOD, "no unit attention"
