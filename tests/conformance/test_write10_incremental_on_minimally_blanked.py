"""WRITE in mode incremental after a minimal BLANK: 5/64/00, which makes libburn retry with DAO."""

from __future__ import annotations

from burnlab.scsi.mmc.commands import ReserveTrack
from support.drive import INCREMENTAL, Drive
from support.expect import GOOD, ILLEGAL_MODE_FOR_THIS_TRACK


def test_refused_then_done_at_once(drive: Drive) -> None:
    drive.burn_session(16)
    drive.blank(minimal=True)
    drive.select(INCREMENTAL)
    before = drive.state_bytes()
    assert drive.write_outcome(0) == ILLEGAL_MODE_FOR_THIS_TRACK
    assert drive.outcome(ReserveTrack(size=32)) == ILLEGAL_MODE_FOR_THIS_TRACK
    assert drive.state_bytes() == before
    drive.burn_at_once(40)
    assert drive.capacity() == 39


def test_full_blank_gives_it_back(drive: Drive) -> None:
    drive.burn_session(16)
    drive.blank(minimal=True)
    drive.blank()
    drive.select(INCREMENTAL)
    assert drive.write_outcome(0) == GOOD
