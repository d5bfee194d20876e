"""A served recorder as a drive of this Linux host: open-iscsi logs in, and the kernel makes `/dev/srN`.

What is told to open-iscsi, and how it answers, is in `burnlab.iscsi.open_iscsi`. Its own record of the target
takes the settings, so that `iscsid.conf` stays as it is, and no secret shows in a list of processes.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from burnlab.iscsi import open_iscsi
from burnlab.iscsi.chap import ChapCredentials
from burnlab.iscsi.initiator_events import FoundTarget
from burnlab.iscsi.open_iscsi import TROUBLES, Session, Trouble
from burnlab.iscsi.url import IscsiUrl, join_address

SETTLE_SECONDS = 30.0
_STEP_SECONDS = 0.1
_COMMAND_SECONDS = 180.0
_INSTALL = "Install it: sudo apt-get install open-iscsi"
_SBIN = ("/usr/sbin", "/sbin")


class AttachError(Exception):
    """The drive can't be had, or not be given back; `hint` says what to do about it."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Said:
    """How a command ended, and what it said."""

    exit_value: int
    stdout: str = ""
    stderr: str = ""


class Host(Protocol):
    """The machine that gets the drive."""

    @property
    def root(self) -> Path:
        """The folder that its paths begin with."""
        ...

    def obstacle(self) -> AttachError | None:
        """What makes it useless to try: not Linux, not root, no open-iscsi."""
        ...

    def run(self, argv: Sequence[str]) -> Said:
        """Run a command to its end."""
        ...

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        ...


@dataclass(frozen=True, slots=True)
class ThisHost:
    """The machine that we run on."""

    root: Path = Path("/")

    def obstacle(self) -> AttachError | None:
        """Look at the system, the user and the installed programs."""
        if sys.platform != "linux":
            return AttachError(
                "drives are attached by Linux's open-iscsi, and this isn't Linux",
                "Use your system's own initiator: docs/manual/attach.md",
            )
        if not self._program():
            return AttachError("open-iscsi isn't installed on this host", _INSTALL)
        if os.geteuid() != 0:
            return AttachError(*TROUBLES[Trouble.NOT_ROOT])
        return None

    def run(self, argv: Sequence[str]) -> Said:
        """Run a command, in plain English."""
        environ = os.environ | {"LC_ALL": "C"}
        program = self._program() if argv[0] == open_iscsi.PROGRAM else argv[0]
        try:
            done = subprocess.run(
                [program or argv[0], *argv[1:]],
                stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
                env=environ, timeout=_COMMAND_SECONDS,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return Said(Trouble.TIMEOUT.value)
        except OSError as error:
            raise AttachError(f"{argv[0]} can't be run: {error.strerror}", _INSTALL) from error
        return Said(done.returncode, done.stdout, done.stderr)

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)

    @staticmethod
    def _program() -> str | None:
        return shutil.which(open_iscsi.PROGRAM, path=os.pathsep.join((os.environ.get("PATH", ""), *_SBIN)))


@dataclass(frozen=True, slots=True)
class Attached:
    """A drive of this host that an iSCSI session brings."""

    url: str
    node: str
    """The block device, `/dev/srN`."""
    generic: str = ""
    """The same drive's SCSI generic node, `/dev/sgN`, where the kernel has it."""
    vendor: str = ""
    product: str = ""
    was_there: bool = False
    """Whether the session was there before."""


