"""Progress lines while a session is written, in the styles of xorriso, cdrecord and mkisofs."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from burnlab.burn.drive import BLOCK

if TYPE_CHECKING:
    from burnlab.xorriso.program import Program

MEGABYTE: Final = 1 << 20
SHORT_SAMPLE: Final = 0.2
CDRECORD_UNIT: Final = 1_385_000


class WriteProgress:
    """Counts what was written; a line appears when a new interval of the clock has begun.

    `fill` tells how full the FIFO and the drive's buffer are, in percent.
    """

    def __init__(
        self, program: Program, blocks: int, unit: tuple[str, int], fill: Callable[[], tuple[int, int]]
    ) -> None:
        self._fill = fill
        self._messages = program.messages
        self._now = program.environment.monotonic
        self._clock = program.environment.clock
        self._interval = program.settings.pacifier_interval
        self._style = program.settings.pacifier
        self._total = blocks * BLOCK
        self._unit = unit
        self._done = 0
        self._start = self._now()
        self._slot = self._slot_of(self._start)
        self._last = (self._start, 0)
        self._has_shown = False

    def _slot_of(self, time: float) -> int:
        return int(time / self._interval)

    def add(self, count: int) -> None:
        """So many bytes more were written."""
        self._done += count
        now = self._now()
        slot = self._slot_of(now)
        if slot != self._slot:
            self._slot = slot
            self._show(now)

    def wait(self, _done: float | None) -> None:
        """The drive is busy with ending the session."""
        now = self._now()
        slot = self._slot_of(now)
        if slot != self._slot:
            self._slot = slot
            seconds = int(now - self._start)
            self._messages.progress(f"Closing track/session. Working since {seconds} seconds")

    def _show(self, now: float) -> None:
        then, before = self._last
        rate = 0.0
        if self._has_shown and now - then >= SHORT_SAMPLE * self._interval:
            rate = (self._done - before) / (now - then)
        self._last = (now, self._done)
        self._has_shown = True
        line = {"cdrecord": self._cdrecord, "mkisofs": self._mkisofs}.get(self._style, self._xorriso)
        share = self._done / self._total if self._total else None
        self._messages.progress(line(rate, now), share)

    def _xorriso(self, rate: float, _now: float) -> str:
        from burnlab.xorriso.pacifier import scaled

        share = 100.0 * self._done / self._total if self._total else 100.0
        far = f"{share:5.1f}%" if self._done <= self._total else scaled(float(self._done)).rjust(5)
        letter, per_second = self._unit
        speed = f"  {rate / per_second:5.1f}x{letter} " if rate else ""
        fifo, buffer = self._fill()
        return f"Writing: {self._done // BLOCK:10d}s  {far}   fifo {fifo:3d}%  buf {buffer:3d}%{speed}"

    def _cdrecord(self, rate: float, _now: float) -> str:
        speed = f"  {rate / CDRECORD_UNIT:4.1f}x." if rate else ""
        done, total = self._done // MEGABYTE, self._total // MEGABYTE
        fifo, buffer = self._fill()
        return f"{done:4d} of {total:4d} MB written (fifo {fifo:2d}%) [buf {buffer:3d}%]{speed}"

    def _mkisofs(self, _rate: float, now: float) -> str:
        from time import ctime

        share = self._done / self._total if self._total else 1.0
        text = f"{100.0 * share:6.2f}% done"
        if now - self._start >= 2 and share >= 0.02:
            left = (now - self._start) * (1 - share) / share
            text += f", estimate finish {ctime(self._clock() + left)}"
        return text
