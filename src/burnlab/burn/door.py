"""Commands through the door of a logical unit: sent, sent again to a busy drive, and waited for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from burnlab.burn.drive import Data, Progress
from burnlab.scsi.commands import StartStopUnit, TestUnitReady
from burnlab.scsi.record import Cdb
from burnlab.scsi.sense import Asc, SenseData, SenseKey
from burnlab.scsi.task import LOCAL_NEXUS, LogicalUnit, Nexus, Status, Task
from burnlab.scsi.transport import Fault, TransportError

SHORT: Final = 30.0
LONG: Final = 200.0
FORMAT_LIMIT: Final = 24 * 3600.0
POLL: Final = 0.5
FULL_PROGRESS: Final = 65536
ATTENTION_CODES: Final = (0x28, 0x29)
"""Additional sense codes of unit attentions after which the same command is sent again."""
NOT_READY: Final = 0x04
NO_MEDIUM: Final = 0x3A

KEYS: Final = {key.value: key.name.lower().replace("_", " ") for key in SenseKey}
MEANINGS: Final = {asc.value: asc.name.lower().replace("_", " ") for asc in Asc}

Sleep = Callable[[float], None]


class SenseError(Exception):
    """A command ended badly. `sense` says why; `command` is its name."""

    def __init__(self, command: str, sense: SenseData) -> None:
        super().__init__(f"{command} failed with sense {sense}")
        self.command = command
        self.sense = sense

    @property
    def sentence(self) -> str:
        """What went wrong, in the words of the standard as far as they are known."""
        sense = self.sense
        key = KEYS.get(sense.key, "")
        meaning = MEANINGS.get((sense.asc, sense.ascq), "")
        told = ", ".join(word for word in (key, meaning) if word)
        return f"{self} ({told})" if told else str(self)

    @property
    def is_no_medium(self) -> bool:
        """The tray is empty or open."""
        return self.sense.key == SenseKey.NOT_READY and self.sense.asc == NO_MEDIUM


def nothing(_done: float | None) -> None:
    """Progress that nobody wants to see."""


class Door:
    """A logical unit with manners. `sleep` waits for seconds, or lets emulated time pass."""

    def __init__(self, unit: LogicalUnit, sleep: Sleep, nexus: Nexus = LOCAL_NEXUS) -> None:
        self._unit = unit
        self._sleep = sleep
        self._nexus = nexus

    def send(self, cdb: Cdb, data_out: Data = b"", answer: int = 0, patience: float = SHORT) -> Data:
        """Send a command; again after a unit attention or while the drive is busy, for `patience` seconds.

        `answer` is the most bytes that can come back.

        Raises:
            SenseError: it was refused or failed.
            TransportError: it didn't get there, or no answer came back.
        """
        task = Task(cdb.pack(), data_out, answer, self._nexus)
        waited, pause, attentions = 0.0, 0.01, 0
        while True:
            reply = self._unit.execute(task)
            if reply.status is Status.GOOD:
                return reply.data_in
            sense = SenseData.unpack(reply.sense)
            if sense.key == SenseKey.UNIT_ATTENTION and sense.asc in ATTENTION_CODES and attentions < 8:
                attentions += 1
                continue
            busy = reply.status is Status.BUSY or (sense.key == SenseKey.NOT_READY and sense.asc == NOT_READY)
            if not busy or waited >= patience:
                raise SenseError(cdb.NAME, sense)
            self._sleep(pause)
            waited += pause
            pause = min(pause * 2, POLL)

    def try_send(self, cdb: Cdb, data_out: Data = b"", answer: int = 0) -> Data | None:
        """Send a command that may fail: then there is no answer.

        Raises:
            TransportError: nobody is there any more, or hangs. A way that doesn't carry this command is one
                of the failures that may be.
        """
        try:
            return self.send(cdb, data_out, answer)
        except SenseError:
            return None
        except TransportError as error:
            if error.fault in (Fault.LOST, Fault.TIMEOUT):
                raise
            return None

    def wait(self, progress: Progress = nothing, limit: float = LONG, pause: float = POLL) -> None:
        """Poll until the unit is ready again, telling the progress that it reports.

        Raises:
            SenseError: it failed, or isn't ready after `limit` seconds.
        """
        task = Task(TestUnitReady().pack(), nexus=self._nexus)
        waited, attentions = 0.0, 0
        while True:
            reply = self._unit.execute(task)
            if reply.status is Status.GOOD:
                return
            sense = SenseData.unpack(reply.sense)
            if sense.key == SenseKey.UNIT_ATTENTION and attentions < 8:
                attentions += 1
                continue
            busy = reply.status is Status.BUSY or (sense.key == SenseKey.NOT_READY and sense.asc == NOT_READY)
            if not busy or waited >= limit:
                raise SenseError(TestUnitReady.NAME, sense)
            progress(None if sense.progress is None else sense.progress / FULL_PROGRESS)
            self._sleep(pause)
            waited += pause

    def start(self) -> None:
        """Load the tray and spin up; an empty tray is no failure."""
        for cdb in (StartStopUnit(load_eject=True, start=True), StartStopUnit(start=True)):
            try:
                self.send(cdb, patience=LONG)
                self.wait(limit=300.0)
            except SenseError as error:
                if not error.is_no_medium:
                    raise
