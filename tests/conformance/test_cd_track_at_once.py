"""TAO: tracks of 300 blocks at least with two run-out blocks, gaps, the end of the medium."""

from __future__ import annotations

import pytest

from burnlab.scsi.commands import Read10, SynchronizeCache10, Write10
from burnlab.scsi.mmc.commands import CloseTrackSession, ReserveTrack
from support.cd import (
    PAUSE,
    RUN_OUT,
    TAO,
    burn_data_at_once,
    burn_data_track,
    lba_pattern,
    page_05h,
    raw_entries,
    select,
    toc,
)
from support.drive import Drive, MakeDrive
from support.expect import (
    END_OF_USER_AREA,
    GOOD,
    ILLEGAL_MODE_FOR_THIS_TRACK,
    INVALID_ADDRESS_FOR_WRITE,
    INVALID_FIELD_IN_CDB,
    INVALID_FIELD_IN_PARAMETER_LIST,
    LBA_OUT_OF_RANGE,
    NO_MORE_TRACK_RESERVATIONS,
)


@pytest.fixture
def cd_r(make_drive: MakeDrive) -> Drive:
    """A blank CD-R."""
    return make_drive("cd-r")


def test_run_out(cd_r: Drive) -> None:
    burn_data_track(cd_r, 400)
    assert cd_r.capacity() == 399
    assert cd_r.track(1).size == 400
    assert raw_entries(toc(cd_r, 2))[1, 0xA2][8:] == bytes((0, 7, 27))  # 402 + 150 frames
    assert cd_r.read(0, 400) == lba_pattern(0, 400)
    for lba in (400, 401):
        assert cd_r.outcome(Read10(lba, 1)) == ILLEGAL_MODE_FOR_THIS_TRACK
    assert cd_r.outcome(Read10(402, 1)) == LBA_OUT_OF_RANGE


def test_gaps(cd_r: Drive) -> None:
    assert burn_data_track(cd_r, 300) == 0
    second = burn_data_track(cd_r, 310)
    assert second == 302 + 11400
    third = burn_data_track(cd_r, 320)
    assert third == second + 312 + 6900
    assert cd_r.track(0xFF).next_writable == third + 322 + 6900
    assert cd_r.disc_information().sessions == 4
    assert cd_r.capacity() == third + 319
    for start, blocks in ((0, 300), (second, 310), (third, 320)):
        assert cd_r.read(start, blocks) == lba_pattern(start, blocks)


def test_append_after_session_at_once(cd_r: Drive) -> None:
    burn_data_at_once(cd_r, 1651)
    assert burn_data_track(cd_r, 2623) == 0x32FB
    assert burn_data_track(cd_r, 300, multi=False) == 0x5830
    assert cd_r.disc_information().status == 2


def test_two_tracks_in_one_session(cd_r: Drive) -> None:
    burn_data_track(cd_r, 300, close=False)
    information = cd_r.disc_information()
    assert (information.status, information.last_session_state) == (1, 1)
    assert (information.sessions, information.last_track_in_last_session) == (1, 2)
    assert cd_r.capacity() == 0
    second = burn_data_track(cd_r, 300)
    assert second == 300 + RUN_OUT + PAUSE
    answer = toc(cd_r, 0)
    assert [answer[n + 2] for n in range(4, len(answer), 8)] == [1, 2, 0xAA]
    assert cd_r.disc_information().sessions == 2


def test_short_track_is_padded(cd_r: Drive) -> None:
    burn_data_track(cd_r, 7)
    assert cd_r.track(1).size == 300
    assert cd_r.read(0, 7) == lba_pattern(0, 7)
    assert cd_r.read(7, 293) == bytes(293 * 2048)


def test_close_session_closes_an_open_track(cd_r: Drive) -> None:
    select(cd_r, TAO)
    cd_r.write(0, 320)
    cd_r.close_session()
    assert cd_r.capacity() == 319
    assert cd_r.disc_information().sessions == 2


@pytest.mark.parametrize("number", [1, 0xFF])
def test_close_track_is_accepted(cd_r: Drive, number: int) -> None:
    select(cd_r, TAO)
    cd_r.write(0, 320)
    cd_r.close_track(number)
    assert cd_r.track(1).size == 320
    cd_r.close_track(number)
    assert cd_r.outcome(CloseTrackSession(function=1, track=9)) == INVALID_FIELD_IN_CDB


def test_only_at_the_next_writable_address(cd_r: Drive) -> None:
    select(cd_r, TAO)
    for lba in (-150, -1, 1, 16):
        assert cd_r.outcome(Write10(lba, 1), bytes(2048)) == INVALID_ADDRESS_FOR_WRITE
    cd_r.write(0, 16)
    assert cd_r.write_outcome(0) == INVALID_ADDRESS_FOR_WRITE
    assert cd_r.write_outcome(17) == INVALID_ADDRESS_FOR_WRITE
    assert cd_r.write_outcome(16) == GOOD


def test_not_past_the_end(make_drive: MakeDrive) -> None:
    from burnlab.disc import Disc

    drive = make_drive(Disc.in_memory("cd-r", capacity_blocks=1000))
    select(drive, TAO)
    drive.write(0, 992)
    assert drive.write_outcome(992) == END_OF_USER_AREA
    assert drive.write_outcome(992, 8) == GOOD
    assert drive.write_outcome(1000, 1) == END_OF_USER_AREA
    drive.run(SynchronizeCache10())
    drive.wait_ready()
    drive.close_session()
    assert drive.disc_information().status == 2


@pytest.mark.parametrize("write_type", [0, 3])
def test_other_write_types(cd_r: Drive, write_type: int) -> None:
    cdb, data = page_05h(write_type)
    assert cd_r.outcome(cdb, data) == INVALID_FIELD_IN_PARAMETER_LIST
    assert cd_r.write_outcome(0) == ILLEGAL_MODE_FOR_THIS_TRACK  # The drive's default is write type 0.
    assert cd_r.disc_information().status == 0


@pytest.mark.parametrize("block_type", [1, 2, 3, 4, 7, 15])
def test_other_block_types(cd_r: Drive, block_type: int) -> None:
    cdb, data = page_05h(TAO, block_type=block_type)
    assert cd_r.outcome(cdb, data) == INVALID_FIELD_IN_PARAMETER_LIST


def test_reserve_track(cd_r: Drive) -> None:
    select(cd_r, TAO)
    assert cd_r.outcome(ReserveTrack(size=299)) == NO_MORE_TRACK_RESERVATIONS
    cd_r.run(ReserveTrack(size=500))
    assert cd_r.track(1).reserved_track
    assert cd_r.track(1).free_blocks == 500
    assert cd_r.track(2).start == 500 + PAUSE
    cd_r.write(0, 320)
    cd_r.close_track(1)
    assert cd_r.track(1).size == 500


def test_no_closing_before_write_parameters_are_selected(make_drive: MakeDrive) -> None:
    """As after a drive was switched off in the middle of a burn."""
    drive = make_drive("cd-r")
    select(drive, TAO)
    drive.write(0, 320)
    disc = drive.bench.remove()
    other = make_drive(disc)
    assert other.outcome(CloseTrackSession(function=2)) == ILLEGAL_MODE_FOR_THIS_TRACK
    select(other, TAO)
    other.close_session()
    assert other.disc_information().status == 1
