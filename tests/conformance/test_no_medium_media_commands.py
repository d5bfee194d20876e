"""Commands about the medium without one: 2/3A/01 with a closed tray, 2/3A/02 with an open one."""

from __future__ import annotations

import pytest

from burnlab.scsi import commands
from burnlab.scsi.mmc import commands as mmc
from burnlab.scsi.record import Cdb
from support.drive import Drive, write_parameters
from support.expect import (
    GOOD,
    NOT_READY_NO_MEDIUM_TRAY_CLOSED,
    NOT_READY_NO_MEDIUM_TRAY_OPEN,
)

MEDIA_COMMANDS: list[tuple[Cdb, int]] = [
    (commands.TestUnitReady(), 0),
    (commands.ReadCapacity10(), 0),
    (commands.Read10(0, 1), 0),
    (commands.Read12(0, 1), 0),
    (commands.Write10(0, 1), 2048),
    (commands.Write12(0, 1), 2048),
    (commands.WriteAndVerify10(0, 1), 2048),
    (commands.Verify10(0, 1), 0),
    (commands.Seek10(0), 0),
    (commands.SynchronizeCache10(immed=True), 0),
    (mmc.ReadTocPmaAtip(allocation_length=12), 0),
    (mmc.ReadDiscInformation(allocation_length=34), 0),
    (mmc.ReadTrackInformation(address_type=1, address=1, allocation_length=36), 0),
    (mmc.ReadDiscStructure(allocation_length=4), 0),
    (mmc.ReserveTrack(size=16), 0),
    (mmc.CloseTrackSession(immed=True, function=1, track=1), 0),
    (mmc.CloseTrackSession(immed=True, function=2), 0),
    (mmc.Blank(immed=True), 0),
    (mmc.SendOpcInformation(do_opc=True), 0),
]


@pytest.mark.parametrize(("cdb", "length"), MEDIA_COMMANDS, ids=lambda v: getattr(v, "NAME", None))
def test_closed_and_open(empty: Drive, drive: Drive, cdb: Cdb, length: int) -> None:
    assert empty.outcome(cdb, bytes(length)) == NOT_READY_NO_MEDIUM_TRAY_CLOSED
    drive.eject()
    assert drive.outcome(cdb, bytes(length)) == NOT_READY_NO_MEDIUM_TRAY_OPEN


DRIVE_COMMANDS: list[Cdb] = [
    commands.Inquiry(allocation_length=36),
    commands.RequestSense(allocation_length=18),
    commands.ReportLuns(allocation_length=16),
    commands.ModeSense6(page_code=0x2A, allocation_length=128),
    commands.ModeSense10(page_code=0x2A, allocation_length=128),
    commands.StartStopUnit(immed=True),
    commands.StartStopUnit(start=True),
    commands.PreventAllowMediumRemoval(prevent=True),
    mmc.GetConfiguration(allocation_length=8),
    mmc.GetEventStatusNotification(polled=True, class_request=0x10, allocation_length=8),
    mmc.GetPerformance(type=3, maximum_descriptors=4),
    mmc.GetPerformance(type=0, maximum_descriptors=1),
    mmc.MechanismStatus(allocation_length=8),
    mmc.SetCdSpeed(0xFFFF, 0xFFFF),
]


@pytest.mark.parametrize("cdb", DRIVE_COMMANDS, ids=lambda v: v.NAME)
def test_commands_about_the_drive_answer(empty: Drive, drive: Drive, cdb: Cdb) -> None:
    drive.eject()
    assert empty.outcome(cdb) == GOOD
    assert drive.outcome(cdb) == GOOD


def test_mode_select_is_taken(empty: Drive) -> None:
    assert empty.outcome(*write_parameters()) == GOOD
