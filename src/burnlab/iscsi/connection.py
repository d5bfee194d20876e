"""One connection of the target, without I/O: bytes and the time go in, bytes and events come out.

Rule 1: nothing the peer sends raises out of here; it becomes a Reject, or the connection ends with a reason.
Rule 2: no clock and no socket: `now` (seconds, any origin) is always given.

Use: `receive_data`, then `next_event` until None, `complete` for every `TaskReady`, then send what
`data_to_send` gives. `get_timer` says when `handle_timer` wants to be called.

Source: RFC 7143, 4.2, 7 and 11.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import replace
from enum import Enum, auto

from burnlab.iscsi.commands import CommandSet
from burnlab.iscsi.events import Closed, Event, LoggedIn, LoggedOut
from burnlab.iscsi.framing import Frame, FrameReader, FramingError, digests_of
from burnlab.iscsi.limits import DEFAULT_LIMITS, Limits
from burnlab.iscsi.login import Login, LoginFailure, LoginResult, LoginStatus, LoginTerms, refusal
from burnlab.iscsi.pdu import (
    IMMEDIATE,
    NO_TAG,
    LoginRequest,
    LogoutRequest,
    LogoutResponse,
    NopIn,
    NopOut,
    Opcode,
    Reject,
    RejectReason,
    TextRequest,
)
from burnlab.iscsi.session import MAX_EARLY, CommandWindow, Output, Place, Rejected
from burnlab.iscsi.text import TargetAddress, TextExchange
from burnlab.scsi.task import Data, Delivery, Mishap, Nexus, Reply


class State(Enum):
    """Where a connection stands."""

    LOGIN = auto()
    FULL_FEATURE = auto()
    CLOSED = auto()


_LOGIN, _FULL_FEATURE, _CLOSED = State
_NEXT = Place.NEXT
# By a name of their own, as elsewhere in this room what every command needs: in Python 3.11 an Enum takes its
# time to look up a member.


class TargetConnection:
    """The target's end of one connection, which is a whole session (MaxConnections is 1).

    Args:
        terms: what the target brings to the login.
        portal: `HOST:PORT` that discovery tells.
        limits: what the peer may use up.
        now: the time at which the connection came.
    """

    def __init__(
        self, terms: LoginTerms, portal: str, limits: Limits = DEFAULT_LIMITS, now: float = 0.0
    ) -> None:
        self.limits = limits
        self.state = State.LOGIN
        self.result: LoginResult | None = None
        self._address = TargetAddress(terms.iqn, f"{portal},{terms.portal_group}")
        self._login = Login(terms, self.limits)
        self._login_due = now + self.limits.login_seconds
        self._heard = now
        self._window = CommandWindow(self.limits.queue_depth)
        self._output = Output(self._window)
        self._reader = FrameReader(self.limits.receive_bytes)
        self._events: deque[Event] = deque()
        self._commands: CommandSet | None = None
        self._text: TextExchange | None = None

    # The five verbs

    def receive_data(self, data: bytes, now: float) -> None:
        """Take bytes of the peer, in any portions."""
        self._heard = now
        self._reader.feed(data)
        try:
            while self.state is not _CLOSED and (frame := self._reader.next_frame()) is not None:
                self._take_frame(frame)
        except FramingError as error:
            self._close(str(error))

    def next_event(self) -> Event | None:
        """The next thing that happened."""
        return self._events.popleft() if self._events else None

    def complete(self, handle: int, reply: Reply, now: float) -> None:
        """Answer a task; an answer with `seconds` is held back that long. An aborted task is ignored.

        An answer that shall not arrive is withheld, or ends the connection.
        """
        if self._commands is not None and self.state is _FULL_FEATURE:
            if reply.mishap is not None and reply.mishap.delivery is not Delivery.ANSWERED:
                self._withhold(handle, reply.mishap)
            else:
                self._commands.complete(handle, reply, now)

    def _withhold(self, handle: int, mishap: Mishap) -> None:
        if mishap.delivery is Delivery.CUT_OFF:
            self.close(f"a fault cuts it off: {', '.join(mishap.faults)}")
        elif self._commands is not None:
            self._commands.withhold(handle)

    @property
    def hangs(self) -> bool:
        """A task waits for an answer that will never come."""
        return self._commands is not None and self._commands.hangs

    def data_to_send(self) -> list[Data]:
        """What there is to send, as buffers in their order; each is given once."""
        parts, self._output.parts = self._output.parts, []
        return parts

    def get_timer(self) -> float | None:
        """When `handle_timer` is to be called, or None."""
        if self.state is _LOGIN:
            return self._login_due
        return self._commands.next_due() if self._commands and self.state is _FULL_FEATURE else None

    def handle_timer(self, now: float) -> None:
        """Send the answers that are due; give up on a login that takes too long, or a PDU without an end.

        It may be called at any time; for the latter it should be, once in `limits.stall_seconds`.
        """
        if self.state is _LOGIN and now >= self._login_due:
            self._close("the login took too long")
        elif self._reader.is_mid_pdu and now - self._heard >= self.limits.stall_seconds:
            self._close("a PDU was begun and not ended")
        elif self._commands is not None and self.state is _FULL_FEATURE:
            self._commands.send_due(now)

    # What other connections cause

    def abort_tasks(self) -> None:
        """Abort all commands without an answer: another session cleared or reset the unit."""
        if self._commands is not None:
            self._commands.abort(lambda _command: True)

    def close(self, reason: str) -> None:
        """End the connection from this side, without a word to the peer."""
        if self.state is not _CLOSED:
            self._events.clear()
            self._close(reason)

    def _close(self, reason: str) -> None:
        self.state = State.CLOSED
        self._events.append(Closed(reason))

    # Frames

    def _take_frame(self, frame: Frame) -> None:
        if self.state is _LOGIN:
            self._take_login(frame)
            return
        opcode = frame.header[0] & 0x3F
        if opcode in _SEQUENCED and not frame.header[0] & IMMEDIATE:
            cmd_sn = int.from_bytes(frame.header[24:28], "big")
            place = self._window.place(cmd_sn)
            if place is not _NEXT:
                self._put_aside(frame, cmd_sn, place)
                return
            self._window.advance()
        self._dispatch(opcode, frame)
        if self._window.early:
            self._dispatch_early()

    def _dispatch_early(self) -> None:
        """The commands whose turn has come now that the one they waited for is here."""
        while self.state is _FULL_FEATURE:
            frame = self._window.early.pop(self._window.expected, None)
            if frame is None:
                return
            self._window.advance()
            self._dispatch(frame.header[0] & 0x3F, frame)

    def _put_aside(self, frame: Frame, cmd_sn: int, place: Place) -> None:
        """A command ahead of its turn waits; one outside the window is ignored (RFC 7143, 4.2.2.1)."""
        if place is Place.OUTSIDE:
            return
        if len(self._window.early) >= MAX_EARLY:
            raise FramingError(f"command {self._window.expected} was left out")
        self._window.early[cmd_sn] = frame

    def _dispatch(self, opcode: int, frame: Frame) -> None:
        """Hand a frame to its handler; refuse it if there is none, or not in this kind of session."""
        row = _HANDLERS.get(opcode)
        try:
            if row is None:
                raise Rejected(RejectReason.COMMAND_NOT_SUPPORTED)
            handler, in_discovery = row
            if not in_discovery and self.result is not None and self.result.discovery:
                raise Rejected(RejectReason.PROTOCOL_ERROR)
            if not frame.intact:
                self._reject(frame, RejectReason.DATA_DIGEST_ERROR)
                if opcode != Opcode.DATA_OUT:
                    # ErrorRecoveryLevel 0: the command would never come again.
                    self._close("a data digest is wrong")
                    return
            handler(self, frame)
        except Rejected as refused:
            self._reject(frame, refused.reason)

    def _reject(self, frame: Frame, reason: RejectReason) -> None:
        self._output.send_status(Reject(reason=reason), frame.header)

    # Login

    def _take_login(self, frame: Frame) -> None:
        request: LoginRequest | None = None
        try:
            if frame.header[0] & 0x3F != Opcode.LOGIN_REQUEST:
                raise LoginFailure(LoginStatus.INVALID_DURING_LOGIN, "no login request came")
            request = LoginRequest.unpack(frame.header)
            self._window.expected = request.cmd_sn
            response, text = self._login.receive(request, bytes(frame.data))
        except LoginFailure as failure:
            self._output.send_status(refusal(request, failure.status))
            self._close(f"login refused: {failure}")
            return
        self._output.send_status(response, text)
        if self._login.result is not None:
            self._enter_full_feature(self._login.result)

    def _enter_full_feature(self, result: LoginResult) -> None:
        terms = result.parameters
        nexus = Nexus(result.initiator, result.isid.hex())
        digests = digests_of(header=terms.header_digest, data=terms.data_digest)
        self.result = result
        self.state = State.FULL_FEATURE
        self._output.digests = self._reader.digests = digests
        self._commands = CommandSet(nexus, terms, self.limits, self._output, self._events)
        self._text = TextExchange(
            self._address, result.discovery, self.limits.text_bytes, terms.max_send_bytes
        )
        self._events.append(LoggedIn(nexus, result.discovery))

    # Handlers of the full feature phase

    def _take_command(self, frame: Frame) -> None:
        if self._commands is not None:
            self._commands.take(frame)

    def _take_data(self, frame: Frame) -> None:
        if self._commands is not None:
            self._commands.take_data(frame)

    def _manage(self, frame: Frame) -> None:
        if self._commands is not None:
            self._commands.manage(frame)

    def _nop(self, frame: Frame) -> None:
        request = NopOut.unpack(frame.header)
        if request.itt == NO_TAG:
            return
        if request.ttt != NO_TAG:
            raise Rejected(RejectReason.INVALID_PDU_FIELD)
        limit = self._commands.terms.max_send_bytes if self._commands else 0
        self._output.send_status(NopIn(lun=request.lun, itt=request.itt), bytes(frame.data[:limit]))

    def _take_text(self, frame: Frame) -> None:
        if self._text is None or self._commands is None:
            return
        response, text = self._text.receive(TextRequest.unpack(frame.header), bytes(frame.data))
        self._output.send_status(response, text)
        if self._text.send_bytes != self._commands.terms.max_send_bytes:
            self._commands.terms = replace(self._commands.terms, max_send_bytes=self._text.send_bytes)

    def _logout(self, frame: Frame) -> None:
        request = LogoutRequest.unpack(frame.header)
        reason = request.flags & LogoutRequest.REASON
        outcome = _LOGOUT_OUTCOMES.get(reason)
        if outcome is None:
            raise Rejected(RejectReason.INVALID_PDU_FIELD)
        if reason == _CLOSE_CONNECTION and not self._is_cid(request.cid):
            outcome = LogoutOutcome.CID_NOT_FOUND
        self._output.send_status(LogoutResponse(response=outcome.value, itt=request.itt))
        if outcome is LogoutOutcome.CLOSED:
            self._events.append(LoggedOut())
            self._close("logged out")

    def _is_cid(self, cid: int) -> bool:
        return self.result is not None and self.result.cid == cid

    def _refuse_login(self, _frame: Frame) -> None:
        raise Rejected(RejectReason.PROTOCOL_ERROR)

    def _refuse_snack(self, _frame: Frame) -> None:
        raise Rejected(RejectReason.SNACK_REJECT)


class LogoutOutcome(Enum):
    """Responses to a logout.    Source: RFC 7143, 11.15.1."""

    CLOSED = 0
    CID_NOT_FOUND = 1
    RECOVERY_NOT_SUPPORTED = 2


_CLOSE_SESSION, _CLOSE_CONNECTION, _RECOVERY = 0, 1, 2
_LOGOUT_OUTCOMES = {
    _CLOSE_SESSION: LogoutOutcome.CLOSED,
    _CLOSE_CONNECTION: LogoutOutcome.CLOSED,
    _RECOVERY: LogoutOutcome.RECOVERY_NOT_SUPPORTED,
}
"""Reason code of a logout → response.    Source: RFC 7143, 11.14.1."""

_SEQUENCED = frozenset(
    {
        Opcode.NOP_OUT,
        Opcode.SCSI_COMMAND,
        Opcode.TASK_MANAGEMENT_REQUEST,
        Opcode.TEXT_REQUEST,
        Opcode.LOGOUT_REQUEST,
    }
)
"""Requests that carry a CmdSN."""

# fmt: off
_HANDLERS: dict[int, tuple[Callable[[TargetConnection, Frame], None], bool]] = {
    Opcode.NOP_OUT:                 (TargetConnection._nop, True),
    Opcode.SCSI_COMMAND:            (TargetConnection._take_command, False),
    Opcode.TASK_MANAGEMENT_REQUEST: (TargetConnection._manage, False),
    Opcode.LOGIN_REQUEST:           (TargetConnection._refuse_login, True),
    Opcode.TEXT_REQUEST:            (TargetConnection._take_text, True),
    Opcode.DATA_OUT:                (TargetConnection._take_data, False),
    Opcode.LOGOUT_REQUEST:          (TargetConnection._logout, True),
    Opcode.SNACK_REQUEST:           (TargetConnection._refuse_snack, True),
}
# fmt: on
"""Opcode → (handler, is it legal in a discovery session)."""
