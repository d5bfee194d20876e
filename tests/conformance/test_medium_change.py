"""Another disc by hand: 6/28/00 and the events 3 and 2, once for each initiator."""

from __future__ import annotations

from support.drive import Drive, MakeRom
from support.expect import (
    GOOD,
    MEDIUM_MAY_HAVE_CHANGED,
    NOT_READY_NO_MEDIUM_TRAY_CLOSED,
    NOT_READY_NO_MEDIUM_TRAY_OPEN,
)


def test_both_initiators_are_told_once(drive: Drive, make_rom: MakeRom) -> None:
    other = drive.other()
    assert drive.bench.remove() is not None
    assert drive.ready() == NOT_READY_NO_MEDIUM_TRAY_OPEN
    drive.bench.load(make_rom())
    for unit in (drive, other):
        assert unit.ready() == MEDIUM_MAY_HAVE_CHANGED
        assert unit.ready() == GOOD
        assert unit.media_events() == [3, 2]
        assert unit.configuration().current_profile == 0x0010
        assert unit.capacity() == 999


def test_into_an_empty_tray(empty: Drive, make_rom: MakeRom) -> None:
    assert empty.ready() == NOT_READY_NO_MEDIUM_TRAY_CLOSED
    empty.bench.load(make_rom())
    assert empty.ready() == MEDIUM_MAY_HAVE_CHANGED
    assert empty.ready() == GOOD
    assert empty.media_events() == [2]


def test_two_changes_without_a_question_are_one_attention(drive: Drive, make_rom: MakeRom) -> None:
    for _ in range(2):
        disc = drive.bench.remove()
        assert disc is not None
        drive.bench.load(disc)
    assert drive.ready() == MEDIUM_MAY_HAVE_CHANGED
    assert drive.ready() == GOOD


def test_a_new_initiator_is_not_told_of_old_changes(drive: Drive) -> None:
    disc = drive.bench.remove()
    assert disc is not None
    drive.bench.load(disc)
    other = drive.other(settled=False)
    other.ready()
    assert other.ready() == GOOD
