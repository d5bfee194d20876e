"""What the drive remembers of each initiator: unit attentions, media events, whether it locks the tray."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from burnlab.scsi import Asc, SenseData, SenseKey
from burnlab.scsi.mmc.events import MediaEvent

MAXIMUM_PENDING = 16


@dataclass(slots=True)
class NexusState:
    """One initiator's view of the drive."""

    attentions: deque[Asc] = field(default_factory=lambda: deque(maxlen=MAXIMUM_PENDING))
    media_events: deque[MediaEvent] = field(default_factory=lambda: deque(maxlen=MAXIMUM_PENDING))
    prevents_removal: bool = False
    capacity_asked: bool = False
    deferred: deque[tuple[bytes, str]] = field(default_factory=deque)
    """Deferred errors that this initiator is still to be told, each with the name of the fault."""

    def forget(self) -> None:
        """Lose what is pending and what was set up, as the drive's power is lost."""
        self.attentions.clear()
        self.media_events.clear()
        self.deferred.clear()
        self.prevents_removal = False

    def attend(self, asc: Asc) -> None:
        """Owe a unit attention, once."""
        if asc not in self.attentions:
            self.attentions.append(asc)

    def notify(self, event: MediaEvent) -> None:
        """Queue a media event; the same one twice in a row tells nothing new."""
        if not self.media_events or self.media_events[-1] is not event:
            self.media_events.append(event)

    def next_attention(self) -> SenseData | None:
        """The unit attention that is due, taken off the queue."""
        if not self.attentions:
            return None
        return SenseData.of(SenseKey.UNIT_ATTENTION, self.attentions.popleft())
