"""How Linux's own initiator, open-iscsi, is told to log in to a target, and what it tells of its sessions.

Its settings are lines `NAME = VALUE` of a file: `iscsid.conf` has those that new records of targets begin
with, a record those of one target. Secrets are written there, for everybody can read a command line.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final

from burnlab.iscsi.chap import ChapCredentials

PROGRAM: Final = "iscsiadm"
END_OF_RECORD: Final = "# END RECORD"
_SESSION: Final = "node.session.auth"
_DISCOVERY: Final = "discovery.sendtargets.auth"
_AUTH_NAMES: Final = ("authmethod", "username", "password", "username_in", "password_in")
_HEADER_DIGEST: Final = "node.conn[0].iscsi.HeaderDigest"
_DATA_DIGEST: Final = "node.conn[0].iscsi.DataDigest"
_OURS: Final = frozenset(
    {
        *(f"{prefix}.{name}" for prefix in (_SESSION, _DISCOVERY) for name in _AUTH_NAMES),
        *(_HEADER_DIGEST, _DATA_DIGEST),
    }
)
RECORD_FOLDERS: Final = ("etc/iscsi/nodes", "var/lib/iscsi/nodes")
"""Where the records of targets are kept, below the root folder: it depends on how open-iscsi was built."""
_ATTACHED: Final = re.compile(r"Attached scsi disk (\S+)\s+State: running")
_FOUND: Final = re.compile(r"(\S+),(-?\d+) (\S+)")


def discovery_argv(portal: str) -> list[str]:
    """Ask a portal, HOST:PORT, for its targets; records of them are made."""
    return [PROGRAM, "-m", "discovery", "-t", "sendtargets", "-p", portal]


def login_argv(target: str, portal: str) -> list[str]:
    """Log in to a target of which there is a record."""
    return [PROGRAM, "-m", "node", "-T", target, "-p", portal, "--login"]


def logout_argv(target: str, portal: str) -> list[str]:
    """Log out of a target; its device files go."""
    return [PROGRAM, "-m", "node", "-T", target, "-p", portal, "--logout"]


def new_record_argv(target: str, portal: str) -> list[str]:
    """Make a record of a target without asking its portal; the settings are those of `iscsid.conf`."""
    return [PROGRAM, "-m", "node", "-T", target, "-p", portal, "-o", "new"]


def delete_record_argv(target: str, portal: str) -> list[str]:
    """Forget a target to which there is no session."""
    return [PROGRAM, "-m", "node", "-T", target, "-p", portal, "-o", "delete"]


def sessions_argv() -> list[str]:
    """Show the sessions there are, with their devices; ends with 21 if there is none."""
    return [PROGRAM, "-m", "session", "-P", "3"]


def _auth(prefix: str, credentials: ChapCredentials | None) -> dict[str, str]:
    if credentials is None:
        return {f"{prefix}.authmethod": "None"}
    settings = {
        f"{prefix}.authmethod": "CHAP",
        f"{prefix}.username": credentials.user,
        f"{prefix}.password": credentials.secret,
    }
    if credentials.target_user:
        settings[f"{prefix}.username_in"] = credentials.target_user
        settings[f"{prefix}.password_in"] = credentials.target_secret
    return settings


def settings(
    credentials: ChapCredentials | None = None, *, header_digest: str = "None", data_digest: str = "None"
) -> dict[str, str]:
    """Settings for discovery and sessions. Digests are `CRC32C`, `None`, or both, the favourite first."""
    return {
        **_auth(_DISCOVERY, credentials),
        **_auth(_SESSION, credentials),
        _HEADER_DIGEST: header_digest,
        _DATA_DIGEST: data_digest,
    }


def record_settings(
    credentials: ChapCredentials | None = None, *, header_digest: str = "None", data_digest: str = "None"
) -> dict[str, str]:
    """Settings for one target's record: its sessions only, and none of them made when the host starts."""
    return {
        "node.startup": "manual",
        # By itself it tries for two minutes where nobody listens.
        "node.session.initial_login_retry_max": "1",
        **_auth(_SESSION, credentials),
        _HEADER_DIGEST: header_digest or "None",
        _DATA_DIGEST: data_digest or "None",
    }


def with_settings(text: str, wanted: Mapping[str, str]) -> str:
    """The text of `iscsid.conf`, or of a record, with other settings of who logs in, and of digests.

    What isn't wanted of those is left out, so that no secret of another target stays behind.
    """
    ours = _OURS | wanted.keys()
    kept = [line for line in text.splitlines() if line.partition("=")[0].strip() not in ours]
    tail = [END_OF_RECORD] if END_OF_RECORD in kept else []
    kept = [line for line in kept if line != END_OF_RECORD]
    added = [f"{name} = {value}" for name, value in wanted.items()]
    return "".join(f"{line}\n" for line in (*kept, *added, *tail))


