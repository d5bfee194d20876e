"""READ TOC/PMA/ATIP on CD: what lead-ins, the PMA and the ATIP of a medium tell, as Q sub-channel entries.

Source: MMC-5, 6.26 (READ TOC/PMA/ATIP), formats 0010b (raw TOC), 0011b (PMA) and 0100b (ATIP).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from burnlab.scsi.mmc.toc import TocTrack, msf
from burnlab.scsi.record import Record, at, bit, bits

FIRST_TRACK, LAST_TRACK, LEAD_OUT = 0xA0, 0xA1, 0xA2
NEXT_PROGRAM_AREA, FIRST_LEAD_IN = 0xB0, 0xC0
MODE_1_Q, MODE_5_Q = 1, 5


@dataclass(frozen=True, slots=True)
class QEntry:
    """One entry of a lead-in, 11 bytes, numbers binary.    Source: MMC-5, 6.26.3.4, table 489."""

    session: int
    control: int
    point: int
    position: bytes
    adr: int = MODE_1_Q
    address: bytes = bytes(3)
    zero: int = 0

    def pack(self) -> bytes:
        """The bytes of the entry."""
        head = bytes((self.session, self.adr << 4 | self.control, 0, self.point))
        return head + self.address + bytes((self.zero,)) + self.position


@dataclass(frozen=True, slots=True)
class SessionEntries:
    """The lead-in of one session. `next_program_lba` is where another one could begin; None on the last.

    Source: MMC-5, 6.26.3.4.
    """

    tracks: tuple[TocTrack, ...]
    disc_type: int = 0
    next_program_lba: int | None = None
    last_possible_lead_out: int = 0
    first_lead_in: bytes = bytes(3)

    def entries(self) -> list[QEntry]:
        """A0h, A1h, A2h, the tracks, and what Orange Book media add."""
        first, last = self.tracks[0], self.tracks[-1]
        number = first.session

        def entry(track: TocTrack, point: int, position: bytes) -> QEntry:
            return QEntry(number, track.control & 0x0F, point, position)

        found = [
            entry(first, FIRST_TRACK, bytes((first.number, self.disc_type, 0))),
            entry(last, LAST_TRACK, bytes((last.number, 0, 0))),
            entry(last, LEAD_OUT, msf(last.end)),
            *(entry(t, t.number, msf(t.start)) for t in self.tracks),
        ]
        if self.next_program_lba is None:
            return found
        pointers = 2 if number == 1 else 1
        control = first.control & 0x0F
        found.append(
            QEntry(
                number,
                control,
                NEXT_PROGRAM_AREA,
                msf(self.last_possible_lead_out),
                MODE_5_Q,
                msf(self.next_program_lba),
                pointers,
            )
        )
        if number == 1:
            found.append(QEntry(number, control, FIRST_LEAD_IN, self.first_lead_in, MODE_5_Q))
        return found


def full_toc(sessions: Sequence[SessionEntries]) -> bytes:
    """Format 2: the lead-ins of all sessions."""
    items = b"".join(e.pack() for s in sessions for e in s.entries())
    first, last = sessions[0].tracks[0].session, sessions[-1].tracks[0].session
    return (len(items) + 2).to_bytes(2, "big") + bytes((first, last)) + items


def pma(tracks: Sequence[TocTrack]) -> bytes:
    """Format 3: each recorded track with its start and its end."""
    items = b"".join(
        QEntry(0, t.control & 0x0F, t.number, msf(t.start), address=msf(t.end)).pack() for t in tracks
    )
    return (len(items) + 2).to_bytes(2, "big") + b"\0\0" + items


@dataclass(frozen=True, slots=True)
class Atip(Record):
    """Format 4: the ATIP, 28 bytes. A1 to A3 tell of speeds and powers of rewritable media.

    Source: MMC-5, 6.26.3.6.
    """

    LENGTH: ClassVar[int] = 28
    PRESET: ClassVar[bytes] = b"\x00\x1a"
    fixed_1: bool = bit(4, 7, default=True)
    writing_power: int = bits(4, 4, 3, default=5)
    reference_speed: int = bits(4, 0, 3)
    unrestricted_use: bool = bit(5, 6)
    fixed_2: bool = bit(6, 7, default=True)
    rewritable: bool = bit(6, 6)
    sub_type: int = bits(6, 3, 3)
    a1_valid: bool = bit(6, 2)
    lead_in_start: int = at(8, 3)
    last_possible_lead_out: int = at(12, 3)
    a1: int = at(16, 3)
