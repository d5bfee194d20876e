"""Test writing (-dummy): the whole job goes through, and 51h, 52h, 46h stay bit-identical."""

from __future__ import annotations

import pytest

from burnlab.scsi.commands import SynchronizeCache10
from burnlab.scsi.mmc.commands import CloseTrackSession, ReserveTrack
from support.drive import DISC_AT_ONCE, INCREMENTAL, LAST, MULTI, Drive, pattern
from support.expect import GOOD, INVALID_ADDRESS_FOR_WRITE


def dummy_session(drive: Drive, blocks: int, multi: int = MULTI) -> None:
    track = drive.last_track()
    drive.select(INCREMENTAL, multi, test=True)
    drive.write(track.next_writable, blocks)
    drive.run(SynchronizeCache10(immed=True))
    drive.wait_ready()
    drive.run(CloseTrackSession(immed=True, function=1, track=track.track))
    drive.wait_ready()
    drive.run(CloseTrackSession(immed=True, function=2))
    drive.wait_ready()


@pytest.mark.parametrize("multi", [MULTI, LAST])
def test_incremental_on_blank(drive: Drive, multi: int) -> None:
    before = drive.state_bytes()
    dummy_session(drive, 160, multi)
    assert drive.state_bytes() == before
    assert drive.media_events() == []


def test_append(drive: Drive) -> None:
    drive.burn_session(32)
    drive.media_events()
    before = drive.state_bytes()
    dummy_session(drive, 160, LAST)
    assert drive.state_bytes() == before
    assert drive.read(0, 32) == pattern(0, 32)
    assert drive.media_events() == []


def test_disc_at_once(drive: Drive) -> None:
    before = drive.state_bytes()
    drive.select(DISC_AT_ONCE, LAST, test=True)
    drive.run(ReserveTrack(size=53))
    drive.write(0, 53)
    drive.synchronize()
    assert drive.state_bytes() == before
    assert drive.media_events() == []


def test_while_it_runs(drive: Drive) -> None:
    before = drive.state_bytes()
    drive.select(test=True)
    for lba in range(0, 160, 16):
        drive.write(lba, 16)
        assert drive.state_bytes() == before


def test_wrong_addresses_are_refused_as_in_earnest(drive: Drive) -> None:
    drive.select(test=True)
    assert drive.write_outcome(16) == INVALID_ADDRESS_FOR_WRITE
    drive.write(0, 16)
    assert drive.write_outcome(0) == INVALID_ADDRESS_FOR_WRITE
    assert drive.write_outcome(16) == GOOD


def test_the_real_job_after_it(drive: Drive) -> None:
    dummy_session(drive, 160)
    assert drive.burn_session(32) == 0
    assert drive.read(0, 32) == pattern(0, 32)


@pytest.mark.parametrize("selected_again", [False, True])
def test_the_same_job_twice(drive: Drive, selected_again: bool) -> None:
    # 52h tells the same next writable address before both, so both must write there.
    drive.select(test=True)
    for _ in range(2):
        if selected_again:
            drive.select(test=True)
        drive.write(0, 32)
        drive.synchronize()
        drive.close_track(1)
        drive.close_session()


@pytest.mark.parametrize("selected_again", [False, True])
def test_disc_at_once_twice(drive: Drive, selected_again: bool) -> None:
    drive.select(DISC_AT_ONCE, LAST, test=True)
    for _ in range(2):
        if selected_again:
            drive.select(DISC_AT_ONCE, LAST, test=True)
        drive.run(ReserveTrack(size=53))
        drive.write(0, 53)
        drive.synchronize()