def found_targets(text: str) -> list[tuple[str, str]]:
    """Portal and name of each target that discovery has found."""
    return [(found[1], found[3]) for found in map(_FOUND.fullmatch, text.splitlines()) if found]


class Trouble(Enum):
    """Why iscsiadm ended as it did: its exit value.    Source: iscsiadm(8), EXIT STATUS."""

    OTHER = 1
    NO_SUCH_SESSION = 2
    TRANSPORT = 4
    LOGIN = 5
    DATABASE = 6
    TIMEOUT = 8
    INTERNAL = 9
    NO_SUCH_TRANSPORT = 12
    NOT_ROOT = 13
    EXISTS = 15
    DAEMON = 18
    FATAL_LOGIN = 19
    NO_DAEMON = 20
    NO_OBJECTS = 21
    NO_SYSFS = 22
    NO_HOST = 23
    DENIED = 24
    BUSY = 28

    @classmethod
    def of(cls, exit_value: int) -> Trouble:
        """The trouble of an exit value; OTHER for those that tell nothing more."""
        return cls(exit_value) if exit_value in _VALUES else cls.OTHER


_VALUES: Final = frozenset(trouble.value for trouble in Trouble)
_MODULES = "Load the kernel's initiator: sudo modprobe iscsi_tcp (a container has only its host's modules)"
_DAEMON = "Start it: sudo systemctl start iscsid (without systemd: sudo iscsid)"
_UNREACHABLE = (
    "See that the recorder is served there (burnlab recorder status), and that no firewall is between"
)
TROUBLES: Final[Mapping[Trouble, tuple[str, str]]] = {
    Trouble.TRANSPORT: ("nothing answers there as an iSCSI target", _UNREACHABLE),
    Trouble.LOGIN: ("the login failed", "See that target and port are right: burnlab recorder status"),
    Trouble.DATABASE: ("open-iscsi can't keep its record of the target", "See: ls -lR /etc/iscsi"),
    Trouble.TIMEOUT: ("the target took too long to answer", _UNREACHABLE),
    Trouble.INTERNAL: ("open-iscsi can't use the kernel's initiator", _MODULES),
    Trouble.NO_SUCH_TRANSPORT: ("the kernel's iSCSI initiator isn't loaded", _MODULES),
    Trouble.NOT_ROOT: ("only root can attach drives", "Become root: sudo burnlab recorder attach ..."),
    Trouble.DAEMON: ("open-iscsi's daemon, iscsid, doesn't answer as it should", _DAEMON),
    Trouble.FATAL_LOGIN: (
        "the target refused the login",
        "See that the name behind the portal is its own: burnlab recorder status tells it",
    ),
    Trouble.NO_DAEMON: ("open-iscsi's daemon, iscsid, doesn't run", _DAEMON),
    Trouble.NO_SYSFS: ("the kernel tells nothing of iSCSI", _MODULES),
    Trouble.NO_HOST: ("there is no such host", "See that the name in the address is right"),
    Trouble.DENIED: (
        "the target refused the name or secret",
        "Give those that it is served with: --chap-user NAME --chap-secret-file FILE, and --mutual-... if it "
        "proves itself, too",
    ),
    Trouble.BUSY: ("the drive is in use", "Unmount it, and end the programs that use it, then try again"),
}
"""What it means, and what to do next; what isn't here is told in iscsiadm's own words."""


@dataclass(frozen=True, slots=True)
class Session:
    """A session as `iscsiadm` shows it; `devices` are kernel names such as `sr1`."""

    target: str
    portal: str
    state: str
    header_digest: str
    data_digest: str
    devices: tuple[str, ...]


def sessions(text: str) -> list[Session]:
    """The sessions that the program shows at its third level of detail."""
    found = []
    for piece in re.split(r"^Target: ", text, flags=re.MULTILINE)[1:]:
        shown = dict(re.findall(r"^\s*([^:\n]+): (.*?)\s*$", piece, flags=re.MULTILINE))
        found.append(
            Session(
                piece.split()[0],
                shown.get("Current Portal", "").rpartition(",")[0],
                shown.get("iSCSI Connection State", ""),
                shown.get("HeaderDigest", ""),
                shown.get("DataDigest", ""),
                tuple(_ATTACHED.findall(piece)),
            )
        )
    return found
