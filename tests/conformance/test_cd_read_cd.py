"""READ CD and READ CD MSF: parts of sectors, expected types, sub-channels, and what can't be read."""

from __future__ import annotations

import pytest

from burnlab.scsi.mmc.commands import ReadCd
from burnlab.scsi.mmc.read_cd import ReadCdMsf
from support.cd import burn_audio_track, burn_data_at_once, burn_data_track, lba_pattern, read_cd, samples
from support.drive import Drive, MakeDrive, MakeRom
from support.expect import (
    ILLEGAL_MODE_FOR_THIS_TRACK,
    INCOMPATIBLE_MEDIUM,
    INVALID_FIELD_IN_CDB,
    LBA_OUT_OF_RANGE,
)

SYNC = b"\0" + b"\xff" * 10 + b"\0"
ANY, CD_DA, MODE_1, FORM_1 = 0, 1, 2, 4


@pytest.fixture
def mode_1(make_drive: MakeDrive) -> Drive:
    """A CD-R with one data session of 400 blocks."""
    drive = make_drive("cd-r")
    burn_data_at_once(drive, 400)
    return drive


def outcome(
    drive: Drive, lba: int = 0, *, parts: int = 0x10, kind: int = ANY, sub_channel: int = 0
) -> object:
    cdb = bytearray(ReadCd(sector_type=kind, lba=lba, length=1, sub_channel=sub_channel).pack())
    cdb[9] = parts
    return drive.outcome(bytes(cdb))


def test_whole_sector(mode_1: Drive) -> None:
    sector = read_cd(mode_1, 375, 1)
    assert len(sector) == 2352
    assert sector[:12] == SYNC
    assert sector[12:16] == bytes.fromhex("00070001")
    assert sector[16:2064] == lba_pattern(375, 1)
    assert sector[2068:2076] == bytes(8)


@pytest.mark.parametrize(
    ("parts", "begin", "end"),
    [
        (0x80, 0, 12),
        (0x20, 12, 16),
        (0xA0, 0, 16),
        (0x10, 16, 2064),
        (0x30, 12, 2064),
        (0x18, 16, 2352),
        (0x50, 16, 2064),
        (0xB0, 0, 2064),
        (0xF8, 0, 2352),
        (0x00, 0, 0),
    ],
)
def test_parts(mode_1: Drive, parts: int, begin: int, end: int) -> None:
    whole = read_cd(mode_1, 7, 2)
    expected = whole[begin:end] + whole[2352 + begin : 2352 + end]
    assert read_cd(mode_1, 7, 2, parts) == expected


@pytest.mark.parametrize("parts", [0x90, 0x28, 0x88])
def test_parts_that_do_not_lie_together(mode_1: Drive, parts: int) -> None:
    assert outcome(mode_1, parts=parts) == INVALID_FIELD_IN_CDB


def test_expected_type(mode_1: Drive) -> None:
    assert read_cd(mode_1, 0, 1, 0x10, kind=MODE_1) == lba_pattern(0, 1)
    for kind in (CD_DA, 3, FORM_1, 5):
        assert outcome(mode_1, kind=kind) == ILLEGAL_MODE_FOR_THIS_TRACK
    assert outcome(mode_1, kind=6) == INVALID_FIELD_IN_CDB


def test_error_bits(mode_1: Drive) -> None:
    assert read_cd(mode_1, 0, 1, 0xFA) == read_cd(mode_1, 0, 1) + bytes(294)
    assert read_cd(mode_1, 0, 1, 0xFC) == read_cd(mode_1, 0, 1) + bytes(296)
    assert outcome(mode_1, parts=0xFE) == INVALID_FIELD_IN_CDB


def test_sub_channels(mode_1: Drive) -> None:
    q = read_cd(mode_1, 375, 1, 0, sub_channel=2)
    assert q[:10] == bytes.fromhex("41 01 01 00 05 00 00 00 07 00".replace(" ", ""))
    assert len(q) == 16
    raw = read_cd(mode_1, 375, 1, 0xF8, sub_channel=1)[2352:]
    assert len(raw) == 96
    bits = "".join(str(b >> 6 & 1) for b in raw)
    assert int(bits, 2).to_bytes(12, "big") == q[:12]
    assert read_cd(mode_1, 0, 1, 0, sub_channel=4) == bytes(96)
    assert outcome(mode_1, sub_channel=3) == INVALID_FIELD_IN_CDB


def test_pre_gap_can_be_read(mode_1: Drive) -> None:
    sector = read_cd(mode_1, -1, 1)
    assert sector[12:16] == bytes.fromhex("00017401")
    assert sector[16:2064] == bytes(2048)


def test_what_is_not_there(mode_1: Drive) -> None:
    for lba in (-151, 400, 11800):
        assert outcome(mode_1, lba) == LBA_OUT_OF_RANGE


def test_run_out(make_drive: MakeDrive) -> None:
    drive = make_drive("cd-r")
    burn_data_track(drive, 300)
    assert outcome(drive, 300) == outcome(drive, 301) == ILLEGAL_MODE_FOR_THIS_TRACK
    assert outcome(drive, 302) == LBA_OUT_OF_RANGE


def test_by_msf(mode_1: Drive) -> None:
    cdb = ReadCdMsf(start_second=2, start_frame=5, end_second=2, end_frame=8, user_data=True)
    assert mode_1.run(cdb) == lba_pattern(5, 3)
    backwards = ReadCdMsf(start_second=2, start_frame=5, end_second=2, end_frame=4, user_data=True)
    assert mode_1.outcome(backwards) == INVALID_FIELD_IN_CDB


def test_audio_is_the_same_whatever_parts(make_drive: MakeDrive) -> None:
    drive = make_drive("cd-r")
    data = samples(300)
    burn_audio_track(drive, data)
    drive.close_session()
    for parts in (0x10, 0xF8, 0xF0):
        assert read_cd(drive, 0, 300, parts, kind=CD_DA) == data
    assert outcome(drive, kind=MODE_1) == ILLEGAL_MODE_FOR_THIS_TRACK


def test_nothing_for_length_0(mode_1: Drive) -> None:
    assert mode_1.run(ReadCd(lba=0, length=0, user_data=True)) == b""


def test_pressed_disc(make_drive: MakeDrive, make_rom: MakeRom) -> None:
    drive = make_drive(make_rom("cd-rom", 1000))
    assert read_cd(drive, 999, 1)[16:2064] == lba_pattern(999, 1)
    assert outcome(drive, 1000) == LBA_OUT_OF_RANGE


def test_only_on_cd(make_drive: MakeDrive) -> None:
    assert outcome(make_drive("dvd-r")) == INCOMPATIBLE_MEDIUM
