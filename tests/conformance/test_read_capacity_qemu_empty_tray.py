"""READ CAPACITY with an empty tray: QEMU gets LBA 0 once in a session, and nobody else ever."""

from __future__ import annotations

import pytest

from burnlab.scsi import commands
from support.drive import QEMU_INITIATOR, MakeDrive
from support.expect import (
    GOOD,
    NOT_READY_NO_MEDIUM_TRAY_CLOSED,
    NOT_READY_NO_MEDIUM_TRAY_OPEN,
    POWER_ON_OR_RESET,
)

CDB = commands.ReadCapacity10()


@pytest.mark.parametrize("name", [QEMU_INITIATOR, "iqn.2008-11.org.linux-kvm"])
def test_only_the_first(make_drive: MakeDrive, name: str) -> None:
    drive = make_drive(None, initiator=name)
    assert drive.ready() == NOT_READY_NO_MEDIUM_TRAY_CLOSED, "the login's TEST UNIT READY may say so"
    assert drive.run(CDB) == bytes.fromhex("0000000000000800")
    assert drive.outcome(CDB) == NOT_READY_NO_MEDIUM_TRAY_CLOSED
    assert drive.ready() == NOT_READY_NO_MEDIUM_TRAY_CLOSED


def test_a_pending_unit_attention_comes_first(make_drive: MakeDrive) -> None:
    drive = make_drive(None, initiator=QEMU_INITIATOR, settled=False)
    assert drive.outcome(CDB) == POWER_ON_OR_RESET
    assert drive.outcome(CDB) == GOOD


@pytest.mark.parametrize("name", ["iqn.2005-03.org.open-iscsi:host", "iqn.2008-11.org.linux"])
def test_never_for_others(make_drive: MakeDrive, name: str) -> None:
    drive = make_drive(None, initiator=name)
    assert drive.outcome(CDB) == NOT_READY_NO_MEDIUM_TRAY_CLOSED


def test_every_session_anew(make_drive: MakeDrive) -> None:
    drive = make_drive(None, initiator=QEMU_INITIATOR)
    assert drive.outcome(CDB) == GOOD
    again = drive.other(QEMU_INITIATOR, "second")
    assert again.outcome(CDB) == GOOD
    drive.bench.disconnect(drive.nexus)
    drive.bench.connect(drive.nexus)
    drive.settle()
    assert drive.outcome(CDB) == GOOD


def test_not_after_a_disc_was_there(make_drive: MakeDrive) -> None:
    drive = make_drive(initiator=QEMU_INITIATOR)
    assert drive.outcome(CDB) == GOOD
    drive.eject()
    assert drive.outcome(CDB) == NOT_READY_NO_MEDIUM_TRAY_OPEN
