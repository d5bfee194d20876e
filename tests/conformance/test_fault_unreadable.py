"""A fault of the kind `unreadable`: reads that touch the blocks end with 3/11/05 and the first bad LBA."""

from __future__ import annotations

import pytest

from burnlab.scsi.commands import Read10, Read12, Verify10
from burnlab.scsi.mmc.commands import ReadCd
from burnlab.scsi.record import Cdb
from support.drive import Drive, MakeDrive, pattern
from support.expect import GOOD, LBA_OUT_OF_RANGE, OPERATION_IN_PROGRESS, Outcome
from support.faulty_recorder import lie_in_wait, recorder_of, sense_of

L_EC_UNCORRECTABLE = Outcome(3, 0x11, 0x05)
UNRECOVERED_READ_ERROR = Outcome(3, 0x11, 0x00)


@pytest.fixture
def written(drive: Drive) -> Drive:
    drive.burn_session(320)
    return drive


@pytest.mark.parametrize(
    ("lba", "blocks", "bad"),
    [(96, 32, 100), (100, 1, 100), (103, 1, 103), (103, 16, 103), (64, 32, None), (104, 32, None)],
)
def test_reads_that_touch_the_range(written: Drive, lba: int, blocks: int, bad: int | None) -> None:
    lie_in_wait(written, "unreadable", lba="100..103")
    reply = written.send(Read10(lba, blocks))
    if bad is None:
        assert bytes(reply.data_in) == pattern(lba, blocks)
        return
    sense = sense_of(reply)
    assert reply.sense[0] == 0xF0, "Linux wants the VALID bit with the LBA"
    assert (sense.key, sense.asc, sense.ascq, sense.information) == (3, 0x11, 0x05, bad)
    assert not reply.data_in


@pytest.mark.parametrize("cdb", [Read12(100, 4), Verify10(100, 4)])
def test_other_commands_that_read(written: Drive, cdb: Cdb) -> None:
    lie_in_wait(written, "unreadable", lba=102)
    assert written.outcome(cdb) == L_EC_UNCORRECTABLE


def test_read_cd(make_drive: MakeDrive) -> None:
    drive = make_drive("cd-r")
    drive.select(1)
    drive.write(0, 320)
    drive.synchronize()
    drive.close_session()
    lie_in_wait(drive, "unreadable", lba=102)
    cdb = ReadCd(lba=100, length=4, user_data=True)
    assert drive.outcome(cdb) == L_EC_UNCORRECTABLE
    assert drive.outcome(ReadCd(lba=103, length=4, user_data=True)) == GOOD


def test_it_stays_bad_unless_told_otherwise(written: Drive) -> None:
    struck = lie_in_wait(written, "unreadable", lba=100)
    assert [written.outcome(Read10(100, 1)) for _ in range(3)] == [L_EC_UNCORRECTABLE] * 3
    assert struck() == 3
    recorder_of(written).mishaps.clear()
    assert written.read(100, 1) == pattern(100, 1)
    lie_in_wait(written, "unreadable", lba=100, times=2, sense="3/11/00")
    tries = [written.outcome(Read10(100, 1)) for _ in range(3)]
    assert tries == [UNRECOVERED_READ_ERROR, UNRECOVERED_READ_ERROR, GOOD]


def test_what_would_fail_anyway_says_why(written: Drive) -> None:
    struck = lie_in_wait(written, "unreadable", lba="0..1000000")
    assert written.outcome(Read10(1000, 16)) == LBA_OUT_OF_RANGE
    written.run(bytes.fromhex("a1110000000000000000000000000000")[:12])
    assert written.outcome(Read10(100, 1)) == OPERATION_IN_PROGRESS
    assert struck() == 0


def test_a_read_of_nothing(written: Drive) -> None:
    lie_in_wait(written, "unreadable", lba=100)
    assert written.outcome(Read10(100, 0)) == GOOD
