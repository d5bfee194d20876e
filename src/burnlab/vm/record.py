"""What is remembered of a machine that outlives the program which started it."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec

from burnlab.vm.errors import BadRequest, VmError
from burnlab.vm.images.debian import HOST_ALIAS, KEY, KNOWN_HOSTS
from burnlab.vm.machine import Machine, started_at
from burnlab.vm.places import Places, make_folder
from burnlab.vm.ssh import SshAccess

_FILE = "machine.json"
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,19}")


class Process(msgspec.Struct, frozen=True):
    """A process, and when it started: an id alone may mean another one later."""

    pid: int
    started: int

    @classmethod
    def of(cls, pid: int) -> Process:
        """Describe a process that runs now."""
        return cls(pid, started_at(pid) or 0)

    @property
    def is_running(self) -> bool:
        """Whether it is still there."""
        return started_at(self.pid) == self.started

    def end(self, seconds: float = 15) -> None:
        """Ask it to end, wait, and end it in the end."""
        for number, patience in ((signal.SIGTERM, seconds), (signal.SIGKILL, 5.0)):
            if not self.is_running:
                return
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)
            deadline = time.monotonic() + patience
            while self.is_running and time.monotonic() < deadline:
                time.sleep(0.05)


class RecorderRecord(msgspec.Struct, frozen=True):
    """A recorder that a machine was given, and what serves it if that was started for the machine."""

    recorder: str
    address: str = ""
    control: str = ""
    server: Process | None = None


class MachineRecord(msgspec.Struct, frozen=True):
    """A named machine."""

    name: str
    qemu: Process
    argv: list[str]
    image: str
    ssh_port: int
    accelerator: str
    cdrom: str = ""
    recorders: list[RecorderRecord] = []
    guest: str = "debian"

    @property
    def is_running(self) -> bool:
        """Whether its QEMU is there."""
        return self.qemu.is_running

    @property
    def is_micro(self) -> bool:
        """Whether it takes its commands by ports of its own and not by ssh."""
        return self.guest == "micro"

    def end_servers(self) -> None:
        """End the recorders that were served for it."""
        for unit in self.recorders:
            if unit.server:
                unit.server.end()

    def access(self, user: str) -> SshAccess:
        """Return how to log in."""
        image = Path(self.image)
        return SshAccess(self.ssh_port, user, image / KEY, image / KNOWN_HOSTS, HOST_ALIAS)


def folder_of(places: Places, name: str) -> Path:
    """Return the folder of a named machine.

    Raises BadRequest for a name that can't be one.
    """
    if not _NAME.fullmatch(name):
        raise BadRequest(
            f"'{name}' can't be the name of a machine",
            "Use up to 20 small letters, digits and dashes, beginning with a letter or a digit.",
        )
    return places.machines / name


def save(folder: Path, record: MachineRecord) -> None:
    """Store a record."""
    scratch = folder / f".{_FILE}"
    scratch.write_bytes(msgspec.json.format(msgspec.json.encode(record)) + b"\n")
    scratch.replace(folder / _FILE)


def load(places: Places, name: str) -> MachineRecord | None:
    """Return a machine's record, or None if there is none."""
    try:
        return msgspec.json.decode((folder_of(places, name) / _FILE).read_bytes(), type=MachineRecord)
    except (OSError, msgspec.DecodeError):
        return None


def load_running(places: Places, name: str) -> MachineRecord:
    """Return the record of a machine that runs.

    Raises VmError if it doesn't.
    """
    record = load(places, name)
    if record is None:
        running = [entry.name for entry in all_records(places) if entry.is_running]
        hint = (
            f"Running: {', '.join(running)}. Choose one with --name."
            if running
            else "Start it: burnlab vm start"
        )
        raise VmError(f"there is no machine named {name}", hint)
    if not record.is_running:
        raise VmError(
            f"the machine {name} has ended by itself",
            f"See {folder_of(places, name)}/qemu.log, then: burnlab vm start",
        )
    return record


def all_records(places: Places) -> Iterator[MachineRecord]:
    """Return the records of all named machines."""
    for path in sorted(places.machines.glob(f"*/{_FILE}")):
        if _NAME.fullmatch(path.parent.name) and (record := load(places, path.parent.name)):
            yield record


def machine_of(places: Places, record: MachineRecord) -> Machine:
    """Return the machine of a record, for a process that isn't its parent."""
    return Machine(folder_of(places, record.name), record.argv, record.qemu.pid)


def check_free(places: Places, name: str) -> None:
    """Raise VmError if a machine of that name runs."""
    record = load(places, name)
    if record and record.is_running:
        raise VmError(
            f"a machine named {name} is running already",
            f"Stop it (burnlab vm stop --name {name}), or give the new one another name and --ssh-port.",
        )


def claim(places: Places, name: str) -> Path:
    """Make a fresh folder for a machine.

    Raises VmError if a machine of that name runs.
    """
    check_free(places, name)
    record = load(places, name)
    if record:
        record.end_servers()
    folder = folder_of(places, name)
    shutil.rmtree(folder, ignore_errors=True)
    return make_folder(folder)
