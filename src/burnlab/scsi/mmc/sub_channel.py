"""READ SUB-CHANNEL: position, catalogue number and ISRC from the Q sub-channel.

Source: MMC-5, READ SUB-CHANNEL.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from burnlab.scsi.record import Cdb, at, bit

POSITION, CATALOG, ISRC = 1, 2, 3
NO_AUDIO_STATUS = 0x15
VALID = 0x80


@dataclass(frozen=True, slots=True)
class ReadSubChannel(Cdb):
    """READ SUB-CHANNEL. Without `sub_q` only the audio status is told.    Source: MMC-5, that command."""

    OPCODE: ClassVar[int] = 0x42
    NAME: ClassVar[str] = "READ SUB-CHANNEL"
    LENGTH: ClassVar[int] = 10
    msf: bool = bit(1, 1)
    sub_q: bool = bit(2, 6)
    format: int = at(3)
    track: int = at(6)
    allocation_length: int = at(7, 2)


def answer(item: bytes = b"") -> bytes:
    """Header with the audio status, then the item."""
    return bytes((0, NO_AUDIO_STATUS)) + len(item).to_bytes(2, "big") + item


def position_item(adr_control: int, track: int, index: int, absolute: bytes, relative: bytes) -> bytes:
    """Current position, 12 bytes; both addresses are 4 bytes, LBA or MSF."""
    return bytes((POSITION, adr_control, track, index)) + absolute + relative


def catalog_item(catalog: str) -> bytes:
    """Media catalogue number, 20 bytes; not valid if empty."""
    return _code_item(bytes((CATALOG, 0, 0, 0)), catalog, 13)


def isrc_item(adr_control: int, track: int, isrc: str) -> bytes:
    """ISRC of a track, 20 bytes; not valid if empty."""
    return _code_item(bytes((ISRC, adr_control, track, 0)), isrc, 12)


def _code_item(head: bytes, code: str, length: int) -> bytes:
    valid = bytes((VALID if code else 0,))
    return (head + valid + code.encode("ascii").ljust(length, b"\0")).ljust(20, b"\0")
