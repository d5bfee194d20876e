"""FORMAT UNIT on DVD+RW, where it goes on in the background, and on DVD-RAM."""

from __future__ import annotations

import pytest

from support.drive import Drive, MakeDrive, pattern
from support.expect import CANNOT_WRITE_INCOMPATIBLE_MEDIUM, GOOD
from support.formats import capacities, format_outcome

EVERYTHING = 0xFFFFFFFF
BLOCKS = 2295104
NONE, PARTLY, RUNNING, DONE = range(4)
STOP = bytes.fromhex("5b010000000000000000")


@pytest.fixture
def plus_rw(make_drive: MakeDrive) -> Drive:
    return make_drive("dvd+rw")


def background(drive: Drive) -> int:
    return drive.disc_information().background_format


def test_as_sold(plus_rw: Drive) -> None:
    information = plus_rw.disc_information()
    assert (information.status, information.background_format) == (0, NONE)
    assert plus_rw.capacity() == 0
    assert capacities(plus_rw) == (BLOCKS, 1, [(0x26, BLOCKS, 0)])
    assert plus_rw.write_outcome(0) == CANNOT_WRITE_INCOMPATIBLE_MEDIUM


def test_in_the_background(plus_rw: Drive) -> None:
    assert format_outcome(plus_rw, 0x26, EVERYTHING) == GOOD
    assert plus_rw.ready() == GOOD
    assert background(plus_rw) == RUNNING
    assert plus_rw.capacity() == BLOCKS - 1
    plus_rw.write(BLOCKS - 1, 1)
    assert plus_rw.read(1000, 16) == bytes(16 * 2048)
    plus_rw.clock.advance(3600)
    assert background(plus_rw) == DONE
    assert plus_rw.read(BLOCKS - 1, 1) == pattern(BLOCKS - 1, 1)


@pytest.mark.parametrize("how", ["stop", "session"])
def test_stopped_and_started_again(plus_rw: Drive, how: str) -> None:
    format_outcome(plus_rw, 0x26, EVERYTHING)
    plus_rw.write(32, 16)
    if how == "stop":
        plus_rw.run(STOP)
        plus_rw.wait_ready()
    else:
        plus_rw.close_session()
    assert background(plus_rw) == PARTLY
    plus_rw.clock.advance(3600)
    assert background(plus_rw) == PARTLY, "stopped is stopped"
    assert plus_rw.read(32, 16) == pattern(32, 16)
    assert format_outcome(plus_rw, 0x26, EVERYTHING, 1) == GOOD
    assert background(plus_rw) == RUNNING
    plus_rw.clock.advance(3600)
    assert background(plus_rw) == DONE


def test_ejecting_cuts_it_off(plus_rw: Drive) -> None:
    format_outcome(plus_rw, 0x26, EVERYTHING)
    plus_rw.eject()
    plus_rw.load_tray()
    plus_rw.settle()
    assert background(plus_rw) == PARTLY


def test_dvd_ram(make_drive: MakeDrive) -> None:
    drive = make_drive("dvd-ram")
    assert capacities(drive)[:2] == (2236704, 2)
    assert drive.disc_information().status in (2, 3)
    drive.write(5, 3)
    assert drive.read(4, 5) == bytes(2048) + pattern(5, 3) + bytes(2048)
    assert format_outcome(drive, 0x00, 2295072, flags=0x82) == GOOD
    assert drive.capacity() == 2295071
    assert {0x20, 0x23, 0x24} <= drive.current_features()
