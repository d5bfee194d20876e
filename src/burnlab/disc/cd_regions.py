"""What is recorded on a CD and where: tracks with their pauses, indexes and run-out."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from burnlab.disc.cd_model import CdTrack
from burnlab.disc.model import DiscState, Extent, Track
from burnlab.disc.sequential import joined


def cd_track(track: Track) -> CdTrack:
    """What a track has as one of a CD; a pressed one was made with no word on it."""
    return track.cd or CdTrack()


def recorded_end(track: Track) -> int:
    """One past the last block that belongs to a track."""
    return max(track.end + cd_track(track).run_out, track.start + track.reserved_blocks)


def extents(state: DiscState) -> list[Extent]:
    """What can be read in blocks of 2048 bytes: data tracks without their run-out."""
    return joined(track for track in state.tracks if not cd_track(track).form.is_audio)


@dataclass(frozen=True, slots=True)
class Region:
    """Neighbouring blocks of one track under one INDEX."""

    start: int
    end: int
    track: Track
    cd: CdTrack
    index: int
    run_out: bool = False


def regions(state: DiscState) -> list[Region]:
    """Everything that is recorded, pauses and run-out included, in order."""
    found: list[Region] = []
    for track in state.tracks:
        cd = cd_track(track)
        found.append(Region(track.start - cd.pregap, track.start, track, cd, 0))
        bounds = [track.start, *(i for i in cd.indexes if i < track.end), track.end]
        found += [Region(a, b, track, cd, n) for n, (a, b) in enumerate(pairwise(bounds), 1)]
        last_index = found[-1].index
        found.append(Region(track.end, track.end + cd.run_out, track, cd, last_index, run_out=True))
    return [r for r in found if r.start < r.end]


def region_at(found: list[Region], lba: int) -> Region | None:
    """The region that a block belongs to."""
    return next((r for r in found if r.start <= lba < r.end), None)
