"""Two initiators on one drive: what one does to the other, and what it can't do.

They share the disc, the tray and the mode pages. Nobody owns a burn: what protects it is that a track takes
blocks at its next writable address only.
"""

from __future__ import annotations

from burnlab.scsi.commands import Read10
from support.drive import DISC_AT_ONCE, INCREMENTAL, LAST, Drive, pattern
from support.expect import (
    GOOD,
    INVALID_ADDRESS_FOR_WRITE,
    LBA_OUT_OF_RANGE,
    MODE_PARAMETERS_CHANGED,
    OPERATION_IN_PROGRESS,
)


def test_one_reads_while_the_other_burns(drive: Drive) -> None:
    other = drive.other()
    first = drive.burn_session(64)
    other.settle()
    drive.select()
    start = drive.last_track().next_writable
    for at in range(0, 64, 16):
        drive.write(start + at, 16)
        assert other.read(first, 64) == pattern(first, 64)
        assert other.read(start, at + 16) == pattern(start, at + 16), "what is written is there for both"
        assert other.outcome(Read10(start + at + 16, 1)) == LBA_OUT_OF_RANGE
    drive.synchronize()
    drive.close_track(2)
    drive.close_session()
    assert other.read(start, 64) == pattern(start, 64)


def test_asking_does_not_disturb_a_burn(drive: Drive) -> None:
    drive.select()
    other = drive.other()
    for lba in range(0, 64, 16):
        drive.write(lba, 16)
        other.state_bytes()
        assert other.ready() == GOOD
    assert drive.track(1).next_writable == 64


def test_both_write_and_nothing_is_overwritten(drive: Drive) -> None:
    """Whoever comes second with an address is refused: no block is ever written twice."""
    drive.select()
    other = drive.other()
    drive.write(0, 16)
    assert other.write_outcome(16) == GOOD
    assert drive.write_outcome(16) == INVALID_ADDRESS_FOR_WRITE
    assert other.write_outcome(0) == INVALID_ADDRESS_FOR_WRITE
    assert drive.read(0, 32) == pattern(0, 32)


def test_the_write_parameters_are_shared_and_the_others_are_told(drive: Drive) -> None:
    other, third = drive.other(), drive.other("iqn.2024-01.test:third")
    drive.select()
    for told in (other, third):
        assert told.ready() == MODE_PARAMETERS_CHANGED
        assert told.ready() == GOOD, "once"
    drive.select()
    assert other.ready() == GOOD, "the same again is no change"
    other.select(INCREMENTAL, test=True)
    assert drive.write_outcome(0) == MODE_PARAMETERS_CHANGED, "the burn learns of it before it goes wrong"
    assert drive.track(1).next_writable == 0


def test_who_selects_is_not_told(drive: Drive) -> None:
    drive.select()
    drive.select(DISC_AT_ONCE, LAST)
    assert drive.ready() == GOOD


def test_both_wait_for_an_operation(drive: Drive) -> None:
    other = drive.other()
    drive.burn_session(16)
    other.settle()
    drive.run(bytes((0xA1, 0x10, *bytes(10))))
    assert other.ready() == OPERATION_IN_PROGRESS
    assert other.write_outcome(0) == OPERATION_IN_PROGRESS
    drive.wait_ready()
    assert other.ready() == GOOD
    assert other.disc_information().status == 0, "the disc is blank for both"


def test_one_goes_and_the_other_burns_on(drive: Drive) -> None:
    other = drive.other()
    other.lock()
    drive.select()
    assert other.ready() == MODE_PARAMETERS_CHANGED
    drive.write(0, 16)
    drive.bench.disconnect(other.nexus)
    drive.write(16, 16)
    assert drive.read(0, 32) == pattern(0, 32)
    assert drive.eject() == GOOD, "its lock went with it"
