"""Task and reply, and the door through which every command goes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, IntEnum, auto
from typing import Protocol, TypeAlias

from burnlab.scsi.value import value

Data: TypeAlias = bytes | bytearray | memoryview
"""Bytes on their way: read-only for whoever receives them."""


class Status(IntEnum):
    """SCSI status codes.    Source: SAM-5, 5.3.1."""

    GOOD = 0x00
    CHECK_CONDITION = 0x02
    BUSY = 0x08
    RESERVATION_CONFLICT = 0x18
    TASK_SET_FULL = 0x28
    TASK_ABORTED = 0x40


@dataclass(frozen=True, slots=True)
class Nexus:
    """I_T nexus: who sends the commands.    Source: SAM-5, 4.3.

    `initiator` is the initiator's name, `session` tells two sessions of one initiator apart.
    """

    initiator: str
    session: str = ""


LOCAL_NEXUS = Nexus("local")


@value
class Task:
    """One command for a logical unit.

    `data_in_bytes` is the most that the way back can carry; the unit never returns more. A transport that
    counts residuals gives its own limit here, and cuts to what the initiator expects afterwards.
    """

    cdb: bytes
    data_out: Data = b""
    data_in_bytes: int = 0
    nexus: Nexus = LOCAL_NEXUS


class Delivery(Enum):
    """What becomes of an answer on its way back."""

    ANSWERED = auto()
    NEVER = auto()
    """None comes, until the task is aborted or the connection ends."""
    CUT_OFF = auto()
    """The connection breaks in its place."""


@dataclass(frozen=True, slots=True)
class Mishap:
    """What befell a task because somebody wished it: injected faults by their names.

    Whoever carries the reply sees to its `delivery`, for the unit does no I/O.
    """

    faults: tuple[str, ...]
    delivery: Delivery = Delivery.ANSWERED


@value
class Reply:
    """What came of a task.

    `sense` is fixed-format sense data (18 bytes) or empty. `seconds` is how long the device would have
    taken: the unit has already answered, and whoever carries the reply holds it back that long.
    """

    status: Status = Status.GOOD
    data_in: Data = b""
    sense: bytes = b""
    seconds: float = 0.0
    mishap: Mishap | None = None


class LogicalUnit(Protocol):
    """The door: everything that takes a command and answers it, emulated, local or remote."""

    def execute(self, task: Task) -> Reply:
        """Carry out one task. Never raises for what the device refuses: that is a Reply.

        Raises:
            TransportError: the way to a real or remote device failed.
        """
        ...


class SharedUnit(LogicalUnit, Protocol):
    """A logical unit that several initiators reach, as a target offers it."""

    def open_nexus(self, nexus: Nexus) -> None:
        """A new I_T nexus has come: it owes a unit attention to it (SAM-5, 5.14)."""
        ...

    def close_nexus(self, nexus: Nexus) -> None:
        """An I_T nexus is lost: what it held (prevented removal) is released (SAM-5, 6.3.4)."""
        ...

    def reset(self) -> None:
        """LOGICAL UNIT RESET: every nexus is told by a unit attention (SAM-5, 6.3.3)."""
        ...
