"""Data of SCSI commands on their way: gathered for a write, cut into PDUs for a read.

Source: RFC 7143, 4.2.4.2, 11.4, 11.7 and 11.8.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from struct import Struct

from burnlab.iscsi.keys import Parameters
from burnlab.iscsi.pdu import (
    FINAL,
    NO_TAG,
    RESIDUAL_OVERFLOW,
    RESIDUAL_UNDERFLOW,
    DataIn,
    DataOut,
    Opcode,
)
from burnlab.scsi.sense import SenseData, SenseKey
from burnlab.scsi.task import Data, Reply, Status

# fmt: off
UNEXPECTED_UNSOLICITED_DATA = SenseData(SenseKey.ABORTED_COMMAND, 0x0C, 0x0C).pack()
INCORRECT_AMOUNT_OF_DATA    = SenseData(SenseKey.ABORTED_COMMAND, 0x0C, 0x0D).pack()
PROTOCOL_SERVICE_CRC_ERROR  = SenseData(SenseKey.ABORTED_COMMAND, 0x47, 0x05).pack()
# fmt: on
"""Sense data of what goes wrong on the way.    Source: RFC 7143, 11.4.7.2."""


SMALL_BYTES = 8192


class TransferError(Exception):
    """The data of a command went wrong; it ends with `sense`."""

    def __init__(self, sense: bytes) -> None:
        super().__init__(sense.hex())
        self.sense = sense


@dataclass(frozen=True, slots=True)
class Solicitation:
    """What one R2T asks for. `offset` and `desired` in bytes."""

    ttt: int
    r2t_sn: int
    offset: int
    desired: int


@dataclass(slots=True)
class Gather:
    """The data of one write, which come in order (DataPDUInOrder and DataSequenceInOrder are Yes)."""

    total: int
    terms: Parameters
    unsolicited: bool
    """More is coming without an R2T."""
    received: int = 0
    _chunks: list[Data] = field(default_factory=list)
    _asked: deque[Solicitation] = field(default_factory=deque)
    _asked_end: int = 0
    _r2t_sn: int = 0
    _data_sn: int = 0

    @property
    def is_complete(self) -> bool:
        """All data are here and nobody is speaking any more."""
        return self.received == self.total and not self.unsolicited and not self._asked

    def add_immediate(self, data: Data) -> None:
        """Take the data that came with the command.

        Raises:
            TransferError: there should be none, or less.
        """
        allowed = min(self.terms.first_burst_bytes, self.total) if self.terms.immediate_data else 0
        if len(data) > allowed or (self.unsolicited and self.terms.initial_r2t):
            raise TransferError(UNEXPECTED_UNSOLICITED_DATA)
        self._take(data)

    def add(self, header: DataOut, data: Data) -> None:
        """Take one Data-Out.

        Raises:
            TransferError: it isn't what was allowed or asked for.
        """
        if header.ttt == NO_TAG:
            if not self.unsolicited:
                raise TransferError(UNEXPECTED_UNSOLICITED_DATA)
            end = min(self.terms.first_burst_bytes, self.total)
        elif self._asked and self._asked[0].ttt == header.ttt and not self.unsolicited:
            end = self._asked[0].offset + self._asked[0].desired
        else:
            raise TransferError(INCORRECT_AMOUNT_OF_DATA)
        in_order = header.offset == self.received and header.data_sn == self._data_sn
        if not in_order or self.received + len(data) > end:
            raise TransferError(INCORRECT_AMOUNT_OF_DATA)
        self._take(data)
        self._data_sn += 1
        if header.flags & FINAL:
            self._end_sequence(solicited=header.ttt != NO_TAG, end=end)

    def _take(self, data: Data) -> None:
        """Keep a piece. A small one is copied: it would keep the whole buffer that it came in."""
        if not data:
            return
        if len(data) >= SMALL_BYTES:
            self._chunks.append(data)
        elif self._chunks and type(self._chunks[-1]) is bytearray:
            self._chunks[-1] += data
        else:
            self._chunks.append(bytearray(data))
        self.received += len(data)

    def _end_sequence(self, *, solicited: bool, end: int) -> None:
        self._data_sn = 0
        if not solicited:
            self.unsolicited = False
        elif self.received != end:
            raise TransferError(INCORRECT_AMOUNT_OF_DATA)
        else:
            self._asked.popleft()

    def solicit(self, first_tag: int) -> Iterator[Solicitation]:
        """The R2Ts that may be sent now, with target transfer tags from `first_tag` on."""
        if self.unsolicited:
            return
        self._asked_end = max(self._asked_end, self.received)
        while self._asked_end < self.total and len(self._asked) < self.terms.max_outstanding_r2t:
            desired = min(self.terms.max_burst_bytes, self.total - self._asked_end)
            asked = Solicitation(first_tag, self._r2t_sn, self._asked_end, desired)
            self._asked.append(asked)
            self._asked_end += desired
            self._r2t_sn += 1
            first_tag = first_tag + 1 if first_tag + 1 < NO_TAG else 0
            yield asked

    def data(self) -> Data:
        """All data as one piece; without a copy if they came as one."""
        return self._chunks[0] if len(self._chunks) == 1 else b"".join(self._chunks)


_DATA_IN = Struct(">BBxBIQIIIIIIII")
_SCSI_RESPONSE = Struct(">BBBBI8xIIIIIIII")
# The layouts of DataIn and ScsiResponse with the length in its place: nearly every command ends with one of
# these two, so they are packed without an object in between.
_DATA_IN_OPCODE, _SCSI_RESPONSE_OPCODE = int(Opcode.DATA_IN), int(Opcode.SCSI_RESPONSE)
_GOOD = Status.GOOD


@dataclass(slots=True)
class Answer:
    """A command's answer as PDUs. Packed with the numbers that are given, so it has to be sent next.

    `reads` tells whether the initiator expects data; what it doesn't expect is not sent but counted.
    """

    reply: Reply
    itt: int
    edtl: int
    reads: bool
    stat_sn: int
    exp_cmd_sn: int
    max_cmd_sn: int
    excess: int = 0
    """Bytes that the reply had beyond its data."""

    def parts(self, terms: Parameters) -> list[tuple[bytes, Data]]:
        """Packed header and data segment of each PDU.

        Data go in segments that the initiator takes and in sequences of MaxBurstLength. GOOD without sense
        data travels in the last Data-In (phase collapse), everything else in a SCSI Response.
        """
        reply = self.reply
        data = reply.data_in
        expected = self.edtl if self.reads else 0
        have = len(data) + self.excess
        if expected == have == 0:
            return [self._response(0, 0, 0)]
        flag, residual = _residual(have, expected)
        size = min(len(data), expected)
        if not size:
            return [self._response(0, flag, residual)]
        if size < len(data):
            data = memoryview(data)[:size]
        collapsed = reply.status == _GOOD and not reply.sense
        if collapsed and size <= terms.max_send_bytes and size <= terms.max_burst_bytes:
            return [(self._data_in(size, 0, 0, FINAL | DataIn.STATUS | flag, residual), data)]
        parts: list[tuple[bytes, Data]] = []
        view = memoryview(data)
        for data_sn, (start, end, last) in enumerate(_segments(size, terms)):
            flags = FINAL if last else 0
            if end == size and collapsed:
                header = self._data_in(end - start, data_sn, start, flags | DataIn.STATUS | flag, residual)
            else:
                header = self._data_in(end - start, data_sn, start, flags, 0)
            parts.append((header, view[start:end]))
        if not collapsed:
            parts.append(self._response(len(parts), flag, residual))
        return parts

    def _data_in(self, length: int, data_sn: int, offset: int, flags: int, residual: int) -> bytes:
        with_status = flags & DataIn.STATUS
        return _DATA_IN.pack(
            _DATA_IN_OPCODE,
            flags,
            self.reply.status if with_status else 0,
            length,
            0,
            self.itt,
            NO_TAG,
            self.stat_sn if with_status else 0,
            self.exp_cmd_sn,
            self.max_cmd_sn,
            data_sn,
            offset,
            residual,
        )

    def _response(self, exp_data_sn: int, flag: int, residual: int) -> tuple[bytes, Data]:
        """Status with sense data, which a length of two bytes precedes.    Source: RFC 7143, 11.4.7."""
        sense = self.reply.sense
        segment = len(sense).to_bytes(2, "big") + sense if sense else b""
        header = _SCSI_RESPONSE.pack(
            _SCSI_RESPONSE_OPCODE,
            FINAL | flag,
            0,
            self.reply.status,
            len(segment),
            self.itt,
            0,
            self.stat_sn,
            self.exp_cmd_sn,
            self.max_cmd_sn,
            exp_data_sn,
            0,
            residual,
        )
        return header, segment


def _residual(have: int, edtl: int) -> tuple[int, int]:
    """Flag and count for `have` bytes where `edtl` were expected.    Source: RFC 7143, 11.4.5."""
    if have > edtl:
        return RESIDUAL_OVERFLOW, have - edtl
    return (RESIDUAL_UNDERFLOW, edtl - have) if have < edtl else (0, 0)


def _segments(size: int, terms: Parameters) -> Iterator[tuple[int, int, bool]]:
    """Start and end of each data segment, and whether it ends a sequence."""
    position = 0
    while position < size:
        burst_end = min(size, (position // terms.max_burst_bytes + 1) * terms.max_burst_bytes)
        end = min(position + terms.max_send_bytes, burst_end)
        yield position, end, end == burst_end
        position = end
