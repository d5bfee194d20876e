"""What a drive has taken last and may still have in its buffer: what is gone when its power is."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from burnlab.disc import Disc
from burnlab.disc.disc import Unburnt
from burnlab.disc.surface import BLOCK_BYTES


@dataclass(slots=True)
class WriteJournal:
    """The writes of a disc since its last flush, at most `limit_blocks` of them, the newest last."""

    limit_blocks: int
    disc: Disc | None = None
    _blocks: int = 0
    _writes: deque[Unburnt] = field(default_factory=deque)

    def before(self, disc: Disc, lba: int, blocks: int) -> Unburnt:
        """What is to be noted if this write succeeds: where it goes, and what lies there now."""
        old = disc.surface.read(lba, blocks) if disc.state.overwritable and lba >= 0 else b""
        return Unburnt(lba, blocks, old)

    def note(self, disc: Disc, write: Unburnt) -> None:
        """A write has succeeded; the oldest ones have left the buffer by now."""
        if disc is not self.disc:
            self.flush()
            self.disc = disc
        self._writes.append(write)
        self._blocks += write.blocks
        while self._blocks - self._writes[0].blocks >= self.limit_blocks:
            self._blocks -= self._writes.popleft().blocks

    def flush(self) -> None:
        """All that was written is on the disc."""
        self._writes.clear()
        self._blocks = 0

    def last(self, blocks: int) -> Iterator[Unburnt]:
        """The newest `blocks` blocks, the newest write first; of the oldest one only its end."""
        for write in reversed(self._writes):
            if blocks <= 0:
                return
            part = min(blocks, write.blocks)
            skipped = write.blocks - part
            yield Unburnt(write.lba + skipped, part, write.old[skipped * BLOCK_BYTES :])
            blocks -= part
