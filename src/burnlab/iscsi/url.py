"""iSCSI URLs as libiscsi writes them.

    iscsi://[USER[%SECRET]@]HOST[:PORT]/TARGET-IQN/LUN[?NAME=VALUE&...]

Names that are known: `target_user`, `target_password` (mutual CHAP), `header_digest`, `data_digest`
(`crc32c`, `none`, or both joined by `-`, the favourite first), and `secret_file`, `target_secret_file`: files
that hold the secrets, so that they don't show in a list of processes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

SCHEME = "iscsi://"
DEFAULT_PORT = 3260
MAX_LUN = 0x3FFF
_DIGESTS = {"crc32c": "CRC32C", "none": "None", "crc32c-none": "CRC32C,None", "none-crc32c": "None,CRC32C"}
_FORM = "write iscsi://[USER@]HOST[:PORT]/TARGET/LUN"


@dataclass(frozen=True, slots=True)
class IscsiUrl:
    """A logical unit of a target, and how to log in there. An empty `target` is for discovery."""

    host: str
    port: int = DEFAULT_PORT
    target: str = ""
    lun: int = 0
    user: str = ""
    secret: str = field(default="", repr=False)
    secret_file: str = ""
    target_user: str = ""
    target_secret: str = field(default="", repr=False)
    target_secret_file: str = ""
    header_digest: str = ""
    data_digest: str = ""

    def __str__(self) -> str:
        """The address alone: it may be shown, there is no secret in it."""
        return f"{SCHEME}{join_address(self.host, self.port)}/{self.target}/{self.lun}"


def join_address(host: str, port: int) -> str:
    """HOST:PORT, an IPv6 address in brackets."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def split_address(text: str, default_port: int = DEFAULT_PORT) -> tuple[str, int]:
    """HOST[:PORT], an IPv6 address in brackets.

    Raises:
        ValueError: no host, or a port that is none.
    """
    if text.startswith("["):
        host, bracket, rest = text[1:].partition("]")
        if not bracket or (rest and not rest.startswith(":")):
            raise ValueError(f"'{text}' is no address: an IPv6 address ends with ]")
        port = rest[1:]
    else:
        host, _colon, port = text.partition(":")
    if not host:
        raise ValueError("the host is missing")
    if not port:
        return host, default_port
    if not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise ValueError(f"'{port}' is no port")
    return host, int(port)


def parse_url(text: str) -> IscsiUrl:
    """Read a URL; a path that is missing is left empty, as discovery wants it.

    Raises:
        ValueError: it isn't one. The message never holds a secret.
    """
    if not text.lower().startswith(SCHEME):
        raise ValueError(f"an iSCSI address begins with {SCHEME}")
    body, _, query = text[len(SCHEME) :].partition("?")
    authority, _, path = body.partition("/")
    credentials, at, address = authority.rpartition("@")
    user, _, secret = credentials.partition("%")
    if at and not user:
        raise ValueError("the user before @ is missing")
    host, port = split_address(address)
    target, _, lun = path.strip("/").partition("/")
    if target and not lun:
        raise ValueError(f"the LUN is missing: {_FORM}")
    return IscsiUrl(host, port, target, _lun(lun or "0"), user, secret, **_options(query))


def _lun(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or int(text) > MAX_LUN:
        raise ValueError(f"'{text}' is no LUN: {_FORM}")
    return int(text)


def _digest(text: str) -> str:
    value = _DIGESTS.get(text.lower())
    if value is None:
        raise ValueError(f"'{text}' is no digest: crc32c, none, crc32c-none or none-crc32c")
    return value


_OPTIONS: dict[str, tuple[str, Callable[[str], str]]] = {
    "target_user": ("target_user", str),
    "target_password": ("target_secret", str),
    "secret_file": ("secret_file", str),
    "target_secret_file": ("target_secret_file", str),
    "header_digest": ("header_digest", _digest),
    "data_digest": ("data_digest", _digest),
}


def _options(query: str) -> dict[str, str]:
    found = {}
    for item in filter(None, query.split("&")):
        name, _, value = item.partition("=")
        if name not in _OPTIONS:
            raise ValueError(f"'{name}' is not known in an iSCSI address: {', '.join(_OPTIONS)}")
        attribute, read = _OPTIONS[name]
        found[attribute] = read(value)
    return found


def lun_field(lun: int) -> int:
    """A LUN as the eight bytes of a header read as one number: peripheral or flat addressing.

    Source: SAM-5, 4.7.7.
    """
    return lun << 48 if lun < 256 else (0x4000 | lun) << 48
