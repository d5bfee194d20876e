"""The target on TCP: the only module of this room with sockets, threads and a clock.

A thread pumps each connection: receive, feed, execute, send. Whatever one burst of the initiator holds is
answered by one send. Before it sleeps, the thread looks for a while whether the next burst is there already,
if the initiator is one that answers fast (`patience`). The unit is called under one lock; answers that are
held back (`Reply.seconds`) wait in the connection, not in a thread.
"""

from __future__ import annotations

import itertools
import logging
import socket
import struct
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from burnlab.iscsi.allocator import give_back
from burnlab.iscsi.chap import ChapAuth
from burnlab.iscsi.connection import TargetConnection
from burnlab.iscsi.events import (
    Closed,
    Event,
    LoggedIn,
    LogicalUnitReset,
    TargetReset,
    TaskReady,
    TaskSetCleared,
)
from burnlab.iscsi.limits import DEFAULT_LIMITS, Limits
from burnlab.iscsi.login import LoginTerms
from burnlab.iscsi.luns import check_condition
from burnlab.iscsi.patience import Patience
from burnlab.iscsi.url import split_address
from burnlab.scsi.sense import Asc, SenseData, SenseKey
from burnlab.scsi.task import Data, Nexus, Reply, SharedUnit, Task

DEFAULT_IQN = "iqn.2024-01.org.burnlab:recorder"
RECEIVE_BYTES = 1 << 18
MAX_BUFFERS = 512  # below IOV_MAX of every system
_TSIH_COUNT = 0xFFFF
_KEEPALIVE = ((socket.TCP_KEEPIDLE, 60), (socket.TCP_KEEPINTVL, 20), (socket.TCP_KEEPCNT, 3))
"""A peer that has vanished is found out in two minutes, not in the two hours that are usual."""
_CLOSE_SECONDS = 5.0
_TIDY_SECONDS = 1.0
_INTERNAL_FAILURE = check_condition(SenseData.of(SenseKey.HARDWARE_ERROR, Asc.INTERNAL_FAILURE).pack())

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class TargetConfig:
    """Where and how a target offers its unit; port 0 takes a free one."""

    iqn: str = DEFAULT_IQN
    auth: ChapAuth | None = None
    host: str = "127.0.0.1"
    port: int = 3260
    limits: Limits = DEFAULT_LIMITS
    max_connections: int = 128
    announce: str = ""
    """HOST[:PORT] that discovery tells instead of the address that a connection came to, which is no good
    behind a forwarded port; without a port it is the one that is bound."""


def _join_address(host: str, port: int) -> str:
    """HOST:PORT, an IPv6 address in brackets, an IPv4 address in IPv6 clothes as itself."""
    host = host.partition("%")[0].removeprefix("::ffff:") if "." in host else host.partition("%")[0]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def announced(announce: str, host: str, port: int) -> str:
    """The portal that discovery tells of a connection that came to `host` and `port`.

    Raises:
        ValueError: what is to be announced is no address.
    """
    return _join_address(*split_address(announce, port)) if announce else _join_address(host, port)


def _cannot_listen(host: str, port: int, error: OSError) -> OSError:
    return OSError(error.errno, f"can't listen on {_join_address(host, port)}: {error.strerror}")


