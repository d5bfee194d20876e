"""The recorder as a logical unit: bound to a clock, real or emulated, and seen by several initiators."""

from __future__ import annotations

from collections.abc import Callable

from burnlab.recorder.recorder import Recorder
from burnlab.scsi import LogicalUnit, Nexus, Reply, Task


class EmulatedClock:
    """Time that passes only when somebody sleeps, and then at once."""

    def __init__(self, start: float = 0.0) -> None:
        self._now = start

    def now(self) -> float:
        """Seconds since whenever."""
        return self._now

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self._now += seconds


class PromptUnit:
    """A unit whose answers come at once, while `sleep` lets the time pass that they would have taken."""

    def __init__(self, unit: LogicalUnit, sleep: Callable[[float], None]) -> None:
        self._unit = unit
        self._sleep = sleep

    def execute(self, task: Task) -> Reply:
        """Carry out one task; its time is over when it returns."""
        reply = self._unit.execute(task)
        if reply.seconds > 0:
            self._sleep(reply.seconds)
        return reply


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
