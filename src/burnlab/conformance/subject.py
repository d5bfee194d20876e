"""What is under test: the unit, and the medium in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Protocol

from burnlab.scsi.commands import Inquiry, ReadCapacity10, TestUnitReady
from burnlab.scsi.inquiry import CD_DVD_DEVICE, StandardInquiry
from burnlab.scsi.mmc.commands import (
    GetConfiguration,
    ReadDiscInformation,
    ReadTocPmaAtip,
    ReadTrackInformation,
)
from burnlab.scsi.mmc.disc_info import DiscInformation, DiscStatus, TrackInformation
from burnlab.scsi.mmc.features import Configuration, Feature
from burnlab.scsi.mmc.profiles import Profile
from burnlab.scsi.record import Cdb
from burnlab.scsi.task import Data

ANSWER: Final = 0xFFFE
"""As much as an answer may have. An even number: some bridges dislike others."""
INQUIRY_ANSWER: Final = 252
DATA_BIT: Final = 0x04
RUN_OUT: Final = 2 + 150
"""Blocks at the end of a CD's data track that may not be readable: run-out, and the next track's pause."""
LEAD_OUT: Final = 0xAA
BY_TRACK: Final = 1
LEAST_TRACK_BYTES: Final = 28
HUGE: Final = 1 << 32

CD: Final = frozenset({Profile.CD_ROM, Profile.CD_R, Profile.CD_RW})


class Ask(Protocol):
    """Sends a command; no answer if it is refused."""

    def __call__(self, cdb: Cdb, data_out: Data = b"", answer: int | None = None) -> bytes | None:
        """Ask."""
        ...


@dataclass(frozen=True, slots=True)
class Subject:
    """A unit and its medium. `data` is a range of blocks that must be readable as data, maybe none."""

    inquiry: StandardInquiry = field(default_factory=StandardInquiry)
    configuration: Configuration = field(default_factory=lambda: Configuration(0))
    has_medium: bool = False
    blocks: int = 0
    disc: DiscInformation | None = None
    data: range = range(0)
    counts_bytes: bool = True
    """The way to the unit tells how many bytes came. Some ways fill up what was asked for with zeros."""

    @property
    def is_optical(self) -> bool:
        """A CD/DVD device at all."""
        return self.inquiry.device_type == CD_DVD_DEVICE

    @property
    def profile(self) -> int:
        """The current profile; 0 without a medium."""
        return self.configuration.current_profile

    @property
    def medium(self) -> str:
        """The medium in words."""
        if not self.has_medium:
            return "no medium"
        known = self.profile in Profile._value2member_map_
        return Profile(self.profile).name.replace("_", " ") if known else f"profile {self.profile:04X}h"

    @property
    def supported(self) -> frozenset[int]:
        """Codes of the features that the unit has, current or not."""
        return frozenset(feature.code for feature in self.configuration.features)

    @property
    def current(self) -> frozenset[int]:
        """Codes of the features that are current."""
        return frozenset(feature.code for feature in self.configuration.features if feature.current)

    @property
    def is_blank(self) -> bool:
        """Nothing is recorded."""
        return self.disc is not None and self.disc.status == DiscStatus.EMPTY

    @property
    def is_complete(self) -> bool:
        """No session can be added."""
        return self.disc is not None and self.disc.status == DiscStatus.COMPLETE

    def feature(self, code: int) -> bytes:
        """A feature's data; empty if the unit doesn't have it."""
        return next((f.data for f in self.configuration.features if f.code == code), b"")


NOTHING: Final = Subject()


def look(ask: Ask) -> Subject:
    """Ask a unit what it is and what is in it."""
    inquiry = ask(Inquiry(allocation_length=INQUIRY_ANSWER)) or b""
    setup = ask(GetConfiguration(allocation_length=ANSWER)) or b""
    configuration = Configuration.unpack(setup) if len(setup) >= 8 else Configuration(0)
    has_medium = ask(TestUnitReady()) is not None
    disc = ask(ReadDiscInformation(allocation_length=34)) if has_medium else None
    told = DiscInformation.unpack(disc) if disc and len(disc) >= 32 else None
    capacity = (ask(ReadCapacity10(), answer=8) if has_medium else None) or b""
    blocks = int.from_bytes(capacity[0:4], "big") + 1 if len(capacity) == 8 else 0
    readable = Feature.RANDOM_READABLE in (f.code for f in configuration.features if f.current)
    if not readable or (told is not None and told.status == DiscStatus.EMPTY and blocks <= 1):
        blocks = 0
    data = _data(ask, configuration.current_profile, blocks)
    counts_bytes = len(inquiry) < INQUIRY_ANSWER
    return Subject(
        StandardInquiry.unpack(inquiry), configuration, has_medium, blocks, told, data, counts_bytes
    )


def _data(ask: Ask, profile: int, blocks: int) -> range:
    """The first data track, without its last blocks on CD; the whole of what has no table of contents."""
    if not blocks:
        return range(0)
    toc = ask(ReadTocPmaAtip(allocation_length=ANSWER)) or b""
    rows = [toc[n : n + 8] for n in range(4, len(toc) - 7, 8)]
    if len(rows) < 2:  # A track and the lead-out: there is no table of contents, or it is no good.
        return range(0) if profile in CD else range(blocks)
    starts = [int.from_bytes(row[4:8], "big") for row in rows]
    for row, start, following in zip(rows, starts, starts[1:], strict=False):
        if row[1] & DATA_BIT and row[2] != LEAD_OUT:
            end = min(following, blocks, _end_of_track(ask, row[2]))
            return range(start, max(start, end - RUN_OUT if profile in CD else end))
    return range(0)


def _end_of_track(ask: Ask, number: int) -> int:
    """One past the last block of a track, behind which the next session may be far; huge if it isn't told."""
    cdb = ReadTrackInformation(address_type=BY_TRACK, address=number, allocation_length=36)
    data = ask(cdb) or b""
    if len(data) < LEAST_TRACK_BYTES:
        return HUGE
    track = TrackInformation.unpack(data)
    if len(data) >= TrackInformation.LENGTH and track.last_recorded_valid:
        return track.last_recorded + 1
    return track.start + track.size
