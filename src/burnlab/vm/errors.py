"""What can go wrong with a guest: each error says what happened and what to do next."""

from __future__ import annotations

from collections.abc import Sequence


class VmError(Exception):
    """A guest can't be built, started, reached or stopped."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class LaunchFailure(VmError):
    """QEMU ended before its guest could be used, or while it was in use."""

    def __init__(self, exit_code: int | None, argv: Sequence[str], output_tail: str, hint: str = "") -> None:
        last = output_tail.strip().splitlines()[-1:] or ["it printed nothing"]
        super().__init__(f"QEMU ended with exit code {exit_code}: {last[0]}", hint)
        self.exit_code = exit_code
        self.argv = tuple(argv)
        self.output_tail = output_tail


class GuestSilent(VmError):
    """The guest runs but didn't answer in time."""

    def __init__(self, message: str, console_tail: str, hint: str = "") -> None:
        super().__init__(message, hint)
        self.console_tail = console_tail


class CommandTimeout(VmError):
    """A command in the guest took longer than it was given; what it had printed is kept."""

    def __init__(self, command: str, seconds: float, stdout: bytes = b"", stderr: bytes = b"") -> None:
        super().__init__(
            f"the guest's command took longer than {seconds:g} s and was ended: {command}",
            "Give it more time (timeout=...), or look at what it printed so far.",
        )
        self.command = command
        self.seconds = seconds
        self.stdout = stdout
        self.stderr = stderr


class BadRequest(VmError):
    """What was asked for can't be meant: a name, an address or an option is wrong."""


class HostFault(VmError):
    """The host lacks something that guests need, or doesn't let them have it."""
