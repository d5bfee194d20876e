"""The unit under test with what all cases do: send, look at what comes, wait, remember the last exchange."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from burnlab.conformance.case import Deviation, NotApplicable, StillBusy, UnknownCommand
from burnlab.conformance.refusal import BUSY, INVALID_OPCODE, NO_MEDIUM, Refusal, in_words
from burnlab.conformance.subject import NOTHING, Subject, look
from burnlab.scsi.commands import TestUnitReady
from burnlab.scsi.mmc.commands import ReadDiscInformation, ReadTrackInformation
from burnlab.scsi.mmc.disc_info import DiscInformation, TrackInformation
from burnlab.scsi.record import Cdb
from burnlab.scsi.sense import SenseData, SenseKey
from burnlab.scsi.task import LOCAL_NEXUS, Data, LogicalUnit, Nexus, Reply, Status, Task

BLOCK: Final = 2048
ATTENTIONS: Final = 8
SHORT_SECONDS: Final = 60.0
LONG_SECONDS: Final = 4 * 3600.0
FIRST_PAUSE: Final = 0.01
LONGEST_PAUSE: Final = 1.0
SHOWN_BYTES: Final = 64
BY_TRACK: Final = 1

Sleep = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class Exchange:
    """A command and what came back, for a report."""

    command: str
    cdb: bytes
    data_out: bytes
    status: int
    sense: bytes
    data_in: bytes
    """At most the first bytes of it; `length` is how many there were."""
    length: int


class Bench:
    """A unit behind the door. `sleep` waits for seconds, or lets emulated time pass."""

    def __init__(self, unit: LogicalUnit, sleep: Sleep, nexus: Nexus = LOCAL_NEXUS) -> None:
        self._unit = unit
        self._sleep = sleep
        self._nexus = nexus
        self.last: Exchange | None = None
        self.subject: Subject = NOTHING

    # One command.

    def send(self, cdb: Cdb | bytes, data_out: Data = b"", answer: int | None = None) -> Reply:
        """Send a command once. `answer` is the most bytes that can come back; as a rule the CDB says it.

        Raises:
            Deviation: the answer isn't one: data or sense data where none may be, or the other way round.
            TransportError: it didn't get there, or no answer came back.
        """
        raw = cdb if isinstance(cdb, bytes) else cdb.pack()
        if answer is None:
            answer = int(getattr(cdb, "allocation_length", 0))
        # A command that isn't answered at all is told of, too.
        name = f"command {raw[0]:02X}h" if isinstance(cdb, bytes) else cdb.NAME
        self.last = Exchange(name, raw, bytes(data_out[:SHOWN_BYTES]), -1, b"", b"", 0)
        reply = self._unit.execute(Task(raw, data_out, answer, self._nexus))
        shown = bytes(reply.data_in[:SHOWN_BYTES])
        sent = self.last.data_out
        self.last = Exchange(name, raw, sent, reply.status, reply.sense, shown, len(reply.data_in))
        if reply.status is Status.CHECK_CONDITION and len(reply.sense) < 14:
            raise Deviation("sense data with CHECK CONDITION", f"{len(reply.sense)} bytes of them")
        if len(reply.data_in) > answer:
            raise Deviation(f"at most {answer} bytes", f"{len(reply.data_in)} bytes")
        return reply

    def outcome(self, cdb: Cdb | bytes, data_out: Data = b"", answer: int | None = None) -> Reply:
        """Send a command; again after a unit attention, and while the unit is busy."""
        waited, pause, attentions = 0.0, FIRST_PAUSE, 0
        while True:
            reply = self.send(cdb, data_out, answer)
            sense = SenseData.unpack(reply.sense)
            if reply.status is Status.GOOD or waited >= SHORT_SECONDS:
                return reply
            if sense.key == SenseKey.UNIT_ATTENTION and attentions < ATTENTIONS:
                attentions += 1
                continue
            if not (reply.status is Status.BUSY or BUSY.matches(sense)):
                return reply
            self._sleep(pause)
            waited += pause
            pause = min(pause * 2, LONGEST_PAUSE)

    def good(self, cdb: Cdb | bytes, data_out: Data = b"", answer: int | None = None) -> bytes:
        """Send a command that must end well; returns its data.

        Raises:
            UnknownCommand: the unit doesn't know it.
            Deviation: it ended in another way.
        """
        reply = self.outcome(cdb, data_out, answer)
        if reply.status is Status.GOOD:
            return bytes(reply.data_in)
        self._stop_if_unknown(cdb, reply)
        raise Deviation("GOOD", told(reply))

    def refused(
        self, cdb: Cdb | bytes, *refusals: Refusal, data_out: Data = b"", answer: int | None = None
    ) -> SenseData:
        """Send a command that must be refused with one of these; returns the sense data.

        Raises:
            UnknownCommand: the unit doesn't know it, where that isn't what is expected.
            Deviation: it ended in another way.
        """
        reply = self.outcome(cdb, data_out, answer)
        sense = SenseData.unpack(reply.sense)
        if reply.status is Status.CHECK_CONDITION and any(r.matches(sense) for r in refusals):
            return sense
        self._stop_if_unknown(cdb, reply)
        expected = " or ".join(str(refusal) for refusal in refusals)
        raise Deviation(f"the command to be refused with {expected}", told(reply))

    def attempt(self, cdb: Cdb, data_out: Data = b"", answer: int | None = None) -> bytes | None:
        """Send a command that may be refused: then there is no answer."""
        reply = self.outcome(cdb, data_out, answer)
        return bytes(reply.data_in) if reply.status is Status.GOOD else None

    def _stop_if_unknown(self, cdb: Cdb | bytes, reply: Reply) -> None:
        if reply.status is Status.CHECK_CONDITION and INVALID_OPCODE.matches(SenseData.unpack(reply.sense)):
            raw = cdb if isinstance(cdb, bytes) else cdb.pack()
            raise UnknownCommand(f"{raw[0]:02X}h" if isinstance(cdb, bytes) else cdb.NAME, raw[0])

    # Time.

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self._sleep(seconds)

    def wait(self, limit: float = LONG_SECONDS) -> list[SenseData]:
        """Poll until the unit is ready, or has no medium; returns what it said while it was not.

        Raises:
            Deviation: it says that something went wrong.
            StillBusy: it isn't ready in time.
        """
        told_so_far: list[SenseData] = []
        waited, pause, attentions = 0.0, FIRST_PAUSE, 0
        while True:
            reply = self.send(TestUnitReady())
            sense = SenseData.unpack(reply.sense)
            if reply.status is Status.GOOD or NO_MEDIUM.matches(sense):
                return told_so_far
            if sense.key == SenseKey.UNIT_ATTENTION and attentions < ATTENTIONS:
                attentions += 1
                continue
            if not (reply.status is Status.BUSY or BUSY.matches(sense)):
                raise Deviation("the unit to become ready", told(reply))
            if waited >= limit:
                raise StillBusy(f"the unit to be ready within {limit:g} s", told(reply))
            told_so_far.append(sense)
            self._sleep(pause)
            waited += pause
            pause = min(pause * 2, LONGEST_PAUSE)

    def look(self) -> None:
        """Look at unit and medium anew.

        Raises:
            Deviation: the unit isn't ready, or tells nothing of itself.
        """
        self.wait(SHORT_SECONDS)
        self.subject = look(self.attempt)

    # What many cases ask.

    def disc(self) -> DiscInformation:
        """READ DISC INFORMATION."""
        data = self.good(ReadDiscInformation(allocation_length=34))
        at_least(data, 34)
        return DiscInformation.unpack(data)

    def track(self, number: int) -> TrackInformation:
        """READ TRACK INFORMATION of a track by its number."""
        data = self.good(ReadTrackInformation(address_type=BY_TRACK, address=number, allocation_length=36))
        at_least(data, 28)
        return TrackInformation.unpack(data)

    def last_track(self) -> TrackInformation:
        """The last track of the last session."""
        return self.track(self.disc().last_track_in_last_session)

    def read(self, cdb: Cdb, blocks: int) -> bytes:
        """Read blocks that must be readable, and must come whole."""
        data = self.good(cdb, answer=blocks * BLOCK)
        same("bytes", blocks * BLOCK, len(data))
        return data


def told(reply: Reply) -> str:
    """How a command ended, in words."""
    if reply.status is Status.GOOD:
        return "GOOD"
    if reply.status is Status.CHECK_CONDITION:
        return in_words(SenseData.unpack(reply.sense))
    return f"status {reply.status.name.replace('_', ' ')}"


def at_least(data: bytes, length: int) -> None:
    """Deviation if there are fewer bytes."""
    if len(data) < length:
        raise Deviation(f"{length} bytes or more", f"{len(data)} bytes")


def announced(data: bytes, at: int, width: int, uncounted: int) -> bytes:
    """What an answer announces by its length field, which doesn't count its first bytes.

    That nothing follows it is looked at by the cases about lengths, and by no others.
    """
    at_least(data, at + width)
    length = int.from_bytes(data[at : at + width], "big") + uncounted
    at_least(data, length)
    return data[:length]


def same(what: str, expected: object, came: object) -> None:
    """Deviation unless both are equal."""
    if expected != came:
        raise Deviation(f"{what}: {_value(expected)}", _value(came))


def holds(what: str, truth: bool, came: object) -> None:
    """Deviation unless it holds; `came` is what there is instead."""
    if not truth:
        raise Deviation(what, _value(came))


def _value(value: object) -> str:
    if isinstance(value, bytes):
        more = " ..." if len(value) > SHOWN_BYTES else ""
        return f"{value[:SHOWN_BYTES].hex(' ')}{more}" if value else "no bytes"
    return str(value)


def not_here(reason: str) -> NotApplicable:
    """What to raise where a case turns out not to apply."""
    return NotApplicable(reason)
