"""The file behind the disc takes no more: WRITE ends with 3/0C/00, the disc is consistent, a retry works."""

from __future__ import annotations

import pytest

from burnlab.disc import Disc
from burnlab.scsi.mmc.commands import ReserveTrack
from support.drive import DISC_AT_ONCE, Drive, MakeDrive, pattern
from support.expect import GOOD, WRITE_ERROR
from support.surfaces import FullSurface


def make(make_drive: MakeDrive, room: int) -> tuple[Drive, FullSurface]:
    surface = FullSurface(room)
    return make_drive(Disc(Disc.in_memory("dvd-rw").state, surface)), surface


def test_in_the_middle(make_drive: MakeDrive) -> None:
    drive, surface = make(make_drive, 160)
    drive.select()
    drive.write(0, 160)
    before = drive.state_bytes()
    for _ in range(3):
        assert drive.write_outcome(160) == WRITE_ERROR
        assert drive.state_bytes() == before
        assert drive.ready() == GOOD
    surface.room = 16
    assert drive.write_outcome(160) == GOOD
    assert drive.read(0, 176) == pattern(0, 176)


def test_at_the_first_block_of_a_disc(make_drive: MakeDrive) -> None:
    drive, surface = make(make_drive, 0)
    drive.select()
    assert drive.write_outcome(0) == WRITE_ERROR
    assert drive.last_track().next_writable == 0
    surface.room = 10000
    assert drive.burn_session(32) == 0
    assert drive.capacity() == 31


def test_what_was_written_can_be_closed(make_drive: MakeDrive) -> None:
    drive, _ = make(make_drive, 160)
    drive.select()
    drive.write(0, 160)
    assert drive.write_outcome(160) == WRITE_ERROR
    drive.synchronize()
    drive.close_track(1)
    drive.close_session()
    assert drive.capacity() == 159
    assert drive.read(0, 160) == pattern(0, 160)
    assert drive.last_track().next_writable == 160 + 28688


def test_earlier_sessions_stay(make_drive: MakeDrive) -> None:
    drive, _ = make(make_drive, 170)
    drive.burn_session(160)
    drive.select()
    assert drive.write_outcome(28848) == WRITE_ERROR
    assert drive.capacity() == 159
    assert drive.read(0, 160) == pattern(0, 160)


def test_at_once(make_drive: MakeDrive) -> None:
    drive, surface = make(make_drive, 16)
    drive.select(DISC_AT_ONCE)
    drive.run(ReserveTrack(size=37))
    drive.write(0, 16)
    assert drive.write_outcome(16) == WRITE_ERROR
    assert drive.track(1).next_writable == 16
    surface.room = 100
    drive.write(16, 21)
    drive.synchronize()
    assert drive.capacity() == 36


@pytest.mark.parametrize("minimal", [False, True])
def test_it_can_be_blanked(make_drive: MakeDrive, minimal: bool) -> None:
    drive, _ = make(make_drive, 16)
    drive.select()
    drive.write(0, 16)
    assert drive.write_outcome(16) == WRITE_ERROR
    drive.blank(minimal=minimal)
    assert drive.disc_information().status == 0
