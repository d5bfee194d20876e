"""Sense data: why a command did not end well, or how far a long one has come."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, IntEnum


class SenseKey(IntEnum):
    """Sense keys.    Source: SPC-4, 4.5.6."""

    NO_SENSE = 0x0
    RECOVERED_ERROR = 0x1
    NOT_READY = 0x2
    MEDIUM_ERROR = 0x3
    HARDWARE_ERROR = 0x4
    ILLEGAL_REQUEST = 0x5
    UNIT_ATTENTION = 0x6
    DATA_PROTECT = 0x7
    BLANK_CHECK = 0x8
    ABORTED_COMMAND = 0xB
    MISCOMPARE = 0xE


class Asc(Enum):
    """Additional sense code and qualifier.    Source: SPC-4, annex D (ASC and ASCQ assignments)."""

    NO_ADDITIONAL_SENSE = (0x00, 0x00)
    NOT_READY_CAUSE_NOT_REPORTABLE = (0x04, 0x00)
    BECOMING_READY = (0x04, 0x01)
    INITIALIZING_COMMAND_REQUIRED = (0x04, 0x02)
    FORMAT_IN_PROGRESS = (0x04, 0x04)
    OPERATION_IN_PROGRESS = (0x04, 0x07)
    LONG_WRITE_IN_PROGRESS = (0x04, 0x08)
    WRITE_ERROR = (0x0C, 0x00)
    WRITE_ERROR_RECOVERY_NEEDED = (0x0C, 0x07)
    WRITE_ERROR_LOSS_OF_STREAMING = (0x0C, 0x09)
    UNRECOVERED_READ_ERROR = (0x11, 0x00)
    L_EC_UNCORRECTABLE = (0x11, 0x05)
    PARAMETER_LIST_LENGTH_ERROR = (0x1A, 0x00)
    MISCOMPARE_DURING_VERIFY = (0x1D, 0x00)
    INVALID_OPCODE = (0x20, 0x00)
    LBA_OUT_OF_RANGE = (0x21, 0x00)
    INVALID_ADDRESS_FOR_WRITE = (0x21, 0x02)
    INVALID_FIELD_IN_CDB = (0x24, 0x00)
    LOGICAL_UNIT_NOT_SUPPORTED = (0x25, 0x00)
    INVALID_FIELD_IN_PARAMETER_LIST = (0x26, 0x00)
    WRITE_PROTECTED = (0x27, 0x00)
    MEDIUM_MAY_HAVE_CHANGED = (0x28, 0x00)
    POWER_ON_OR_RESET = (0x29, 0x00)
    RESET_OCCURRED = (0x29, 0x03)
    MODE_PARAMETERS_CHANGED = (0x2A, 0x01)
    COMMAND_SEQUENCE_ERROR = (0x2C, 0x00)
    COMMANDS_CLEARED_BY_ANOTHER = (0x2F, 0x00)
    INCOMPATIBLE_MEDIUM = (0x30, 0x00)
    CANNOT_WRITE_INCOMPATIBLE_MEDIUM = (0x30, 0x05)
    CANNOT_FORMAT_INCOMPATIBLE_MEDIUM = (0x30, 0x06)
    MEDIUM_FORMAT_CORRUPTED = (0x31, 0x00)
    FORMAT_COMMAND_FAILED = (0x31, 0x01)
    NO_DEFECT_SPARE_LOCATION = (0x32, 0x00)
    SAVING_PARAMETERS_NOT_SUPPORTED = (0x39, 0x00)
    MEDIUM_NOT_PRESENT = (0x3A, 0x00)
    MEDIUM_NOT_PRESENT_TRAY_CLOSED = (0x3A, 0x01)
    MEDIUM_NOT_PRESENT_TRAY_OPEN = (0x3A, 0x02)
    INTERNAL_FAILURE = (0x44, 0x00)
    ERASE_FAILURE = (0x51, 0x00)
    MEDIUM_REMOVAL_PREVENTED = (0x53, 0x02)
    END_OF_USER_AREA = (0x63, 0x00)
    ILLEGAL_MODE_FOR_THIS_TRACK = (0x64, 0x00)
    INVALID_PACKET_SIZE = (0x64, 0x01)
    SESSION_FIXATION_ERROR = (0x72, 0x00)
    INCOMPLETE_TRACK_IN_SESSION = (0x72, 0x03)
    EMPTY_OR_PARTIAL_RESERVED_TRACK = (0x72, 0x04)
    NO_MORE_TRACK_RESERVATIONS = (0x72, 0x05)
    POWER_CALIBRATION_AREA_ALMOST_FULL = (0x73, 0x01)
    POWER_CALIBRATION_AREA_FULL = (0x73, 0x02)
    POWER_CALIBRATION_AREA_ERROR = (0x73, 0x03)

    @property
    def code(self) -> int:
        """The additional sense code, one byte."""
        return self.value[0]

    @property
    def qualifier(self) -> int:
        """The additional sense code qualifier, one byte."""
        return self.value[1]


@dataclass(frozen=True, slots=True)
class SenseData:
    """Fixed-format sense data of 18 bytes, big-endian.    Source: SPC-4, 4.5.3.

    `information` (an LBA) sets the VALID bit; `progress` (0..65535) sets SKSV with key NOT READY or
    NO SENSE. `asc` and `ascq` stay numbers, so that sense data of any device can be held.
    """

    key: int
    asc: int = 0
    ascq: int = 0
    information: int | None = None
    progress: int | None = None
    deferred: bool = False

    @classmethod
    def of(cls, key: SenseKey, asc: Asc, **extra: int | None) -> SenseData:
        """Build from the standard's names."""
        return cls(key, asc.code, asc.qualifier, **extra)  # type: ignore[arg-type]

    def pack(self) -> bytes:
        """The 18 bytes; byte 0 is 70h exactly where no information is valid."""
        code = (0x71 if self.deferred else 0x70) | (0x80 if self.information is not None else 0)
        sksv = 0x80 if self.progress is not None else 0
        information = (self.information or 0) & 0xFFFFFFFF
        return b"".join(
            (
                bytes((code, 0, self.key & 0x0F)),
                information.to_bytes(4, "big"),
                bytes((10, 0, 0, 0, 0, self.asc, self.ascq, 0, sksv)),
                (self.progress or 0).to_bytes(2, "big"),
            )
        )

    @classmethod
    def unpack(cls, data: bytes) -> SenseData:
        """Read fixed-format sense data; short data reads as zeros."""
        raw = bytes(data[:18]).ljust(18, b"\0")
        return cls(
            key=raw[2] & 0x0F,
            asc=raw[12],
            ascq=raw[13],
            information=int.from_bytes(raw[3:7], "big") if raw[0] & 0x80 else None,
            progress=int.from_bytes(raw[16:18], "big") if raw[15] & 0x80 else None,
            deferred=raw[0] & 0x7F == 0x71,
        )

    def __str__(self) -> str:
        return f"{self.key:X}/{self.asc:02X}/{self.ascq:02X}"


