"""A remote logical unit behind the door, and the discovery of targets.

Commands go one at a time; the thread that calls does the work. A second thread only sees to it that a target
which asks for a sign of life gets one while nobody sends commands.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from burnlab.interruption import whole
from burnlab.iscsi.chap import ChapCredentials
from burnlab.iscsi.client_link import NOT_RESUMED, Link, lost
from burnlab.iscsi.commands import Function, Outcome
from burnlab.iscsi.initiator_events import Answered, FoundTarget, Managed, TargetsFound, TaskFailed
from burnlab.iscsi.initiator_login import DEFAULT_OFFERS, InitiatorTerms, Offers
from burnlab.iscsi.keys import Parameters
from burnlab.iscsi.pdu import NO_TAG
from burnlab.iscsi.url import IscsiUrl, parse_url
from burnlab.scsi.task import Reply, Task
from burnlab.scsi.transport import Fault, TransportError

DEFAULT_INITIATOR = "iqn.2024-01.org.burnlab:initiator"
CONNECT_SECONDS = 15.0
COMMAND_SECONDS = 600.0
MANAGE_SECONDS = 15.0
KEEPER_SECONDS = 5.0
MAX_CDB_BYTES = 16

Patience = Callable[[bytes], float]
"""CDB → seconds that the device may take for it."""
_T = TypeVar("_T")


def patient(_cdb: bytes) -> float:
    """The same for every command."""
    return COMMAND_SECONDS


class IscsiUnit:
    """A `LogicalUnit` of a target. Threads may share it; their commands go one after the other.

    There is no reconnection: once the connection is lost, every `execute` raises, and the caller decides what
    to do with a medium whose state isn't known any more.
    """

    def __init__(self, link: Link, patience: Patience = patient) -> None:
        self._link = link
        self._patience = patience
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._why_lost: TransportError | None = None
        threading.Thread(target=self._keep, name="iscsi-keeper", daemon=True).start()

    @classmethod
    def connect(
        cls,
        url: IscsiUrl | str,
        *,
        auth: ChapCredentials | None = None,
        header_digest: str = "",
        data_digest: str = "",
        timeout: float = CONNECT_SECONDS,
        initiator: str = DEFAULT_INITIATOR,
        offers: Offers = DEFAULT_OFFERS,
        patience: Patience = patient,
    ) -> IscsiUnit:
        """Log in.

        Args:
            url: `iscsi://[USER[%SECRET]@]HOST[:PORT]/TARGET/LUN`; see `burnlab.iscsi.url` for more.
            auth: CHAP; stands above what the URL says.
            header_digest: `CRC32C`, `None`, or both with a comma, the favourite first.
            data_digest: The same for data.
            timeout: Seconds for the connection, and for the login.
            initiator: The name to log in by.
            offers: Lengths and ways of transfer.
            patience: How long a command may take.

        Raises:
            TransportError: it didn't work out; the message says why, and what to do.
        """
        address = _parse(url)
        if not address.target:
            raise TransportError(Fault.ABSENT, "the address names no target", "Ask which targets there are")
        offers = replace(
            offers,
            header_digest=header_digest or address.header_digest or offers.header_digest,
            data_digest=data_digest or address.data_digest or offers.data_digest,
        )
        return cls(
            _log_in(address, _terms(address, address.target, auth, initiator, offers), timeout), patience
        )

    @property
    def parameters(self) -> Parameters:
        """What the login came to."""
        return self._link.core.terms

    def execute(self, task: Task) -> Reply:
        """Carry out one task; see `LogicalUnit`.

        Raises:
            TransportError: the connection is lost (for good), or the device didn't answer in time; then the
                command was aborted.
        """
        if len(task.cdb) > MAX_CDB_BYTES:
            raise TransportError(Fault.REFUSED, f"a CDB of {len(task.cdb)} bytes can't be carried")
        with self._lock, whole():
            return self._guarded(lambda: self._execute(task))

    def reset(self) -> None:
        """LOGICAL UNIT RESET: every initiator is told by a unit attention.    Source: SAM-5, 7.7.

        Raises:
            TransportError: the target doesn't do it.
        """
        with self._lock, whole():
            self._guarded(self._reset)

    def close(self) -> None:
        """Log out. May be called again."""
        self._ended.set()
        with self._lock, whole():
            self._link.log_out()
            if self._why_lost is None:
                self._why_lost = TransportError(Fault.LOST, f"the session at {self._link.name} was closed")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    # With the lock held

    def _guarded(self, work: Callable[[], _T]) -> _T:
        """Do what needs the connection; one that is lost stays lost, and the reason is remembered."""
        if self._why_lost is not None:
            why = self._why_lost
            raise TransportError(why.fault, why.message, why.hint)
        self._link.is_waiting = False
        try:
            if self._link.core.ending:
                self._link.log_out()
                raise lost(self._link.name, self._link.core.ending)
            return work()
        except TransportError as error:
            if not self._link.is_open:
                self._why_lost = error
            raise
        except BaseException:
            # The handler of a signal that knows nothing of `whole` has cut it short.
            if not self._link.is_waiting:
                self._link.drop("a command was interrupted")
                self._why_lost = lost(self._link.name, "a command was interrupted")
            raise

    def _execute(self, task: Task) -> Reply:
        handle = self._link.core.execute(task)
        seconds = self._patience(task.cdb)
        event = self._link.await_task(handle, seconds)
        if isinstance(event, Answered):
            return event.reply
        if isinstance(event, TaskFailed):
            raise TransportError(Fault.REFUSED, f"{self._link.name}: {event.message}", NOT_RESUMED)
        silent = f"{self._link.name} didn't answer the command {task.cdb[0]:02X}h within {seconds:g} s"
        outcome = self._manage(Function.ABORT_TASK, handle)
        if outcome not in (Outcome.COMPLETE, Outcome.TASK_DOES_NOT_EXIST):
            self._link.drop(silent)
            raise lost(self._link.name, silent)
        hint = "The command was aborted. Look at the medium's state before you go on"
        raise TransportError(Fault.TIMEOUT, silent, hint)

    def _reset(self) -> None:
        outcome = self._manage(Function.LOGICAL_UNIT_RESET)
        if outcome != Outcome.COMPLETE:
            raise TransportError(Fault.REFUSED, f"{self._link.name} doesn't reset the unit ({outcome})")

    def _manage(self, function: Function, task: int = NO_TAG) -> int | None:
        """The response to a task management function; None if none comes."""
        handle = self._link.core.manage(function, task)
        done = self._link.await_event(Managed, MANAGE_SECONDS, lambda event: event.handle == handle)
        return done.response if done is not None else None

    # In a thread of its own

    def _keep(self) -> None:
        """Now and then look whether the target wants something while no command is under way."""
        while not self._ended.wait(KEEPER_SECONDS):
            if not self._lock.acquire(blocking=False):
                continue
            try:
                if self._why_lost is None:
                    self._link.serve()
            except TransportError as error:
                self._why_lost = error
            finally:
                self._lock.release()
            if self._why_lost is not None:
                return


def discover(
    url: IscsiUrl | str,
    *,
    auth: ChapCredentials | None = None,
    timeout: float = CONNECT_SECONDS,
    initiator: str = DEFAULT_INITIATOR,
) -> tuple[FoundTarget, ...]:
    """Ask a portal, `iscsi://[USER[%SECRET]@]HOST[:PORT]`, for its targets.    Source: RFC 7143, appendix C.

    Raises:
        TransportError: it didn't work out; the message says why, and what to do.
    """
    address = _parse(url)
    link = _log_in(address, _terms(address, "", auth, initiator, DEFAULT_OFFERS), timeout)
    try:
        link.core.send_targets()
        found = link.await_event(TargetsFound, timeout)
        if found is None:
            raise TransportError(Fault.TIMEOUT, f"{link.name} doesn't tell its targets within {timeout:g} s")
        return found.targets
    finally:
        link.log_out()


def _terms(
    address: IscsiUrl, target: str, auth: ChapCredentials | None, initiator: str, offers: Offers
) -> InitiatorTerms:
    # A random name of the session's own (RFC 7143, 11.12.5): programs must not end each other's sessions.
    isid = b"\x80" + secrets.token_bytes(3) + bytes(2)
    return InitiatorTerms(initiator, target, isid, auth or credentials_of(address), offers)


def _log_in(address: IscsiUrl, terms: InitiatorTerms, timeout: float) -> Link:
    link = Link((address.host, address.port), terms, address.lun, timeout)
    try:
        link.log_in(timeout)
    except BaseException:
        link.drop("the login failed")
        raise
    return link


def _parse(url: IscsiUrl | str) -> IscsiUrl:
    if isinstance(url, IscsiUrl):
        return url
    try:
        return parse_url(url)
    except ValueError as error:
        raise TransportError(Fault.ABSENT, str(error)) from error


def credentials_of(url: IscsiUrl) -> ChapCredentials | None:
    """What to log in with, by the URL and the files that it names.

    Raises:
        TransportError: a file can't be read, or a name or secret is missing.
    """
    secret = _secret(url.secret, url.secret_file)
    target_secret = _secret(url.target_secret, url.target_secret_file)
    if not (url.user or secret or url.target_user or target_secret):
        return None
    try:
        return ChapCredentials(url.user, secret, url.target_user, target_secret)
    except ValueError as error:
        hint = (
            "Write iscsi://USER@HOST/TARGET/LUN?secret_file=PATH, "
            "for mutual CHAP &target_user=USER&target_secret_file=PATH behind it"
        )
        raise TransportError(Fault.DENIED, str(error), hint) from error


def _secret(secret: str, path: str) -> str:
    if not path:
        return secret
    try:
        return Path(path).read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        message = f"the secret in {path} can't be read: {reason}"
        raise TransportError(Fault.DENIED, message, "Name a file that you may read") from error
