"""GET EVENT STATUS NOTIFICATION, media class: 8 bytes, and each event once for each initiator."""

from __future__ import annotations

import pytest

from support.drive import Drive
from support.expect import INVALID_FIELD_IN_CDB

# 4A 01 00 00 10 00 00 00 08: Linux at every open and close.
LINUX = bytes.fromhex("4a010000100000000800000000000000")


def test_nothing_happened(drive: Drive) -> None:
    answer = drive.run(LINUX)
    assert answer[0:3] == bytes.fromhex("000604")
    assert answer[3] & 0x10, "the media class is supported"
    assert answer[4:8] == bytes.fromhex("00020000")


def test_empty_tray(empty: Drive) -> None:
    assert empty.run(LINUX)[4:6] == b"\x00\x00"


def test_open_tray(drive: Drive) -> None:
    drive.eject()
    assert drive.run(LINUX)[4:6] == b"\x03\x01"
    assert drive.run(LINUX)[4:6] == b"\x00\x01"


def test_once_for_each_initiator(drive: Drive) -> None:
    other = drive.other()
    drive.burn_session(16)
    assert drive.media_event() == 2
    assert drive.media_event() == 0
    assert other.media_event() == 2
    assert other.media_event() == 0


def test_a_new_initiator_finds_a_disc(drive: Drive) -> None:
    other = drive.other(settled=False)
    assert other.media_events() == [2]


def test_without_polling(drive: Drive) -> None:
    assert drive.outcome(bytes.fromhex("4a000000100000000800")) == INVALID_FIELD_IN_CDB


def test_no_class_asked_for(drive: Drive) -> None:
    answer = drive.run(bytes.fromhex("4a010000000000000800"))
    assert answer[2] & 0x80, "no event available"
    assert len(answer) == 4
    assert answer[0:2] == b"\x00\x02"


def test_all_classes_of_growisofs(drive: Drive) -> None:
    # 4A 01 00 00 FF: growisofs; it wants the media class while nothing else is going on.
    answer = drive.run(bytes.fromhex("4a010000ff00000008000000"))
    assert answer[2] & 0x87 == 0x04
    assert len(answer) == 8


@pytest.mark.parametrize("length", [0, 2, 4])
def test_an_event_that_was_not_asked_for_whole_stays(drive: Drive, length: int) -> None:
    drive.eject()
    cdb = bytes.fromhex("4a0100001000000000")[:8] + bytes((length, 0))
    full = drive.run(cdb)
    assert len(full) == length
    assert drive.media_event() == 3
