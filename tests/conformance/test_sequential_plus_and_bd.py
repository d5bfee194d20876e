"""DVD+R and BD-R: plain writing at the next writable address, reserved tracks, sessions, finalizing."""

from __future__ import annotations

import pytest

from support.drive import MakeDrive, pattern
from support.expect import (
    END_OF_USER_AREA,
    GOOD,
    INCOMPATIBLE_MEDIUM,
    INCOMPLETE_TRACK_IN_SESSION,
    INVALID_ADDRESS_FOR_WRITE,
    INVALID_FIELD_IN_CDB,
    WRITE_PROTECTED,
)

UNIT = {"dvd+r": 16, "dvd+r-dl": 16, "bd-r": 32}
GAP = {"dvd+r": 2048, "dvd+r-dl": 2048, "bd-r": 0}
CAPACITY = {"dvd+r": 2295104, "dvd+r-dl": 4173824, "bd-r": 12219392}
ALL = sorted(UNIT)


def reserve(blocks: int) -> bytes:
    return b"\x53\0\0\0\0" + blocks.to_bytes(4, "big") + b"\0"


def finalize(function: int) -> bytes:
    return bytes((0x5B, 1, function, 0, 0, 1, 0, 0, 0, 0))


@pytest.mark.parametrize("name", ALL)
def test_blank(make_drive: MakeDrive, name: str) -> None:
    drive = make_drive(name)
    information = drive.disc_information()
    assert (information.status, information.erasable) == (0, False)
    track = drive.track(1)
    assert (track.nwa_valid, track.next_writable, track.free_blocks) == (True, 0, CAPACITY[name])
    assert track.track_mode == 7
    assert not track.packet


@pytest.mark.parametrize("name", ALL)
def test_reserved_track_keeps_its_number(make_drive: MakeDrive, name: str) -> None:
    drive, unit = make_drive(name), UNIT[name]
    drive.run(reserve(10 * unit))
    assert drive.last_track().next_writable == 10 * unit, "the invisible track lies behind it"
    assert drive.track(1).next_writable == 0
    drive.write(0, 3 * unit, unit)
    drive.synchronize()
    drive.close_track(1)
    drive.close_session()
    assert drive.track(1).size == 10 * unit, "the rest is padded"
    assert drive.read(0, 3 * unit) == pattern(0, 3 * unit)
    assert drive.read(9 * unit, unit) == bytes(unit * 2048)
    assert drive.last_track().next_writable == 10 * unit + GAP[name]


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("function", [5, 6])
def test_finalized(make_drive: MakeDrive, name: str, function: int) -> None:
    drive, unit = make_drive(name), UNIT[name]
    drive.write(0, unit, unit)
    drive.synchronize()
    assert drive.outcome(finalize(function)) == INCOMPLETE_TRACK_IN_SESSION
    drive.close_track(1)
    assert drive.outcome(finalize(function)) == GOOD
    drive.wait_ready()
    information = drive.disc_information()
    assert (information.status, information.last_session_state, information.sessions) == (2, 3, 1)
    assert drive.write_outcome(unit, unit) == WRITE_PROTECTED
    assert drive.capacity() == unit - 1


@pytest.mark.parametrize("name", ALL)
def test_write_type_does_not_matter(make_drive: MakeDrive, name: str) -> None:
    # libburn sends no page 05h to these media; what was selected for another one must not hurt.
    drive = make_drive(name)
    drive.select(2, 0, test=True)
    drive.write(0, UNIT[name], UNIT[name])
    drive.close_track(1)
    drive.close_session()
    assert drive.disc_information().status == 1, "appendable, whatever the multi-session bits say"


@pytest.mark.parametrize("name", ALL)
def test_refusals(make_drive: MakeDrive, name: str) -> None:
    drive, unit = make_drive(name), UNIT[name]
    assert drive.write_outcome(unit, unit) == INVALID_ADDRESS_FOR_WRITE
    assert drive.outcome(bytes.fromhex("a11000000000000000000000")) == INCOMPATIBLE_MEDIUM
    assert drive.outcome(finalize(0)) == INVALID_FIELD_IN_CDB
    drive.run(reserve(unit))
    drive.write(0, unit, unit)
    assert drive.write_outcome(unit, unit) == GOOD, "a full track gives way to the next"
    assert drive.disc_information().last_track_in_last_session == 2


def test_past_the_end(make_drive: MakeDrive) -> None:
    from burnlab.disc import Disc

    drive = make_drive(Disc.in_memory("dvd+r", capacity_blocks=64))
    drive.write(0, 48)
    assert drive.write_outcome(48, 32) == END_OF_USER_AREA
    assert drive.write_outcome(48, 16) == GOOD


def test_a_dvd_plus_r_has_153_sessions(make_drive: MakeDrive) -> None:
    drive = make_drive("dvd+r")
    lba = 0
    for number in range(1, 154):
        assert drive.disc_information().status == (1 if number > 1 else 0)
        drive.write(lba, 16)
        drive.close_track(number)
        drive.close_session()
        lba += 16 + 2048
    assert drive.disc_information().status == 2


def test_bd_r_has_sessions_without_gaps(make_drive: MakeDrive) -> None:
    drive = make_drive("bd-r")
    for number in range(1, 41):
        drive.write((number - 1) * 32, 32, 32)
        drive.close_track(number)
        drive.close_session()
    assert drive.disc_information().sessions == 41
    assert drive.read(0, 32) == pattern(0, 32)
    assert drive.read(16, 64) == pattern(16, 64), "reading goes over the seam"
