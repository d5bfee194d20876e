from __future__ import annotations

import pytest

from burnlab.xorriso.dates import decode, utc_seconds

NOW = 1795363300
YEAR_OF_NOW = 2026


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("110814512007.13", (2007, 11, 8, 14, 51, 13)),
        ("110814512007", (2007, 11, 8, 14, 51, 0)),
        ("1108145107", (2007, 11, 8, 14, 51, 0)),
        ("1108145169", (2069, 11, 8, 14, 51, 0)),
        ("1108145170", (1970, 11, 8, 14, 51, 0)),
        ("11081451", (YEAR_OF_NOW, 11, 8, 14, 51, 0)),
        ("13011451", (YEAR_OF_NOW + 1, 1, 1, 14, 51, 0)),
        ("022914512007", (2007, 3, 1, 14, 51, 0)),
        ("2013.11.27", (2013, 11, 27, 0, 0, 0)),
        ("2013.11.27.10", (2013, 11, 27, 10, 0, 0)),
        ("2013.11.27.103951", (2013, 11, 27, 10, 39, 51)),
        ("2020.02.31", (2020, 3, 2, 0, 0, 0)),
        ("B31127", (2013, 11, 27, 0, 0, 0)),
        ("B31127.2360", (2013, 11, 28, 0, 0, 0)),
        ("D01231.235959", (2030, 12, 31, 23, 59, 59)),
        ("991231", (1999, 12, 31, 0, 0, 0)),
        ("2013010720574799", (2013, 1, 7, 20, 57, 47)),
        ("2013010720574700LOC", (2013, 1, 7, 20, 57, 47)),
        ("2013130720574700", (2014, 1, 7, 20, 57, 47)),
        ("Thu Nov 8 14:51:13 CET 2007", (2007, 11, 8, 14, 51, 13)),
        ("Nov  8 14:51:13 2007", (2007, 11, 8, 14, 51, 13)),
        ("November 8 2007", (2007, 11, 8, 0, 0, 0)),
        ("8 Nov 2007 14:51", (2007, 11, 8, 14, 51, 0)),
        ("Nov 8", (YEAR_OF_NOW, 11, 8, 0, 0, 0)),
    ],
)
def test_calendar_forms(text: str, fields: tuple[int, int, int, int, int, int]) -> None:
    assert decode(text, NOW, utc_seconds) == utc_seconds(fields)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("+0", NOW),
        ("-7", NOW - 7),
        ("+5s ", NOW + 5),
        ("-3h", NOW - 10800),
        ("+5dd", NOW + 5 * 86400),
        ("+4w", NOW + 28 * 86400),
        ("+1.5D", NOW + 129600),
        ("+1m", NOW + 31 * 86400),
        ("-1y", NOW - 364 * 86400 - 21600),
        ("+4x", NOW + 4),
        ("=1194531416", 1194531416),
        ("=1e3", 1000),
        ("=12.7", 12),
    ],
)
def test_relative_and_absolute_seconds(text: str, seconds: int) -> None:
    assert decode(text, NOW, utc_seconds) == seconds


NOTHING = """
0|x|+|-|=|=-5|+-5|+ 5|11081451.13|1108145107.13|110814512007.5|2020.13.01|2013.1.1|2013.12.31.24|3001.01.01
1899.01.01|B31127.10|B31127.24|a00101|201301072057470|2013010725574700|1900010100000000|2013010720574700GMT
nov 8 14:51:13 2007|Nov|Nov 8 14|Nov 32 2007|Nov 8 24:00:00 2007|Nov 8 14:5:1 2007|Nov 8 2007 2008|Foo 8 2007
"""


@pytest.mark.parametrize("text", ["", *NOTHING.strip().replace("\n", "|").split("|")])
def test_words_that_mean_nothing(text: str) -> None:
    assert decode(text, NOW, utc_seconds) is None


@pytest.mark.parametrize(
    ("fields", "seconds"), [((1970, 1, 1, 0, 0, 0), 0), ((2000, 2, 29, 0, 0, 1), 951782401)]
)
def test_utc_seconds(fields: tuple[int, int, int, int, int, int], seconds: int) -> None:
    assert utc_seconds(fields) == seconds
