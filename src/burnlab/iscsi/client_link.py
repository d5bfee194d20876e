"""The initiator on TCP: a socket and the core that it feeds, pumped by whoever calls. Not for two at once.

Callers see to it that what they do is whole (`interruption`); signals come through while the socket is waited
for.
"""

from __future__ import annotations

import contextlib
import logging
import math
import select
import socket
import time
from collections.abc import Callable
from typing import TypeVar

from burnlab.interruption import waiting
from burnlab.iscsi.events import Closed
from burnlab.iscsi.initiator import InitiatorConnection, InitiatorState
from burnlab.iscsi.initiator_events import (
    Answered,
    InitiatorEvent,
    LoginDone,
    LoginRefused,
    LogoutDone,
    TargetSays,
    TaskFailed,
)
from burnlab.iscsi.initiator_login import InitiatorTerms
from burnlab.iscsi.url import join_address
from burnlab.scsi.task import Data
from burnlab.scsi.transport import Fault, TransportError

RECEIVE_BYTES = 1 << 18
MAX_BUFFERS = 512  # below IOV_MAX of every system
SEND_SECONDS = 120.0
LOGOUT_SECONDS = 3.0
LONGEST_SECONDS = 86400.0
"""Of one wait; poll counts milliseconds in 31 bits."""
NOT_RESUMED = (
    "Whether its last command was carried out isn't known, and nothing was sent again. Look at the medium's "
    "state before you go on; a session that was begun may have to be closed"
)
_NO_TARGET = "See whether an iSCSI target listens there"

_log = logging.getLogger(__name__)
Event = TypeVar("Event", bound=InitiatorEvent)
Ending = Answered | TaskFailed


