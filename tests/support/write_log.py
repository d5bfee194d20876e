"""Every change that reaches the files of a disc, in order; and the disc as it is if only some of them did."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from burnlab.disc import Disc, DiscState
from burnlab.disc.cd_sector import SECTOR_BYTES
from burnlab.disc.recovery import recover
from burnlab.disc.surface import BLOCK_BYTES, Data, MemorySurface

SURFACE, SECTORS, STATE = "surface", "sectors", "state"
UNIT = {SURFACE: BLOCK_BYTES, SECTORS: SECTOR_BYTES}


@dataclass(frozen=True)
class Change:
    """One change: blocks at `lba` of a file, its new length in blocks, or a state."""

    file: str
    lba: int = 0
    data: bytes = b""
    length: int | None = None
    document: str = ""

    def parts(self) -> Iterator[Change]:
        """What may have become of it if it was cut off: less blocks. A length or a state is always whole."""
        unit = UNIT.get(self.file, 1)
        for end in range(unit, len(self.data), unit):
            yield Change(self.file, self.lba, self.data[:end])


@dataclass
class WriteLog:
    """The changes of a disc that was new."""

    type_name: str
    capacity_blocks: int = 0
    changes: list[Change] = field(default_factory=list)

    def disc(self) -> Disc:
        """The disc whose changes go into the log."""
        new = Disc.in_memory(self.type_name, capacity_blocks=self.capacity_blocks)
        self.changes.append(Change(STATE, document=new.state.to_json()))
        return Disc(new.state, _Logged(self.changes, SURFACE), self._keep, _Logged(self.changes, SECTORS))

    def _keep(self, state: DiscState) -> None:
        self.changes.append(Change(STATE, document=state.to_json()))

    def instants(self) -> Iterator[tuple[int, list[Change]]]:
        """Every instant at which it can be killed: how many changes were whole, and what was done by then."""
        for whole in range(1, len(self.changes) + 1):
            yield whole, self.changes[:whole]
            if whole < len(self.changes):
                for part in self.changes[whole].parts():
                    yield whole, [*self.changes[:whole], part]


class _Logged(MemorySurface):
    """A surface that notes what is done to it."""

    def __init__(self, changes: list[Change], name: str) -> None:
        super().__init__(UNIT[name])
        self._changes = changes
        self._name = name

    def write(self, lba: int, data: Data) -> None:
        super().write(lba, data)
        self._changes.append(Change(self._name, lba, bytes(data)))

    def resize(self, blocks: int) -> None:
        super().resize(blocks)
        self._changes.append(Change(self._name, length=blocks))


@dataclass
class Left:
    """The files that a killed recorder leaves."""

    state: DiscState
    surface: MemorySurface
    sectors: MemorySurface

    def open(self, keep: Callable[[DiscState], None] = lambda _state: None) -> Disc:
        """The disc as the next recorder finds it."""
        recovered = recover(self.state, self.surface.blocks, self.sectors.blocks)
        if recovered.empties:
            self.surface.resize(0)
            self.sectors.resize(0)
        return Disc(recovered.state, self.surface, keep, self.sectors)


def left_by(changes: list[Change]) -> Left:
    """What lies there after these changes."""
    files = {name: MemorySurface(unit) for name, unit in UNIT.items()}
    document = ""
    for change in changes:
        if change.file == STATE:
            document = change.document
        elif change.length is not None:
            files[change.file].resize(change.length)
        else:
            files[change.file].write(change.lba, change.data)
    return Left(DiscState.from_json(document), files[SURFACE], files[SECTORS])
