"""At --speed 4 a full BLANK takes capacity / (4 x 1385 kB/s), in emulated seconds."""

from __future__ import annotations

import pytest

from support.drive import Drive, MakeDrive

FULL_SECONDS = 2298496 * 2048 / (4 * 1385 * 1000)


def blank_seconds(drive: Drive, minimal: bool) -> float:
    drive.burn_session(16)
    drive.clock.advance(10)
    began = drive.clock.now
    drive.blank(minimal=minimal)
    return drive.clock.now - began


def test_full(make_drive: MakeDrive) -> None:
    assert blank_seconds(make_drive(speed=4), False) == pytest.approx(FULL_SECONDS, rel=0.02)


def test_half_the_speed_takes_twice_as_long(make_drive: MakeDrive) -> None:
    assert blank_seconds(make_drive(speed=2), False) == pytest.approx(2 * FULL_SECONDS, rel=0.02)


def test_minimal_takes_seconds(make_drive: MakeDrive) -> None:
    assert 5 < blank_seconds(make_drive(speed=4), True) < 120


def test_as_fast_as_can_be(drive: Drive) -> None:
    assert blank_seconds(drive, False) < 10


def test_progress_follows_the_clock(make_drive: MakeDrive) -> None:
    drive = make_drive(speed=4)
    drive.burn_session(16)
    seen = drive.blank()
    assert len(seen) > 1000
    half = seen[len(seen) // 2]
    assert 0.45 < half / 65535 < 0.55
