"""A new initiator gets 6/29/00 once, from the first command that reports unit attentions."""

from __future__ import annotations

import pytest

from burnlab.scsi import commands
from burnlab.scsi.mmc.commands import (
    GetConfiguration,
    GetEventStatusNotification,
    ReadDiscInformation,
    ReadFormatCapacities,
)
from burnlab.scsi.record import Cdb
from support.drive import Drive
from support.expect import GOOD, POWER_ON_OR_RESET


@pytest.mark.parametrize(
    "cdb",
    [
        commands.TestUnitReady(),
        commands.ReadCapacity10(),
        ReadDiscInformation(),
        ReadFormatCapacities(),
        commands.StartStopUnit(start=True),
    ],
)
def test_once(drive: Drive, cdb: Cdb) -> None:
    other = drive.other(settled=False)
    assert other.outcome(cdb) == POWER_ON_OR_RESET
    assert other.outcome(cdb) == GOOD
    assert drive.ready() == GOOD, "only for the new one"


@pytest.mark.parametrize(
    "cdb",
    [
        commands.Inquiry(allocation_length=36),
        commands.ReportLuns(allocation_length=16),
        GetConfiguration(allocation_length=8),
        GetEventStatusNotification(polled=True, class_request=0x10, allocation_length=8),
    ],
)
def test_passed_over_and_kept(drive: Drive, cdb: Cdb) -> None:
    other = drive.other(settled=False)
    assert other.outcome(cdb) == GOOD
    assert other.ready() == POWER_ON_OR_RESET


def test_request_sense_never_fails(drive: Drive) -> None:
    assert drive.other(settled=False).outcome(commands.RequestSense(allocation_length=18)) == GOOD
