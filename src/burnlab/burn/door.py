"""Commands through the door of a logical unit: sent, sent again to a busy drive, and waited for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from burnlab.burn.drive import Data, Progress
from burnlab.scsi.commands import (
    StartStopUnit,
    SynchronizeCache10,
    TestUnitReady,
    Write10,
    Write12,
)
from burnlab.scsi.record import Cdb
from burnlab.scsi.sense import Asc, SenseData, SenseKey
from burnlab.scsi.task import LOCAL_NEXUS, LogicalUnit, Nexus, Status, Task
from burnlab.scsi.transport import Fault, TransportError

SHORT: Final = 30.0
LONG: Final = 200.0
FORMAT_LIMIT: Final = 24 * 3600.0
POLL: Final = 0.5
FULL_PROGRESS: Final = 65536
ATTENTION_CODES: Final = (0x28, 0x29, 0x2A)
"""Additional sense codes of unit attentions after which the same command is sent again."""
SPOILERS: Final = (0x29, 0x2A)
"""A reset, or another initiator has changed how the drive writes: what is being written may be spoiled."""
BUFFERED: Final = frozenset((Write10.OPCODE, Write12.OPCODE, SynchronizeCache10.OPCODE))
"""Commands that aren't sent again after a reset, a loss of power, or a change of the write parameters: what
earlier ones have brought into the drive's buffer may be gone, and a burn that went on would seem to end well.
"""
NOT_READY: Final = 0x04
NO_MEDIUM: Final = 0x3A

KEYS: Final = {key.value: key.name.lower().replace("_", " ") for key in SenseKey}
MEANINGS: Final = {asc.value: asc.name.lower().replace("_", " ") for asc in Asc}

LIBRARY_KEYS: Final = KEYS | {
    SenseKey.NOT_READY: "drive not ready",
    SenseKey.UNIT_ATTENTION: "drive event",
    SenseKey.DATA_PROTECT: "data protected",
    SenseKey.ABORTED_COMMAND: "command aborted",
}
"""Sense keys in the words of the library that burn programs use, where they aren't the standard's."""

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
    def library_text(self) -> str:
        """What went wrong, in the form that programs know from messages of the usual burn library."""
        sense = self.sense
        key = LIBRARY_KEYS.get(sense.key, f"sense key {sense.key}").capitalize()
        meaning = MEANINGS.get((sense.asc, sense.ascq), "see MMC specs").capitalize()
        return f"[{sense.key:X} {sense.asc:02X} {sense.ascq:02X}] {key}. {meaning}."

    @property
    def is_no_medium(self) -> bool:
        """The tray is empty or open."""
        return self.sense.key == SenseKey.NOT_READY and self.sense.asc == NO_MEDIUM


def nothing(_done: float | None) -> None:
    """Progress that nobody wants to see."""


def _spoils(sense: SenseData) -> bool:
    return sense.key == SenseKey.UNIT_ATTENTION and sense.asc in SPOILERS


class Door:
    """A logical unit with manners. `sleep` waits for seconds, or lets emulated time pass."""

    def __init__(self, unit: LogicalUnit, sleep: Sleep, nexus: Nexus = LOCAL_NEXUS) -> None:
        self._unit = unit
        self._sleep = sleep
        self._nexus = nexus
        self._is_writing = False
        self.spoiled: SenseData | None = None
        """Why what is being written is no good any more, whatever the commands after it say."""

    def begin_writing(self) -> None:
        """From now on the drive's buffer may hold what is not yet on the medium."""
        self._is_writing, self.spoiled = True, None

    def end_writing(self) -> None:
        """All is on the medium, or given up."""
        self._is_writing, self.spoiled = False, None

    def _note(self, sense: SenseData) -> None:
        """Keep in mind what spoils the writing: a reset, or an error of an earlier command.

        They may be told to a command that doesn't care.
        """
        if self._is_writing and self.spoiled is None and (_spoils(sense) or sense.deferred):
            self.spoiled = sense

    def send(self, cdb: Cdb, data_out: Data = b"", answer: int = 0, patience: float = SHORT) -> Data:
        """Send a command; again after a unit attention or while the drive is busy, for `patience` seconds.

        `answer` is the most bytes that can come back.

        Raises:
            SenseError: it was refused or failed.
            TransportError: it didn't get there, or no answer came back.
        """
        if self.spoiled is not None and cdb.OPCODE in BUFFERED:
            raise SenseError(cdb.NAME, self.spoiled)
        task = Task(cdb.pack(), data_out, answer, self._nexus)
        waited, pause, attentions = 0.0, 0.01, 0
        while True:
            reply = self._unit.execute(task)
            if reply.status is Status.GOOD:
                return reply.data_in
            sense = SenseData.unpack(reply.sense)
            self._note(sense)
            if sense.key == SenseKey.UNIT_ATTENTION and sense.asc in ATTENTION_CODES and attentions < 8:
                if _spoils(sense) and cdb.OPCODE in BUFFERED:
                    raise SenseError(cdb.NAME, sense)
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

    def wait(
        self,
        progress: Progress = nothing,
        limit: float = LONG,
        pause: float = POLL,
        *,
        may_reset: bool = False,
    ) -> None:
        """Poll until the unit is ready again, telling the progress that it reports.

        A reset ends whatever is waited for, unless it `may_reset`.

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
            self._note(sense)
            if sense.key == SenseKey.UNIT_ATTENTION and attentions < 8:
                if _spoils(sense) and not may_reset:
                    raise SenseError(TestUnitReady.NAME, sense)
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
                self.wait(limit=300.0, may_reset=True)
            except SenseError as error:
                if not error.is_no_medium:
                    raise
