"""The emulated medium: kinds of media as a table, sessions and tracks, what may be written where.

Rule 1: it speaks of blocks, tracks and sessions; it knows no opcode and no sense code.
Rule 2: it never looks at what is written on it.
Rule 3: only `surface`, `folder` and `cd_export` touch files; all else is values in, values out.
"""

from burnlab.disc.disc import Disc
from burnlab.disc.errors import DiscError
from burnlab.disc.media import MEDIA, Medium, Recording
from burnlab.disc.model import DiscState, Track, TrackState, TrackView, WriteType

__all__ = [
    "MEDIA",
    "Disc",
    "DiscError",
    "DiscState",
    "Medium",
    "Recording",
    "Track",
    "TrackState",
    "TrackView",
    "WriteType",
]
