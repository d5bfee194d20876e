"""BLANK, CLOSE, SYNC with Immed: 2/04/07 in format 70h with progress, then TEST UNIT READY GOOD."""

from __future__ import annotations

import pytest

from burnlab.scsi import commands
from burnlab.scsi.commands import Read10, ReadCapacity10, SynchronizeCache10, Write10
from burnlab.scsi.mmc.commands import (
    Blank,
    CloseTrackSession,
    ReadDiscInformation,
    ReadFormatCapacities,
    ReadTocPmaAtip,
    ReadTrackInformation,
    ReserveTrack,
)
from burnlab.scsi.record import Cdb
from support.drive import DISC_AT_ONCE, Drive, MakeDrive
from support.expect import GOOD, OPERATION_IN_PROGRESS

OPERATIONS: dict[str, Cdb] = {
    "blank": Blank(immed=True, blanking_type=0),
    "minimal blank": Blank(immed=True, blanking_type=1),
    "sync": SynchronizeCache10(immed=True),
    "close track": CloseTrackSession(immed=True, function=1, track=1),
    "close session": CloseTrackSession(immed=True, function=2),
}
SPEEDS = [None, 1, 4]


def begin(make_drive: MakeDrive, name: str, speed: float | None) -> Drive:
    drive = make_drive(speed=speed)
    drive.select()
    drive.write(0, 160)
    if name == "close session":
        drive.synchronize()
        drive.close_track(1)
    drive.run(OPERATIONS[name])
    return drive


@pytest.mark.parametrize("speed", SPEEDS)
@pytest.mark.parametrize("name", OPERATIONS)
def test_progress(make_drive: MakeDrive, name: str, speed: float | None) -> None:
    drive = begin(make_drive, name, speed)
    reply = drive.send(commands.TestUnitReady())
    assert reply.sense[0] == 0x70, "exactly 70h: an F0h byte is not decoded"
    assert (reply.sense[2], reply.sense[12], reply.sense[13]) == (2, 4, 7)
    assert reply.sense[15] & 0x80
    first = int.from_bytes(reply.sense[16:18], "big")
    assert first >= 1, "libburn's first stage waits for progress above 0"
    seen = [first, *drive.wait_ready(step=0.01 if speed is None else 0.5)]
    assert seen == sorted(seen)
    assert max(seen) < 65535
    assert all(p >= 1 for p in seen)
    assert drive.ready() == GOOD
    assert drive.ready() == GOOD


@pytest.mark.parametrize("name", ["blank", "minimal blank"])
def test_at_full_speed_it_still_can_be_seen(make_drive: MakeDrive, name: str) -> None:
    # libburn polls once a second while it blanks.
    drive = begin(make_drive, name, None)
    seen = drive.wait_ready(step=1.0)
    assert len(seen) >= 2
    assert len(set(seen)) == len(seen)


@pytest.mark.parametrize("name", OPERATIONS)
def test_media_commands_say_so_too(make_drive: MakeDrive, name: str) -> None:
    drive = begin(make_drive, name, 4)
    other = drive.other(settled=False)
    other.ready()
    for cdb, data in (
        (ReadDiscInformation(allocation_length=34), b""),
        (ReadTrackInformation(address_type=1, address=1, allocation_length=36), b""),
        (ReadTocPmaAtip(allocation_length=12), b""),
        (ReadCapacity10(), b""),
        (ReadFormatCapacities(allocation_length=252), b""),
        (Read10(0, 1), b""),
        (Write10(160, 1), bytes(2048)),
        (Blank(immed=True), b""),
        (CloseTrackSession(immed=True, function=1, track=1), b""),
        (SynchronizeCache10(immed=True), b""),
    ):
        assert drive.outcome(cdb, data) == OPERATION_IN_PROGRESS, cdb
        assert other.outcome(cdb, data) == OPERATION_IN_PROGRESS, cdb
    drive.wait_ready()


def test_sync_that_finalizes_takes_the_lead_outs_time(make_drive: MakeDrive) -> None:
    drive = make_drive(speed=4)
    drive.select(DISC_AT_ONCE)
    drive.run(ReserveTrack(size=160))
    drive.write(0, 160)
    began = drive.clock.now
    drive.synchronize()
    # A disc written at once is filled up to about 1 GB: 180 s at 4x.
    assert 100 < drive.clock.now - began < 300


def test_state_is_final_when_ready(drive: Drive) -> None:
    drive.select(multi=0)
    drive.write(0, 16)
    drive.run(SynchronizeCache10(immed=True))
    drive.wait_ready()
    drive.run(CloseTrackSession(immed=True, function=1, track=1))
    drive.wait_ready()
    drive.run(CloseTrackSession(immed=True, function=2))
    drive.wait_ready()
    assert drive.disc_information().status == 2
    assert drive.capacity() == 15
