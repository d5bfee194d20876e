"""READ TOC/PMA/ATIP: the table of contents, as short list and as session list; lead-outs of its raw form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

LEAD_OUT = 0xAA
"""Track number of the lead-out in format 0."""

DATA_TRACK = 0x14
"""ADR 1 (position) and CONTROL 4 (data track, copy prohibited).    Source: MMC-5, 6.26.3.2."""


HIGHEST_FRAME = (0xFF * 60 + 59) * 75 + 74
"""255:59:74."""


@dataclass(frozen=True, slots=True)
class TocTrack:
    """A track as a TOC tells of it: number, session, first block, one past its last block."""

    number: int
    session: int
    start: int
    end: int
    control: int = DATA_TRACK


def msf(lba: int) -> bytes:
    """Minute, second, frame of a LBA, as three binary bytes.    Source: MMC-5, 4.2.3.6.

    A DVD or BD has addresses that three bytes can't say: they are told as the highest that they can.
    """
    frames = min(lba + (150 if lba >= -150 else 450150), HIGHEST_FRAME)
    return bytes((frames // (75 * 60), frames // 75 % 60, frames % 75))


def lba_of(position: bytes) -> int:
    """The LBA of minute, second, frame, up to 89:59:74.    Source: MMC-5, 4.2.3.6."""
    return (position[0] * 60 + position[1]) * 75 + position[2] - 150


def lead_outs(raw: bytes) -> dict[int, int]:
    """Session → LBA of its lead-out, from an answer in format 2.    Source: MMC-5, 6.26.3.4."""
    length = min(int.from_bytes(raw[:2], "big") + 2, len(raw))
    entries = (raw[n : n + 11] for n in range(4, length - 10, 11))
    return {entry[0]: lba_of(entry[8:11]) for entry in entries if entry[3] == 0xA2}


def _address(lba: int, as_msf: bool) -> bytes:
    return b"\0" + msf(lba) if as_msf else (lba & 0xFFFFFFFF).to_bytes(4, "big")


def _answer(first: int, last: int, items: bytes) -> bytes:
    return (len(items) + 2).to_bytes(2, "big") + bytes((first, last)) + items


def formatted_toc(tracks: Sequence[TocTrack], from_track: int, as_msf: bool) -> bytes | None:
    """Format 0: 8 bytes a track from `from_track` on, then the lead-out. None if there is no such track.

    Source: MMC-5, 6.26.3.2.
    """
    last = tracks[-1]
    if last.number < from_track < LEAD_OUT or from_track > LEAD_OUT:
        return None
    rows = [(t.control, t.number, t.start) for t in tracks if t.number >= from_track]
    rows.append((last.control, LEAD_OUT, last.end))
    items = b"".join(bytes((0, c, n, 0)) + _address(lba, as_msf) for c, n, lba in rows)
    return _answer(tracks[0].number, last.number, items)


def session_toc(tracks: Sequence[TocTrack], as_msf: bool) -> bytes:
    """Format 1: first track of the last complete session.    Source: MMC-5, 6.26.3.3."""
    last_session = tracks[-1].session
    first = next(t for t in tracks if t.session == last_session)
    item = bytes((0, first.control, first.number, 0)) + _address(first.start, as_msf)
    return _answer(tracks[0].session, last_session, item)
