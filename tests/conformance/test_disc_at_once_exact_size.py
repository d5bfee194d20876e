"""DAO: 53h with the exact size, WRITE 0 to n - 1, SYNC finalizes; n blocks, not one more."""

from __future__ import annotations

import pytest

from burnlab.scsi.commands import Read10
from burnlab.scsi.mmc.commands import ReserveTrack
from support.drive import DISC_AT_ONCE, LAST, Drive, MakeDrive, pattern
from support.expect import END_OF_USER_AREA, GOOD, LBA_OUT_OF_RANGE


@pytest.mark.parametrize("blocks", [1, 15, 16, 17, 53, 16 * 7 + 5])
@pytest.mark.parametrize("model", ["generic", "bd-5300s"])
def test_size_is_kept(make_drive: MakeDrive, blocks: int, model: str) -> None:
    drive = make_drive(model=model)
    drive.burn_at_once(blocks)
    information = drive.disc_information()
    assert (information.status, information.last_session_state) == (2, 3)
    assert (information.sessions, information.last_track_in_last_session) == (1, 1)
    assert information.last_lead_in_start == information.last_possible_lead_out == 0xFFFFFFFF
    track = drive.track(1)
    assert (track.start, track.size, track.last_recorded) == (0, blocks, blocks - 1)
    assert track.last_recorded_valid
    assert not track.nwa_valid
    assert drive.capacity() == blocks - 1
    assert drive.read(0, blocks) == pattern(0, blocks)
    assert drive.outcome(Read10(0, blocks + 1)) == LBA_OUT_OF_RANGE


def test_not_one_block_more(drive: Drive) -> None:
    drive.select(DISC_AT_ONCE, LAST)
    drive.run(ReserveTrack(size=37))
    drive.write(0, 32)
    assert drive.write_outcome(32, 6) == END_OF_USER_AREA
    assert drive.write_outcome(32, 5) == GOOD
    assert drive.write_outcome(37, 1) == END_OF_USER_AREA
    drive.synchronize()
    assert drive.capacity() == 36


def test_sync_before_the_end_does_not_finalize(drive: Drive) -> None:
    drive.select(DISC_AT_ONCE, LAST)
    drive.run(ReserveTrack(size=37))
    drive.write(0, 32)
    drive.synchronize()
    information = drive.disc_information()
    assert (information.status, information.last_session_state) == (1, 1)
    assert drive.track(1).next_writable == 32
    assert drive.track(1).free_blocks == 5
    drive.write(32, 5)
    drive.synchronize()
    assert drive.disc_information().status == 2


def test_multi_session_bits_do_not_keep_it_open(drive: Drive) -> None:
    drive.select(DISC_AT_ONCE, 0b11)
    drive.run(ReserveTrack(size=32))
    drive.write(0, 32)
    drive.synchronize()
    assert drive.disc_information().status == 2