FIXED_BYTES = 18
_INFORMATION, _SENSE_KEY_SPECIFIC = 0x00, 0x02


def as_fixed(data: bytes) -> bytes:
    """Sense data in whichever format as fixed-format sense data of 18 bytes; none stays none.

    Source: SPC-4, 4.5.2 (descriptor format) and 4.5.3.
    """
    if not data:
        return b""
    if data[0] & 0x7F not in (0x72, 0x73):
        return bytes(data[:FIXED_BYTES]).ljust(FIXED_BYTES, b"\0")
    head = bytes(data[:8]).ljust(8, b"\0")
    information = progress = None
    rest = bytes(data[8 : 8 + head[7]])
    while len(rest) >= 2:
        kind, body = rest[0], rest[2 : 2 + rest[1]]
        if kind == _INFORMATION and len(body) >= 10 and body[0] & 0x80:
            information = int.from_bytes(body[6:10], "big")
        elif kind == _SENSE_KEY_SPECIFIC and len(body) >= 5 and body[2] & 0x80:
            progress = int.from_bytes(body[3:5], "big")
        rest = rest[2 + rest[1] :]
    deferred = head[0] & 0x7F == 0x73
    return SenseData(head[1] & 0x0F, head[2], head[3], information, progress, deferred).pack()


class CheckCondition(Exception):
    """The command ends with CHECK CONDITION and this sense data."""

    def __init__(self, sense: SenseData) -> None:
        super().__init__(str(sense))
        self.sense = sense

    @classmethod
    def of(cls, key: SenseKey, asc: Asc, **extra: int | None) -> CheckCondition:
        """Build from the standard's names."""
        return cls(SenseData.of(key, asc, **extra))