class TargetServer:
    """Offers one unit as LUN 0 of one target.

    Args:
        unit: what executes the tasks; called by one thread at a time.
        config: address, name, authentication, limits.
        clock: seconds, never going back.
        lock: held around every call of the unit; given by who calls the unit from elsewhere, too.
    """

    def __init__(
        self,
        unit: SharedUnit,
        config: TargetConfig,
        clock: Callable[[], float] = time.monotonic,
        lock: threading.RLock | None = None,
    ) -> None:
        self.config = config
        self._unit = unit
        self._unit_lock = lock or threading.RLock()
        self._clock = clock
        self._listener: socket.socket | None = None
        self._pumps: set[_Pump] = set()
        self._pumps_lock = threading.Lock()
        self._enter_lock = threading.Lock()
        self._tsih = itertools.cycle(range(1, _TSIH_COUNT))
        self._tidy_at = 0.0
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Bind, listen, and serve from threads of its own.

        Raises:
            OSError: the address can't be had; the message says which and why.
        """
        host, port = self.config.host, self.config.port
        try:
            family, kind, protocol, _name, address = socket.getaddrinfo(
                host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
            )[0]
            listener = socket.socket(family, kind, protocol)
        except OSError as error:
            raise _cannot_listen(host, port, error) from error
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            listener.listen()
        except OSError as error:
            listener.close()
            raise _cannot_listen(host, port, error) from error
        self._listener = listener
        self._thread = threading.Thread(target=self._accept, args=(listener,), name="iscsi", daemon=True)
        self._thread.start()

    @property
    def address(self) -> tuple[str, int]:
        """Host and port that are bound.

        Raises:
            RuntimeError: the server isn't running.
        """
        if self._listener is None:
            raise RuntimeError("the target isn't running")
        host, port = self._listener.getsockname()[:2]
        return host, port

    @property
    def url(self) -> str:
        """`iscsi://HOST:PORT/IQN/LUN`, as libiscsi and QEMU take it."""
        return f"iscsi://{_join_address(*self.address)}/{self.config.iqn}/0"

    def close(self) -> None:
        """End all connections and wait for their threads; the unit isn't touched any more after that."""
        listener, self._listener = self._listener, None
        if listener is not None:
            # shutdown() wakes the thread that accepts, close() alone wouldn't.
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        if self._thread is not None:
            self._thread.join(_CLOSE_SECONDS)
        pumps = self._all_pumps()
        for pump in pumps:
            pump.stop("the target ends")
        for pump in pumps:
            pump.thread.join(_CLOSE_SECONDS)

    def __enter__(self) -> TargetServer:
        self.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def _all_pumps(self) -> list[_Pump]:
        with self._pumps_lock:
            return list(self._pumps)

    def end_hanging(self) -> int:
        """End the connections with a command whose answer was withheld; returns how many there were."""
        hanging = [pump for pump in self._all_pumps() if pump.connection.hangs]
        for pump in hanging:
            pump.stop("a command hangs, and its fault was cleared")
        return len(hanging)

    def _others(self, pump: _Pump) -> list[_Pump]:
        return [other for other in self._all_pumps() if other is not pump]

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                peer, _address = listener.accept()
            except OSError as error:
                if self._listener is None:
                    return
                _log.warning("accepting a connection failed: %s", error)
                time.sleep(0.1)
                continue
            if len(self._all_pumps()) >= self.config.max_connections:
                _log.warning("a connection was refused: there are %d already", self.config.max_connections)
                peer.close()
                continue
            try:
                self._serve(peer)
            except (OSError, RuntimeError) as error:
                # The peer has gone already, or there is no thread for it: neither concerns the others.
                _log.warning("a connection can't be served: %s", error)
                peer.close()

    def _serve(self, peer: socket.socket) -> None:
        _set_options(peer, self.config.limits)
        terms = LoginTerms(self.config.iqn, self.config.auth, next(self._tsih), knows_session=self._knows)
        portal = announced(self.config.announce, *peer.getsockname()[:2])
        connection = TargetConnection(terms, portal, self.config.limits, self._clock())
        pump = _Pump(self, peer, connection, terms.tsih)
        with self._pumps_lock:
            self._pumps.add(pump)
        try:
            pump.thread.start()
        except RuntimeError:
            self._forget(pump)
            raise

    def _knows(self, tsih: int) -> bool:
        return any(pump.tsih == tsih and pump.nexus is not None for pump in self._all_pumps())

    def _forget(self, pump: _Pump) -> None:
        with self._pumps_lock:
            self._pumps.discard(pump)
            now = self._clock()
            due = not self._pumps or now >= self._tidy_at
            if due:
                self._tidy_at = now + _TIDY_SECONDS
        if due:
            give_back()

    # The unit, one caller at a time

    def _execute(self, task: Task) -> Reply:
        with self._unit_lock:
            try:
                return self._unit.execute(task)
            except Exception:
                _log.exception("the unit failed at a command (operation code %02Xh)", task.cdb[0])
                return _INTERNAL_FAILURE

    def _tell_unit(self, call: Callable[[], None]) -> None:
        with self._unit_lock:
            try:
                call()
            except Exception:
                _log.exception("the unit failed at a change of its sessions")

    def _open_nexus(self, nexus: Nexus) -> None:
        self._tell_unit(lambda: self._unit.open_nexus(nexus))

    def _close_nexus(self, nexus: Nexus) -> None:
        self._tell_unit(lambda: self._unit.close_nexus(nexus))

    def _reset_unit(self) -> None:
        self._tell_unit(self._unit.reset)


