"""Which commands a unit may lack: those that no feature which it has makes mandatory."""

from __future__ import annotations

from collections.abc import Set
from typing import Final

from burnlab.scsi.mmc.features import Feature

_RECORD = frozenset(
    {
        Feature.INCREMENTAL_STREAMING_WRITABLE,
        Feature.RESTRICTED_OVERWRITE,
        Feature.RIGID_RESTRICTED_OVERWRITE,
        Feature.DVD_PLUS_RW,
        Feature.DVD_PLUS_R,
        Feature.DVD_PLUS_R_DL,
        Feature.CD_TRACK_AT_ONCE,
        Feature.CD_MASTERING,
        Feature.DVD_R_RW_WRITE,
        Feature.BD_WRITE,
    }
)
_WRITE = _RECORD | {Feature.RANDOM_WRITABLE}
_NEVER: Final[frozenset[Feature]] = frozenset()

FEATURES: Final[dict[int, frozenset[Feature]]] = {
    0x04: frozenset({Feature.FORMATTABLE, Feature.RIGID_RESTRICTED_OVERWRITE, Feature.DVD_PLUS_RW}),
    0x15: _NEVER,
    0x1A: _NEVER,
    0x23: frozenset({Feature.FORMATTABLE, Feature.DVD_PLUS_RW}),
    0x2A: _WRITE,
    0x2B: _NEVER,
    0x2E: frozenset({Feature.RANDOM_WRITABLE, Feature.DEFECT_MANAGEMENT}),
    0x2F: _NEVER,
    0x35: _WRITE,
    0x42: _NEVER,
    0x43: frozenset({Feature.CD_READ, Feature.DVD_READ}),
    0x51: _RECORD,
    0x52: _RECORD,
    0x53: frozenset({Feature.DVD_R_RW_WRITE, Feature.DVD_PLUS_R}),
    0x54: _NEVER,
    0x55: _WRITE,
    0x5A: frozenset({Feature.CORE}),
    0x5B: _RECORD,
    0x5C: frozenset({Feature.CD_TRACK_AT_ONCE, Feature.CD_MASTERING, Feature.DVD_R_RW_WRITE}),
    0x5D: frozenset({Feature.CD_MASTERING}),
    0xA0: _NEVER,
    0xA1: frozenset({Feature.CD_RW_MEDIA_WRITE}),
    0xA8: frozenset({Feature.DVD_READ, Feature.BD_READ}),
    0xAA: _NEVER,
    0xAC: frozenset({Feature.REAL_TIME_STREAMING}),
    0xAD: frozenset({Feature.DVD_READ, Feature.BD_READ}),
    0xB6: frozenset({Feature.REAL_TIME_STREAMING}),
    0xBB: _NEVER,
    0xBD: _NEVER,
    0xBE: frozenset({Feature.CD_READ}),
}
"""Opcode → features that demand the command, each by itself.    Source: MMC-5, 5.3.

A command that isn't here must be there in any case.
"""


def demanded_by(opcode: int, supported: Set[int]) -> str:
    """What demands a command of a unit with these features; empty if it may be missing."""
    features = FEATURES.get(opcode)
    if features is None:
        return "every MMC unit has it"
    found = sorted(features & supported)
    return f"feature {found[0]:04X}h demands it" if found else ""
