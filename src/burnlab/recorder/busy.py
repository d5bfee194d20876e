"""Emulated time: how long operations take, how full the drive's buffer is, what progress is shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import TypeAlias

from burnlab.scsi import Asc, SenseData, SenseKey

BLOCK_BYTES = 2048
FULL_PROGRESS = 65535


class Work(Enum):
    """Operations that keep a drive busy: sense code while they run, and the longest time at speed `max`.

    The short times still let a program see progress: they poll once a second.
    """

    BLANK = (Asc.OPERATION_IN_PROGRESS, 4.0)
    MINIMAL_BLANK = (Asc.OPERATION_IN_PROGRESS, 2.5)
    FORMAT = (Asc.FORMAT_IN_PROGRESS, 4.0)
    QUICK_FORMAT = (Asc.FORMAT_IN_PROGRESS, 0.3)
    BACKGROUND = (Asc.FORMAT_IN_PROGRESS, 20.0)
    """Formatting of DVD+RW behind the host's back: the drive is not busy with it."""
    CLOSE_TRACK = (Asc.OPERATION_IN_PROGRESS, 0.1)
    CLOSE_SESSION = (Asc.OPERATION_IN_PROGRESS, 0.3)
    SYNCHRONIZE = (Asc.OPERATION_IN_PROGRESS, 0.05)
    LOAD = (Asc.BECOMING_READY, 0.0)
    FAULT = (Asc.OPERATION_IN_PROGRESS, 0.0)
    """Something of the drive's own, because a fault was injected."""

    @property
    def asc(self) -> Asc:
        """What TEST UNIT READY says while it runs."""
        return self.value[0]

    @property
    def cap_seconds(self) -> float:
        """The longest time it takes at speed `max`."""
        return self.value[1]


Progress: TypeAlias = Callable[[float], float]
"""What a drive tells of an operation that has truly come this far, both from 0 to 1."""


def linear(done: float) -> float:
    """The truth."""
    return done


def stuck(_done: float) -> float:
    """Nothing until it is done."""
    return 0.0


def relapsing(done: float) -> float:
    """Twice from the beginning to the end, as a drive that erases in two passes."""
    return done * 2 % 1


@dataclass(frozen=True, slots=True)
class Operation:
    """One long operation, from `began` to `ends`."""

    work: Work
    began: float
    ends: float
    told: Progress = linear
    told_as: SenseData | None = None
    """What it says instead of what is usual for this work."""

    def progress(self, now: float) -> int:
        """How far it has come, as the drive tells it: 1 to 65534.    Source: SPC-4, 4.5.2.4.4."""
        span = self.ends - self.began
        done = min(1.0, (now - self.began) / span) if span > 0 else 1.0
        return max(1, min(FULL_PROGRESS - 1, int(self.told(done) * FULL_PROGRESS)))

    def sense(self, now: float) -> SenseData:
        """Not ready, with progress; a drive that becomes ready tells none."""
        usual = SenseData.of(SenseKey.NOT_READY, self.work.asc)
        sense = self.told_as or usual
        loading = (sense.asc, sense.ascq) == Asc.BECOMING_READY.value
        return replace(sense, progress=None if loading else self.progress(now))


@dataclass(slots=True)
class Pace:
    """How fast the mechanism is: no limit at all, or a number of kB/s for writing and for reading.

    Writing fills the buffer at once and the laser empties it; reading waits for the laser.
    """

    buffer_bytes: int
    write_kbps: float | None = None
    read_kbps: float | None = None
    extra_seconds: Mapping[Work, float] = field(default_factory=dict)
    _level: float = 0.0
    _at: float = 0.0
    _reading_until: float = 0.0

    def level(self, now: float) -> int:
        """Bytes in the buffer that are not yet on the disc."""
        if self.write_kbps is None:
            return 0
        self._level = max(0.0, self._level - (now - self._at) * self.write_kbps * 1000)
        self._at = now
        return int(self._level)

    def empty(self, now: float) -> None:
        """What was in the buffer is gone, and nothing is being read."""
        self._level, self._at, self._reading_until = 0.0, now, now

    def written(self, length: int, now: float) -> float:
        """Take `length` bytes; returns the seconds until there was room for them."""
        if self.write_kbps is None:
            return 0.0
        self.level(now)
        self._level += length
        return max(0.0, self._level - self.buffer_bytes) / (self.write_kbps * 1000)

    def read(self, length: int, now: float) -> float:
        """Seconds until `length` bytes are read, behind what is being read already."""
        if self.read_kbps is None:
            return 0.0
        self._reading_until = max(self._reading_until, now) + length / (self.read_kbps * 1000)
        return self._reading_until - now

    def drain_seconds(self, now: float) -> float:
        """How long the laser needs for what is in the buffer."""
        return self.level(now) / (self.write_kbps * 1000) if self.write_kbps else 0.0

    def duration(self, work: Work, blocks: int, overhead_seconds: float, now: float) -> float:
        """How long an operation over `blocks` blocks takes, what is in the buffer included."""
        extra = self.extra_seconds.get(work, 0.0)
        if self.write_kbps is None:
            return work.cap_seconds + extra
        overhead_seconds += extra
        return overhead_seconds + blocks * BLOCK_BYTES / (self.write_kbps * 1000) + self.drain_seconds(now)
