"""How long a drive may take for a command before it counts as hanging."""

from __future__ import annotations

from typing import Final, NamedTuple


class Patience(NamedTuple):
    """A command's name, and the seconds that it may take if it isn't told to answer at once (bit IMMED)."""

    name: str
    seconds: float


_HOUR: Final = 3600.0
_USUAL_SECONDS: Final = 60.0

# fmt: off
COMMANDS: Final[dict[int, Patience]] = {
    0x04: Patience("FORMAT UNIT", 24 * _HOUR),
    0x1B: Patience("START STOP UNIT", 300.0),
    0x28: Patience("READ (10)", 200.0),
    0x2A: Patience("WRITE (10)", 200.0),
    0x2B: Patience("SEEK (10)", 200.0),
    0x2E: Patience("WRITE AND VERIFY (10)", 200.0),
    0x2F: Patience("VERIFY (10)", _HOUR),
    0x35: Patience("SYNCHRONIZE CACHE (10)", 2 * _HOUR),
    0x53: Patience("RESERVE TRACK", 200.0),
    0x54: Patience("SEND OPC INFORMATION", 600.0),
    0x58: Patience("REPAIR TRACK", _HOUR),
    0x5B: Patience("CLOSE TRACK/SESSION", 4 * _HOUR),
    0x5D: Patience("SEND CUE SHEET", 200.0),
    0xA1: Patience("BLANK", 12 * _HOUR),
    0xA6: Patience("LOAD/UNLOAD MEDIUM", 300.0),
    0xA8: Patience("READ (12)", 200.0),
    0xAA: Patience("WRITE (12)", 200.0),
    0xB9: Patience("READ CD MSF", 200.0),
    0xBE: Patience("READ CD", 200.0),
    0xBF: Patience("SEND DISC STRUCTURE", 200.0),
}
# fmt: on
"""Commands that may take longer than a minute."""


def patience(cdb: bytes) -> float:
    """Seconds for a command."""
    row = COMMANDS.get(cdb[0]) if cdb else None
    return row.seconds if row else _USUAL_SECONDS


def command_name(cdb: bytes) -> str:
    """What to call a command in a message."""
    row = COMMANDS.get(cdb[0]) if cdb else None
    return row.name if row else f"command {cdb[0]:02X}h" if cdb else "an empty command"
