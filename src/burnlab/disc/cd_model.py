"""What a CD has beyond blocks in tracks and sessions, as frozen values: forms of sectors, pauses, codes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class SectorForm(StrEnum):
    """What the sectors of a track hold."""

    AUDIO = "audio"
    MODE_1 = "mode-1"
    MODE_2_FORM_1 = "mode-2-form-1"
    MODE_2 = "mode-2"
    """Sectors that bring their own sub-header, of form 1 or 2 each, or none at all."""

    @property
    def is_audio(self) -> bool:
        """Samples: no data at all."""
        return self is SectorForm.AUDIO

    @property
    def is_whole(self) -> bool:
        """Its sectors are kept whole, 2352 bytes each, since 2048 bytes don't tell all of them."""
        return self in (SectorForm.AUDIO, SectorForm.MODE_2)


DATA_CONTROL = 0x4
"""Control nibble of the Q sub-channel: a data track.    Source: ECMA-130, 22.3.1."""


@dataclass(frozen=True, slots=True)
class CdTrack:
    """What a track of a CD has beside its place.

    `pregap` blocks before its start and `run_out` blocks behind its end belong to it, too.
    """

    form: SectorForm = SectorForm.MODE_1
    control: int = DATA_CONTROL
    pregap: int = 150
    run_out: int = 0
    isrc: str = ""
    indexes: tuple[int, ...] = ()
    """First blocks of INDEX 2 and on."""

    @classmethod
    def from_dict(cls, row: dict[str, Any]) -> CdTrack:
        """Read what `dataclasses.asdict` made."""
        return cls(**row | {"form": SectorForm(row["form"]), "indexes": tuple(row["indexes"])})


@dataclass(frozen=True, slots=True)
class LeadIn:
    """What the lead-in of a session tells beside its tracks."""

    mcn: str = ""
    """Media catalogue number, 13 digits."""
    disc_type: int = 0
    """00h CD-DA and CD-ROM, 10h CD-I, 20h CD-ROM XA.    Source: MMC-5, READ TOC/PMA/ATIP, POINT A0h."""
    text: str = ""
    """CD-TEXT packs of 18 bytes each, as hexadecimal digits."""


@dataclass(frozen=True, slots=True)
class Span:
    """Blocks of one kind in a session that is written at once. What is not `supplied` the drive makes up."""

    start: int
    end: int
    form: SectorForm
    block_bytes: int
    supplied: bool = True


@dataclass(frozen=True, slots=True)
class PlannedTrack:
    """A track of a session that is written at once."""

    number: int
    start: int
    end: int
    cd: CdTrack


@dataclass(frozen=True, slots=True)
class Plan:
    """A session that is written at once: what was announced, and how far it has come."""

    spans: tuple[Span, ...]
    tracks: tuple[PlannedTrack, ...]
    lead_in: LeadIn = LeadIn()
    appendable: bool = False
    takes_text: bool = False
    """The lead-in comes from the host, for its CD-TEXT."""
    next_block: int = -150
    begun: bool = False

    @property
    def end(self) -> int:
        """One past its last block."""
        return self.spans[-1].end

    @classmethod
    def from_dict(cls, row: dict[str, Any]) -> Plan:
        """Read what `dataclasses.asdict` made."""
        spans = tuple(Span(**s | {"form": SectorForm(s["form"])}) for s in row["spans"])
        tracks = tuple(PlannedTrack(**t | {"cd": CdTrack.from_dict(t["cd"])}) for t in row["tracks"])
        return cls(**row | {"spans": spans, "tracks": tracks, "lead_in": LeadIn(**row["lead_in"])})


@dataclass(frozen=True, slots=True)
class Wish:
    """What the next track and its session shall be, where writing opens one."""

    track: CdTrack = CdTrack()
    lead_in: LeadIn = LeadIn()


@dataclass(frozen=True, slots=True)
class CdState:
    """What is known of a CD beside its tracks: the lead-ins of its closed sessions, and what goes on."""

    lead_ins: tuple[LeadIn, ...] = ()
    plan: Plan | None = None
    wish: Wish = Wish()

    @property
    def is_writing(self) -> bool:
        """A session is being written at once."""
        return self.plan is not None and self.plan.begun

    @classmethod
    def from_dict(cls, row: dict[str, Any]) -> CdState:
        """Read what `dataclasses.asdict` made."""
        return cls(
            tuple(LeadIn(**x) for x in row["lead_ins"]),
            Plan.from_dict(row["plan"]) if row["plan"] else None,
            Wish(CdTrack.from_dict(row["wish"]["track"]), LeadIn(**row["wish"]["lead_in"])),
        )
