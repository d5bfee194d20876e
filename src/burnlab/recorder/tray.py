"""Commands that move the tray and lock it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from burnlab.recorder.busy import Work
from burnlab.scsi import Asc, CheckCondition, Reply, SenseKey
from burnlab.scsi.commands import PreventAllowMediumRemoval, StartStopUnit
from burnlab.scsi.mmc.commands import MechanismStatus
from burnlab.scsi.mmc.structures import MechanismStatusHeader

if TYPE_CHECKING:
    from burnlab.recorder.recorder import Call, Recorder


def start_stop_unit(recorder: Recorder, cdb: StartStopUnit, call: Call) -> Reply | None:
    """Load, eject, start or stop. A stopped drive stays ready: it spins up by itself.

    An eject while something runs, or while an initiator has locked the tray, is refused.
    """
    if cdb.power_condition or not cdb.load_eject:
        return None
    if cdb.start:
        recorder.close_tray(call.now)
        operation = recorder.operation
        if operation is not None and operation.work is Work.LOAD and not cdb.immed:
            return Reply(seconds=operation.ends - call.now)
        return None
    if recorder.tray_open:
        return None
    if recorder.removal_prevented:
        raise CheckCondition.of(SenseKey.ILLEGAL_REQUEST, Asc.MEDIUM_REMOVAL_PREVENTED)
    if recorder.operation is not None:
        raise CheckCondition(recorder.operation.sense(call.now))
    recorder.open_tray()
    return None


def prevent_allow_medium_removal(_recorder: Recorder, cdb: PreventAllowMediumRemoval, call: Call) -> None:
    """Lock or unlock the tray for this initiator."""
    call.nexus.prevents_removal = cdb.prevent


def mechanism_status(recorder: Recorder, _cdb: MechanismStatus, _call: Call) -> bytes:
    """One slot, no changer."""
    return MechanismStatusHeader(door_open=recorder.tray_open).pack()
