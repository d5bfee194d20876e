from __future__ import annotations

import stat

import pytest

from burnlab.xorriso.listing_format import (
    Attributes,
    listing_time,
    long_line,
    permissions,
    scaled_bytes,
    size_line,
)

NOW = 1795363300
DAY = 86400


def local(seconds: int) -> tuple[int, int, int, int, int]:
    return (2020, 1, 2, 3, 4) if seconds else (1969, 12, 31, 19, 0)


@pytest.mark.parametrize(
    ("mode", "text"),
    [
        (stat.S_IFREG | 0o644, "-rw-r--r--"),
        (stat.S_IFDIR | 0o7755, "drwsr-sr-t"),
        (stat.S_IFREG | 0o7644, "-rwSr-Sr-T"),
        (stat.S_IFSOCK | 0o777, "srwxrwxrwx"),
        (0o644, "?rw-r--r--"),
    ],
)
def test_permissions(mode: int, text: str) -> None:
    assert permissions(mode) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (NOW, "Jan  2 03:04"),
        (NOW - 180 * DAY + 1, "Jan  2 03:04"),
        (NOW - 180 * DAY, "Jan  2  2020"),
        (NOW + 1, "Jan  2  2020"),
        (0, "Dec 31  1969"),
    ],
)
def test_times(seconds: int, text: str) -> None:
    assert listing_time(seconds, NOW, local) == text


def test_long_lines() -> None:
    plain = Attributes(stat.S_IFREG | 0o600, 2, 1000, 1001, 123456789012, 1)
    assert (
        long_line(plain, "'x'", NOW, local)
        == "-rw-------    2 1000     1001     123456789012 Jan  2  2020 'x'"
    )
    device = Attributes(stat.S_IFBLK | 0o644, 1, 0, 0, 0, 1, device=(7, 0), mark="+")
    assert long_line(device, "x", NOW, local) == "brw-r--r--+   1 0        0             7,0 Jan  2  2020 x"
    link = Attributes(stat.S_IFLNK | 0o777, 1, 0, 0, 0, 1, target="it's")
    assert long_line(link, "l", NOW, local).endswith("Jan  2  2020 l -> 'it'\"'\"'s'")


def test_sizes() -> None:
    assert size_line(3, "'/a'") == "      3 '/a'"
    assert [scaled_bytes(n) for n in (0, 9999, 10000, 100000, 531 * 1024**2)] == [
        "     0b", "  9999b", "   9.8k", "  97.7k", " 531.0m",
    ]  # fmt: skip
