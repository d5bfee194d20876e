"""The host's ends of the micro guest's ports: commands run through them, several at a time."""

from __future__ import annotations

import contextlib
import queue
import select
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from burnlab.vm.command import CommandResult, OnLine
from burnlab.vm.errors import CommandTimeout, GuestSilent, VmError
from burnlab.vm.protocol import Lines, Scanner, new_mark, request
from burnlab.vm.spec import Port

CONTROL = "burnlab.control"
KILL_SECONDS = 15.0
_PIECE = 1 << 16


def ports(folder: Path, channels: int) -> tuple[Port, ...]:
    """Return the ports of a guest that takes so many commands at a time."""
    names = [CONTROL]
    for index in range(1, channels + 1):
        names += [f"burnlab.exec.{index}", f"burnlab.errors.{index}"]
    return tuple(Port(name, folder / name) for name in names)


class Control:
    """The control port: tells when the guest is up, ends commands."""

    def __init__(self, path: Path) -> None:
        self._socket = _connect(path)
        self._lock = threading.Lock()

    def await_ready(self, seconds: float, alive: Callable[[], None]) -> dict[str, str]:
        """Wait until the guest's agent answers; return what it says about the guest.

        Raises GuestSilent if the time is over.
        """
        deadline = time.monotonic() + seconds
        self._send(b"hello\n")
        held = b""
        while b"\n" not in held:
            alive()
            if time.monotonic() > deadline:
                raise GuestSilent(f"the guest didn't come up within {seconds:g} s", "")
            if select.select([self._socket], [], [], 0.2)[0]:
                data = b""
                with _gone():
                    data = self._socket.recv(_PIECE)
                if not data:
                    time.sleep(0.1)  # QEMU is about to end; `alive` says so in a moment
                held += data
        words = held.decode(errors="replace").split()
        return dict(word.split("=", 1) for word in words if "=" in word)

    def kill(self, channel: int, mark: bytes) -> None:
        """End a channel's command if it is still the one with this mark."""
        self._send(b"kill %d %s\n" % (channel, mark))

    def close(self) -> None:
        """Hang up."""
        self._socket.close()

    def _send(self, line: bytes) -> None:
        with self._lock, _gone():
            self._socket.sendall(line)


class Channel:
    """One pair of ports. It runs one command at a time."""

    def __init__(self, number: int, folder: Path, control: Control, alive: Callable[[], None]) -> None:
        self.number = number
        self._control = control
        self._alive = alive
        self._streams = {
            "stdout": _connect(folder / f"burnlab.exec.{number}"),
            "stderr": _connect(folder / f"burnlab.errors.{number}"),
        }
        self.is_usable = True
        self.is_busy = False

    def run(self, command: str, timeout: float, on_line: OnLine | None) -> CommandResult:
        """Run a shell command to its end.

        Raises CommandTimeout, and LaunchFailure if QEMU ends meanwhile.
        """
        self.is_busy = True
        try:
            return self._run(command, timeout, on_line)
        finally:
            self.is_busy = False

    def _run(self, command: str, timeout: float, on_line: OnLine | None) -> CommandResult:
        mark = new_mark()
        started = time.monotonic()
        reading = _Reading(mark, on_line)
        self.is_usable = False
        with _gone():
            self._streams["stdout"].sendall(request(mark, command))
        if not self._read(reading, started + timeout):
            self._control.kill(self.number, mark)
            # A program in the middle of a SCSI command can't be killed before that ends.
            self.is_usable = self._read(reading, time.monotonic() + KILL_SECONDS)
            raise CommandTimeout(command, timeout, *reading.outputs)
        self.is_usable = True
        return CommandResult(command, reading.exit_code, *reading.outputs, time.monotonic() - started)

    def close(self) -> None:
        """Hang up."""
        for stream in self._streams.values():
            stream.close()

    def _read(self, reading: _Reading, deadline: float) -> bool:
        names = {stream: name for name, stream in self._streams.items()}
        while not reading.ended:
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            ready = select.select(list(names), [], [], min(left, 1.0))[0]
            if not ready:
                self._alive()
            for stream in ready:
                data = b""
                with _gone():
                    data = stream.recv(_PIECE)
                if data:
                    reading.feed(names[stream], data)
                else:
                    self._lost()
        return True

    def _lost(self) -> None:
        for _attempt in range(50):
            self._alive()
            time.sleep(0.1)
        raise VmError("the guest's command channel was closed", "Start the guest again.")


class _Reading:
    """What a running command has written so far."""

    def __init__(self, mark: bytes, on_line: OnLine | None) -> None:
        self._scanners = {name: Scanner(mark) for name in ("stdout", "stderr")}
        self._outputs = {name: bytearray() for name in self._scanners}
        self._lines = {name: Lines(name, on_line) for name in self._scanners} if on_line else {}

    @property
    def ended(self) -> bool:
        return all(scanner.ended for scanner in self._scanners.values())

    @property
    def outputs(self) -> tuple[bytes, bytes]:
        return bytes(self._outputs["stdout"]), bytes(self._outputs["stderr"])

    @property
    def exit_code(self) -> int:
        code = self._scanners["stdout"].exit_code
        assert code is not None, "asked for before the command ended"
        return code

    def feed(self, name: str, data: bytes) -> None:
        scanner = self._scanners[name]
        output = scanner.feed(data)
        self._outputs[name] += output
        if lines := self._lines.get(name):
            lines.feed(output)
            if scanner.ended:
                lines.close()


class Pool:
    """The channels of a guest, handed out to whoever runs a command; the rest wait for their turn."""

    def __init__(self, channels: list[Channel]) -> None:
        self._channels = channels
        self._free: queue.LifoQueue[Channel] = queue.LifoQueue()
        for channel in reversed(channels):
            self._free.put(channel)

    def run(self, command: str, timeout: float, on_line: OnLine | None) -> CommandResult:
        """Run a command on the next free channel."""
        channel = self._take()
        try:
            return channel.run(command, timeout, on_line)
        finally:
            if channel.is_usable:
                self._free.put(channel)

    def close(self) -> None:
        """Hang up all channels."""
        for channel in self._channels:
            channel.close()

    def _take(self) -> Channel:
        while True:
            try:
                return self._free.get(timeout=1)
            except queue.Empty:
                if not any(channel.is_usable or channel.is_busy for channel in self._channels):
                    raise VmError(
                        "no command channel of the guest is left: its earlier commands can't be ended",
                        "Start the guest again.",
                    ) from None


def _connect(path: Path) -> socket.socket:
    end = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        end.connect(str(path))
    except OSError as error:
        end.close()
        raise VmError(f"QEMU doesn't answer at {path}: {error.strerror}", "Start the guest again.") from error
    return end


@contextlib.contextmanager
def _gone() -> Iterator[None]:
    # A socket that breaks means that QEMU is ending; the caller's `alive` tells how and why.
    with contextlib.suppress(ConnectionError):
        yield
