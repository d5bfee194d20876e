"""At --speed 4 the buffer takes the first blocks at once, then WRITE keeps the laser's pace."""

from __future__ import annotations

import pytest

from burnlab.scsi.commands import SynchronizeCache10, Write10
from support.drive import Drive, MakeDrive

BYTES_PER_SECOND = 4 * 1385 * 1000
BUFFER_BYTES = 4096 * 1024


def test_pace(make_drive: MakeDrive) -> None:
    drive = make_drive(speed=4)
    drive.select()
    held = []
    began = drive.clock.now
    blocks = 16 * 1024
    for lba in range(0, blocks, 16):
        held.append(drive.send(Write10(lba, 16), bytes(16 * 2048)).seconds)
    assert held[0] == 0
    assert max(held) <= 16 * 2048 / BYTES_PER_SECOND + 1e-6
    expected = (blocks * 2048 - BUFFER_BYTES) / BYTES_PER_SECOND
    assert drive.clock.now - began == pytest.approx(expected, rel=0.02)
    began = drive.clock.now
    drive.run(SynchronizeCache10())
    assert drive.clock.now - began == pytest.approx(BUFFER_BYTES / BYTES_PER_SECOND, rel=0.05)


def test_a_slow_program_never_waits(make_drive: MakeDrive) -> None:
    drive = make_drive(speed=4)
    drive.select()
    for lba in range(0, 16 * 1024, 16):
        assert drive.send(Write10(lba, 16), bytes(16 * 2048)).seconds == 0
        drive.clock.advance(0.01)


def test_full_speed_takes_no_time(drive: Drive) -> None:
    drive.select()
    began = drive.clock.now
    drive.write(0, 1600)
    assert drive.clock.now == began


def test_closing_takes_time_for_the_border(make_drive: MakeDrive) -> None:
    drive = make_drive(speed=4)
    drive.select()
    drive.write(0, 16)
    drive.synchronize()
    drive.close_track(1)
    began = drive.clock.now
    drive.close_session()
    assert 5 < drive.clock.now - began < 60
