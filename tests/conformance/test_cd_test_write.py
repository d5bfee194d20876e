"""Test write on CD: everything is taken, nothing is changed."""

from __future__ import annotations

import pytest

from support.cd import (
    AUDIO,
    SAO,
    TAO,
    announce,
    audio_sheet,
    burn_audio_track,
    burn_data_at_once,
    burn_data_track,
    samples,
    select,
    write_audio,
)
from support.drive import MakeDrive


@pytest.mark.parametrize("medium", ["cd-r", "cd-rw"])
def test_at_once(make_drive: MakeDrive, medium: str) -> None:
    drive = make_drive(medium)
    before = drive.state_bytes()
    burn_data_at_once(drive, 500, test=True)
    assert drive.state_bytes() == before
    burn_data_at_once(drive, 400)
    assert drive.capacity() == 399


def test_a_track(make_drive: MakeDrive) -> None:
    drive = make_drive("cd-r")
    burn_data_track(drive, 300)
    before = drive.state_bytes()
    select(drive, TAO, test=True)
    start = drive.track(0xFF).next_writable
    drive.write(start, 320)
    drive.synchronize()
    drive.close_session()
    assert drive.state_bytes() == before
    assert burn_data_track(drive, 300) == start


def test_several_tracks(make_drive: MakeDrive) -> None:
    """The address of each next track is told as if the one before had been written."""
    drive = make_drive("cd-r")
    before = drive.state_bytes()
    starts = [burn_audio_track(drive, samples(300), test=True) for _ in range(3)]
    assert starts == [0, 452, 904]
    drive.close_session()
    assert drive.state_bytes() == before


def test_audio_at_once(make_drive: MakeDrive) -> None:
    drive = make_drive("cd-r")
    before = drive.state_bytes()
    select(drive, SAO, test=True, mode=AUDIO, block_type=0)
    announce(drive, audio_sheet([300, 300], mcn="1234567890123"))
    write_audio(drive, -150, samples(750))
    drive.synchronize()
    assert drive.state_bytes() == before
