"""Cue sheets that don't add up: 5/26/00, and the disc takes what it took before."""

from __future__ import annotations

import pytest

from burnlab.scsi.mmc.cue_sheet import SendCueSheet
from support.cd import SAO, TAO, audio_sheet, burn_data_track, data_sheet, msf, select
from support.drive import MakeDrive
from support.expect import END_OF_USER_AREA, INVALID_FIELD_IN_PARAMETER_LIST, PARAMETER_LIST_LENGTH_ERROR

GOOD = data_sheet(300)
LEAD_IN, PREGAP, START, LEAD_OUT = (GOOD[n : n + 8] for n in range(0, 32, 8))


def at(item: bytes, lba: int) -> bytes:
    """The item with another address."""
    return item[:5] + msf(lba)


SHEETS = {
    "empty": b"",
    "half an item": GOOD[:-4],
    "no lead-in": PREGAP + START + LEAD_OUT,
    "no lead-out": LEAD_IN + PREGAP + START,
    "no track": LEAD_IN + LEAD_OUT,
    "no start": LEAD_IN + PREGAP + at(LEAD_OUT, 300),
    "no pre-gap": LEAD_IN + START + LEAD_OUT,
    "too short": GOOD[:-8] + at(LEAD_OUT, 299),
    "falling": LEAD_IN + PREGAP + START + at(LEAD_OUT, -1),
    "late": LEAD_IN + at(PREGAP, -149) + START + LEAD_OUT,
    "second 60": GOOD[:-2] + b"\x3c\x00",
    "frame 75": GOOD[:-1] + b"\x4b",
    "track 2 first": LEAD_IN + b"\x41\x02" + PREGAP[2:] + b"\x41\x02" + START[2:] + LEAD_OUT,
    "index left out": LEAD_IN + PREGAP + START[:2] + b"\x02" + START[3:] + LEAD_OUT,
    "data form unknown": LEAD_IN + PREGAP + START[:3] + b"\x1f" + START[4:] + LEAD_OUT,
    "audio with data control": LEAD_IN + PREGAP + START[:3] + b"\x00" + START[4:] + LEAD_OUT,
    "data without data control": LEAD_IN + PREGAP + b"\x01" + START[1:] + LEAD_OUT,
    "unknown ADR": LEAD_IN + PREGAP + b"\x44" + START[1:] + LEAD_OUT,
    "half a catalogue number": b"\x021234567" + GOOD,
    "catalogue number with letters": b"\x02ABCDEFG\x02HIJKLM\0" + GOOD,
    "ISRC of no track": audio_sheet([300], isrc={1: "XYBLG1101234"}).replace(b"\x03\x01", b"\x03\x07"),
    "ISRC with blanks": audio_sheet([300], isrc={1: "XYBLG 101234"}),
}


@pytest.mark.parametrize("name", SHEETS)
def test_refused(make_drive: MakeDrive, name: str) -> None:
    drive = make_drive("cd-r")
    before = drive.state_bytes()
    select(drive, SAO)
    sheet = SHEETS[name]
    outcome = drive.outcome(SendCueSheet(cue_sheet_size=len(sheet)), sheet)
    assert outcome == INVALID_FIELD_IN_PARAMETER_LIST
    assert drive.state_bytes() == before
    select(drive, TAO)
    assert burn_data_track(drive, 300) == 0


def test_longer_than_the_medium(make_drive: MakeDrive) -> None:
    drive = make_drive("cd-r")
    select(drive, SAO)
    sheet = data_sheet(359850)
    assert drive.outcome(SendCueSheet(cue_sheet_size=32), sheet) == END_OF_USER_AREA
    sheet = data_sheet(359849)
    drive.run(SendCueSheet(cue_sheet_size=32), sheet)


def test_shorter_than_announced(make_drive: MakeDrive) -> None:
    drive = make_drive("cd-r")
    select(drive, SAO)
    assert drive.outcome(SendCueSheet(cue_sheet_size=40), GOOD) == PARAMETER_LIST_LENGTH_ERROR
