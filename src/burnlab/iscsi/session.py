"""Numbering and order of a session's commands: CmdSN window, StatSN, outgoing PDUs, commands in hand.

Source: RFC 7143, 4.2.2.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from enum import Enum, auto
from typing import TypeAlias

from burnlab.iscsi.framing import NO_DIGESTS, Digests, Frame, frame_parts
from burnlab.iscsi.pdu import (
    Header,
    LoginResponse,
    LogoutResponse,
    NopIn,
    Reject,
    RejectReason,
    ScsiResponse,
    TaskManagementResponse,
    TextResponse,
)
from burnlab.iscsi.transfer import Gather
from burnlab.scsi.task import Data

MASK = 0xFFFFFFFF
MAX_EARLY = 16
"""How many commands may wait for one that was left out."""

StatusPdu: TypeAlias = (
    LoginResponse | LogoutResponse | NopIn | Reject | ScsiResponse | TaskManagementResponse | TextResponse
)


class Rejected(Exception):
    """The peer's PDU is refused by a Reject PDU; the connection goes on."""

    def __init__(self, reason: RejectReason) -> None:
        super().__init__(reason.name)
        self.reason = reason


class Place(Enum):
    """Where a CmdSN lies."""

    NEXT = auto()
    EARLY = auto()
    OUTSIDE = auto()


_NEXT, _EARLY, _OUTSIDE = Place


@dataclass(slots=True)
class CommandWindow:
    """ExpCmdSN and MaxCmdSN; `outstanding` commands take up room until they are answered.

    MaxCmdSN never goes back: a command that comes moves ExpCmdSN on by one and takes one place.
    """

    depth: int
    expected: int = 0
    outstanding: int = 0
    early: dict[int, Frame] = field(default_factory=dict)

    @property
    def max_cmd_sn(self) -> int:
        """The last number that the initiator may use now."""
        return (self.expected + self.depth - self.outstanding - 1) & MASK

    def place(self, cmd_sn: int) -> Place:
        """Whether a number is the next one, within the window, or to be ignored (RFC 7143, 4.2.2.1)."""
        ahead = (cmd_sn - self.expected) & MASK
        if ahead >= self.depth - self.outstanding:
            return _OUTSIDE
        return _EARLY if ahead else _NEXT

    def advance(self) -> None:
        """The expected command has come."""
        self.expected = (self.expected + 1) & MASK


@dataclass(slots=True)
class Output:
    """Outgoing PDUs as buffers, and the numbers that they carry."""

    window: CommandWindow
    digests: Digests = NO_DIGESTS
    stat_sn: int = 0
    parts: list[Data] = field(default_factory=list)

    def put(self, header: bytes, data: Data = b"") -> None:
        """Add a PDU whose header is complete."""
        if self.digests is NO_DIGESTS and not len(data) & 3:
            self.parts += (header, data) if data else (header,)
        else:
            self.parts += frame_parts(header, data, self.digests)

    def send(self, header: Header, data: Data = b"") -> None:
        """Add a PDU whose numbers are filled in."""
        self.put(header.pack(len(data)), data)

    def send_status(self, header: StatusPdu, data: Data = b"") -> None:
        """Add a PDU that takes a StatSN."""
        numbered = replace(
            header,
            stat_sn=self.next_stat_sn(),
            exp_cmd_sn=self.window.expected,
            max_cmd_sn=self.window.max_cmd_sn,
        )
        self.put(numbered.pack(len(data)), data)

    def next_stat_sn(self) -> int:
        """The number of the status that is sent now."""
        number = self.stat_sn
        self.stat_sn = (number + 1) & MASK
        return number


@dataclass(slots=True, eq=False)
class Command:
    """A SCSI command in hand."""

    itt: int
    lun: int
    cdb: bytes
    edtl: int
    reads: bool
    writes: bool
    immediate: bool
    handle: int
    data: Data = b""
    gather: Gather | None = None
    """Set while data for it are still to come."""
    sense: bytes = b""
    """Set if its data went wrong: it ends with this without reaching the unit."""
    reading: int = 0
    """Bytes that its answer may bring, once it is handed out."""
    excess: int = 0
    """Bytes that its answer had beyond what the initiator expects, where they weren't kept."""


@dataclass(slots=True)
class TaskSet:
    """The commands of a session: by tag, in order until handed out, and those handed out.

    They are handed out in the order of their CmdSN, even those with the SIMPLE attribute: a recorder takes
    blocks in order only, and data of an earlier write may come later than a whole later write.
    """

    commands: dict[int, Command] = field(default_factory=dict)
    waiting: deque[Command] = field(default_factory=deque)
    running: dict[int, Command] = field(default_factory=dict)
    gone: deque[int] = field(default_factory=lambda: deque(maxlen=64))
    """Tags of commands that ended while data for them could still be on their way."""

    def ready(self, fits: Callable[[Command], bool]) -> Iterator[Command]:
        """Take the commands whose turn has come, as long as they fit."""
        while self.waiting and self.waiting[0].gather is None and fits(self.waiting[0]):
            yield self.waiting.popleft()

    def remove(self, fits: Callable[[Command], bool]) -> list[Command]:
        """Take out and return all commands that fit, wherever they are."""
        removed = [command for command in self.commands.values() if fits(command)]
        for command in removed:
            del self.commands[command.itt]
            self.running.pop(command.handle, None)
            if command.gather is not None:
                self.gone.append(command.itt)
        if removed:
            self.waiting = deque(command for command in self.waiting if command.itt in self.commands)
        return removed
