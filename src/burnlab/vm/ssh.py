"""OpenSSH to a debian guest: with the key made for it, and with no regard to the user's own settings."""

from __future__ import annotations

import contextlib
import os
import shlex
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from burnlab.vm.command import CommandResult, OnLine
from burnlab.vm.errors import BadRequest, CommandTimeout, GuestSilent, HostFault
from burnlab.vm.protocol import Lines

ADDRESS = "127.0.0.1"
GUEST_PREFIX = "guest:"
_PIECE = 1 << 16
_INSTALL = "Install it: sudo apt-get install openssh-client"


@dataclass(frozen=True, slots=True)
class SshAccess:
    """What it takes to log in."""

    port: int
    user: str
    key: Path
    known_hosts: Path
    host_alias: str

    def options(self) -> list[str]:
        """Return the options that ssh and scp share."""
        settings = {
            "IdentityFile": self.key,
            "IdentitiesOnly": "yes",
            "BatchMode": "yes",
            "UserKnownHostsFile": self.known_hosts,
            "GlobalKnownHostsFile": "/dev/null",
            "HostKeyAlias": self.host_alias,
            "StrictHostKeyChecking": "yes",
            "UpdateHostKeys": "no",
            "ConnectTimeout": 20,
            "LogLevel": "ERROR",
        }
        return [
            "-F",
            "/dev/null",
            *(word for name in settings for word in ("-o", f"{name}={settings[name]}")),
        ]

    def ssh(self, command: Sequence[str] = (), *, terminal: bool = False) -> list[str]:
        """Return the argument list for a command in the guest, or for a shell."""
        login = ["ssh", *self.options(), "-p", str(self.port), *(["-t"] if terminal else [])]
        return [*login, f"{self.user}@{ADDRESS}", *(["--", *command] if command else [])]

    def scp(self, paths: Sequence[str], *, recursive: bool = False) -> list[str]:
        """Return the argument list that copies files; `guest:PATH` is a path in the guest.

        Raises BadRequest if no path is in the guest.
        """
        if not any(path.startswith(GUEST_PREFIX) for path in paths):
            raise BadRequest(
                "none of the paths is in the guest",
                "Write the guest's paths as guest:PATH, for example: burnlab vm scp FILE guest:",
            )
        words = [self._path(path) for path in paths]
        return ["scp", *self.options(), "-P", str(self.port), *(["-r"] if recursive else []), "--", *words]

    def _path(self, path: str) -> str:
        if path.startswith(GUEST_PREFIX):
            return f"{self.user}@{ADDRESS}:{path.removeprefix(GUEST_PREFIX)}"
        # A colon before the first slash would make scp take a local file for a host.
        return path if path.startswith("/") else f"./{path}"


def call(argv: Sequence[str]) -> int:
    """Run ssh or scp on the user's own terminal and return its exit code."""
    try:
        return subprocess.call(argv)
    except FileNotFoundError as error:
        raise HostFault(f"there is no {argv[0]} on this host", _INSTALL) from error


def await_answer(
    access: SshAccess, seconds: float, alive: Callable[[], None], console: Callable[[], str]
) -> None:
    """Wait until the guest's ssh server lets us in.

    Raises GuestSilent with the end of the guest's console, and what `alive` raises if QEMU ends.
    """
    deadline = time.monotonic() + seconds
    reason = "its ssh server doesn't answer"
    while time.monotonic() < deadline:
        alive()
        # QEMU accepts the connection before the guest does: only the server's greeting means anything.
        if not _greets(access.port, min(5.0, seconds)):
            time.sleep(0.3)
            continue
        done = subprocess.run(access.ssh(["true"]), capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return
        reason = done.stderr.strip() or f"ssh ended with exit code {done.returncode}"
        time.sleep(0.3)
    tail = console()
    lines = (
        "\n".join(f"  {line}" for line in tail.strip().splitlines()[-15:]) or "  (nothing was written to it)"
    )
    raise GuestSilent(
        f"the guest didn't let us in within {seconds:g} s: {reason}; its console ends with:\n{lines}",
        tail,
        "A loaded host may need more time: --timeout 600. If it stays silent: burnlab vm stop",
    )


def run(access: SshAccess, command: str, timeout: float, on_line: OnLine | None) -> CommandResult:
    """Run a shell command in the guest to its end.

    Raises CommandTimeout; the command is ended in the guest too.
    """
    # An ssh client that goes away leaves the command running: the guest has to end it itself.
    bounded = f"timeout --signal=KILL {timeout + 2:g} sh -c {shlex.quote(command)}"
    started = time.monotonic()
    process = subprocess.Popen(
        access.ssh([bounded]), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout and process.stderr
    outputs = {"stdout": bytearray(), "stderr": bytearray()}
    pipes = {"stdout": process.stdout, "stderr": process.stderr}
    readers = [
        threading.Thread(target=_drain, args=(name, pipe, outputs[name], on_line), daemon=True)
        for name, pipe in pipes.items()
    ]
    for reader in readers:
        reader.start()
    try:
        code = process.wait(timeout)
    except subprocess.TimeoutExpired as error:
        raise CommandTimeout(command, timeout, bytes(outputs["stdout"]), bytes(outputs["stderr"])) from error
    finally:
        process.kill()
        process.wait()
        for reader in readers:
            reader.join(5)
    seconds = time.monotonic() - started
    return CommandResult(command, code, bytes(outputs["stdout"]), bytes(outputs["stderr"]), seconds)


def _drain(name: str, pipe: IO[bytes], output: bytearray, on_line: OnLine | None) -> None:
    lines = Lines(name, on_line) if on_line else None
    with pipe:
        while data := os.read(pipe.fileno(), _PIECE):
            output += data
            if lines:
                lines.feed(data)
    if lines:
        lines.close()


def _greets(port: int, seconds: float) -> bool:
    with contextlib.suppress(OSError), socket.create_connection((ADDRESS, port), seconds) as connection:
        connection.settimeout(seconds)
        return connection.recv(4).startswith(b"SSH-")
    return False
