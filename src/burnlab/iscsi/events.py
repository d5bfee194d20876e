"""What a connection tells whoever pumps it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from burnlab.scsi.task import Nexus, Task
from burnlab.scsi.value import value


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """The login has succeeded.

    A session of the same nexus on another connection is to be closed now (session reinstatement,
    RFC 7143, 6.3.5). In a discovery session no task will come.
    """

    nexus: Nexus
    discovery: bool


@value
class TaskReady:
    """A task is complete and in turn; `complete(handle, reply, now)` answers it."""

    handle: int
    task: Task


@dataclass(frozen=True, slots=True)
class TaskAborted:
    """A task that was handed out needs no answer any more."""

    handle: int


@dataclass(frozen=True, slots=True)
class TaskSetCleared:
    """CLEAR TASK SET: the tasks of all other sessions are to be aborted.    Source: SAM-5, 7.4."""


@dataclass(frozen=True, slots=True)
class LogicalUnitReset:
    """LOGICAL UNIT RESET: reset the unit; this session's tasks are gone already.    Source: SAM-5, 7.7."""


@dataclass(frozen=True, slots=True)
class TargetReset:
    """TARGET WARM RESET or, `cold`, TARGET COLD RESET, which ends every other session as well.

    Source: RFC 7143, 11.5.1.
    """

    cold: bool


@dataclass(frozen=True, slots=True)
class LoggedOut:
    """The initiator has ended the session in good order; `Closed` follows."""


@dataclass(frozen=True, slots=True)
class Closed:
    """Nothing more will be read. Send what there is to send, then close the socket."""

    reason: str


Event: TypeAlias = (
    LoggedIn | TaskReady | TaskAborted | TaskSetCleared | LogicalUnitReset | TargetReset | LoggedOut | Closed
)
