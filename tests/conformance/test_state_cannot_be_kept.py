"""The state file takes no more: 3/0C/00 from the command that changes it, and the disc stays as it was."""

from __future__ import annotations

import pytest

from burnlab.disc import Disc, DiscState
from burnlab.disc.errors import SurfaceFailure
from burnlab.disc.surface import MemorySurface
from burnlab.scsi.commands import SynchronizeCache10, Write10
from burnlab.scsi.mmc.commands import Blank, CloseTrackSession, ReserveTrack
from burnlab.scsi.record import Cdb
from support.drive import Drive, MakeDrive
from support.expect import GOOD, WRITE_ERROR


class Store:
    """Keeps a state, or fails."""

    def __init__(self) -> None:
        self.broken = False
        self.state: DiscState | None = None

    def keep(self, state: DiscState) -> None:
        if self.broken:
            raise SurfaceFailure("no space left on device")
        self.state = state


@pytest.mark.parametrize(
    ("cdb", "data"),
    [
        (Blank(immed=True), 0),
        (CloseTrackSession(immed=True, function=1, track=1), 0),
        (SynchronizeCache10(immed=True), 0),
    ],
    ids=lambda v: getattr(v, "NAME", None),
)
def test_open_track(make_drive: MakeDrive, cdb: Cdb, data: int) -> None:
    store = Store()
    drive = make_drive(Disc(Disc.in_memory("dvd-rw").state, MemorySurface(), store.keep))
    drive.select()
    drive.write(0, 37)
    before = drive.state_bytes()
    store.broken = True
    assert drive.outcome(cdb) == WRITE_ERROR
    assert drive.ready() == GOOD, "no operation goes on"
    assert drive.state_bytes() == before
    store.broken = False
    assert drive.outcome(cdb) == GOOD


@pytest.mark.parametrize(
    ("cdb", "data"),
    [(Write10(0, 16), 32768), (ReserveTrack(size=16), 0)],
    ids=lambda v: getattr(v, "NAME", None),
)
def test_blank_disc(make_drive: MakeDrive, cdb: Cdb, data: int) -> None:
    store = Store()
    drive: Drive = make_drive(Disc(Disc.in_memory("dvd-rw").state, MemorySurface(), store.keep))
    drive.select()
    before = drive.state_bytes()
    store.broken = True
    assert drive.outcome(cdb, bytes(data)) == WRITE_ERROR
    assert drive.state_bytes() == before
    store.broken = False
    assert drive.outcome(cdb, bytes(data)) == GOOD


def test_session(make_drive: MakeDrive) -> None:
    store = Store()
    drive = make_drive(Disc(Disc.in_memory("dvd-rw").state, MemorySurface(), store.keep))
    drive.select()
    drive.write(0, 16)
    drive.close_track(1)
    before = drive.state_bytes()
    store.broken = True
    assert drive.outcome(CloseTrackSession(function=2)) == WRITE_ERROR
    assert drive.state_bytes() == before
    store.broken = False
    drive.close_session()
    assert drive.capacity() == 15
