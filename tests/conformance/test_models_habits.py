"""Drives with habits: a program must live with them."""

from __future__ import annotations

from burnlab.scsi.mmc.commands import Blank
from support.drive import Drive, MakeDrive
from support.expect import BECOMING_READY, GOOD


def progress(drive: Drive) -> list[int]:
    drive.burn_session(16)
    drive.run(Blank(immed=True))
    return drive.wait_ready()


def test_stuck_progress(make_drive: MakeDrive) -> None:
    assert set(progress(make_drive(model="stuck-progress"))) == {1}


def test_relapsing_progress(make_drive: MakeDrive) -> None:
    seen = progress(make_drive(model="relapsing-progress"))
    assert seen != sorted(seen)
    assert max(seen) > 40000


def test_without_burn_free(make_drive: MakeDrive) -> None:
    drive = make_drive(model="no-burn-free")
    page = drive.run(bytes.fromhex("5a002a00000000003c00"))[8:]
    assert not page[4] & 0x80
    dvd_write = next(f for f in drive.configuration().features if f.code == 0x2F)
    assert not dvd_write.data[0] & 0x40
    drive.select()
    assert not drive.run(bytes.fromhex("5a000500000000003c00"))[10] & 0x40, "BUFE is not taken"
    assert drive.write_outcome(0) == GOOD


def test_slow_close(make_drive: MakeDrive) -> None:
    usual, slow = make_drive(), make_drive(model="slow-close")
    for drive in (usual, slow):
        began = drive.clock.now
        drive.burn_session(16)
        drive.clock.now -= began
    assert slow.clock.now - usual.clock.now > 15


def test_lying_about_free_blocks(make_drive: MakeDrive) -> None:
    drive = make_drive(model="lying-free")
    assert drive.track(1).free_blocks == 2298496 + 40960


def test_slow_to_become_ready(make_drive: MakeDrive) -> None:
    drive = make_drive(model="slow-ready")
    drive.eject()
    drive.load_tray()
    while (outcome := drive.ready()).key == 6:
        pass
    assert outcome in (BECOMING_READY, GOOD)
    drive.eject()
    drive.run(bytes.fromhex("1b0100000300"))
    while (outcome := drive.ready()).key == 6:
        pass
    assert outcome == BECOMING_READY
    began = drive.clock.now
    drive.wait_ready()
    assert drive.clock.now - began > 5
