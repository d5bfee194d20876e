"""At --speed 4 reading takes its time; requests that come at once wait for each other."""

from __future__ import annotations

import pytest

from burnlab.scsi import Task
from burnlab.scsi.commands import Read10
from support.drive import Drive, MakeDrive

BYTES_PER_SECOND = 4 * 1385 * 1000


def test_one_after_the_other(make_drive: MakeDrive) -> None:
    drive = make_drive(speed=4)
    drive.burn_session(320)
    began = drive.clock.now
    for lba in range(0, 320, 32):
        drive.read(lba, 32)
    assert drive.clock.now - began == pytest.approx(320 * 2048 / BYTES_PER_SECOND, rel=0.05)


def test_many_at_once(make_drive: MakeDrive) -> None:
    drive = make_drive(speed=4)
    drive.burn_session(320)
    tasks = [
        Task(Read10(lba, 32).pack(), data_in_bytes=65536, nexus=drive.nexus) for lba in range(0, 320, 32)
    ]
    held = [drive.bench.execute(task).seconds for task in tasks]
    assert held == sorted(held)
    assert held[-1] == pytest.approx(320 * 2048 / BYTES_PER_SECOND, rel=0.05)


def test_full_speed_takes_no_time(drive: Drive) -> None:
    drive.burn_session(32)
    began = drive.clock.now
    drive.read(0, 32)
    assert drive.clock.now == began
