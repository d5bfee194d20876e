"""Sessions and tracks as frozen values, and how they are kept as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from enum import IntEnum, StrEnum
from typing import Any, TypeAlias, TypeVar

from burnlab.disc.cd_model import CdState, CdTrack

Extent: TypeAlias = tuple[int, int]
"""First block, and one past the last."""


class WriteType(StrEnum):
    """How a track is recorded."""

    INCREMENTAL = "incremental"
    DISC_AT_ONCE = "disc-at-once"
    """The whole disc, or on CD a session, in one go."""
    TRACK_AT_ONCE = "track-at-once"
    """A whole track of a CD in one go."""
    PLAIN = "plain"
    """The medium knows but one way."""


class Background(IntEnum):
    """How far formatting in the background has come.    Source: MMC-5, 6.22.3.1.13."""

    NONE = 0
    PARTLY = 1
    RUNNING = 2
    DONE = 3


class TrackState(StrEnum):
    """Life of a track."""

    OPEN = "open"
    CLOSED = "closed"
    DAMAGED = "damaged"
    """Writing was cut off: the drive knows no next writable address any more, only closing helps."""


_Value = TypeVar("_Value", "Track", "DiscState")


def changed(value: _Value, **changes: object) -> _Value:
    """What `dataclasses.replace` does, in a fifth of its time: each write makes a new track and state."""
    copy = object.__new__(type(value))
    copy.__dict__.update(value.__dict__, **changes)
    return copy


@dataclass(frozen=True)
class Track:
    """A track that has been recorded or reserved. `blocks` counts what is recorded, from `start` on."""

    number: int
    session: int
    start: int
    blocks: int
    state: TrackState
    write_type: WriteType
    reserved_blocks: int = 0
    """Size set aside by RESERVE TRACK; 0 where the track takes what comes."""
    cd: CdTrack | None = None
    """What only a track of a CD has."""

    @property
    def end(self) -> int:
        """One past the last recorded block."""
        return self.start + self.blocks


@dataclass(frozen=True, slots=True)
class TrackView:
    """A track as a drive tells of it, the invisible one included."""

    number: int
    session: int
    start: int
    size: int
    free_blocks: int = 0
    next_writable: int | None = None
    last_recorded: int | None = None
    blank: bool = False
    damaged: bool = False
    reserved: bool = False
    write_type: WriteType = WriteType.INCREMENTAL
    cd: CdTrack | None = None


@dataclass(frozen=True, slots=True)
class SessionView:
    """A closed session: its tracks are those from `first_track` to `last_track`."""

    number: int
    start: int
    blocks: int
    first_track: int
    last_track: int


@dataclass(frozen=True)
class DiscState:
    """All that is known of a disc beside the data on its surface."""

    medium: str
    product: str
    capacity_blocks: int
    tracks: tuple[Track, ...] = ()
    closed_sessions: int = 0
    finalized: bool = False
    """Nothing can be added: written at once, or closed for good."""
    incremental: bool = True
    """The disc can be written incrementally; not so after minimal blanking."""
    overwritable: bool = False
    formatted_blocks: int = 0
    spare_blocks: int = 0
    growing: bool = False
    """Formatted quickly, or being expanded: it takes writes at its end until the session is closed."""
    background: Background = Background.NONE
    cd: CdState = field(default_factory=CdState)
    """What only a CD has."""
    erasing: bool = False
    """Blanked or formatted, but what it held may still be in the files: it counts as empty."""

    def to_json(self) -> str:
        """The state as a JSON document."""
        document = asdict(self)
        if not self.erasing:
            # Nearly never set: without it, a burnlab that doesn't know of it can read the disc.
            del document["erasing"]
        return json.dumps(document, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> DiscState:
        """Read a document that `to_json` wrote; ValueError, KeyError or TypeError if it is none."""
        document: dict[str, Any] = json.loads(text)
        tracks = tuple(
            Track(
                **(
                    row
                    | {
                        "state": TrackState(row["state"]),
                        "write_type": WriteType(row["write_type"]),
                        "cd": CdTrack.from_dict(row["cd"]) if row.get("cd") else None,
                    }
                )
            )
            for row in document.pop("tracks")
        )
        background = Background(document.pop("background", Background.NONE))
        cd = CdState.from_dict(document.pop("cd")) if "cd" in document else CdState()
        return cls(tracks=tracks, background=background, cd=cd, **document)
