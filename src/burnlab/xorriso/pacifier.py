"""Progress lines of jobs that count something: files added, nodes read, bytes checked.

They are printed through `Messages.progress`: on a terminal each takes the place of the one before.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from burnlab.xorriso.program import Program

CD_SPEED: Final = ("C", 150 * 1024)
DVD_SPEED: Final = ("D", 1_385_000)
BD_SPEED: Final = ("B", 4_495_625)
SpeedUnit = tuple[str, int]
SCALES: Final = "kmgtp"
WIDE_COUNT: Final = 10_000_000
PATIENCE: Final = 2.0


def scaled(value: float, width: int = 5, threshold: float = 1e4, unit: str = "") -> str:
    """A number in few characters: divided by 1024 until it is below `threshold`, with its letter.

    One decimal if the integer part has at most width - 3 digits, none otherwise; right-aligned. `unit` stands
    behind a number that isn't divided.
    """
    letter = unit
    scale = iter(SCALES)
    while value >= threshold - 0.5 and letter != SCALES[-1]:
        value /= 1024.0
        letter = next(scale)
    digits = 0 if letter == unit or value >= 10 ** (width - 3) - 0.05 else 1
    return f"{value:{width - len(letter)}.{digits}f}{letter}"


class Counter:
    """Progress of one job. `speed` makes the lines end with a speed in that unit; counts are bytes then."""

    def __init__(
        self, program: Program, what: str, *, speed: SpeedUnit | None = None, interval: float | None = None
    ) -> None:
        self._messages = program.messages
        self._now: Callable[[], float] = program.environment.monotonic
        self._what = what
        self._speed = speed
        self._interval = program.settings.pacifier_interval if interval is None else interval
        self._start = self._last = self._now()
        self._last_count = 0.0
        self.lines = 0
        """Lines printed so far."""

    def at(self, count: int, total: int = 0, extra: str = "") -> None:
        """Tell how far the job is; a line comes if the interval has passed. `extra` goes behind the count."""
        now = self._now()
        if now - self._last < self._interval:
            return
        elapsed = now - self._start
        if not count:
            if elapsed >= PATIENCE:
                self._messages.progress(f"Thank you for being patient for {elapsed:.0f} seconds")
                self._last = now
            return
        speed = self._rate(" , ", count - self._last_count, now - self._last)
        share = count / total if total else None
        self._messages.progress(self._line(count, total, extra, elapsed) + speed, share)
        self.lines += 1
        self._last, self._last_count = now, count

    def end(self, count: int, total: int = 0, extra: str = "") -> None:
        """The last line of the job, whatever the interval."""
        from burnlab.xorriso.severity import Severity

        elapsed = self._now() - self._start
        least = 0.1 if self._interval < 1 else 1.0
        speed = self._rate(" = ", count, elapsed)
        line = self._line(count, total, extra, max(elapsed, least)) + speed
        self._messages.event(Severity.UPDATE, line)

    def _line(self, count: int, total: int, extra: str, elapsed: float) -> str:
        seconds = f"{elapsed:.1f}" if self._interval < 1 else f"{elapsed:.0f}"
        if total:
            return f"{count} of {total} {self._what}{extra} in {seconds} s"
        shown = f"{count:7d}" if count < WIDE_COUNT else scaled(count, 7, 1e5)
        return f"{shown} {self._what}{extra} in {seconds} seconds"

    def _rate(self, before: str, count: float, seconds: float) -> str:
        if self._speed is None or seconds <= 0:
            return ""
        letter, per_second = self._speed
        return f"{before}{count / seconds / per_second:.1f}x{letter}"
