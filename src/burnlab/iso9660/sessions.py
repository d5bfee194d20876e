"""Sessions on a medium: its state, the chain of sessions where no drive tells of them, the next base.

Source: libisoburn's emulated table of contents, facts only. On overwritable media sessions follow each other
at multiples of 32 blocks from block 32 on; the volume descriptor in block 16 tells where the newest one ends.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

from burnlab.iso9660.blocks import ReadBlocks
from burnlab.iso9660.ecma119 import BLOCK, SYSTEM_AREA_BLOCKS, is_primary, read_both32

HEAD_BLOCKS: Final = 32
ALIGNMENT: Final = 32
FOREIGN_ALIGNMENT: Final = 16
MAX_SESSIONS: Final = 1 << 16
PVD_OFFSET: Final = SYSTEM_AREA_BLOCKS * BLOCK
INVALIDATED: Final = (b"CDXX1", b"CDxx1")


class HeadState(Enum):
    """What the first blocks of an overwritable medium say."""

    BLANK = "blank"
    IMAGE = "image"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class SessionSpan:
    """A session: first block, blocks as its volume descriptor has it or as many as can be read, volume id."""

    start: int
    blocks: int
    volume_id: bytes


def head_state(head: bytes) -> HeadState:
    """The state of an overwritable medium by blocks 0 to 31, or as many of them as there are."""
    block = head[PVD_OFFSET : PVD_OFFSET + BLOCK]
    if is_primary(block):
        return HeadState.IMAGE
    if block[1:6] in INVALIDATED or not head.strip(b"\0"):
        return HeadState.BLANK
    return HeadState.OTHER


def aligned(lba: int, alignment: int = ALIGNMENT) -> int:
    """The next multiple of an alignment, or the address itself."""
    return -(-lba // alignment) * alignment


def next_base(head: bytes) -> int:
    """Where the next session starts, by the head of an image."""
    return aligned(_space(head[PVD_OFFSET:]))


def _space(descriptor: bytes) -> int:
    return read_both32(descriptor, 80)


def _volume_id(descriptor: bytes) -> bytes:
    return descriptor[40:72].split(b"\0", 1)[0].rstrip(b" ")


def image_at(read: ReadBlocks, start: int) -> SessionSpan | None:
    """The session that starts at a block; None if there is no volume descriptor or it can't be read."""
    try:
        block = read(start + SYSTEM_AREA_BLOCKS, 1)
    except OSError:
        return None
    return SessionSpan(start, _space(block), _volume_id(block)) if is_primary(block) else None


def emulated_sessions(
    read: ReadBlocks, head: bytes, readable_blocks: int | None = None
) -> tuple[list[SessionSpan], list[str]]:
    """The sessions of an overwritable medium in order, and what is odd about them.

    If the first one isn't where it should be, all is one session from block 0 on; if a later one isn't, such
    a session stands for what couldn't be found.
    """
    whole = SessionSpan(0, _space(head[PVD_OFFSET:]), _volume_id(head[PVD_OFFSET:]))
    sessions: list[SessionSpan] = []
    warnings: list[str] = []
    lba = HEAD_BLOCKS
    while lba < whole.blocks:
        span = _session_near(read, lba, sessions)
        if span is None or not span.blocks or len(sessions) >= MAX_SESSIONS:
            if sessions:
                warnings.append(f"Chain of ISO session headers broken at #{len(sessions) + 1}, LBA {lba}s")
            sessions.append(whole)
            return sessions, warnings
        lba = aligned(span.start + span.blocks)
        sessions.append(_clipped(span, readable_blocks, warnings))
    if not sessions:
        sessions.append(_clipped(whole, readable_blocks, warnings))
    return sessions, warnings


def _session_near(read: ReadBlocks, lba: int, sessions: list[SessionSpan]) -> SessionSpan | None:
    """The session at an address, or, if the one before leaves room, where programs that align less put it."""
    span = image_at(read, lba)
    if span is None and sessions:
        before = sessions[-1].start + sessions[-1].blocks
        if aligned(before, FOREIGN_ALIGNMENT) == lba - FOREIGN_ALIGNMENT:
            return image_at(read, lba - FOREIGN_ALIGNMENT)
    return span


def _clipped(span: SessionSpan, readable_blocks: int | None, warnings: list[str]) -> SessionSpan:
    end = span.start + span.blocks
    if readable_blocks is None or end <= readable_blocks:
        return span
    warnings.append(f"ISO image size {end}s larger than readable size {readable_blocks}s")
    return SessionSpan(span.start, max(0, readable_blocks - span.start), span.volume_id)
