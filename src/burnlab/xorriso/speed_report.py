"""Lines about the speeds of drives and media."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from burnlab.burn.drive import Status
from burnlab.burn.profiles import Profile

if TYPE_CHECKING:
    from burnlab.burn.drive import Drive
    from burnlab.xorriso.medium_view import MediumView

BD_PROFILES: Final = {Profile.BD_ROM, Profile.BD_R_SRM, Profile.BD_R_RRM, Profile.BD_RE}
DVD_PROFILES: Final = {
    Profile.DVD_ROM,
    Profile.DVD_R,
    Profile.DVD_RAM,
    Profile.DVD_RW_SEQUENTIAL,
    Profile.DVD_PLUS_RW,
    Profile.DVD_PLUS_R,
}
CD_SPEED_KB, DVD_SPEED_KB, BD_SPEED_KB = 176.4, 1385.0, 4495.625


def speed_lines(drive: Drive, view: MediumView, *, writes: bool) -> Iterator[str]:
    """Speeds of reading, and of writing if the drive is there for that: each, the lowest, the highest."""
    unit = _speed_unit(drive, view)
    choices = drive.speeds()
    reading = sorted({choice.read_kb for choice in choices if choice.read_kb}, reverse=True)
    yield from _speed_lines("Read speed ", reading, unit)
    if writes:
        writing = sorted({choice.write_kb for choice in choices}, reverse=True)
        yield from _write_speed_lines(writing, view, unit)


def _speed_unit(drive: Drive, view: MediumView) -> tuple[str, float]:
    """Letter and kB/s of 1x: of the medium, or else of the best kind of media that the drive knows."""
    letter = view.medium.speed_unit[0]
    if view.status is Status.ABSENT:
        known = {code for code, _ in drive.profiles()}
        letter = "B" if known & BD_PROFILES else "D" if known & DVD_PROFILES else "C"
    return letter, {"C": CD_SPEED_KB, "B": BD_SPEED_KB}.get(letter, DVD_SPEED_KB)


def _speed_lines(what: str, rates: list[int], unit: tuple[str, float]) -> Iterator[str]:
    """A line for each speed, then the lowest and the highest."""
    for rate in rates:
        yield _speed_line(f"{what} ", rate, unit)
    if rates:
        yield _speed_line(f"{what}L", rates[-1], unit)
        yield _speed_line(f"{what}H", rates[0], unit)


def _speed_line(label: str, rate: int, unit: tuple[str, float]) -> str:
    letter, one = unit
    return f"{label:13}: {rate:6d}k , {rate / one:4.1f}x{letter}"


def _write_speed_lines(rates: list[int], view: MediumView, unit: tuple[str, float]) -> Iterator[str]:
    """Those of the drive; a CD that tells its own limits narrows them down."""
    limits = view.medium.speed_limits
    if limits is None or not rates:
        yield from _speed_lines("Write speed ", rates, unit)
        return
    for rate in rates:
        yield _speed_line("Write speed  ", rate, unit)
    low, high = (round(factor * CD_SPEED_KB) for factor in limits)
    yield _speed_line("Write speed l", low, unit)
    yield _speed_line("Write speed h", high, unit)
    yield _speed_line("Write speed L", low, unit)
    yield _speed_line("Write speed H", high, unit)
    if rates[0] != high:
        yield _speed_line("Write speed 0", rates[0], unit)
