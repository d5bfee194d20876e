"""READ DISC INFORMATION and READ TRACK INFORMATION: what is on the disc, and where writing goes on."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import ClassVar

from burnlab.scsi.record import Record, at, bit, bits


class DiscStatus(IntEnum):
    """Status of Disc.    Source: MMC-5, 6.22.3.1.3."""

    EMPTY = 0
    APPENDABLE = 1
    COMPLETE = 2
    OTHER = 3


class LastSession(IntEnum):
    """State of Last Session.    Source: MMC-5, 6.22.3.1.4."""

    EMPTY = 0
    INCOMPLETE = 1
    DAMAGED = 2
    COMPLETE = 3


NOT_APPLICABLE = 0xFFFFFFFF
"""Lead-in or lead-out address that the disc doesn't have."""


@dataclass(frozen=True, slots=True)
class DiscInformation(Record):
    """Standard Disc Information, 34 bytes.    Source: MMC-5, 6.22.3.1."""

    LENGTH: ClassVar[int] = 34
    PRESET: ClassVar[bytes] = b"\x00\x20"
    erasable: bool = bit(2, 4)
    last_session_state: int = bits(2, 2, 2)
    status: int = bits(2, 0, 2)
    first_track: int = at(3, default=1)
    sessions: int = at(4, high=9, default=1)
    first_track_in_last_session: int = at(5, high=10, default=1)
    last_track_in_last_session: int = at(6, high=11, default=1)
    unrestricted_use: bool = bit(7, 5, default=True)
    background_format: int = bits(7, 0, 2)
    disc_type: int = at(8)
    last_lead_in_start: int = at(16, 4)
    last_possible_lead_out: int = at(20, 4)


@dataclass(frozen=True, slots=True)
class TrackInformation(Record):
    """Track Information Block, 36 bytes.    Source: MMC-5, 6.27.3. Addresses and sizes in blocks."""

    LENGTH: ClassVar[int] = 36
    PRESET: ClassVar[bytes] = b"\x00\x22"
    track: int = at(2, high=32)
    session: int = at(3, high=33)
    damage: bool = bit(5, 5)
    copy: bool = bit(5, 4)
    track_mode: int = bits(5, 0, 4)
    reserved_track: bool = bit(6, 7)
    blank: bool = bit(6, 6)
    packet: bool = bit(6, 5)
    fixed_packet: bool = bit(6, 4)
    data_mode: int = bits(6, 0, 4, default=1)
    nwa_valid: bool = bit(7, 0)
    last_recorded_valid: bool = bit(7, 1)
    start: int = at(8, 4, signed=True)
    next_writable: int = at(12, 4, signed=True)
    free_blocks: int = at(16, 4)
    packet_size: int = at(20, 4)
    size: int = at(24, 4)
    last_recorded: int = at(28, 4)
