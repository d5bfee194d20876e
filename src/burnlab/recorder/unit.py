"""The recorder as a logical unit: bound to a clock, and seen by several initiators."""

from __future__ import annotations

from collections.abc import Callable

from burnlab.recorder.recorder import Recorder
from burnlab.scsi import Nexus, Reply, Task


class ClockedUnit:
    """Passes every task to a recorder together with the time that `clock` tells, in seconds."""

    def __init__(self, recorder: Recorder, clock: Callable[[], float]) -> None:
        self.recorder = recorder
        self.clock = clock

    def execute(self, task: Task) -> Reply:
        """Carry out one task now."""
        return self.recorder.execute(task, self.clock())

    def open_nexus(self, nexus: Nexus) -> None:
        """A new initiator has come."""
        self.recorder.open_nexus(nexus)

    def close_nexus(self, nexus: Nexus) -> None:
        """An initiator has gone."""
        self.recorder.close_nexus(nexus)

    def reset(self) -> None:
        """LOGICAL UNIT RESET."""
        self.recorder.reset()
