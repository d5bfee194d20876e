"""Surfaces that fail on purpose."""

from __future__ import annotations

from burnlab.disc.errors import SurfaceFailure
from burnlab.disc.surface import BLOCK_BYTES, Data, MemorySurface


class FullSurface(MemorySurface):
    """Takes `room` blocks altogether, then fails as a full filesystem does, until there is room again."""

    def __init__(self, room: int) -> None:
        super().__init__()
        self.room = room

    def write(self, lba: int, data: Data) -> None:
        """Keep the blocks, or none of them."""
        count = len(data) // BLOCK_BYTES
        if count > self.room:
            raise SurfaceFailure("no space left on device")
        self.room -= count
        super().write(lba, data)
