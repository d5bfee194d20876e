"""`burnlab xorriso` and `bxorriso`: the burn program. Nothing that a command doesn't need is imported."""

from __future__ import annotations

import gc
import os
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, NoReturn

from burnlab.interruption import interrupt
from burnlab.xorriso.environment import Environment
from burnlab.xorriso.messages import Streams
from burnlab.xorriso.program import Program, Signalled

if TYPE_CHECKING:
    from types import FrameType

    from burnlab.burn.drive import Drive, ScannedDrive

HANDLED_SIGNALS: Final = ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT")
NOWHERE: Final = -1
EXIT_BROKEN: Final = 3
EXIT_OUTPUT_LOST: Final = 1


class OutputLost(Exception):
    """A standard stream takes nothing any more; `gone` says that its reader went away."""

    def __init__(self, error: OSError) -> None:
        super().__init__(error.strerror)
        self.gone = isinstance(error, BrokenPipeError)


class Terminal:
    """Standard streams: UTF-8 in which any byte survives. Standard output can be set free for an image."""

    def __init__(self) -> None:
        # A stream that was closed by whoever started us is None.
        self._results = sys.stdout or open(os.devnull, "w")  # noqa: SIM115, PTH123
        self._errors = sys.stderr or open(os.devnull, "w")  # noqa: SIM115, PTH123
        self._input = sys.stdin or open(os.devnull)  # noqa: SIM115, PTH123
        self.image_descriptor = NOWHERE
        for stream in (self._results, self._errors, self._input):
            stream.reconfigure(encoding="utf-8", errors="surrogateescape")  # type: ignore[union-attr]

    def write_result(self, text: str) -> None:
        """Text for standard output; it waits there for company."""
        try:
            self._results.write(text)
        except OSError as error:
            raise OutputLost(error) from error

    def write_error(self, text: str) -> None:
        """Text for standard error, behind all that was written before."""
        self.flush()
        try:
            self._errors.write(text)
            self._errors.flush()
        except OSError as error:
            raise OutputLost(error) from error

    def claim_stdout(self) -> None:
        """Send results to standard error: standard output will carry an image."""
        self.flush()
        self.image_descriptor = os.dup(self._results.fileno())
        os.dup2(self._errors.fileno(), self._results.fileno())
        self._results = self._errors

    def read_line(self) -> str:
        """A line of standard input, with line editing if a human types."""
        self.flush()
        if not self._input.isatty():
            return self._input.readline()
        import readline  # noqa: F401

        try:
            return f"{input()}\n"
        except EOFError:
            return ""

    def open_drive(self, address: str) -> Drive:
        """The drive of an address, whatever it is."""
        from burnlab.cli.units import open_drive

        return open_drive(address, self.image_descriptor)

    def open_shared(self, address: str) -> Drive:
        """The same, and others may use it at the same time."""
        from burnlab.cli.units import open_drive

        return open_drive(address, self.image_descriptor, shared=True)

    def flush(self) -> None:
        """Let all results out."""
        try:
            self._results.flush()
        except OSError as error:
            raise OutputLost(error) from error

    @property
    def shows_errors(self) -> bool:
        """Whether somebody watches standard error."""
        return self._errors.isatty()

    @property
    def is_typed(self) -> bool:
        """Whether standard input is a terminal."""
        return self._input.isatty()


def scan_drives() -> list[ScannedDrive]:
    """The optical drives of this machine."""
    from burnlab.cli import units

    return units.scan_drives()


def handle_signals(mode: str) -> None:
    """Turn signals into an orderly end (`on`), leave them to the system, or ignore them (`sig_ign`)."""
    import signal

    action: Any

    def shut_down(number: int, _frame: FrameType | None) -> None:
        interrupt(Signalled(signal.Signals(number).name))

    action = {"on": shut_down, "sig_ign": signal.SIG_IGN}.get(mode, signal.SIG_DFL)
    for name in HANDLED_SIGNALS:
        signal.signal(getattr(signal, name), action)


def run(arguments: list[str]) -> int:
    """Run the burn program with the streams and drives of this process; the exit value."""
    terminal = Terminal()
    environment = Environment(
        streams=Streams(terminal.write_result, terminal.write_error, terminal.shows_errors),
        directory=os.getcwd(),  # noqa: PTH109
        variables=os.environ,
        clock=time.time,
        monotonic=time.monotonic,
        sleep=time.sleep,
        read_line=terminal.read_line,
        open_drive=terminal.open_drive,
        scan_drives=scan_drives,
        input_is_terminal=terminal.is_typed,
        claim_stdout=terminal.claim_stdout,
        handle_signals=handle_signals,
        open_shared=terminal.open_shared,
    )
    handle_signals("on")
    program = Program(environment)
    program.set_name(os.path.basename(sys.argv[0]))  # noqa: PTH119
    value = program.run(arguments)
    terminal.flush()
    return value


def main() -> None:
    """Run the burn program with the arguments of the process."""
    end_with(sys.argv[1:])


def cdrecord_main() -> None:
    """Run it in the language of cdrecord."""
    end_with(["-as", "cdrecord", *sys.argv[1:]])


def end_with(arguments: list[str]) -> NoReturn:
    """Run the burn program, and end the process."""
    # Looking for garbage among a million nodes takes longer than a run does; the dialog switches it on again.
    gc.disable()
    try:
        value = run(arguments)
    except OutputLost as lost:
        value = EXIT_OUTPUT_LOST
        if not lost.gone:
            sys.stderr.write(f"burnlab : FATAL : Cannot write to standard output : {lost}\n")
        # What is still in the stream's buffer must not be tried again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except Exception as error:
        # Whatever nobody foresaw is our mistake; a user gets a sentence, a developer asks for more.
        if os.environ.get("BURNLAB_DEBUG"):
            raise
        sys.stderr.write(f"burnlab : FATAL : Internal error: {type(error).__name__}: {error}\n")
        sys.stderr.write("  please report it with what `BURNLAB_DEBUG=1 bxorriso ...` prints\n")
        value = EXIT_BROKEN
    _leave(value)


def _leave(value: int) -> NoReturn:
    """End the process at once: all drives are closed, and taking a large tree apart would take its time."""
    for stream in (sys.stdout, sys.stderr):
        # A stream that was closed by whoever started us is None.
        if stream is not None:
            with suppress(OSError, ValueError):
                stream.flush()
    os._exit(value)
