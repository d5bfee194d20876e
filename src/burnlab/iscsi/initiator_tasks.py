"""One SCSI command at the initiator's end: its data cut for the way out, and put together on the way in.

Source: RFC 7143, 4.2.4.2, 11.3, 11.4, 11.7 and 11.8.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from burnlab.iscsi.keys import Parameters
from burnlab.iscsi.pdu import (
    FINAL,
    NO_TAG,
    R2T,
    RESIDUAL_OVERFLOW,
    RESIDUAL_UNDERFLOW,
    DataIn,
    DataOut,
    ScsiCommand,
    ScsiResponse,
)
from burnlab.scsi.sense import as_fixed
from burnlab.scsi.task import Data, Reply, Status, Task

CDB_BYTES = 16
_STATUSES = {status.value: status for status in Status}
_COMPLETED = 0


class ProtocolViolation(Exception):
    """The target does what it must not: only closing the connection helps."""


class NoAnswer(Exception):
    """The command has ended without an answer of the device."""


@dataclass(slots=True, eq=False)
class OutstandingTask:
    """A command from its PDU to its answer.

    It writes if it has data to send, reads otherwise; a task that has both is a write.
    """

    handle: int
    lun: int
    task: Task
    terms: Parameters
    cmd_sn: int = -1
    """Set once it was sent."""
    _chunks: list[Data] = field(default_factory=list)
    _received: int = 0
    _data_sn: int = 0

    @property
    def writes(self) -> bool:
        """Whether data go to the device."""
        return len(self.task.data_out) > 0

    @property
    def edtl(self) -> int:
        """Expected data transfer length, bytes."""
        return len(self.task.data_out) or self.task.data_in_bytes

    def command(self, cmd_sn: int, exp_stat_sn: int) -> tuple[ScsiCommand, Data]:
        """The command with its immediate data."""
        unsolicited = self._unsolicited_bytes()
        immediate = min(unsolicited, self.terms.max_send_bytes) if self.terms.immediate_data else 0
        self.cmd_sn = cmd_sn
        flags = 0 if immediate < unsolicited else FINAL
        if self.edtl:
            flags |= ScsiCommand.WRITE if self.writes else ScsiCommand.READ
        header = ScsiCommand(
            flags=flags,
            lun=self.lun,
            itt=self.handle,
            edtl=self.edtl,
            cmd_sn=cmd_sn,
            exp_stat_sn=exp_stat_sn,
            cdb=self.task.cdb.ljust(CDB_BYTES, b"\0"),
        )
        return header, memoryview(self.task.data_out)[:immediate] if immediate else b""

    def _unsolicited_bytes(self) -> int:
        """How much goes out before the target asks for it."""
        whole = min(len(self.task.data_out), self.terms.first_burst_bytes)
        if not self.terms.initial_r2t:
            return whole
        return min(whole, self.terms.max_send_bytes) if self.terms.immediate_data else 0

    def unsolicited_data(self, sent: int, exp_stat_sn: int) -> Iterator[tuple[DataOut, Data]]:
        """The Data-Outs that follow the command unasked; `sent` bytes went with it."""
        end = self._unsolicited_bytes()
        return self._data_out(sent, end, self.lun, NO_TAG, exp_stat_sn)

    def answer(self, r2t: R2T, exp_stat_sn: int) -> Iterator[tuple[DataOut, Data]]:
        """The Data-Outs that an R2T asks for.

        Raises:
            ProtocolViolation: it asks for data that there aren't, or for too many.
        """
        end = r2t.offset + r2t.desired
        if not 0 < r2t.desired <= self.terms.max_burst_bytes or end > len(self.task.data_out):
            raise ProtocolViolation("the target asks for data that there aren't")
        return self._data_out(r2t.offset, end, r2t.lun, r2t.ttt, exp_stat_sn)

    def _data_out(
        self, start: int, end: int, lun: int, ttt: int, exp_stat_sn: int
    ) -> Iterator[tuple[DataOut, Data]]:
        view = memoryview(self.task.data_out)
        size = self.terms.max_send_bytes
        for data_sn, position in enumerate(range(start, end, size)):
            stop = min(position + size, end)
            flags = FINAL if stop == end else 0
            header = DataOut(
                flags=flags,
                lun=lun,
                itt=self.handle,
                ttt=ttt,
                exp_stat_sn=exp_stat_sn,
                data_sn=data_sn,
                offset=position,
            )
            yield header, view[position:stop]

    def take_data(self, header: DataIn, data: Data) -> None:
        """Take one Data-In; they come in order (DataPDUInOrder and DataSequenceInOrder are Yes).

        Raises:
            ProtocolViolation: it is out of order, or more than was expected.
        """
        if header.offset != self._received or header.data_sn != self._data_sn:
            raise ProtocolViolation("data came out of order")
        if self.writes or self._received + len(data) > self.task.data_in_bytes:
            raise ProtocolViolation("more data came than was expected")
        self._data_sn += 1
        if data:
            self._chunks.append(data)
            self._received += len(data)

    def collapsed_reply(self, header: DataIn) -> Reply:
        """The reply that the last Data-In carries.

        Raises:
            NoAnswer: data are missing, or the status isn't known.
        """
        return self._reply(header.status, header.flags, header.residual, b"")

    def reply(self, header: ScsiResponse, segment: Data) -> Reply:
        """The reply that a SCSI Response carries; sense data follow a length of two bytes.

        Raises:
            NoAnswer: the target failed, data are missing, or the status isn't known.
        """
        if header.response != _COMPLETED:
            raise NoAnswer(f"the target couldn't carry out the command (response {header.response:02X}h)")
        raw = bytes(segment)
        sense = raw[2 : 2 + int.from_bytes(raw[:2], "big")]
        return self._reply(header.status, header.flags, header.residual, sense)

    def _reply(self, code: int, flags: int, residual: int, sense: bytes) -> Reply:
        status = _STATUSES.get(code)
        if status is None:
            raise NoAnswer(f"the device ends the command with status {code:02X}h")
        if status is Status.GOOD and not flags & RESIDUAL_OVERFLOW:
            expected = self.edtl - (residual if flags & RESIDUAL_UNDERFLOW else 0)
            if not self.writes and self._received != expected:
                raise NoAnswer(f"the target sent {self._received} of {expected} bytes")
        data = self._chunks[0] if len(self._chunks) == 1 else b"".join(self._chunks)
        return Reply(status, data, as_fixed(sense))
