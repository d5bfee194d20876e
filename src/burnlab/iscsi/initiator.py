"""The initiator's end of one connection, without I/O: tasks and bytes go in, bytes and events come out.

Rule 1: nothing the peer sends raises out of here; the connection ends with a reason.
Rule 2: no clock and no socket: `now` (seconds, any origin) is always given.
Rule 3: one connection per session, ErrorRecoveryLevel 0: what is lost stays lost, there is no second login.

Use: send what `data_to_send` gives (first the login), feed `receive_data`, call `next_event` until None.
After `LoginDone`: `execute`, `manage`, `send_targets`, `logout`. `get_timer` says when `handle_timer` wants
to be called.

Source: RFC 7143, 4.2, 7 and 11.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from enum import Enum, auto
from typing import TypeAlias

from burnlab.iscsi import keys
from burnlab.iscsi.commands import Function, Outcome
from burnlab.iscsi.events import Closed
from burnlab.iscsi.framing import NO_DIGESTS, Frame, FrameReader, FramingError, digests_of, frame_parts
from burnlab.iscsi.initiator_events import (
    Answered,
    FoundTarget,
    InitiatorEvent,
    LoginDone,
    LoginRefused,
    LogoutDone,
    Managed,
    TargetSays,
    TargetsFound,
    TaskFailed,
)
from burnlab.iscsi.initiator_login import InitiatorLogin, InitiatorTerms, LoginRejected
from burnlab.iscsi.initiator_tasks import NoAnswer, OutstandingTask, ProtocolViolation
from burnlab.iscsi.pdu import (
    CONTINUE,
    FINAL,
    NO_TAG,
    R2T,
    AsyncMessage,
    DataIn,
    Header,
    LoginResponse,
    LogoutRequest,
    LogoutResponse,
    NopIn,
    NopOut,
    Opcode,
    Reject,
    RejectReason,
    ScsiResponse,
    TaskManagementRequest,
    TaskManagementResponse,
    TextRequest,
    TextResponse,
)
from burnlab.iscsi.session import MASK
from burnlab.iscsi.url import lun_field
from burnlab.scsi.task import Data, Reply, Task

PING_SECONDS = 20.0
LOGIN_SECONDS = 30.0
_LOGIN_DATA_BYTES = 8192  # RFC 7143, 13.12: what holds until something else is declared
_MAX_TEXT_BYTES = 1 << 20
_HALF = 1 << 31
_ABORTED = "the command was aborted"


class InitiatorState(Enum):
    """Where a connection stands."""

    LOGIN = auto()
    FULL_FEATURE = auto()
    CLOSED = auto()


class InitiatorConnection:
    """A session of one connection; the login request is there to be sent at once.

    Args:
        terms: who logs in where.
        lun: the logical unit that tasks go to.
        now: the time at which the connection stood.
    """

    def __init__(self, terms: InitiatorTerms, lun: int = 0, now: float = 0.0) -> None:
        self.state = InitiatorState.LOGIN
        self.terms = keys.Parameters()
        self._offers = terms.offers
        self._lun = lun_field(lun)
        self._login = InitiatorLogin(terms)
        self._reader = FrameReader(_LOGIN_DATA_BYTES)
        self._digests = NO_DIGESTS
        self._parts: list[Data] = []
        self._events: deque[InitiatorEvent] = deque()
        self._tasks: dict[int, OutstandingTask] = {}
        self._gone: deque[int] = deque(maxlen=256)
        self._managing: dict[int, tuple[Function, int]] = {}
        self._waiting: deque[tuple[int, Callable[[int], None]]] = deque()
        self._ending = ""
        self._last_tag = 0
        self._cmd_sn = self._login.cmd_sn
        self._max_cmd_sn = self._cmd_sn
        self._exp_stat_sn = 0
        self._text = bytearray()
        self._ping_tag = NO_TAG
        self._ping_due = 0.0
        self._heard = now
        self._login_due = now + LOGIN_SECONDS
        self._take_login_step()

    # The verbs

    def receive_data(self, data: bytes, now: float) -> None:
        """Take bytes of the target, in any portions."""
        self._heard = now
        self._reader.feed(data)
        try:
            while (
                self.state is not InitiatorState.CLOSED and (frame := self._reader.next_frame()) is not None
            ):
                self._take_frame(frame)
        except (FramingError, ProtocolViolation) as error:
            self._close(str(error))

    def next_event(self) -> InitiatorEvent | None:
        """The next thing that happened."""
        return self._events.popleft() if self._events else None

    def data_to_send(self) -> list[Data]:
        """What there is to send, as buffers in their order; each is given once."""
        parts, self._parts = self._parts, []
        return parts

    def get_timer(self) -> float | None:
        """When `handle_timer` is to be called, or None."""
        if self.state is InitiatorState.LOGIN:
            return self._login_due
        if self.state is InitiatorState.CLOSED:
            return None
        return self._heard + PING_SECONDS if self._ping_tag == NO_TAG else self._ping_due

    def handle_timer(self, now: float) -> None:
        """Ask a silent target for a sign of life, or give it up."""
        due = self.get_timer()
        if due is None or now < due:
            return
        if self.state is InitiatorState.LOGIN:
            self._close("the login took too long")
        elif self._ping_tag == NO_TAG:
            # Counted from now: this program may have been stopped for longer than the target was silent.
            self._ping_tag, self._ping_due = self._new_tag(), now + PING_SECONDS
            self._send(NopOut(immediate=True, itt=self._ping_tag, **self._numbers()))
        else:
            self._close("the target gives no sign of life")

    def close(self, reason: str) -> None:
        """End the connection from this side, without a word to the target."""
        self._close(reason)

    def _close(self, reason: str) -> None:
        if self.state is not InitiatorState.CLOSED:
            self.state = InitiatorState.CLOSED
            self._events.append(Closed(reason))

    # What the target may be asked for, in the full feature phase

    def execute(self, task: Task) -> int:
        """Send a task; `Answered` or `TaskFailed` will bear the handle that is returned.

        Data that it sends must not change until then.
        """
        outstanding = OutstandingTask(self._new_tag(), self._lun, task, self.terms)
        self._tasks[outstanding.handle] = outstanding
        self._in_turn(outstanding.handle, lambda cmd_sn: self._send_task(outstanding, cmd_sn))
        return outstanding.handle

    @property
    def ending(self) -> str:
        """Why no further task may be sent: the target has asked for the end of the session."""
        return self._ending

    def manage(self, function: Function, task: int = NO_TAG) -> int:
        """Send a task management function; `Managed` will bear the handle that is returned.

        Source: RFC 7143, 11.5.
        """
        handle = self._new_tag()
        known = self._tasks.get(task)
        if known is not None and known.cmd_sn < 0:
            # It never left: there is nothing that the target could abort.
            self._end_task(known, TaskFailed(task, _ABORTED))
            self._events.append(Managed(handle, Outcome.COMPLETE))
            return handle
        self._managing[handle] = function, task
        request = TaskManagementRequest(
            immediate=True,
            flags=FINAL | function,
            lun=self._lun,
            itt=handle,
            referenced_tag=task,
            ref_cmd_sn=known.cmd_sn if known is not None else 0,
            **self._numbers(),
        )
        self._send(request)
        return handle

    def send_targets(self) -> None:
        """Ask which targets there are; `TargetsFound` will tell."""
        self._text.clear()
        self._ask_text(self._new_tag(), NO_TAG, keys.encode_text([("SendTargets", "All")]))

    def logout(self) -> None:
        """End the session; `LogoutDone` will tell."""
        self._send(LogoutRequest(immediate=True, itt=self._new_tag(), cid=1, **self._numbers()))

    # Numbers and sending

    def _new_tag(self) -> int:
        while True:
            self._last_tag = (self._last_tag + 1) & MASK
            if self._last_tag != NO_TAG and self._last_tag not in self._tasks:
                return self._last_tag

    def _numbers(self) -> dict[str, int]:
        return {"cmd_sn": self._cmd_sn, "exp_stat_sn": self._exp_stat_sn}

    def _send(self, header: Header, data: Data = b"") -> None:
        self._parts += frame_parts(header.pack(len(data)), data, self._digests)

    def _in_turn(self, handle: int, send: Callable[[int], None]) -> None:
        """Send what takes a CmdSN, once the window has room for it; a task only if it still counts."""
        self._waiting.append((handle, send))
        self._send_waiting()

    def _send_waiting(self) -> None:
        while self._waiting and (self._max_cmd_sn - self._cmd_sn) & MASK < _HALF:
            handle, send = self._waiting.popleft()
            if handle == NO_TAG or handle in self._tasks:
                cmd_sn, self._cmd_sn = self._cmd_sn, (self._cmd_sn + 1) & MASK
                send(cmd_sn)

    def _send_task(self, task: OutstandingTask, cmd_sn: int) -> None:
        header, data = task.command(cmd_sn, self._exp_stat_sn)
        self._send(header, data)
        if task.writes:
            for more, segment in task.unsolicited_data(len(data), self._exp_stat_sn):
                self._send(more, segment)

    def _ask_text(self, itt: int, ttt: int, text: bytes) -> None:
        def send(cmd_sn: int) -> None:
            header = TextRequest(itt=itt, ttt=ttt, cmd_sn=cmd_sn, exp_stat_sn=self._exp_stat_sn)
            self._send(header, text)

        self._in_turn(NO_TAG, send)

    def _open_window(self, exp_cmd_sn: int, max_cmd_sn: int) -> None:
        """Take the target's window; one that is older than what is known is ignored (RFC 7143, 4.2.2.1)."""
        if (max_cmd_sn - exp_cmd_sn + 1) & MASK < _HALF and (max_cmd_sn - self._max_cmd_sn) & MASK < _HALF:
            self._max_cmd_sn = max_cmd_sn
        if self._waiting:
            self._send_waiting()

    # Frames

    def _take_frame(self, frame: Frame) -> None:
        if not frame.intact:
            raise ProtocolViolation("a data digest is wrong")
        opcode = frame.header[0] & 0x3F
        if self.state is InitiatorState.LOGIN:
            self._take_login(opcode, frame)
            return
        handler = _HANDLERS.get(opcode)
        if handler is None:
            raise ProtocolViolation(f"the target sent a PDU of an unknown kind ({opcode:02X}h)")
        handler(self, frame)

    def _count(self, header: _Numbered) -> None:
        """Note the numbers of a PDU that bears a status."""
        self._exp_stat_sn = (header.stat_sn + 1) & MASK
        self._open_window(header.exp_cmd_sn, header.max_cmd_sn)

    # Login

    def _take_login_step(self) -> None:
        try:
            header, text = self._login.request(self._exp_stat_sn)
        except LoginRejected as failure:
            self._refuse_login(failure)
            return
        self._send(header, text)

    def _take_login(self, opcode: int, frame: Frame) -> None:
        if opcode != Opcode.LOGIN_RESPONSE:
            raise ProtocolViolation("the target didn't answer the login: is this an iSCSI target?")
        response = LoginResponse.unpack(frame.header)
        self._exp_stat_sn = (response.stat_sn + 1) & MASK
        try:
            self._login.receive(response, bytes(frame.data))
        except LoginRejected as failure:
            self._refuse_login(failure)
            return
        parameters = self._login.parameters
        if parameters is None:
            self._take_login_step()
            return
        self.terms = parameters
        self._digests = digests_of(header=parameters.header_digest, data=parameters.data_digest)
        self._reader.digests = self._digests
        self._reader.max_data_bytes = max(self._offers.receive_bytes, _LOGIN_DATA_BYTES)
        self._max_cmd_sn = response.max_cmd_sn
        self.state = InitiatorState.FULL_FEATURE
        self._events.append(LoginDone(parameters, self._login.portal_group))

    def _refuse_login(self, failure: LoginRejected) -> None:
        self._events.append(LoginRefused(str(failure), failure.denied, failure.moved_to))
        self._close(f"login refused: {failure}")

    # Handlers of the full feature phase

    def _task_of(self, tag: int) -> OutstandingTask | None:
        """The task of a tag; None if it was given up before its answer came."""
        task = self._tasks.get(tag)
        if task is None and tag not in self._gone:
            raise ProtocolViolation("the target answers a command that wasn't sent")
        return task

    def _end_task(self, task: OutstandingTask, event: Answered | TaskFailed) -> None:
        del self._tasks[task.handle]
        self._gone.append(task.handle)
        self._events.append(event)
        if self._ending and not self._tasks:
            self.logout()

    def _take_data_in(self, frame: Frame) -> None:
        header = DataIn.unpack(frame.header)
        task = self._task_of(header.itt)
        with_status = bool(header.flags & DataIn.STATUS)
        if with_status:
            self._exp_stat_sn = (header.stat_sn + 1) & MASK
        self._open_window(header.exp_cmd_sn, header.max_cmd_sn)
        if task is None:
            return
        task.take_data(header, frame.data)
        if with_status:
            self._answer(task, lambda: task.collapsed_reply(header))

    def _take_response(self, frame: Frame) -> None:
        header = ScsiResponse.unpack(frame.header)
        task = self._task_of(header.itt)
        self._count(header)
        if task is not None:
            self._answer(task, lambda: task.reply(header, frame.data))

    def _answer(self, task: OutstandingTask, reply: Callable[[], Reply]) -> None:
        try:
            event: Answered | TaskFailed = Answered(task.handle, reply())
        except NoAnswer as failure:
            event = TaskFailed(task.handle, str(failure))
        self._end_task(task, event)

    def _take_r2t(self, frame: Frame) -> None:
        header = R2T.unpack(frame.header)
        task = self._task_of(header.itt)
        self._open_window(header.exp_cmd_sn, header.max_cmd_sn)
        if task is not None:
            for data_out, segment in task.answer(header, self._exp_stat_sn):
                self._send(data_out, segment)

    def _take_managed(self, frame: Frame) -> None:
        header = TaskManagementResponse.unpack(frame.header)
        self._count(header)
        function, referenced = self._managing.pop(header.itt, (None, NO_TAG))
        if function is None:
            raise ProtocolViolation("the target answers a function that wasn't asked for")
        if header.response == Outcome.COMPLETE:
            for task in list(self._tasks.values()):
                if function is not Function.ABORT_TASK or task.handle == referenced:
                    self._end_task(task, TaskFailed(task.handle, _ABORTED))
        self._events.append(Managed(header.itt, header.response))

    def _take_text(self, frame: Frame) -> None:
        header = TextResponse.unpack(frame.header)
        self._count(header)
        self._text += frame.data
        if len(self._text) > _MAX_TEXT_BYTES:
            raise ProtocolViolation("the target's list of targets is too long")
        if header.flags & CONTINUE or not header.flags & FINAL:
            self._ask_text(header.itt, header.ttt, b"")
            return
        try:
            pairs = keys.decode_text(bytes(self._text))
        except keys.TextError as error:
            raise ProtocolViolation(f"the list of targets can't be read: {error}") from error
        self._text.clear()
        self._events.append(TargetsFound(_targets(pairs)))

    def _take_nop(self, frame: Frame) -> None:
        header = NopIn.unpack(frame.header)
        if header.itt == NO_TAG:
            self._open_window(header.exp_cmd_sn, header.max_cmd_sn)
        else:
            self._count(header)
            self._ping_tag = NO_TAG
        if header.ttt != NO_TAG:
            answer = NopOut(immediate=True, lun=header.lun, ttt=header.ttt, **self._numbers())
            self._send(answer)

    def _take_logout(self, frame: Frame) -> None:
        self._count(LogoutResponse.unpack(frame.header))
        self._events.append(LogoutDone())
        self._close(self._ending or "logged out")

    def _take_async(self, frame: Frame) -> None:
        header = AsyncMessage.unpack(frame.header)
        self._count(header)
        message, action = _ASYNC.get(header.event, (f"an event of the kind {header.event}", _GO_ON))
        self._events.append(TargetSays(message))
        if action is _DROP:
            self._close(message)
        elif action is _LOG_OUT and not self._ending:
            self._ending = message
            if not self._tasks:
                self.logout()

    def _take_reject(self, frame: Frame) -> None:
        """A command that was refused ends without an answer; other refusals are only told."""
        header = Reject.unpack(frame.header)
        self._count(header)
        refused = bytes(frame.data[:48]).ljust(48, b"\0")
        opcode, tag = refused[0] & 0x3F, int.from_bytes(refused[16:20], "big")
        reasons = {reason.value: reason.name for reason in RejectReason}
        why = reasons.get(header.reason, f"{header.reason:02X}h").lower().replace("_", " ")
        message = f"the target rejects a PDU of the kind {opcode:02X}h: {why}"
        task = self._tasks.get(tag)
        if task is not None and opcode == Opcode.SCSI_COMMAND:
            self._end_task(task, TaskFailed(task.handle, message))
        elif opcode in (Opcode.NOP_OUT, Opcode.DATA_OUT):
            # A Data-Out that went wrong is followed by the command's own answer.
            self._events.append(TargetSays(message))
        elif tag in self._managing:
            del self._managing[tag]
            self._events.append(Managed(tag, Outcome.REJECTED))
        else:
            raise ProtocolViolation(message)