class Link:
    """A connection to a target. `name` is its portal, for messages."""

    def __init__(self, address: tuple[str, int], terms: InitiatorTerms, lun: int, timeout: float) -> None:
        self.name = join_address(*address)
        self._buffer = bytearray(RECEIVE_BYTES)
        try:
            self._socket = socket.create_connection(address, timeout)
        except TimeoutError as error:
            raise TransportError(
                Fault.TIMEOUT,
                f"nobody answers at {self.name} within {timeout:g} s",
                "See whether the host is up and a firewall lets the port through",
            ) from error
        except OSError as error:
            raise TransportError(
                Fault.ABSENT,
                f"no connection to {self.name}: {error.strerror or error}",
                "See whether the target runs and listens there",
            ) from error
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        self._socket.setblocking(False)
        self._poll, self._awaited = select.poll(), 0
        self._unsent: list[Data] = []
        self.is_waiting = False
        """What was interrupted while this was true can go on: nothing is lost."""
        self.core = InitiatorConnection(terms, lun, time.monotonic())

    @property
    def is_open(self) -> bool:
        """Whether the session goes on."""
        return self.core.state is not InitiatorState.CLOSED

    def log_in(self, timeout: float) -> None:
        """Wait for the login's end.

        Raises:
            TransportError: it was refused, or came to nothing.
        """
        try:
            done = self.await_event(LoginDone, timeout)
        except TransportError as error:
            if error.fault is Fault.LOST:
                raise TransportError(Fault.REFUSED, error.message, _NO_TARGET) from error
            raise
        if done is None:
            self.drop("the login took too long")
            message = f"{self.name} doesn't finish the login within {timeout:g} s"
            raise TransportError(Fault.TIMEOUT, message, _NO_TARGET)

    def await_event(
        self, kind: type[Event], seconds: float, fits: Callable[[Event], bool] = lambda _event: True
    ) -> Event | None:
        """Pump until an event of this kind comes that fits; None after so many seconds.

        Raises:
            TransportError: the login was refused, or the connection is lost.
        """
        found = self._pump(lambda event: isinstance(event, kind) and fits(event), seconds)
        return found if isinstance(found, kind) else None

    def await_task(self, handle: int, seconds: float) -> Ending | None:
        """Pump until a task has ended; None after so many seconds.

        Raises:
            TransportError: the connection is lost.
        """
        found = self._pump(lambda event: isinstance(event, Ending) and event.handle == handle, seconds)
        return found if isinstance(found, Ending) else None

    def _pump(self, wanted: Callable[[InitiatorEvent], bool], seconds: float) -> InitiatorEvent | None:
        deadline = time.monotonic() + seconds
        while True:
            while (event := self.core.next_event()) is not None:
                if wanted(event):
                    return event
                self._note(event)
            if not self._turn(deadline):
                return None

    def _note(self, event: InitiatorEvent) -> None:
        """Deal with an event that nobody waits for."""
        match event:
            case LoginRefused(message, denied, moved_to):
                self._close()
                raise _refused(self.name, message, denied=denied, moved_to=moved_to)
            case Closed(reason):
                self._close()
                raise lost(self.name, reason)
            case TargetSays(message):
                _log.warning("%s: %s", self.name, message)
            case _:
                _log.debug("%s: %s", self.name, event)

    def _turn(self, deadline: float) -> bool:
        """Send what there is, then receive once. Returns False if the deadline has passed."""
        self.flush()
        now = time.monotonic()
        timer = self.core.get_timer()
        wait = min(deadline, deadline if timer is None else timer) - now
        if wait > 0:
            self._receive(wait)
            return True
        self.core.handle_timer(now)
        return now < deadline

    def flush(self) -> None:
        """Send everything. What an interruption leaves goes out with what is sent next."""
        self._unsent += self.core.data_to_send()
        while self._unsent:
            try:
                self._send()
            except BlockingIOError:
                if not self._await(select.POLLOUT, SEND_SECONDS):
                    self._unsent.clear()
                    self.core.close(f"sending failed: nothing was taken for {SEND_SECONDS:g} s")
            except OSError as error:
                self._unsent.clear()
                self.core.close(f"sending failed: {error.strerror or error}")

    def _send(self) -> None:
        parts = self._unsent
        sent = self._socket.sendmsg(parts[:MAX_BUFFERS])
        done = 0
        while done < len(parts) and sent >= len(parts[done]):
            sent -= len(parts[done])
            done += 1
        del parts[:done]
        if sent:
            parts[0] = memoryview(parts[0])[sent:]

    def _receive(self, wait: float) -> None:
        if not self._await(select.POLLIN, wait):
            return
        try:
            # A buffer that stays: recv() would make the allocator map and unmap memory each time.
            size = self._socket.recv_into(self._buffer)
        except BlockingIOError:
            return
        except OSError as error:
            self.core.close(f"receiving failed: {error.strerror or error}")
            return
        if size:
            self.core.receive_data(bytes(memoryview(self._buffer)[:size]), time.monotonic())
        else:
            self.core.close("the target has closed the connection")

    def _await(self, what: int, seconds: float) -> bool:
        """Wait for the socket. Here, and nowhere else, signals come through."""
        if self._socket.fileno() < 0:
            # It was closed: who tries to use it is told so.
            return True
        if what != self._awaited:
            self._awaited = what
            self._poll.register(self._socket, what)
        self.is_waiting = True
        with waiting():
            found = self._poll.poll(math.ceil(min(seconds, LONGEST_SECONDS) * 1000))
        self.is_waiting = False
        return bool(found)

    def serve(self) -> None:
        """Answer what came in the meantime, without waiting.

        Raises:
            TransportError: the connection is lost.
        """
        self._receive(0.001)
        self.core.handle_timer(time.monotonic())
        self.flush()
        while (event := self.core.next_event()) is not None:
            self._note(event)

    def drop(self, reason: str) -> None:
        """End at once."""
        self.core.close(reason)
        self._close()

    def _close(self) -> None:
        with contextlib.suppress(OSError):
            self._socket.close()

    def log_out(self) -> None:
        """End in good order, if that is possible within a short time."""
        if self.core.state is InitiatorState.FULL_FEATURE:
            with contextlib.suppress(TransportError):
                self.core.logout()
                self.await_event(LogoutDone, LOGOUT_SECONDS)
        self.drop("logged out")


def _refused(name: str, message: str, *, denied: bool, moved_to: str) -> TransportError:
    if moved_to:
        hint = f"Redirection isn't followed; name that address yourself: iscsi://{moved_to}/..."
        return TransportError(Fault.REFUSED, f"{name}: {message}", hint)
    if denied:
        hint = "Check the CHAP user and secret of both directions, and the initiator's name"
        return TransportError(Fault.DENIED, f"{name}: {message}", hint)
    return TransportError(Fault.REFUSED, f"{name}: {message}", "See which targets there are by discovery")


def lost(name: str, reason: str) -> TransportError:
    """The failure after which nothing can be sent any more."""
    return TransportError(Fault.LOST, f"the connection to {name} is lost: {reason}", NOT_RESUMED)
