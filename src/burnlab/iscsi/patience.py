"""How a thread waits for an initiator that answers fast: it looks again and again before it sleeps.

A sleeping thread needs longer to wake up than such an initiator needs for its next command, so that with one
command at a time most of the time would go into waking up. KVM waits for a halted guest in the same way
(`halt_poll_ns`).
"""

from __future__ import annotations

from dataclasses import dataclass

LOOK_SECONDS = 100e-6
"""How long to look at most; twice what an initiator on the same machine needs."""
WAKE_UP_SECONDS = 100e-6
"""How much later a thread that sleeps may learn of its bytes than one that looks."""


@dataclass(slots=True)
class Patience:
    """When to look and when to sleep, judged by how long the last wait took. Times in seconds.

    Looking in vain once ends it until a command comes fast again: an initiator that is slow, or has nothing
    to do, costs no time of the processor.
    """

    _began: float = 0.0
    _looking: bool = False
    _was_fast: bool = False

    def begin(self, now: float, *, alone: bool) -> float:
        """A wait begins. Returns until when to look before sleeping; `now` means not at all.

        Only a thread that is `alone` looks: of several, it would keep the others from working.
        """
        self._began = now
        self._looking = alone and self._was_fast
        return now + LOOK_SECONDS if self._looking else now

    def end(self, now: float) -> None:
        """The wait is over: what was waited for came at `now`."""
        limit = LOOK_SECONDS if self._looking else LOOK_SECONDS + WAKE_UP_SECONDS
        self._was_fast = now - self._began <= limit
