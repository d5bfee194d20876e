"""Catalogue number, ISRC and position: READ SUB-CHANNEL, the Q sub-channel, and where they came from."""

from __future__ import annotations

import pytest

from burnlab.scsi.mmc.sub_channel import ReadSubChannel
from support.cd import (
    AUDIO,
    SAO,
    announce,
    audio_sheet,
    burn_audio_track,
    burn_data_at_once,
    read_cd,
    samples,
    select,
    write_audio,
)
from support.drive import Drive, MakeDrive
from support.expect import INCOMPATIBLE_MEDIUM, INVALID_FIELD_IN_CDB

MCN, ISRC = "1234567890123", "XYBLG1101234"


def ask(drive: Drive, form: int, track: int = 0, *, msf: bool = False) -> bytes:
    cdb = ReadSubChannel(msf=msf, sub_q=True, format=form, track=track, allocation_length=0xFFFF)
    answer = drive.run(cdb)
    assert len(answer) == int.from_bytes(answer[2:4], "big") + 4
    return answer


@pytest.fixture(params=["cue sheet", "mode page"])
def coded(make_drive: MakeDrive, request: pytest.FixtureRequest) -> Drive:
    """A disc with both codes, whichever way they came."""
    drive = make_drive("cd-r")
    if request.param == "cue sheet":
        select(drive, SAO, mode=AUDIO, block_type=0)
        announce(drive, audio_sheet([300, 300], mcn=MCN, isrc={1: ISRC}))
        write_audio(drive, -150, samples(750))
        drive.synchronize()
    else:
        burn_audio_track(drive, samples(300), isrc=ISRC, mcn=MCN)
        burn_audio_track(drive, samples(300), mcn=MCN)
        drive.close_session()
    return drive


def test_catalogue_number(coded: Drive) -> None:
    answer = ask(coded, 2)
    assert answer[4] == 2 and answer[8] == 0x80
    assert answer[9:22] == MCN.encode()


def test_isrc(coded: Drive) -> None:
    answer = ask(coded, 3, 1)
    assert answer[4:9] == bytes((3, 0x30, 1, 0, 0x80))
    assert answer[9:21] == ISRC.encode()
    assert ask(coded, 3, 2)[8] == 0
    assert coded.outcome(ReadSubChannel(sub_q=True, format=3, track=3)) == INVALID_FIELD_IN_CDB


def test_both_in_the_sub_channel(coded: Drive) -> None:
    rows = [read_cd(coded, lba, 1, 0, sub_channel=2) for lba in range(300)]
    catalogue = [r for r in rows if r[0] & 0x0F == 2]
    codes = [r for r in rows if r[0] & 0x0F == 3]
    assert (len(catalogue), len(codes)) == (2, 3)  # The first sector of a track tells its position.
    assert catalogue[0][1:8] == bytes.fromhex("12345678901230")
    assert codes[0][1:9] == isrc_bits(ISRC)


def isrc_bits(isrc: str) -> bytes:
    """Five letters of 6 bits, two bits of zero, seven digits of 4 bits, four bits of zero."""
    bits = "".join(f"{ord(c) - 48:06b}" for c in isrc[:5]) + "00" + "".join(f"{int(c):04b}" for c in isrc[5:])
    return int(bits + "0000", 2).to_bytes(8, "big")


def test_none(make_drive: MakeDrive) -> None:
    drive = make_drive("cd-r")
    burn_data_at_once(drive, 300)
    assert ask(drive, 2)[8] == 0
    assert ask(drive, 3, 1)[8] == 0


def test_position(coded: Drive) -> None:
    read_cd(coded, 100, 30)
    answer = ask(coded, 1)
    assert answer[1] == 0x15
    assert answer[4:8] == bytes((1, 0x10, 1, 1))
    assert answer[8:16] == (129).to_bytes(4, "big") * 2
    assert ask(coded, 1, msf=True)[8:16] == bytes((0, 0, 3, 54, 0, 0, 1, 54))


def test_status_alone(coded: Drive) -> None:
    assert coded.run(ReadSubChannel(allocation_length=4)) == bytes((0, 0x15, 0, 0))


def test_unknown_format(coded: Drive) -> None:
    assert coded.outcome(ReadSubChannel(sub_q=True, format=4)) == INVALID_FIELD_IN_CDB


def test_only_on_cd(drive: Drive) -> None:
    assert drive.outcome(ReadSubChannel(sub_q=True, format=1)) == INCOMPATIBLE_MEDIUM
