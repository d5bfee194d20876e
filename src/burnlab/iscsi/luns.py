"""What the target answers itself, for a unit lives at LUN 0 and knows of no others.

Source: SAM-5, 4.7; SPC-4, 6.4 and 6.33.
"""

from __future__ import annotations

from collections.abc import Callable

from burnlab.scsi.sense import Asc, SenseData, SenseKey
from burnlab.scsi.task import Reply, Status

UNIT_LUN = 0
"""Where the unit is, as the eight bytes of a LUN read as one number."""

_INQUIRY, _REQUEST_SENSE, _REPORT_LUNS = 0x12, 0x03, 0xA0
_NO_UNIT_HERE = 0x7F  # peripheral qualifier 011b, device type 1Fh
_NO_LUN_SENSE = SenseData.of(SenseKey.ILLEGAL_REQUEST, Asc.LOGICAL_UNIT_NOT_SUPPORTED).pack()
_BAD_CDB_SENSE = SenseData.of(SenseKey.ILLEGAL_REQUEST, Asc.INVALID_FIELD_IN_CDB).pack()


def check_condition(sense: bytes) -> Reply:
    """A reply that ends a command with this sense data."""
    return Reply(Status.CHECK_CONDITION, sense=sense)


INVALID_FIELD = check_condition(_BAD_CDB_SENSE)


def _report_luns(cdb: bytes) -> Reply:
    """One LUN, 0; none of the well-known ones.    Source: SPC-4, 6.33."""
    selection, allocation = cdb[2], int.from_bytes(cdb[6:10], "big")
    if selection > 2 or allocation < 16:
        return INVALID_FIELD
    luns = b"" if selection == 1 else UNIT_LUN.to_bytes(8, "big")
    return Reply(data_in=(len(luns).to_bytes(4, "big") + bytes(4) + luns)[:allocation])


def _inquiry_nobody(cdb: bytes) -> Reply:
    if cdb[1] & 1:
        return INVALID_FIELD
    allocation = int.from_bytes(cdb[3:5], "big")
    return Reply(data_in=(bytes((_NO_UNIT_HERE, 0, 5, 2, 31)) + bytes(31))[:allocation])


def _request_sense_nobody(cdb: bytes) -> Reply:
    return Reply(data_in=_NO_LUN_SENSE[: cdb[4]])


_WITHOUT_UNIT: dict[int, Callable[[bytes], Reply]] = {
    _INQUIRY: _inquiry_nobody,
    _REQUEST_SENSE: _request_sense_nobody,
}


def answer(lun: int, cdb: bytes) -> Reply | None:
    """The target's own answer to a command, or None where the unit has to answer."""
    if cdb[0] == _REPORT_LUNS:
        return _report_luns(cdb)
    if lun == UNIT_LUN:
        return None
    handler = _WITHOUT_UNIT.get(cdb[0])
    return handler(cdb) if handler else check_condition(_NO_LUN_SENSE)