@dataclass(slots=True)
class Attacher:
    """Logs a host in to a target, and out again. All methods raise AttachError."""

    host: Host = field(default_factory=ThisHost)
    settle_seconds: float = SETTLE_SECONDS

    def attach(self, url: IscsiUrl, credentials: ChapCredentials | None = None) -> Attached:
        """Log in to the target of a URL, and return the drive once its node is there."""
        self.check()
        target, portal = url.target, _portal(url)
        there = self._session(target, portal) is not None
        if not there:
            known = self._records(target, portal)
            if not known:
                self._must(open_iscsi.new_record_argv(target, portal))
            self._set(target, portal, credentials, url)
            said = self.host.run(open_iscsi.login_argv(target, portal))
            if said.exit_value and Trouble.of(said.exit_value) is not Trouble.EXISTS:
                if not known:
                    self.host.run(open_iscsi.delete_record_argv(target, portal))
                raise _failure(said)
        return self._settled(url, target, portal, was_there=there)

    def detach(self, url: IscsiUrl) -> str:
        """Log out of the target of a URL and forget it. Returns the node that has gone, if it was there."""
        self.check()
        target, portal = url.target, _portal(url)
        session = self._session(target, portal)
        if session is None:
            raise AttachError(
                f"this host isn't logged in to {target} at {portal}", "See what it is: iscsiadm -m session"
            )
        node = self._node(session, url.lun) or ""
        if node and (mounted := self._mounted(node)):
            raise AttachError(f"{node} is mounted at {mounted}", f"Unmount it first: sudo umount {mounted}")
        self._must(open_iscsi.logout_argv(target, portal))
        self._must(open_iscsi.delete_record_argv(target, portal), ignored=(Trouble.NO_OBJECTS,))
        return node

    def check(self) -> None:
        """Raise if this host can't do it at all."""
        if obstacle := self.host.obstacle():
            raise obstacle

    def only_target_at(self, url: IscsiUrl) -> IscsiUrl:
        """Complete a URL without target by this host's session to its portal."""
        portal = _portal(url)
        shown = self._must(open_iscsi.sessions_argv(), ignored=(Trouble.NO_OBJECTS,))
        names = [entry.target for entry in open_iscsi.sessions(shown) if entry.portal == portal]
        return _only(url, names, f"this host isn't logged in to any target at {portal}")

    def _must(self, argv: Sequence[str], ignored: Sequence[Trouble] = ()) -> str:
        said = self.host.run(argv)
        if said.exit_value and Trouble.of(said.exit_value) not in ignored:
            raise _failure(said)
        return said.stdout

    def _session(self, target: str, portal: str) -> Session | None:
        shown = self._must(open_iscsi.sessions_argv(), ignored=(Trouble.NO_OBJECTS,))
        names = (target, portal)
        return next(
            (entry for entry in open_iscsi.sessions(shown) if (entry.target, entry.portal) == names), None
        )

    def _records(self, target: str, portal: str) -> list[Path]:
        """The files of a target's record: HOST,PORT[,TAG], or a folder of that name with some in it."""
        host, _, port = portal.rpartition(":")
        found: list[Path] = []
        for folder in open_iscsi.RECORD_FOLDERS:
            for entry in sorted((self.host.root / folder / target).glob("*")):
                parts = entry.name.split(",")
                if parts[:2] == [host.strip("[]"), port]:
                    found += [entry] if entry.is_file() else sorted(entry.iterdir())
        return found

    def _set(self, target: str, portal: str, credentials: ChapCredentials | None, url: IscsiUrl) -> None:
        records = self._records(target, portal)
        if not records:
            raise AttachError(
                "open-iscsi made no record of the target where one is looked for",
                f"Report this with `iscsiadm --version`; not in /{' or /'.join(open_iscsi.RECORD_FOLDERS)}",
            )
        wanted = open_iscsi.record_settings(
            credentials, header_digest=url.header_digest, data_digest=url.data_digest
        )
        for record in records:
            text = open_iscsi.with_settings(record.read_text(), wanted)
            scratch = record.with_name(f".{record.name}.burnlab")
            try:
                with os.fdopen(os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
                    out.write(text)
                scratch.replace(record)
            except OSError as error:
                scratch.unlink(missing_ok=True)
                raise AttachError(
                    f"{record} can't be written: {error.strerror}", "See that its folder is writable for root"
                ) from error

    def _settled(self, url: IscsiUrl, target: str, portal: str, *, was_there: bool) -> Attached:
        """Wait until the kernel has found the drive and its node is there."""
        for _ in range(max(1, round(self.settle_seconds / _STEP_SECONDS))):
            session = self._session(target, portal)
            node = self._node(session, url.lun) if session else None
            if node and (self.host.root / node.lstrip("/")).exists():
                device = self._device(node)
                return Attached(
                    str(url),
                    node,
                    _generic(device),
                    _text(device / "vendor"),
                    _text(device / "model"),
                    was_there,
                )
            self.host.sleep(_STEP_SECONDS)
        raise AttachError(
            f"logged in, but no optical drive appeared within {self.settle_seconds:g} s",
            "Load the kernel's driver (sudo modprobe sr_mod) and see what it says (sudo dmesg | tail); "
            "to log out again: burnlab recorder detach",
        )

    def _node(self, session: Session, lun: int) -> str | None:
        for name in session.devices:
            # The last part of where a device really is in /sys names it: HOST:CHANNEL:TARGET:LUN.
            place = self._device(f"/dev/{name}").resolve().name
            if name.startswith("sr") and place.rpartition(":")[2] == str(lun):
                return f"/dev/{name}"
        return None

    def _device(self, node: str) -> Path:
        return self.host.root / "sys/class/block" / node.rpartition("/")[2] / "device"

    def _mounted(self, node: str) -> str:
        rows = (line.split() for line in _text(self.host.root / "proc/mounts").splitlines())
        return next((row[1] for row in rows if row[0] == node), "")


def only_target(url: IscsiUrl, found: Sequence[FoundTarget]) -> IscsiUrl:
    """Complete a URL without target by what discovery found. Raises AttachError if it isn't one."""
    return _only(url, [entry.iqn for entry in found], "discovery tells of no target there")


def _only(url: IscsiUrl, names: Sequence[str], none: str) -> IscsiUrl:
    if not names:
        raise AttachError(none, "See that it is served there: burnlab recorder status")
    if len(names) > 1:
        listed = ", ".join(names)
        raise AttachError(
            f"there are several targets: {listed}", f"Choose one: {url}".replace("//0", "/IQN/0")
        )
    return replace(url, target=names[0])


def _failure(said: Said) -> AttachError:
    trouble = Trouble.of(said.exit_value)
    if trouble in TROUBLES:
        return AttachError(*TROUBLES[trouble])
    last = (said.stderr.strip() or said.stdout.strip() or f"exit value {said.exit_value}").splitlines()[-1]
    return AttachError(f"open-iscsi failed: {last}", "See what iscsid wrote: journalctl -u iscsid")


def _portal(url: IscsiUrl) -> str:
    """The portal as open-iscsi will name it: by address, for the host's name is not what it keeps."""
    try:
        found = socket.getaddrinfo(url.host, url.port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise AttachError(*TROUBLES[Trouble.NO_HOST]) from error
    return join_address(str(found[0][4][0]), url.port)


def _generic(device: Path) -> str:
    names = sorted(path.name for path in (device / "scsi_generic").glob("sg*"))
    return f"/dev/{names[0]}" if names else ""


def _text(path: Path) -> str:
    try:
        return path.read_text().rstrip("\n")
    except OSError:
        return ""
