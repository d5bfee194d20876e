"""Words for points in time, as `-alter_date` and `-volume_date` understand them.

Every form is one row of `FORMS`: a pattern and what makes seconds since 1970 of its groups. A number
too large for its field moves on to the next one where the original lets it (`2020.02.31` is March 2).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

Fields = tuple[int, int, int, int, int, int]
"""Year, month, day, hour, minute, second."""
ToSeconds = Callable[[Fields], int]
"""Seconds since 1970 of fields in local time; fields out of range are carried over."""
Form = Callable[["re.Match[str]", int, ToSeconds], "int | None"]

MONTHS: Final = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()  # noqa: SIM905
DAY: Final = 86400.0
SECONDS_OF_UNIT: Final = {"s": 1.0, "h": 3600.0, "d": DAY, "w": 7 * DAY, "m": 30 * DAY, "y": 365.25 * DAY}
LAST_YEAR: Final = 3000
DAYS_BEFORE_1970: Final = 719468


def decode(text: str, now: int, local: ToSeconds) -> int | None:
    """Seconds since 1970 that a word means, or None. `local` turns local time into seconds."""
    for pattern, form in FORMS:
        found = pattern.fullmatch(text)
        if found is not None:
            return form(found, now, local)
    return None


def utc_seconds(fields: Fields) -> int:
    """Seconds since 1970 of fields in UTC; fields out of range are carried over."""
    year, month, day, hour, minute, second = fields
    year, month = year + (month - 1) // 12, (month - 1) % 12 + 1
    year -= month <= 2
    era_year = year % 400
    day_of_year = (153 * ((month + 9) % 12) + 2) // 5 + day - 1
    day_of_era = era_year * 365 + era_year // 4 - era_year // 100 + day_of_year
    days = year // 400 * 146097 + day_of_era - DAYS_BEFORE_1970
    return days * 86400 + hour * 3600 + minute * 60 + second


def _numbers(found: re.Match[str], *names: str) -> list[int]:
    return [int(found[name] or 0) for name in names]


def _relative(found: re.Match[str], now: int, _local: ToSeconds) -> int:
    unit = found["unit"].lower() if found["unit"] else "s"
    seconds = float(found["number"]) * SECONDS_OF_UNIT.get(unit, 1.0) * (-1 if found["sign"] == "-" else 1)
    return int(now + seconds + (86400 if unit in "my" else 0))


def _absolute(found: re.Match[str], _now: int, _local: ToSeconds) -> int:
    return int(float(found["number"]))


def _date_argument(found: re.Match[str], now: int, local: ToSeconds) -> int:
    month, day, hour, minute, second = _numbers(found, "month", "day", "hour", "minute", "second")
    if found["short_year"] is not None:
        year = int(found["short_year"])
        year += 1900 if year >= 70 else 2000
    else:
        year = int(found["year"]) if found["year"] else _year_of(now, local)
    return local((year, month, day, hour, minute, second))


def _year_of(now: int, local: ToSeconds) -> int:
    year = 1970 + int(now // (365.2425 * 86400))
    while local((year + 1, 1, 1, 0, 0, 0)) <= now:
        year += 1
    while local((year, 1, 1, 0, 0, 0)) > now:
        year -= 1
    return year


def _own_stamp(found: re.Match[str], _now: int, local: ToSeconds) -> int | None:
    year, month, day, hour, minute, second = fields = _numbers(
        found, "year", "month", "day", "hour", "minute", "second"
    )
    if not (1900 <= year <= LAST_YEAR and 1 <= month <= 12 and 1 <= day <= 31):
        return None
    return local((year, month, day, hour, minute, second)) if _is_time(*fields[3:]) else None


def _backup_stamp(found: re.Match[str], _now: int, local: ToSeconds) -> int | None:
    decade, unit = found["decade"], int(found["unit"])
    year = 1900 + unit + 10 * (int(decade) if decade.isdigit() else 10 + ord(decade) - ord("A"))
    month, day, hour, minute, second = _numbers(found, "month", "day", "hour", "minute", "second")
    return local((year, month, day, hour, minute, second)) if hour <= 23 else None


def _volume_stamp(found: re.Match[str], _now: int, local: ToSeconds) -> int | None:
    year, month, day, hour, minute, second = fields = _numbers(
        found, "year", "month", "day", "hour", "minute", "second"
    )
    if not (1900 < year <= LAST_YEAR and day <= 31 and _is_time(*fields[3:])):
        return None
    return (local if found["local"] else utc_seconds)((year, month, day, hour, minute, second))


def _is_time(hour: int, minute: int, second: int) -> bool:
    return hour <= 23 and minute <= 59 and second <= 59


def _date_output(found: re.Match[str], now: int, local: ToSeconds) -> int | None:
    month = day = year = time = None
    for word in found[0].split():
        if ":" in word:
            time = _clock(word)
            if time is None:
                return None
        elif word[0].isdigit():
            if not word.isdigit() or len(word) not in (1, 2, 4):
                return None
            if len(word) == 4 and year is None and int(word) <= LAST_YEAR:
                year = int(word)
            elif len(word) < 4 and day is None and 1 <= int(word) <= 31:
                day = int(word)
            else:
                return None
        elif month is None and word[:3] in MONTHS:
            month = MONTHS.index(word[:3]) + 1
    if month is None or day is None:
        return None
    return local((_year_of(now, local) if year is None else year, month, day, *(time or (0, 0, 0))))


def _clock(word: str) -> tuple[int, int, int] | None:
    found = re.fullmatch(r"(\d\d):(\d\d)(?::(\d\d))?", word)
    if found is None:
        return None
    hour, minute, second = (int(part or 0) for part in found.groups())
    return (hour, minute, second) if _is_time(hour, minute, second) else None


DATE: Final = r"(?P<year>\d{4})(?P<month>\d\d)(?P<day>\d\d)"
NUMBER: Final = r"(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)"

FORMS: Final[tuple[tuple[re.Pattern[str], Form], ...]] = (
    (re.compile(rf"(?P<sign>[-+]){NUMBER}(?P<unit>[^\d]?).*", re.DOTALL), _relative),
    (re.compile(rf"[=@]{NUMBER}.*", re.DOTALL), _absolute),
    (
        re.compile(
            r"(?P<month>\d\d)(?P<day>\d\d)(?P<hour>\d\d)(?P<minute>\d\d)"
            r"(?:(?P<year>\d{4})(?:\.(?P<second>\d\d))?|(?P<short_year>\d\d))?"
        ),
        _date_argument,
    ),
    (
        re.compile(
            r"(?P<year>\d{4})\.(?P<month>\d\d)\.(?P<day>\d\d)"
            r"(?:\.(?P<hour>\d\d)(?:(?P<minute>\d\d)(?P<second>\d\d)?)?)?"
        ),
        _own_stamp,
    ),
    (
        re.compile(
            r"(?P<decade>[0-9A-Z])(?P<unit>\d)(?P<month>\d\d)(?P<day>\d\d)"
            r"(?:\.(?P<hour>\d\d)(?P<minute>\d\d)(?P<second>\d\d)?)?"
        ),
        _backup_stamp,
    ),
    (
        re.compile(rf"{DATE}(?P<hour>\d\d)(?P<minute>\d\d)(?P<second>\d\d)\d\d(?P<local>LOC)?"),
        _volume_stamp,
    ),
    (re.compile(r".*", re.DOTALL), _date_output),
)
