"""SAO: cue sheet, WRITE from -150 on, SYNCHRONIZE CACHE closes the session; exactly what was announced."""

from __future__ import annotations

import pytest

from burnlab.scsi.commands import Read10, SynchronizeCache10, Write10
from burnlab.scsi.mmc.cue_sheet import SendCueSheet
from support.cd import (
    SAO,
    TAO,
    announce,
    burn_data_at_once,
    burn_data_track,
    data_sheet,
    lba_pattern,
    raw_entries,
    select,
    toc,
)
from support.drive import Drive, MakeDrive
from support.expect import (
    CANNOT_WRITE_INCOMPATIBLE_MEDIUM,
    COMMAND_SEQUENCE_ERROR,
    END_OF_USER_AREA,
    ILLEGAL_MODE_FOR_THIS_TRACK,
    INCOMPLETE_TRACK_IN_SESSION,
    INVALID_ADDRESS_FOR_WRITE,
    LBA_OUT_OF_RANGE,
    WRITE_PROTECTED,
)


@pytest.fixture
def cd_r(make_drive: MakeDrive) -> Drive:
    """A blank CD-R."""
    return make_drive("cd-r")


def test_appendable(cd_r: Drive) -> None:
    burn_data_at_once(cd_r, 333)
    information = cd_r.disc_information()
    assert (information.status, information.last_session_state) == (1, 0)
    assert (information.sessions, information.last_track_in_last_session) == (2, 2)
    assert cd_r.capacity() == 332
    assert cd_r.read(0, 333) == lba_pattern(0, 333)
    assert cd_r.outcome(Read10(0, 334)) == LBA_OUT_OF_RANGE
    track = cd_r.track(1)
    assert (track.start, track.size, track.last_recorded, track.session) == (0, 333, 332, 1)
    assert not track.nwa_valid and track.last_recorded_valid
    following = cd_r.track(0xFF)
    assert (following.track, following.session, following.next_writable) == (2, 2, 333 + 11400)
    assert raw_entries(toc(cd_r, 2))[1, 0xA2][8:] == bytes((0, 6, 33))


def test_closed_for_good(cd_r: Drive) -> None:
    burn_data_at_once(cd_r, 300, multi=False)
    information = cd_r.disc_information()
    assert (information.status, information.last_session_state) == (2, 3)
    assert (information.sessions, information.last_track_in_last_session) == (1, 1)
    assert information.last_lead_in_start == information.last_possible_lead_out == 0xFFFFFFFF
    select(cd_r, TAO)
    assert cd_r.write_outcome(300 + 11400) == WRITE_PROTECTED


def test_only_after_a_cue_sheet(cd_r: Drive) -> None:
    select(cd_r, SAO)
    assert cd_r.outcome(Write10(-150, 1), bytes(2048)) == COMMAND_SEQUENCE_ERROR
    assert cd_r.disc_information().status == 0


def test_only_on_a_blank_disc(cd_r: Drive) -> None:
    burn_data_track(cd_r, 300)
    before = cd_r.state_bytes()
    select(cd_r, SAO)
    sheet = data_sheet(300)
    assert cd_r.outcome(SendCueSheet(cue_sheet_size=32), sheet) == ILLEGAL_MODE_FOR_THIS_TRACK
    assert cd_r.outcome(Write10(-150, 1), bytes(2048)) == ILLEGAL_MODE_FOR_THIS_TRACK
    assert cd_r.state_bytes() == before


def test_no_cue_sheet_for_tracks_one_at_a_time(cd_r: Drive) -> None:
    select(cd_r, TAO)
    assert cd_r.outcome(SendCueSheet(cue_sheet_size=32), data_sheet(300)) == ILLEGAL_MODE_FOR_THIS_TRACK


def test_no_cue_sheet_on_other_media(make_drive: MakeDrive) -> None:
    drive = make_drive("dvd-r")
    drive.select(SAO)
    sheet = data_sheet(300)
    assert drive.outcome(SendCueSheet(cue_sheet_size=32), sheet) == CANNOT_WRITE_INCOMPATIBLE_MEDIUM


def test_not_one_block_more(cd_r: Drive) -> None:
    select(cd_r, SAO)
    announce(cd_r, data_sheet(300))
    cd_r.run(Write10(-150, 150), bytes(150 * 2048))
    cd_r.write(0, 299)
    assert cd_r.outcome(Write10(299, 2), bytes(4096)) == END_OF_USER_AREA
    cd_r.run(Write10(299, 1), bytes(2048))
    assert cd_r.outcome(Write10(300, 1), bytes(2048)) == END_OF_USER_AREA
    cd_r.synchronize()
    assert cd_r.capacity() == 299


def test_less_than_announced_is_an_error_and_can_go_on(cd_r: Drive) -> None:
    select(cd_r, SAO)
    announce(cd_r, data_sheet(300))
    cd_r.run(Write10(-150, 150), bytes(150 * 2048))
    cd_r.write(0, 200)
    assert cd_r.outcome(SynchronizeCache10()) == INCOMPLETE_TRACK_IN_SESSION
    information = cd_r.disc_information()
    assert (information.status, information.last_session_state) == (1, 1)
    assert cd_r.outcome(Read10(0, 1)) == COMMAND_SEQUENCE_ERROR
    cd_r.write(200, 100)
    cd_r.synchronize()
    assert cd_r.read(0, 300) == lba_pattern(0, 300)


def test_given_up_and_closed(cd_r: Drive) -> None:
    select(cd_r, SAO)
    announce(cd_r, data_sheet(500))
    cd_r.run(Write10(-150, 150), bytes(150 * 2048))
    cd_r.write(0, 400)
    cd_r.close_track(1)
    assert (cd_r.track(1).damage, cd_r.track(1).size) == (False, 400)
    cd_r.close_session()
    assert cd_r.disc_information().status == 1
    assert cd_r.read(0, 400) == lba_pattern(0, 400)


@pytest.mark.parametrize("lba", [-151, -149, 0, 1, 300])
def test_only_at_the_next_block(cd_r: Drive, lba: int) -> None:
    select(cd_r, SAO)
    announce(cd_r, data_sheet(300))
    assert cd_r.outcome(Write10(lba, 1), bytes(2048)) in (INVALID_ADDRESS_FOR_WRITE, END_OF_USER_AREA)
    assert cd_r.disc_information().status == 0


def test_a_new_cue_sheet_takes_the_place_of_one_not_begun(cd_r: Drive) -> None:
    select(cd_r, SAO)
    announce(cd_r, data_sheet(900))
    burn_data_at_once(cd_r, 300)
    assert cd_r.capacity() == 299
