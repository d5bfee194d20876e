"""Named outcomes of a command: what a test expects is a word, and the triple behind it stands here once.

An outcome is sense key, additional sense code and qualifier; `GOOD` is the status without sense data.
"""

from __future__ import annotations

from typing import NamedTuple

from burnlab.scsi import Reply, Status


class Outcome(NamedTuple):
    """Sense key, ASC, ASCQ."""

    key: int
    asc: int
    ascq: int

    def __str__(self) -> str:
        return "GOOD" if self == GOOD else f"{self.key:X}/{self.asc:02X}/{self.ascq:02X}"

    __repr__ = __str__


GOOD = Outcome(0x0, 0x00, 0x00)

BECOMING_READY = Outcome(0x2, 0x04, 0x01)
OPERATION_IN_PROGRESS = Outcome(0x2, 0x04, 0x07)
NOT_READY_NO_MEDIUM_TRAY_CLOSED = Outcome(0x2, 0x3A, 0x01)
NOT_READY_NO_MEDIUM_TRAY_OPEN = Outcome(0x2, 0x3A, 0x02)

WRITE_ERROR = Outcome(0x3, 0x0C, 0x00)

PARAMETER_LIST_LENGTH_ERROR = Outcome(0x5, 0x1A, 0x00)
INVALID_OPCODE = Outcome(0x5, 0x20, 0x00)
LBA_OUT_OF_RANGE = Outcome(0x5, 0x21, 0x00)
INVALID_ADDRESS_FOR_WRITE = Outcome(0x5, 0x21, 0x02)
INVALID_FIELD_IN_CDB = Outcome(0x5, 0x24, 0x00)
INVALID_FIELD_IN_PARAMETER_LIST = Outcome(0x5, 0x26, 0x00)
COMMAND_SEQUENCE_ERROR = Outcome(0x5, 0x2C, 0x00)
INCOMPATIBLE_MEDIUM = Outcome(0x5, 0x30, 0x00)
CANNOT_WRITE_INCOMPATIBLE_MEDIUM = Outcome(0x5, 0x30, 0x05)
CANNOT_FORMAT_INCOMPATIBLE_MEDIUM = Outcome(0x5, 0x30, 0x06)
SAVING_NOT_SUPPORTED = Outcome(0x5, 0x39, 0x00)
MEDIUM_REMOVAL_PREVENTED = Outcome(0x5, 0x53, 0x02)
END_OF_USER_AREA = Outcome(0x5, 0x63, 0x00)
ILLEGAL_MODE_FOR_THIS_TRACK = Outcome(0x5, 0x64, 0x00)
INVALID_PACKET_SIZE = Outcome(0x5, 0x64, 0x01)
INCOMPLETE_TRACK_IN_SESSION = Outcome(0x5, 0x72, 0x03)
NO_MORE_TRACK_RESERVATIONS = Outcome(0x5, 0x72, 0x05)

MEDIUM_MAY_HAVE_CHANGED = Outcome(0x6, 0x28, 0x00)
POWER_ON_OR_RESET = Outcome(0x6, 0x29, 0x00)
RESET_OCCURRED = Outcome(0x6, 0x29, 0x03)
MODE_PARAMETERS_CHANGED = Outcome(0x6, 0x2A, 0x01)

WRITE_PROTECTED = Outcome(0x7, 0x27, 0x00)

MISCOMPARE_DURING_VERIFY = Outcome(0xE, 0x1D, 0x00)

WRITE_REFUSED = (CANNOT_WRITE_INCOMPATIBLE_MEDIUM, WRITE_PROTECTED)
"""What a medium that was never recordable may say to any command that writes."""


def outcome_of(reply: Reply) -> Outcome:
    """The outcome of a reply, whose sense data must have the one form that programs decode.

    That is: fixed format, current error, 18 bytes in all, and none of it with the status GOOD.
    """
    if reply.status == Status.GOOD:
        assert not reply.sense, "sense data with status GOOD"
        return GOOD
    assert reply.status == Status.CHECK_CONDITION, f"status {reply.status}"
    assert not reply.data_in, "data with CHECK CONDITION"
    sense = reply.sense
    assert len(sense) == 18, f"{len(sense)} bytes of sense data"
    assert sense[0] & 0x7F == 0x70, f"response code {sense[0]:02X}h"
    assert sense[7] == 10, f"additional sense length {sense[7]}"
    return Outcome(sense[2] & 0x0F, sense[12], sense[13])
