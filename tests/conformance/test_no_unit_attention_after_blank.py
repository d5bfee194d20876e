"""During and after BLANK, SYNC, CLOSE no initiator ever sees a unit attention."""

from __future__ import annotations

from burnlab.scsi import commands
from burnlab.scsi.commands import SynchronizeCache10
from burnlab.scsi.mmc.commands import Blank, CloseTrackSession
from burnlab.scsi.record import Cdb
from support.drive import Drive


def never_attended(drives: list[Drive], cdb: Cdb) -> None:
    drives[0].run(cdb)
    for _ in range(40):
        for drive in drives:
            reply = drive.send(commands.TestUnitReady())
            assert not reply.sense or reply.sense[2] == 2
        drives[0].clock.advance(0.25)


def test_none(drive: Drive) -> None:
    drive.select()
    drives = [drive, drive.other()]
    drive.write(0, 32)
    never_attended(drives, SynchronizeCache10(immed=True))
    never_attended(drives, CloseTrackSession(immed=True, function=1, track=1))
    never_attended(drives, CloseTrackSession(immed=True, function=2))
    never_attended(drives, Blank(immed=True, blanking_type=1))
    never_attended(drives, Blank(immed=True, blanking_type=0))
