"""READ TOC of overwritable media: one track over all that is formatted, fabricated; else 5/24/00."""

from __future__ import annotations

import pytest

from support.drive import MakeDrive
from support.expect import INVALID_FIELD_IN_CDB

TRACKS = bytes.fromhex("4300000000000000ff00")
SESSIONS = bytes.fromhex("43000000000000000c40")


@pytest.mark.parametrize(("medium", "blocks"), [("dvd-ram", 2236704), ("dvd-rw-ovw", 2297888)])
def test_one_track(make_drive: MakeDrive, medium: str, blocks: int) -> None:
    drive = make_drive(medium)
    raw = drive.run(TRACKS)
    assert raw == bytes.fromhex("00120101 00140100 00000000 0014aa00") + blocks.to_bytes(4, "big")
    assert drive.run(SESSIONS) == bytes.fromhex("000a0101 00140100 00000000")


def test_an_address_that_minutes_cannot_say(make_drive: MakeDrive) -> None:
    lead_out = make_drive("dvd-ram").run(bytes.fromhex("430200000000aa000c00"))
    assert lead_out[8:12] == bytes.fromhex("00ff3b4a")


@pytest.mark.parametrize("medium", ["dvd+rw", "bd-re"])
def test_nothing_before_it_is_formatted(make_drive: MakeDrive, medium: str) -> None:
    drive = make_drive(medium)
    assert drive.outcome(TRACKS) == INVALID_FIELD_IN_CDB
