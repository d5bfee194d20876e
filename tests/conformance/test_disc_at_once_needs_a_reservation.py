"""WRITE at once without RESERVE TRACK: refused, since nobody could tell when the disc is complete."""

from __future__ import annotations

from support.drive import DISC_AT_ONCE, LAST, Drive
from support.expect import COMMAND_SEQUENCE_ERROR


def test_refused(drive: Drive) -> None:
    before = drive.state_bytes()
    drive.select(DISC_AT_ONCE, LAST)
    assert drive.write_outcome(0) == COMMAND_SEQUENCE_ERROR
    assert drive.state_bytes() == before


def test_the_disc_still_takes_it(drive: Drive) -> None:
    drive.select(DISC_AT_ONCE, LAST)
    drive.write_outcome(0)
    drive.burn_at_once(20)
    assert drive.disc_information().status == 2
