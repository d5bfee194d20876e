"""What goes wrong between a program and a device, before the device can say anything itself."""

from __future__ import annotations

from enum import Enum, auto


class Fault(Enum):
    """Kinds of failures, for programs that react to them differently."""

    ABSENT = auto()
    """Nobody is at that address."""
    NOT_A_DRIVE = auto()
    """There is something at that address, but it takes no SCSI commands."""
    DENIED = auto()
    """The user may not use it: permission, or name and secret."""
    BUSY = auto()
    """Another program holds it."""
    REFUSED = auto()
    """The other side doesn't accept the terms, or a command can't be carried."""
    LOST = auto()
    """The way to it broke: nothing can be sent any more."""
    TIMEOUT = auto()
    """It didn't answer in time."""


class TransportError(Exception):
    """A command couldn't be carried, or its answer didn't come.

    Whether the device has carried out the command is not known, unless the fault came before it was sent.
    A transport that has failed with `LOST` stays lost: it never connects again by itself, for a recorder
    forgets what a session had set up, and a burn must not go on as if nothing had happened.
    """

    def __init__(self, fault: Fault, message: str, hint: str = "") -> None:
        super().__init__(f"{message}. {hint}" if hint else message)
        self.fault = fault
        self.message = message
        self.hint = hint