def _set_options(peer: socket.socket, limits: Limits) -> None:
    peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, seconds in _KEEPALIVE:
        peer.setsockopt(socket.IPPROTO_TCP, option, seconds)
    # The system keeps these times: settimeout() would cost two calls for each that may wait.
    waits = {socket.SO_RCVTIMEO: limits.stall_seconds, socket.SO_SNDTIMEO: limits.send_seconds}
    for option, wait in waits.items():
        peer.setsockopt(socket.SOL_SOCKET, option, struct.pack("@ll", int(wait), int(wait % 1 * 1e6)))


@dataclass(eq=False, slots=True)
class _Pump:
    """The thread of one connection: bytes in, tasks to the unit, bytes out."""

    server: TargetServer
    peer: socket.socket
    connection: TargetConnection
    tsih: int
    nexus: Nexus | None = None
    """Set while the unit knows this session."""
    lock: threading.Lock = field(default_factory=threading.Lock)
    """Held around calls of the connection, for other sessions' resets reach it too; never around the unit."""
    due: float | None = 0.0
    """When the connection's timer wants to be served; 0 makes the first turn ask."""
    patience: Patience = field(default_factory=Patience)
    buffer: bytearray = field(default_factory=lambda: bytearray(RECEIVE_BYTES))
    thread: threading.Thread = field(init=False)

    def __post_init__(self) -> None:
        self.thread = threading.Thread(target=self._run, name=f"iscsi-{self.tsih}", daemon=True)

    # From other threads

    def stop(self, reason: str) -> None:
        """End the connection; its thread notices when it waits for bytes."""
        with self.lock:
            self.connection.close(reason)
        with suppress(OSError):
            self.peer.shutdown(socket.SHUT_RDWR)

    def abort_tasks(self) -> None:
        """Abort what this session has in hand."""
        with self.lock:
            self.connection.abort_tasks()

    # Its own thread

    def _run(self) -> None:
        try:
            while self._turn():
                pass
        except OSError as error:
            _log.info("connection %d broke: %s", self.tsih, error)
        except Exception:
            _log.exception("connection %d ends after an error of the target", self.tsih)
        finally:
            if self.nexus is not None:
                self.server._close_nexus(self.nexus)
            self.server._forget(self)
            self.peer.close()

    def _turn(self) -> bool:
        """Receive once and deal with it. Returns whether the connection goes on."""
        data = self._receive()
        if data == b"":
            return False
        connection = self.connection
        with self.lock:
            now = self.server._clock()
            if data is None:
                connection.handle_timer(now)
            else:
                connection.receive_data(data, now)
            event = connection.next_event()
        alive = event is None or self._serve_events(event)
        with self.lock:
            parts = connection.data_to_send()
            self.due = connection.get_timer()
        self._send(parts)
        return alive

    def _receive(self) -> bytes | None:
        """Bytes of the peer, b"" at their end, None if it is time to look at the connection's timer."""
        if self.due is None:
            if self.peer.gettimeout() is not None:
                self.peer.settimeout(None)
            return self._look_and_read()
        wait = self.due - self.server._clock()
        if wait <= 0:
            return None
        self.peer.settimeout(wait)
        try:
            return self._read()
        except TimeoutError:
            return None

    def _look_and_read(self) -> bytes | None:
        """Bytes of the peer, or None if none come for so long that a PDU may have to be given up."""
        clock = self.server._clock
        now = clock()
        until = self.patience.begin(now, alone=len(self.server._pumps) == 1)
        data = None
        while data is None and now < until:
            with suppress(BlockingIOError):
                data = self._read(socket.MSG_DONTWAIT)
            now = clock()
        if data is None:
            with suppress(BlockingIOError):
                data = self._read()
            now = clock()
        self.patience.end(now)
        return data

    def _read(self, flags: int = 0) -> bytes:
        # A buffer that stays: recv() would make the allocator map and unmap memory each time.
        size = self.peer.recv_into(self.buffer, 0, flags)
        return bytes(memoryview(self.buffer)[:size])

    def _serve_events(self, event: Event | None) -> bool:
        """Deal with this event and all after it. Returns whether the connection goes on."""
        connection, server = self.connection, self.server
        unsent, limit = 0, server.config.limits.reply_bytes
        while event is not None:
            if type(event) is TaskReady:
                reply = server._execute(event.task)
                unsent += len(reply.data_in)
                with self.lock:
                    connection.complete(event.handle, reply, server._clock())
                    parts = connection.data_to_send() if unsent > limit else None
                    event = connection.next_event()
                if parts is not None:
                    # One burst may ask for more than can be kept: the peer has to take some of it first.
                    unsent = 0
                    self._send(parts)
            elif self._serve_rare_event(event):
                with self.lock:
                    event = connection.next_event()
            else:
                return False
        return True

    def _serve_rare_event(self, event: Event) -> bool:
        match event:
            case Closed(reason):
                _log.info("connection %d: %s", self.tsih, reason)
                return False
            case LoggedIn(nexus, discovery):
                if not discovery:
                    self._enter(nexus)
            case TaskSetCleared():
                self._abort_others()
            case LogicalUnitReset():
                self._abort_others()
                self.server._reset_unit()
            case TargetReset(cold):
                self._abort_others()
                self.server._reset_unit()
                if cold:
                    for other in self.server._others(self):
                        other.stop("TARGET COLD RESET")
                    self._end_after_answer()
        return True

    def _enter(self, nexus: Nexus) -> None:
        """A new session; an older one of the same nexus ends first (RFC 7143, 6.3.5)."""
        with self.server._enter_lock:
            for other in self.server._others(self):
                if other.nexus == nexus:
                    other.stop("the initiator has logged in again")
                    other.thread.join(_CLOSE_SECONDS)
            self.nexus = nexus
        self.server._open_nexus(nexus)

    def _abort_others(self) -> None:
        for other in self.server._others(self):
            other.abort_tasks()

    def _end_after_answer(self) -> None:
        with self.lock:
            self.connection.close("TARGET COLD RESET")

    def _send(self, parts: list[Data]) -> None:
        """Send all buffers, few system calls for many of them."""
        if parts and self.peer.gettimeout() is not None:
            self.peer.settimeout(None)
        while parts:
            batch = parts[:MAX_BUFFERS]
            try:
                sent = self.peer.sendmsg(batch)
            except BlockingIOError:
                # Nothing of what the system still holds for it will be taken, either.
                self.peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("@ii", 1, 0))
                raise TimeoutError("the initiator doesn't take what is sent to it") from None
            parts = _unsent(parts, sent)


def _unsent(parts: list[Data], sent: int) -> list[Data]:
    """What is left of the buffers after so many bytes."""
    for index, part in enumerate(parts):
        if sent < len(part):
            return [memoryview(part)[sent:], *parts[index + 1 :]] if sent else parts[index:]
        sent -= len(part)
    return []
