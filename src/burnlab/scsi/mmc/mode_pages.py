"""Mode pages 01h, 05h and 2Ah, and the parameter list around them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import ClassVar

from burnlab.scsi.record import Record, at, bit, bits
from burnlab.scsi.task import Data


class ModePage(IntEnum):
    """Page codes of an optical drive.    Source: MMC-5, 7.1."""

    ERROR_RECOVERY = 0x01
    WRITE_PARAMETERS = 0x05
    CACHING = 0x08
    POWER_CONDITION = 0x1A
    TIMEOUT_AND_PROTECT = 0x1D
    CAPABILITIES = 0x2A
    ALL = 0x3F


class WriteType(IntEnum):
    """Write types of page 05h.    Source: MMC-5, 7.5.4.9."""

    INCREMENTAL = 0
    TRACK_AT_ONCE = 1
    SESSION_AT_ONCE = 2
    RAW = 3
    LAYER_JUMP = 4

    @classmethod
    def of(cls, code: int) -> WriteType | None:
        """The write type with this code, or None where the code is reserved."""
        return cls(code) if code in cls._value2member_map_ else None


MULTI_SESSION = 0b11
"""Multi-session field: a next session is allowed.    Source: MMC-5, 7.5.4.10."""


@dataclass(frozen=True, slots=True)
class ErrorRecoveryPage(Record):
    """Read/write error recovery, 12 bytes.    Source: MMC-5, 7.3."""

    LENGTH: ClassVar[int] = 12
    PRESET: ClassVar[bytes] = b"\x01\x0a"
    error_flags: int = at(2, default=0xC0)
    read_retries: int = at(3, default=32)


@dataclass(frozen=True, slots=True)
class WriteParametersPage(Record):
    """Write parameters, 52 bytes.    Source: MMC-5, 7.5."""

    LENGTH: ClassVar[int] = 52
    PRESET: ClassVar[bytes] = b"\x05\x32"
    buffer_underrun_free: bool = bit(2, 6)
    link_size_valid: bool = bit(2, 5)
    test_write: bool = bit(2, 4)
    write_type: int = bits(2, 0, 4)
    multi_session: int = bits(3, 6, 2)
    fixed_packet: bool = bit(3, 5)
    copy: bool = bit(3, 4)
    track_mode: int = bits(3, 0, 4, default=5)
    data_block_type: int = bits(4, 0, 4, default=8)
    link_size: int = at(5)
    host_application_code: int = bits(7, 0, 6)
    session_format: int = at(8)
    packet_size: int = at(10, 4)
    audio_pause_length: int = at(14, 2, default=150)
    media_catalog_number: int = at(16, 16)
    isrc: int = at(32, 16)
    sub_header: int = at(48, 4)


def code_of(field: int, characters: int) -> str:
    """The catalogue number or ISRC in a field of page 05h; empty unless its valid bit is set.

    Source: MMC-5, 7.5 (write parameters).
    """
    raw = field.to_bytes(16, "big")
    code = raw[1 : 1 + characters]
    return code.decode("ascii") if raw[0] & 0x80 and code.isalnum() and code.isascii() else ""


@dataclass(frozen=True, slots=True)
class CapabilitiesPage(Record):
    """MM capabilities and mechanical status: 32 bytes, then 4 bytes a write speed.

    Source: MMC-3, 6.3.11 (legacy since MMC-4, and still what programs read).
    """

    LENGTH: ClassVar[int] = 32
    read_capabilities: int = at(2)
    write_capabilities: int = at(3)
    playback: int = at(4)
    cd_da: int = at(5)
    mechanism: int = at(6)
    audio: int = at(7)
    maximum_read_kbps: int = at(8, 2)
    volume_levels: int = at(10, 2)
    buffer_kib: int = at(12, 2)
    current_read_kbps: int = at(14, 2)
    maximum_write_kbps: int = at(18, 2)
    current_write_kbps: int = at(20, 2)
    copy_management: int = at(22, 2)
    selected_write_kbps: int = at(28, 2)

    def pack_with(self, speeds_kbps: tuple[int, ...]) -> bytes:
        """The page with its list of write speeds, fastest first; the page length tells their number."""
        page = bytearray(self.pack()) + b"".join(b"\0\0" + s.to_bytes(2, "big") for s in speeds_kbps)
        page[0], page[1] = ModePage.CAPABILITIES, len(page) - 2
        page[30:32] = len(speeds_kbps).to_bytes(2, "big")
        return bytes(page)


LOCK_STATE = 0x02
"""Mechanism byte, bit 1: the medium is locked into the drive.    Source: MMC-3, 6.3.11."""


def mode_list_10(pages: bytes) -> bytes:
    """Parameter list of MODE SENSE (10): 8 bytes without block descriptors, then the pages.

    Source: SPC-4, 7.5.5. Programs parse the pages at offset 8, so there is never a block descriptor.
    """
    return (len(pages) + 6).to_bytes(2, "big") + bytes(6) + pages


def mode_list_6(pages: bytes) -> bytes:
    """Parameter list of MODE SENSE (6): 4 bytes of header, then the pages.    Source: SPC-4, 7.5.5."""
    return bytes((min(len(pages) + 3, 255), 0, 0, 0)) + pages


def iter_pages(data: Data, header_bytes: int) -> Iterator[bytes]:
    """The pages of a MODE SELECT list behind its header (4 or 8 bytes) and block descriptors.

    Raises ValueError where a page is cut short.    Source: SPC-4, 7.5.
    """
    if not data:
        return
    if len(data) < header_bytes:
        raise ValueError("the list is shorter than its header")
    descriptors = data[3] if header_bytes == 4 else int.from_bytes(data[6:8], "big")
    offset = header_bytes + descriptors
    if offset > len(data):
        raise ValueError("the list is shorter than its block descriptors")
    while offset < len(data):
        if offset + 2 > len(data) or offset + 2 + data[offset + 1] > len(data):
            raise ValueError("a page is cut short")
        length = 2 + data[offset + 1]
        yield bytes(data[offset : offset + length])
        offset += length
