"""READ while a disc is being written at once: 5/2C/00; 51h and 52h answer."""

from __future__ import annotations

from burnlab.scsi.commands import Read10
from burnlab.scsi.mmc.commands import ReserveTrack
from support.drive import DISC_AT_ONCE, Drive, pattern
from support.expect import COMMAND_SEQUENCE_ERROR


def test_refused_until_it_is_complete(drive: Drive) -> None:
    drive.select(DISC_AT_ONCE)
    drive.run(ReserveTrack(size=32))
    drive.write(0, 16)
    assert drive.outcome(Read10(0, 16)) == COMMAND_SEQUENCE_ERROR
    assert drive.disc_information().status == 1
    assert drive.track(1).next_writable == 16
    drive.write(16, 16)
    drive.synchronize()
    assert drive.read(0, 32) == pattern(0, 32)
