"""Audio tracks: one at a time and at once, with pre-gaps, INDEX, ISRC and catalogue number."""

from __future__ import annotations

import pytest

from burnlab.scsi.commands import Read10, Write10
from burnlab.scsi.mmc.commands import ReadCd
from support.cd import (
    AUDIO,
    PAUSE,
    RUN_OUT,
    SAO,
    TAO,
    announce,
    audio_sheet,
    burn_audio_track,
    burn_data_track,
    raw_entries,
    read_cd,
    samples,
    select,
    toc,
    write_audio,
)
from support.drive import Drive, MakeDrive
from support.expect import (
    ILLEGAL_MODE_FOR_THIS_TRACK,
    INVALID_ADDRESS_FOR_WRITE,
    INVALID_FIELD_IN_CDB,
    LBA_OUT_OF_RANGE,
)

SECTOR = 2352
MCN = "1234567890123"


@pytest.fixture
def cd_r(make_drive: MakeDrive) -> Drive:
    """A blank CD-R."""
    return make_drive("cd-r")


def burn_at_once(drive: Drive, sheet: bytes, data: bytes, *, start: int = -150) -> None:
    select(drive, SAO, multi=False, mode=AUDIO, block_type=0)
    announce(drive, sheet)
    write_audio(drive, start, data)
    drive.synchronize()


def test_one_at_a_time(cd_r: Drive) -> None:
    first, second = samples(300, 1), samples(320, 2)
    assert burn_audio_track(cd_r, first) == 0
    assert burn_audio_track(cd_r, second) == 300 + RUN_OUT + PAUSE
    cd_r.close_session()
    track = cd_r.track(2)
    assert (track.track_mode, track.data_mode, track.size) == (0, 0xF, 320)
    assert read_cd(cd_r, 0, 300) == first
    assert read_cd(cd_r, 452, 320) == second
    assert read_cd(cd_r, 300, RUN_OUT + PAUSE) == bytes((RUN_OUT + PAUSE) * SECTOR)
    entries = raw_entries(toc(cd_r, 2))
    assert entries[1, 1][1] == 0x10
    assert entries[1, 0xA2][8:] == bytes((0, 12, 24))  # 452 + 320 + 2 + 150 = 924 frames
    assert cd_r.outcome(Read10(0, 1)) == ILLEGAL_MODE_FOR_THIS_TRACK
    assert cd_r.outcome(ReadCd(lba=774, length=1, user_data=True)) == LBA_OUT_OF_RANGE


def test_at_once(cd_r: Drive) -> None:
    data = samples(150 + 400 + 350)
    burn_at_once(cd_r, audio_sheet([400, 350]), data)
    assert cd_r.disc_information().status == 2
    assert read_cd(cd_r, 0, 750) == data[150 * SECTOR :]
    assert cd_r.track(1).size == 400
    assert cd_r.capacity() == 749


@pytest.mark.parametrize("gap_form", [0x00, 0x01])
def test_pre_gap(cd_r: Drive, gap_form: int) -> None:
    """A pause is written by the host, or made up by the drive, which then takes up where it ends."""
    sheet = audio_sheet([300, 310], pregaps=[225], gap_form=gap_form)
    one, gap, two = samples(300, 1), samples(225, 2), samples(310, 3)
    if gap_form:
        select(cd_r, SAO, multi=False, mode=AUDIO, block_type=0)
        announce(cd_r, sheet)
        assert cd_r.outcome(Write10(-150, 1), bytes(SECTOR)) == INVALID_ADDRESS_FOR_WRITE
        write_audio(cd_r, 0, one)
        assert cd_r.outcome(Write10(300, 1), bytes(SECTOR)) == INVALID_ADDRESS_FOR_WRITE
        write_audio(cd_r, 525, two)
        cd_r.synchronize()
        gap = bytes(len(gap))
    else:
        burn_at_once(cd_r, sheet, bytes(150 * SECTOR) + one + gap + two)
    assert read_cd(cd_r, 0, 835) == one + gap + two
    assert (cd_r.track(1).size, cd_r.track(2).start, cd_r.track(2).size) == (300, 525, 310)
    q = read_cd(cd_r, 300, 1, 0, sub_channel=2)
    assert q[:10] == bytes.fromhex("01 02 00 00 02 74 00 00 06 00".replace(" ", ""))
    assert q[15] == 0x80
    assert read_cd(cd_r, 524, 1, 0, sub_channel=2)[3:6] == bytes(3)
    assert read_cd(cd_r, 525, 1, 0, sub_channel=2)[1:6] == bytes((2, 1, 0, 0, 0))


def test_index_2(cd_r: Drive) -> None:
    burn_at_once(cd_r, audio_sheet([400], index_2={1: 155}), samples(550))
    indexes = [read_cd(cd_r, lba, 1, 0, sub_channel=2)[2] for lba in (-1, 0, 154, 155, 399)]
    assert indexes == [0, 1, 1, 2, 2]


def test_a_write_over_the_border_of_two_tracks(cd_r: Drive) -> None:
    select(cd_r, SAO, multi=False, mode=AUDIO, block_type=0)
    announce(cd_r, audio_sheet([300, 300]))
    data = samples(750)
    write_audio(cd_r, -150, data, unit=27)
    cd_r.synchronize()
    assert read_cd(cd_r, 0, 600) == data[150 * SECTOR :]


def test_data_and_audio_on_one_disc(cd_r: Drive) -> None:
    burn_data_track(cd_r, 300, close=False)
    audio = samples(300)
    start = burn_audio_track(cd_r, audio)
    cd_r.close_session()
    assert start == 452
    controls = [toc(cd_r, 0)[n + 1] for n in (4, 12, 20)]
    assert controls == [0x14, 0x10, 0x10]
    assert read_cd(cd_r, start, 300) == audio
    assert cd_r.outcome(Read10(299, 2)) == ILLEGAL_MODE_FOR_THIS_TRACK
    assert len(cd_r.read(0, 300)) == 300 * 2048


def test_no_change_of_form_within_a_track(cd_r: Drive) -> None:
    select(cd_r, TAO, mode=AUDIO, block_type=0)
    write_audio(cd_r, 0, samples(10))
    select(cd_r, TAO)
    assert cd_r.write_outcome(10, 1) == ILLEGAL_MODE_FOR_THIS_TRACK


def test_samples_come_whole(cd_r: Drive) -> None:
    select(cd_r, TAO, mode=AUDIO, block_type=0)
    assert cd_r.outcome(Write10(0, 2), bytes(2 * 2048)) == INVALID_FIELD_IN_CDB
    assert cd_r.disc_information().status == 0


def test_audio_takes_no_blocks_of_data(cd_r: Drive) -> None:
    select(cd_r, TAO, mode=AUDIO, block_type=8)
    assert cd_r.write_outcome(0, 1) == ILLEGAL_MODE_FOR_THIS_TRACK
