"""What a user calls a recorder: a disc file, an iSCSI address or a drive of the host."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from burnlab.vm.errors import BadRequest
from burnlab.vm.spec import HostDrive, IscsiAddress

ISCSI_PORT = 3260

_HINT = (
    "Give a disc file (PATH.disc), an address (iscsi://HOST:PORT/IQN/LUN) or a drive (/dev/srN, /dev/sgN)."
)
_DRIVE = re.compile(r"/dev/s[rg]\d+")


@dataclass(frozen=True, slots=True)
class DiscFile:
    """A disc in a folder of the host; a recorder has to be served for it."""

    path: Path


def parse_iscsi(text: str) -> IscsiAddress:
    """Read `iscsi://HOST[:PORT]/IQN[/LUN]`.

    Raises BadRequest where something else stands.
    """
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise BadRequest(f"not an iSCSI address: {text} ({error})", _HINT) from error
    names = [unquote(name) for name in parts.path.split("/") if name]
    if parts.scheme != "iscsi" or not host or not 1 <= len(names) <= 2:
        raise BadRequest(f"not an iSCSI address: {text}", _HINT)
    if parts.username is not None:
        raise BadRequest(
            "an iSCSI address with a user name in it isn't accepted",
            "Give CHAP names by --chap-user and --chap-secret-file: a secret must not show there.",
        )
    if not names[0].startswith(("iqn.", "eui.", "naa.")):
        raise BadRequest(f"'{names[0]}' is no iSCSI target name", "It begins with iqn., eui. or naa.")
    lun = names[1] if len(names) == 2 else "0"
    if not lun.isdecimal() or int(lun) > 255:
        raise BadRequest(f"'{lun}' is no logical unit number", "It is a number from 0 to 255.")
    return IscsiAddress(host, ISCSI_PORT if port is None else port, names[0], int(lun))


def parse_recorder(text: str) -> IscsiAddress | HostDrive | DiscFile:
    """Say which kind of recorder an argument of `--recorder` means.    No file is looked at."""
    if not text:
        raise BadRequest("the recorder's address is empty", _HINT)
    if text.startswith("iscsi:"):
        return parse_iscsi(text)
    if _DRIVE.fullmatch(text):
        return HostDrive(Path(text))
    if text.startswith("/dev/"):
        raise BadRequest(f"{text} is neither a CD drive (/dev/srN) nor a SCSI generic node (/dev/sgN)", _HINT)
    if re.match(r"[a-z]+:", text):
        raise BadRequest(f"a guest can't be given '{text}'", _HINT)
    return DiscFile(Path(text))
