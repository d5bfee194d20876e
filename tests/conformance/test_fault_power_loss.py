"""A fault of the kind `power-loss`: the buffer is gone, 6/29/00, the disc as a killed recorder leaves it."""

from __future__ import annotations

import pytest

from burnlab.recorder import Fault
from burnlab.scsi.commands import SynchronizeCache10, Write10
from burnlab.scsi.mmc.commands import FormatUnit, ReserveTrack
from support.drive import DISC_AT_ONCE, Drive, MakeDrive, pattern
from support.expect import (
    BECOMING_READY,
    GOOD,
    ILLEGAL_MODE_FOR_THIS_TRACK,
    INVALID_ADDRESS_FOR_WRITE,
    MEDIUM_REMOVAL_PREVENTED,
    POWER_ON_OR_RESET,
)
from support.faulty_recorder import lie_in_wait

NEW_MEDIA = 2


def written_until_it_goes(drive: Drive, blocks: int, start: int = 0, **keys: object) -> None:
    """Write; the power goes at the WRITE behind so many blocks."""
    lie_in_wait(drive, "power-loss", command="WRITE (10)", nth=blocks // 16 + 1, **keys)
    drive.write(start, blocks)
    assert drive.write_outcome(start + blocks) == POWER_ON_OR_RESET


def test_an_open_track_is_damaged_and_lacks_what_was_in_the_buffer(drive: Drive) -> None:
    drive.burn_session(160)
    drive.select()
    start = drive.last_track().next_writable
    written_until_it_goes(drive, 160, start, buffer_blocks=40)
    track = drive.track(2)
    assert (track.damage, track.nwa_valid, track.size) == (True, False, 120)
    assert drive.write_outcome(start + 160) == INVALID_ADDRESS_FOR_WRITE
    assert drive.read(0, 160) == pattern(0, 160)
    assert drive.read(start, 120) == pattern(start, 120)
    drive.close_track(2)
    drive.close_session()
    assert drive.capacity() == start + 128 - 1, "closing pads the track to whole units"
    assert not drive.track(2).damage
    assert drive.read(start + 120, 8) == bytes(8 * 2048)


def test_all_that_fits_into_the_buffer_is_gone(drive: Drive) -> None:
    drive.select()
    written_until_it_goes(drive, 1600)
    track = drive.track(1)
    assert (track.damage, track.next_writable) == (False, 0), "4 MiB are more than was written"
    drive.select()
    written_until_it_goes(drive, 3200)
    assert drive.track(1).size == 3200 - 2048


def test_what_was_flushed_is_on_the_disc(drive: Drive) -> None:
    drive.select()
    lie_in_wait(drive, "power-loss", command="WRITE (10)", nth=12)
    drive.write(0, 160)
    drive.synchronize()
    drive.write(160, 16)
    assert drive.write_outcome(176) == POWER_ON_OR_RESET
    assert drive.read(0, 160) == pattern(0, 160)
    assert drive.track(1).next_writable == 160


def test_a_drive_with_a_speed_has_in_its_buffer_what_the_laser_has_not_yet_burnt(
    make_drive: MakeDrive,
) -> None:
    drive = make_drive(speed=1)
    drive.select()
    lie_in_wait(drive, "power-loss", command="WRITE (10)", nth=41)
    for lba in range(0, 640, 16):
        drive.bench.execute(drive_task(drive, lba))
    drive.clock.advance(0.5)
    assert drive.write_outcome(640) == POWER_ON_OR_RESET
    # 1x of DVD burns 1385 kB/s.
    assert drive.track(1).size == 640 - (-(-(640 * 2048 - 692500) // 2048))


def drive_task(drive: Drive, lba: int):
    from burnlab.scsi import Task

    return Task(Write10(lba, 16).pack(), pattern(lba, 16), nexus=drive.nexus)


@pytest.mark.parametrize("medium", ["dvd-ram", "dvd-rw-ovw"])
def test_overwritten_blocks_are_what_they_were(make_drive: MakeDrive, medium: str) -> None:
    drive = make_drive(medium)
    drive.write(0, 320)
    drive.synchronize()
    new = bytes(b ^ 0xFF for b in pattern(0, 160))
    lie_in_wait(drive, "power-loss", command="WRITE (10)", nth=11, buffer_blocks=20)
    for lba in range(0, 160, 16):
        drive.run(Write10(lba, 16), new[lba * 2048 : (lba + 16) * 2048])
    assert drive.write_outcome(160) == POWER_ON_OR_RESET
    assert drive.read(0, 320) == new[: 140 * 2048] + pattern(140, 180)
    assert drive.write_outcome(160) == GOOD, "nothing but the attention tells that something is missing"


def test_cd(make_drive: MakeDrive) -> None:
    drive = make_drive("cd-rw")
    drive.select(1)
    written_until_it_goes(drive, 480, buffer_blocks=100)
    track = drive.track(1)
    assert (track.damage, track.size) == (True, 380)
    drive.blank(minimal=True)
    assert drive.disc_information().status == 0


def test_at_once(drive: Drive) -> None:
    drive.select(DISC_AT_ONCE)
    drive.run(ReserveTrack(size=320))
    written_until_it_goes(drive, 160, buffer_blocks=16)
    assert drive.track(1).damage
    drive.blank()
    assert drive.disc_information().status == 0


def test_formatting_in_the_background_is_cut_off(make_drive: MakeDrive) -> None:
    drive = make_drive("dvd+rw")
    drive.run(FormatUnit(format_data=True, format_code=1), bytes.fromhex("00020008ffffffff98000000"))
    drive.wait_ready()
    assert drive.disc_information().background_format == 2
    lie_in_wait(drive, "power-loss", command="TEST UNIT READY")
    assert drive.ready() == POWER_ON_OR_RESET
    assert drive.disc_information().background_format == 1


def test_an_operation_that_ran_has_taken_place(drive: Drive) -> None:
    drive.burn_session(160)
    drive.run(bytes.fromhex("a11000000000000000000000"))
    lie_in_wait(drive, "power-loss", command="TEST UNIT READY", nth=2)
    drive.ready()
    assert drive.ready() == POWER_ON_OR_RESET
    assert drive.ready() == GOOD
    assert drive.disc_information().status == 0


def test_everybody_is_told_and_nothing_is_remembered(drive: Drive) -> None:
    other = drive.other()
    other.lock()
    assert drive.eject() == MEDIUM_REMOVAL_PREVENTED
    drive.select(DISC_AT_ONCE)
    drive.run(ReserveTrack(size=320))
    lie_in_wait(drive, "power-loss", command="READ CAPACITY", seconds=6)
    assert drive.outcome(bytes.fromhex("25000000000000000000")) == POWER_ON_OR_RESET
    assert other.ready() == POWER_ON_OR_RESET
    assert other.ready() == BECOMING_READY
    drive.clock.advance(6)
    assert (drive.ready(), other.ready()) == (GOOD, GOOD)
    assert drive.media_events() == [NEW_MEDIA]
    assert drive.eject() == GOOD, "no tray is locked any more"
    drive.load_tray()
    drive.settle()
    assert drive.write_outcome(0) == ILLEGAL_MODE_FOR_THIS_TRACK, "the write type is again that of power on"


def test_an_empty_drive(empty: Drive) -> None:
    lie_in_wait(empty, "power-loss")
    assert empty.ready() == POWER_ON_OR_RESET
    assert empty.ready().asc == 0x3A


def test_the_disc_in_a_tray_that_is_open_is_left_alone(drive: Drive) -> None:
    drive.burn_session(160)
    drive.eject()
    lie_in_wait(drive, "power-loss")
    assert drive.ready() == POWER_ON_OR_RESET
    drive.load_tray()
    drive.settle()
    assert drive.read(0, 160) == pattern(0, 160)


def test_an_eject_flushes(make_drive: MakeDrive) -> None:
    drive = make_drive("dvd-ram")
    lie_in_wait(drive, "power-loss", command="WRITE (10)", nth=3)
    drive.write(0, 16)
    drive.eject()
    drive.load_tray()
    drive.settle()
    drive.write(16, 16)
    assert drive.write_outcome(32) == POWER_ON_OR_RESET
    assert drive.read(0, 32) == pattern(0, 16) + bytes(16 * 2048)


def test_a_second_loss_takes_only_what_came_after_the_first(make_drive: MakeDrive) -> None:
    drive = make_drive("dvd-ram")
    lie_in_wait(drive, "power-loss", command="WRITE (10)", nth=3, times=2)
    drive.write(0, 32)
    assert [drive.write_outcome(32), drive.write_outcome(32)] == [POWER_ON_OR_RESET] * 2
    drive.write(0, 32)
    assert drive.read(0, 48) == pattern(0, 32) + bytes(16 * 2048)


def test_the_flush_itself(drive: Drive) -> None:
    drive.select()
    lie_in_wait(drive, "power-loss", command="SYNCHRONIZE CACHE", buffer_blocks=16)
    drive.write(0, 64)
    assert drive.outcome(SynchronizeCache10(immed=True)) == POWER_ON_OR_RESET
    assert drive.track(1).size == 48


def test_a_kind_without_settings_is_a_fault() -> None:
    assert Fault("power-loss").limit == 1
