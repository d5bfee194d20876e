"""How Linux's own initiator, open-iscsi, is told to log in to a target, and what it tells of its sessions.

Its settings are lines `NAME = VALUE` of a file: `iscsid.conf` has those that new records of targets begin
with, a record those of one target. Secrets are written there, for everybody can read a command line.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
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


def with_settings(text: str, wanted: Mapping[str, str]) -> str:
    """The text of `iscsid.conf`, or of a record, with other settings of who logs in, and of digests.

    What isn't wanted of those is left out, so that no secret of another target stays behind.
    """
    kept = [line for line in text.splitlines() if line.partition("=")[0].strip() not in _OURS]
    tail = [END_OF_RECORD] if END_OF_RECORD in kept else []
    kept = [line for line in kept if line != END_OF_RECORD]
    added = [f"{name} = {value}" for name, value in wanted.items()]
    return "".join(f"{line}\n" for line in (*kept, *added, *tail))


def found_targets(text: str) -> list[tuple[str, str]]:
    """Portal and name of each target that discovery has found."""
    return [(found[1], found[3]) for found in map(_FOUND.fullmatch, text.splitlines()) if found]


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
