"""Basic header segments: one frozen dataclass per opcode.    Source: RFC 7143, 11.

A class holds the fields of its 48-byte header in wire order, big-endian; `LAYOUT` says where they are.
TotalAHSLength and DataSegmentLength (bytes 4 to 7) belong to `framing`, not to the classes: `pack` takes
them as arguments. Flag bytes stay numbers, with the masks beside them. Reserved bytes are ignored when
read and zero when written.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import IntEnum
from struct import Struct
from typing import Any, ClassVar, Self, cast

HEADER_BYTES = 48
NO_TAG = 0xFFFFFFFF
"""The reserved value of initiator and target task tags."""
FINAL = 0x80
"""Bit F (T in login and some others) of byte 1."""
CONTINUE = 0x40
"""Bit C of login and text PDUs."""
IMMEDIATE = 0x40
"""Bit I of byte 0 in requests."""


class Opcode(IntEnum):
    """Opcodes, byte 0 bits 0 to 5.    Source: RFC 7143, 11.2.1.2."""

    NOP_OUT = 0x00
    SCSI_COMMAND = 0x01
    TASK_MANAGEMENT_REQUEST = 0x02
    LOGIN_REQUEST = 0x03
    TEXT_REQUEST = 0x04
    DATA_OUT = 0x05
    LOGOUT_REQUEST = 0x06
    SNACK_REQUEST = 0x10
    NOP_IN = 0x20
    SCSI_RESPONSE = 0x21
    TASK_MANAGEMENT_RESPONSE = 0x22
    LOGIN_RESPONSE = 0x23
    TEXT_RESPONSE = 0x24
    DATA_IN = 0x25
    LOGOUT_RESPONSE = 0x26
    R2T = 0x31
    ASYNC_MESSAGE = 0x32
    REJECT = 0x3F


class RejectReason(IntEnum):
    """Why a PDU was refused.    Source: RFC 7143, 11.17.1."""

    DATA_DIGEST_ERROR = 0x02
    SNACK_REJECT = 0x03
    PROTOCOL_ERROR = 0x04
    COMMAND_NOT_SUPPORTED = 0x05
    IMMEDIATE_COMMAND_REJECT = 0x06
    TASK_IN_PROGRESS = 0x07
    INVALID_DATA_ACK = 0x08
    INVALID_PDU_FIELD = 0x09
    OUT_OF_RESOURCES = 0x0A
    WAITING_FOR_LOGOUT = 0x0C


_LENGTHS = Struct(">I")


class Header:
    """What all headers share: the opcode, the layout, and both directions between fields and bytes."""

    __slots__ = ()
    OPCODE: ClassVar[Opcode]
    LAYOUT: ClassVar[Struct]

    def pack(self, data_bytes: int = 0, ahs_words: int = 0) -> bytes:
        """The 48 bytes, for a data segment of `data_bytes` and `ahs_words` words of additional headers."""
        raw = self.LAYOUT.pack(*self._to_fields())
        return raw[:4] + _LENGTHS.pack(ahs_words << 24 | data_bytes) + raw[8:]

    @classmethod
    def unpack(cls, header: bytes | memoryview) -> Self:
        """Read the 48 bytes. The opcode is not looked at.

        Raises:
            struct.error: the header has another length.
        """
        return cls._from_fields(cls.LAYOUT.unpack(header))

    def _values(self) -> list[Any]:
        return [getattr(self, field.name) for field in fields(cast(Any, self))]

    def _to_fields(self) -> list[Any]:
        return [self.OPCODE, *self._values()]

    @classmethod
    def _from_fields(cls, values: tuple[Any, ...]) -> Self:
        return cast(Self, cast(Any, cls)(*values[1:]))


class Request(Header):
    """A header from the initiator; its first field is the bit I (immediate delivery)."""

    __slots__ = ()

    def _to_fields(self) -> list[Any]:
        immediate, *rest = self._values()
        return [self.OPCODE | (IMMEDIATE if immediate else 0), *rest]

    @classmethod
    def _from_fields(cls, values: tuple[Any, ...]) -> Self:
        return cast(Self, cast(Any, cls)(bool(values[0] & IMMEDIATE), *values[1:]))


@dataclass(frozen=True, slots=True)
class NopOut(Request):
    """A sign of life, or the answer to one.    Source: RFC 7143, 11.18."""

    OPCODE: ClassVar[Opcode] = Opcode.NOP_OUT
    LAYOUT: ClassVar[Struct] = Struct(">BB2x4xQIIII16x")
    immediate: bool = False
    flags: int = FINAL
    lun: int = 0
    itt: int = NO_TAG
    ttt: int = NO_TAG
    cmd_sn: int = 0
    exp_stat_sn: int = 0


@dataclass(frozen=True, slots=True)
class ScsiCommand(Request):
    """A CDB for a unit; `edtl` is how many bytes are expected to travel.    Source: RFC 7143, 11.3."""

    OPCODE: ClassVar[Opcode] = Opcode.SCSI_COMMAND
    LAYOUT: ClassVar[Struct] = Struct(">BB2x4xQIIII16s")
    READ: ClassVar[int] = 0x40
    WRITE: ClassVar[int] = 0x20
    immediate: bool = False
    flags: int = FINAL
    lun: int = 0
    itt: int = 0
    edtl: int = 0
    cmd_sn: int = 0
    exp_stat_sn: int = 0
    cdb: bytes = bytes(16)


@dataclass(frozen=True, slots=True)
class TaskManagementRequest(Request):
    """Abort tasks, reset a unit or the target; byte 1 is 80h plus the function.    Source: RFC 7143, 11.5."""

    OPCODE: ClassVar[Opcode] = Opcode.TASK_MANAGEMENT_REQUEST
    LAYOUT: ClassVar[Struct] = Struct(">BB2x4xQIIIIII8x")
    FUNCTION: ClassVar[int] = 0x7F
    immediate: bool = False
    flags: int = FINAL
    lun: int = 0
    itt: int = 0
    referenced_tag: int = NO_TAG
    cmd_sn: int = 0
    exp_stat_sn: int = 0
    ref_cmd_sn: int = 0
    exp_data_sn: int = 0


@dataclass(frozen=True, slots=True)
class LoginRequest(Request):
    """One step of a login, with keys as text.    Source: RFC 7143, 11.12."""

    OPCODE: ClassVar[Opcode] = Opcode.LOGIN_REQUEST
    LAYOUT: ClassVar[Struct] = Struct(">BBBB4x6sHIH2xII16x")
    immediate: bool = True
    flags: int = 0
    version_max: int = 0
    version_min: int = 0
    isid: bytes = bytes(6)
    tsih: int = 0
    itt: int = 0
    cid: int = 0
    cmd_sn: int = 0
    exp_stat_sn: int = 0


@dataclass(frozen=True, slots=True)
class TextRequest(Request):
    """Keys as text, or a wish for more of an answer (`ttt`).    Source: RFC 7143, 11.10."""

    OPCODE: ClassVar[Opcode] = Opcode.TEXT_REQUEST
    LAYOUT: ClassVar[Struct] = Struct(">BB2x4xQIIII16x")
    immediate: bool = False
    flags: int = FINAL
    lun: int = 0
    itt: int = 0
    ttt: int = NO_TAG
    cmd_sn: int = 0
    exp_stat_sn: int = 0


@dataclass(frozen=True, slots=True)
class DataOut(Request):
    """Data for a write; `offset` in bytes; `ttt` names the R2T it answers.    Source: RFC 7143, 11.7."""

    OPCODE: ClassVar[Opcode] = Opcode.DATA_OUT
    LAYOUT: ClassVar[Struct] = Struct(">BB2x4xQII4xI4xII4x")
    immediate: bool = False
    flags: int = FINAL
    lun: int = 0
    itt: int = 0
    ttt: int = NO_TAG
    exp_stat_sn: int = 0
    data_sn: int = 0
    offset: int = 0


@dataclass(frozen=True, slots=True)
class LogoutRequest(Request):
    """Close the session or a connection; byte 1 is 80h plus the reason.    Source: RFC 7143, 11.14."""

    OPCODE: ClassVar[Opcode] = Opcode.LOGOUT_REQUEST
    LAYOUT: ClassVar[Struct] = Struct(">BB2x4x8xIH2xII16x")
    REASON: ClassVar[int] = 0x7F
    immediate: bool = False
    flags: int = FINAL
    itt: int = 0
    cid: int = 0
    cmd_sn: int = 0
    exp_stat_sn: int = 0


@dataclass(frozen=True, slots=True)
class SnackRequest(Request):
    """A wish to have PDUs sent again.    Source: RFC 7143, 11.16."""

    OPCODE: ClassVar[Opcode] = Opcode.SNACK_REQUEST
    LAYOUT: ClassVar[Struct] = Struct(">BB2x4xQII4xI8xII")
    immediate: bool = False
    flags: int = FINAL
    lun: int = 0
    itt: int = 0
    ttt: int = NO_TAG
    exp_stat_sn: int = 0
    begin_run: int = 0
    run_length: int = 0


@dataclass(frozen=True, slots=True)
class NopIn(Header):
    """The answer to a NOP-Out, or a question of the target.    Source: RFC 7143, 11.19."""

    OPCODE: ClassVar[Opcode] = Opcode.NOP_IN
    LAYOUT: ClassVar[Struct] = Struct(">BB2x4xQIIIII12x")
    flags: int = FINAL
    lun: int = 0
    itt: int = NO_TAG
    ttt: int = NO_TAG
    stat_sn: int = 0
    exp_cmd_sn: int = 0
    max_cmd_sn: int = 0


RESIDUAL_OVERFLOW = 0x04
RESIDUAL_UNDERFLOW = 0x02


@dataclass(frozen=True, slots=True)
class ScsiResponse(Header):
    """Status, residual count in bytes and, as data segment, sense data.    Source: RFC 7143, 11.4."""

    OPCODE: ClassVar[Opcode] = Opcode.SCSI_RESPONSE
    LAYOUT: ClassVar[Struct] = Struct(">BBBB4x8xIIIIIIII")
    flags: int = FINAL
    response: int = 0
    status: int = 0
    itt: int = 0
    snack_tag: int = 0
    stat_sn: int = 0
    exp_cmd_sn: int = 0
    max_cmd_sn: int = 0
    exp_data_sn: int = 0
    bidirectional_residual: int = 0
    residual: int = 0


@dataclass(frozen=True, slots=True)
class TaskManagementResponse(Header):
    """What came of a task management function.    Source: RFC 7143, 11.6."""

    OPCODE: ClassVar[Opcode] = Opcode.TASK_MANAGEMENT_RESPONSE
    LAYOUT: ClassVar[Struct] = Struct(">BBBx4x8xI4xIII12x")
    flags: int = FINAL
    response: int = 0
    itt: int = 0
    stat_sn: int = 0
    exp_cmd_sn: int = 0
    max_cmd_sn: int = 0


@dataclass(frozen=True, slots=True)
class LoginResponse(Header):
    """The answer to one step of a login.    Source: RFC 7143, 11.13."""

    OPCODE: ClassVar[Opcode] = Opcode.LOGIN_RESPONSE
    LAYOUT: ClassVar[Struct] = Struct(">BBBB4x6sHI4xIIIBB10x")
    flags: int = 0
    version_max: int = 0
    version_active: int = 0
    isid: bytes = bytes(6)
    tsih: int = 0
    itt: int = 0
    stat_sn: int = 0
    exp_cmd_sn: int = 0
    max_cmd_sn: int = 0
    status_class: int = 0
    status_detail: int = 0


@dataclass(frozen=True, slots=True)
class TextResponse(Header):
    """Keys as text; `ttt` is a handle for the rest of a long answer.    Source: RFC 7143, 11.11."""

    OPCODE: ClassVar[Opcode] = Opcode.TEXT_RESPONSE
    LAYOUT: ClassVar[Struct] = Struct(">BB2x4xQIIIII12x")
    flags: int = FINAL
    lun: int = 0
    itt: int = 0
    ttt: int = NO_TAG
    stat_sn: int = 0
    exp_cmd_sn: int = 0
    max_cmd_sn: int = 0


@dataclass(frozen=True, slots=True)
class DataIn(Header):
    """Data of a read; with bit S it carries the status as well.    Source: RFC 7143, 11.7."""

    OPCODE: ClassVar[Opcode] = Opcode.DATA_IN
    LAYOUT: ClassVar[Struct] = Struct(">BBxB4xQIIIIIIII")
    STATUS: ClassVar[int] = 0x01
    flags: int = FINAL
    status: int = 0
    lun: int = 0
    itt: int = 0
    ttt: int = NO_TAG
    stat_sn: int = 0
    exp_cmd_sn: int = 0
    max_cmd_sn: int = 0
    data_sn: int = 0
    offset: int = 0
    residual: int = 0


@dataclass(frozen=True, slots=True)
class LogoutResponse(Header):
    """The answer to a logout; times in seconds.    Source: RFC 7143, 11.15."""

    OPCODE: ClassVar[Opcode] = Opcode.LOGOUT_RESPONSE
    LAYOUT: ClassVar[Struct] = Struct(">BBBx4x8xI4xIII4xHH4x")
    flags: int = FINAL
    response: int = 0
    itt: int = 0
    stat_sn: int = 0
    exp_cmd_sn: int = 0
    max_cmd_sn: int = 0
    time2wait_seconds: int = 0
    time2retain_seconds: int = 0


@dataclass(frozen=True, slots=True)
class R2T(Header):
    """Ready to transfer: the target asks for `desired` bytes from `offset` on.    Source: RFC 7143, 11.8."""

    OPCODE: ClassVar[Opcode] = Opcode.R2T
    LAYOUT: ClassVar[Struct] = Struct(">BB2x4xQIIIIIIII")
    flags: int = FINAL
    lun: int = 0
    itt: int = 0
    ttt: int = 0
    stat_sn: int = 0
    exp_cmd_sn: int = 0
    max_cmd_sn: int = 0
    r2t_sn: int = 0
    offset: int = 0
    desired: int = 0


@dataclass(frozen=True, slots=True)
class AsyncMessage(Header):
    """Something the target says unasked.    Source: RFC 7143, 11.9."""

    OPCODE: ClassVar[Opcode] = Opcode.ASYNC_MESSAGE
    LAYOUT: ClassVar[Struct] = Struct(">BB2x4xQI4xIIIBBHHH4x")
    flags: int = FINAL
    lun: int = 0
    tag: int = NO_TAG
    stat_sn: int = 0
    exp_cmd_sn: int = 0
    max_cmd_sn: int = 0
    event: int = 0
    vendor_code: int = 0
    parameter1: int = 0
    parameter2: int = 0
    parameter3: int = 0


@dataclass(frozen=True, slots=True)
class Reject(Header):
    """The target refuses a PDU, whose header is the data segment.    Source: RFC 7143, 11.17."""

    OPCODE: ClassVar[Opcode] = Opcode.REJECT
    LAYOUT: ClassVar[Struct] = Struct(">BBBx4x8xI4xIIII8x")
    flags: int = FINAL
    reason: int = 0
    tag: int = NO_TAG
    stat_sn: int = 0
    exp_cmd_sn: int = 0
    max_cmd_sn: int = 0
    data_sn: int = 0
