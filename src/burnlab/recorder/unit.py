"""The recorder as a logical unit: bound to a clock, real or emulated, and seen by several initiators."""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn

from burnlab.interruption import whole
from burnlab.recorder.recorder import Recorder
from burnlab.scsi import Delivery, Fault, LogicalUnit, Nexus, Reply, Task, TransportError

ABORTED = "The command was aborted. Look at the medium's state before you go on"
NOT_RESUMED = (
    "Whether its last command was carried out isn't known. Look at the medium's state before you go on"
)
USUAL_PATIENCE = 60.0


def _usual_patience(_cdb: bytes) -> float:
    return USUAL_PATIENCE


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
    """A unit whose answers come at once, while `sleep` lets the time pass that they would have taken.

    It is the way to a unit in memory, and breaks like any other way where a fault wants it: `patience` says
    how many seconds a command may take before it counts as not answered. A signal cuts no command short.
    """

    def __init__(
        self,
        unit: LogicalUnit,
        sleep: Callable[[float], None],
        patience: Callable[[bytes], float] = _usual_patience,
    ) -> None:
        self._unit = unit
        self._sleep = sleep
        self._patience = patience
        self._is_lost = False

    def execute(self, task: Task) -> Reply:
        """Carry out one task; its time is over when it returns.

        Raises:
            TransportError: no answer comes, or the way is lost, once and for all.
        """
        if self._is_lost:
            raise TransportError(Fault.LOST, "The connection to the drive is lost", NOT_RESUMED)
        with whole():
            return self._execute(task)

    def _execute(self, task: Task) -> Reply:
        reply = self._unit.execute(task)
        if reply.mishap is not None and reply.mishap.delivery is not Delivery.ANSWERED:
            self._fail(task, reply.mishap.delivery)
        if reply.seconds > 0:
            self._sleep(reply.seconds)
        return reply

    def _fail(self, task: Task, delivery: Delivery) -> NoReturn:
        if delivery is Delivery.CUT_OFF:
            self._is_lost = True
            raise TransportError(Fault.LOST, "The connection to the drive is lost", NOT_RESUMED)
        seconds = self._patience(task.cdb)
        self._sleep(seconds)
        silent = f"The drive didn't answer the command {task.cdb[0]:02X}h within {seconds:g} s"
        raise TransportError(Fault.TIMEOUT, silent, ABORTED)


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
