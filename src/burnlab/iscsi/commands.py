"""SCSI commands of one session: taken, gathered, handed out in order, answered, aborted.

Source: RFC 7143, 4.2.2, 11.3 to 11.8.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum

from burnlab.iscsi import luns
from burnlab.iscsi.events import Event, LogicalUnitReset, TargetReset, TaskAborted, TaskReady, TaskSetCleared
from burnlab.iscsi.framing import Frame
from burnlab.iscsi.keys import Parameters
from burnlab.iscsi.limits import Limits
from burnlab.iscsi.pdu import (
    FINAL,
    IMMEDIATE,
    NO_TAG,
    R2T,
    DataOut,
    RejectReason,
    ScsiCommand,
    TaskManagementRequest,
    TaskManagementResponse,
)
from burnlab.iscsi.session import Command, Output, Rejected, TaskSet
from burnlab.iscsi.transfer import (
    PROTOCOL_SERVICE_CRC_ERROR,
    UNEXPECTED_UNSOLICITED_DATA,
    Answer,
    Gather,
    TransferError,
)
from burnlab.scsi.task import Nexus, Reply, Task

_READ, _WRITE = ScsiCommand.READ, ScsiCommand.WRITE
_TAG_MASK = 0x7FFFFFFF


class Function(IntEnum):
    """Task management functions.    Source: RFC 7143, 11.5.1."""

    ABORT_TASK = 1
    ABORT_TASK_SET = 2
    CLEAR_ACA = 3
    CLEAR_TASK_SET = 4
    LOGICAL_UNIT_RESET = 5
    TARGET_WARM_RESET = 6
    TARGET_COLD_RESET = 7
    TASK_REASSIGN = 8


class Outcome(IntEnum):
    """Responses to task management functions.    Source: RFC 7143, 11.6.1."""

    COMPLETE = 0
    TASK_DOES_NOT_EXIST = 1
    LUN_DOES_NOT_EXIST = 2
    REASSIGNMENT_NOT_SUPPORTED = 4
    NOT_SUPPORTED = 5
    REJECTED = 255


@dataclass(slots=True)
class CommandSet:
    """The SCSI side of a connection in the full feature phase."""

    nexus: Nexus
    terms: Parameters
    limits: Limits
    output: Output
    events: deque[Event]
    tasks: TaskSet = field(default_factory=TaskSet)
    _handle: int = 0
    _ttt: int = 0
    _soliciting: deque[Command] = field(default_factory=deque)
    _reading: int = 0
    """Bytes that the answers to what is handed out may bring."""
    _held: list[tuple[float, int, Reply]] = field(default_factory=list)
    _withheld: set[int] = field(default_factory=set)

    # Commands and their data

    def take(self, frame: Frame) -> None:
        """A SCSI Command PDU, in turn.

        Raises:
            Rejected: its tag is in use, or too many immediate commands are in hand.
        """
        first, flags, lun, itt, edtl, _cmd_sn, _exp_stat_sn, cdb = ScsiCommand.LAYOUT.unpack(frame.header)
        immediate = bool(first & IMMEDIATE)
        commands = self.tasks.commands
        if itt == NO_TAG:
            raise Rejected(RejectReason.INVALID_PDU_FIELD)
        if itt in commands:
            raise Rejected(RejectReason.TASK_IN_PROGRESS)
        if immediate:
            if len(commands) - self.output.window.outstanding >= self.limits.immediate_commands:
                raise Rejected(RejectReason.IMMEDIATE_COMMAND_REJECT)
        else:
            self.output.window.outstanding += 1
        if frame.ahs:
            cdb = frame.long_cdb(cdb)
        self._handle = handle = self._handle + 1
        command = Command(itt, lun, cdb, edtl, bool(flags & _READ), bool(flags & _WRITE), immediate, handle)
        commands[itt] = command
        self._begin_transfer(command, flags, frame)
        tasks = self.tasks
        if command.gather is None and (immediate or not tasks.waiting) and self._fits(command):
            self._deliver(command)
            return
        if immediate:
            # It overtakes the others as soon as its data are there.
            tasks.waiting.appendleft(command)
        else:
            tasks.waiting.append(command)
        if command.gather is not None:
            self._solicit()

    def _begin_transfer(self, command: Command, flags: int, frame: Frame) -> None:
        """Judge the data that came with a command and ask for what is missing."""
        data = frame.data
        if command.edtl > self.limits.transfer_bytes or (command.reads and command.writes):
            command.sense = luns.INVALID_FIELD.sense
        elif not command.writes:
            if data:
                command.sense = UNEXPECTED_UNSOLICITED_DATA
        elif len(data) == command.edtl and flags & FINAL and self._may_come_along(len(data)):
            command.data = data
        else:
            command.gather = Gather(command.edtl, self.terms, unsolicited=not flags & FINAL)
            try:
                command.gather.add_immediate(data)
            except TransferError as error:
                self._fail(command, error.sense)
            else:
                self._after_data(command)

    def _may_come_along(self, length: int) -> bool:
        return length == 0 or (self.terms.immediate_data and length <= self.terms.first_burst_bytes)

    def take_data(self, frame: Frame) -> None:
        """A Data-Out PDU. Late data of a command that has ended are dropped.

        Raises:
            Rejected: no command of this tag takes data.
        """
        header = DataOut.unpack(frame.header)
        command = self.tasks.commands.get(header.itt)
        if command is None or command.gather is None:
            if header.itt in self.tasks.gone or (command is not None and command.sense):
                return
            raise Rejected(RejectReason.INVALID_PDU_FIELD)
        try:
            if not frame.intact:
                raise TransferError(PROTOCOL_SERVICE_CRC_ERROR)
            command.gather.add(header, frame.data)
        except TransferError as error:
            self._fail(command, error.sense)
        else:
            self._after_data(command)
        self._hand_out()

    def _fail(self, command: Command, sense: bytes) -> None:
        """The data of a command are no good: it ends with `sense` when its turn comes."""
        command.sense = sense
        self.tasks.gone.append(command.itt)
        self._stop_gathering(command)

    def _after_data(self, command: Command) -> None:
        gather = command.gather
        if gather is None:
            return
        if gather.is_complete:
            command.data = gather.data()
            self._stop_gathering(command)
        elif not gather.unsolicited:
            if command not in self._soliciting:
                self._soliciting.append(command)
            self._solicit()

    def _stop_gathering(self, command: Command) -> None:
        command.gather = None
        if command in self._soliciting:
            self._soliciting.remove(command)
            self._solicit()

    def _solicit(self) -> None:
        """Send the R2Ts that memory allows, the oldest command first.

        What has come and waits for its turn counts, too. Only the command that all others wait for gets its
        data in any case.
        """
        if not self._soliciting:
            return
        waiting = self.tasks.waiting
        budget = self.limits.solicited_bytes - sum(len(command.data) for command in waiting)
        for command in self._soliciting:
            budget -= command.edtl
            if budget < 0 and not (waiting and command is waiting[0]):
                break
            if command.gather is None:
                continue
            for asked in command.gather.solicit(self._ttt):
                self._ttt = (asked.ttt + 1) & _TAG_MASK
                window = self.output.window
                self.output.send(
                    R2T(
                        lun=command.lun,
                        itt=command.itt,
                        ttt=asked.ttt,
                        stat_sn=self.output.stat_sn,
                        exp_cmd_sn=window.expected,
                        max_cmd_sn=window.max_cmd_sn,
                        r2t_sn=asked.r2t_sn,
                        offset=asked.offset,
                        desired=asked.desired,
                    )
                )

    # Handing out and answering

    def _hand_out(self) -> None:
        for command in self.tasks.ready(self._fits):
            self._deliver(command)
        self._solicit()

    def _fits(self, command: Command) -> bool:
        """Whether memory allows to hand out a command now; one always may be."""
        reading = self._reading
        return not (command.reads and reading) or reading + command.edtl <= self.limits.reply_bytes

    def _deliver(self, command: Command) -> None:
        own = luns.check_condition(command.sense) if command.sense else luns.answer(command.lun, command.cdb)
        if own is not None:
            self._finish(command, own)
            return
        self.tasks.running[command.handle] = command
        if command.reads:
            command.reading = command.edtl
            self._reading += command.edtl
        # More than the initiator expects, so that an overflow can be told (RFC 7143, 11.4.5.1).
        room = 0 if command.writes else self.limits.transfer_bytes
        task = Task(command.cdb, command.data, room, self.nexus)
        command.data = b""
        self.events.append(TaskReady(command.handle, task))

    def complete(self, handle: int, reply: Reply, now: float) -> None:
        """Answer a task, at once or `reply.seconds` from `now` on; an aborted one is forgotten."""
        if reply.seconds > 0:
            if handle in self.tasks.running:
                held = _without_excess(self.tasks.running[handle], reply)
                heapq.heappush(self._held, (now + reply.seconds, handle, held))
            return
        command = self.tasks.running.pop(handle, None)
        if command is not None:
            self._finish(command, reply)

    def withhold(self, handle: int) -> None:
        """Never answer a task: it waits until it is aborted, or the connection ends."""
        if handle in self.tasks.running:
            self._withheld.add(handle)

    @property
    def hangs(self) -> bool:
        """A task waits so."""
        return bool(self._withheld)

    def next_due(self) -> float | None:
        """When the next answer that is held back has to go."""
        return self._held[0][0] if self._held else None

    def send_due(self, now: float) -> None:
        """Send the answers whose time has come."""
        while self._held and self._held[0][0] <= now:
            _due, handle, reply = heapq.heappop(self._held)
            command = self.tasks.running.pop(handle, None)
            if command is not None:
                self._finish(command, reply)

    def _finish(self, command: Command, reply: Reply) -> None:
        del self.tasks.commands[command.itt]
        self._reading -= command.reading
        output = self.output
        window = output.window
        if not command.immediate:
            window.outstanding -= 1
        answer = Answer(
            reply,
            command.itt,
            command.edtl,
            command.reads,
            output.next_stat_sn(),
            window.expected,
            window.max_cmd_sn,
            command.excess,
        )
        for header, data in answer.parts(self.terms):
            output.put(header, data)
        if self.tasks.waiting:
            self._hand_out()

    # Task management

    def abort(self, fits: Callable[[Command], bool]) -> int:
        """Abort the commands that fit, without an answer. Returns how many."""
        handed_out = set(self.tasks.running)
        aborted = self.tasks.remove(fits)
        for command in aborted:
            self._reading -= command.reading
            if not command.immediate:
                self.output.window.outstanding -= 1
            if command.handle in handed_out:
                self.events.append(TaskAborted(command.handle))
            self._stop_gathering(command)
        self._held = [held for held in self._held if held[1] in self.tasks.running]
        heapq.heapify(self._held)
        self._withheld &= self.tasks.running.keys()
        self._hand_out()
        return len(aborted)

    def manage(self, frame: Frame) -> None:
        """A task management request."""
        request = TaskManagementRequest.unpack(frame.header)
        handler = _FUNCTIONS.get(request.flags & TaskManagementRequest.FUNCTION)
        outcome = handler(self, request) if handler else Outcome.REJECTED
        self.output.send_status(TaskManagementResponse(response=outcome, itt=request.itt))

    def _abort_task(self, request: TaskManagementRequest) -> Outcome:
        wanted = (request.referenced_tag, request.lun)
        found = self.abort(lambda command: (command.itt, command.lun) == wanted)
        return Outcome.COMPLETE if found else Outcome.TASK_DOES_NOT_EXIST

    def _abort_unit(self, request: TaskManagementRequest, event: Event | None) -> Outcome:
        if request.lun != luns.UNIT_LUN:
            return Outcome.LUN_DOES_NOT_EXIST
        self.abort(lambda command: command.lun == request.lun)
        if event is not None:
            self.events.append(event)
        return Outcome.COMPLETE

    def _reset_target(self, *, cold: bool) -> Outcome:
        self.abort(lambda _command: True)
        self.events.append(TargetReset(cold))
        return Outcome.COMPLETE


def _without_excess(command: Command, reply: Reply) -> Reply:
    """An answer that has to wait, without what the initiator won't get of it."""
    expected = command.edtl if command.reads else 0
    if len(reply.data_in) <= expected:
        return reply
    command.excess = len(reply.data_in) - expected
    kept = bytes(memoryview(reply.data_in)[:expected])
    return Reply(reply.status, kept, reply.sense, reply.seconds, reply.mishap)


# fmt: off
_FUNCTIONS: dict[int, Callable[[CommandSet, TaskManagementRequest], Outcome]] = {
    Function.ABORT_TASK:         CommandSet._abort_task,
    Function.ABORT_TASK_SET:     lambda commands, request: commands._abort_unit(request, None),
    Function.CLEAR_ACA:          lambda _commands, _request: Outcome.NOT_SUPPORTED,
    Function.CLEAR_TASK_SET:     lambda commands, request: commands._abort_unit(request, TaskSetCleared()),
    Function.LOGICAL_UNIT_RESET: lambda commands, request: commands._abort_unit(request, LogicalUnitReset()),
    Function.TARGET_WARM_RESET:  lambda commands, _request: commands._reset_target(cold=False),
    Function.TARGET_COLD_RESET:  lambda commands, _request: commands._reset_target(cold=True),
    Function.TASK_REASSIGN:      lambda _commands, _request: Outcome.REASSIGNMENT_NOT_SUPPORTED,
}
# fmt: on
