"""What an initiator's connection tells whoever pumps it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from burnlab.iscsi.events import Closed
from burnlab.iscsi.keys import Parameters
from burnlab.scsi.task import Reply


@dataclass(frozen=True, slots=True)
class LoginDone:
    """The full feature phase has begun, on these terms."""

    terms: Parameters
    portal_group: str = ""


@dataclass(frozen=True, slots=True)
class LoginRefused:
    """The login came to nothing; `Closed` follows. `denied`: name or secret were wrong."""

    message: str
    denied: bool = False
    moved_to: str = ""
    """Where the target says it has gone, as HOST:PORT."""


@dataclass(frozen=True, slots=True)
class Answered:
    """A task has ended; the reply is the device's."""

    handle: int
    reply: Reply


@dataclass(frozen=True, slots=True)
class TaskFailed:
    """A task has ended without an answer of the device; the connection goes on."""

    handle: int
    message: str


@dataclass(frozen=True, slots=True)
class Managed:
    """A task management function was answered with this response code.    Source: RFC 7143, 11.6.1."""

    handle: int
    response: int


@dataclass(frozen=True, slots=True)
class FoundTarget:
    """A target that discovery told of, with its portals as `HOST:PORT,GROUP`."""

    iqn: str
    portals: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TargetsFound:
    """The answer to SendTargets."""

    targets: tuple[FoundTarget, ...]


@dataclass(frozen=True, slots=True)
class LogoutDone:
    """The target has let go of the session; `Closed` follows."""


@dataclass(frozen=True, slots=True)
class TargetSays:
    """Something the target said unasked, in words.    Source: RFC 7143, 11.9.1."""

    message: str


InitiatorEvent: TypeAlias = (
    LoginDone
    | LoginRefused
    | Answered
    | TaskFailed
    | Managed
    | TargetsFound
    | LogoutDone
    | TargetSays
    | Closed
)
