"""What a disc is after its recorder was killed: the state that was kept, held against how long its files are.

Data goes to the files before the state that makes it count, and a state is kept before it is acted on. So
whatever was cut off, the files are ahead of the state, never behind it; `decisions/0002` tells more.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from burnlab.disc import cd, sequential
from burnlab.disc.media import Recording, medium_named
from burnlab.disc.model import Background, DiscState

_INTERRUPTED: dict[Recording, Callable[[DiscState, int], DiscState]] = {
    Recording.CD: cd.after_interruption,
    Recording.SEQUENTIAL: sequential.after_interruption,
}
"""How a recording finds out what an interrupted burn has left; others have nothing to find out."""


@dataclass(frozen=True, slots=True)
class Recovered:
    """What a disc is when it is opened. `empties` says that its files still hold what was erased."""

    state: DiscState
    empties: bool


def recover(state: DiscState, surface_blocks: int, sector_blocks: int) -> Recovered:
    """Find out what an interruption has left, by the lengths of the files in blocks and in sectors."""
    empties = state.erasing or is_empty(state)
    if empties:
        surface_blocks = sector_blocks = 0
    find_out = _INTERRUPTED.get(medium_named(state.medium).recording)
    found = find_out(state, max(surface_blocks, sector_blocks)) if find_out else state
    if found.background is Background.RUNNING:
        found = replace(found, background=Background.PARTLY)
    return Recovered(replace(found, erasing=False) if found.erasing else found, empties)


def is_empty(state: DiscState) -> bool:
    """Nothing that the files hold can count."""
    return not (state.tracks or state.overwritable or state.cd.is_writing)