def _targets(pairs: list[tuple[str, str]]) -> tuple[FoundTarget, ...]:
    """TargetAddress belongs to the TargetName before it.    Source: RFC 7143, appendix C."""
    found: list[FoundTarget] = []
    for name, value in pairs:
        if name == "TargetName":
            found.append(FoundTarget(value))
        elif name == "TargetAddress" and found:
            found[-1] = FoundTarget(found[-1].iqn, (*found[-1].portals, value))
    return tuple(found)


_Numbered: TypeAlias = (
    ScsiResponse | TaskManagementResponse | TextResponse | NopIn | LogoutResponse | AsyncMessage | Reject
)
"""PDUs that bear a StatSN and the window."""


class _Action(Enum):
    GO_ON = auto()
    LOG_OUT = auto()
    DROP = auto()


_GO_ON, _LOG_OUT, _DROP = _Action

# fmt: off
_ASYNC: dict[int, tuple[str, _Action]] = {
    0:   ("the device reports an event", _GO_ON),
    1:   ("the target wants the session to end", _LOG_OUT),
    2:   ("the target drops this connection", _DROP),
    3:   ("the target drops all connections of this session", _DROP),
    4:   ("the target wants to negotiate anew", _LOG_OUT),
    5:   ("the target aborts all tasks of this unit", _GO_ON),
    255: ("the target sends a message of its maker's own", _GO_ON),
}
# fmt: on
"""Event → what it means, and what follows; a wish to negotiate may be answered by a logout.

Source: RFC 7143, 11.9.1; RFC 7144 for 5.
"""

_HANDLERS: dict[int, Callable[[InitiatorConnection, Frame], None]] = {
    Opcode.NOP_IN: InitiatorConnection._take_nop,
    Opcode.SCSI_RESPONSE: InitiatorConnection._take_response,
    Opcode.TASK_MANAGEMENT_RESPONSE: InitiatorConnection._take_managed,
    Opcode.TEXT_RESPONSE: InitiatorConnection._take_text,
    Opcode.DATA_IN: InitiatorConnection._take_data_in,
    Opcode.LOGOUT_RESPONSE: InitiatorConnection._take_logout,
    Opcode.R2T: InitiatorConnection._take_r2t,
    Opcode.ASYNC_MESSAGE: InitiatorConnection._take_async,
    Opcode.REJECT: InitiatorConnection._take_reject,
}
