"""Lines of listings: permissions, times, sizes, as `ls -ln` would have them."""

from __future__ import annotations

import stat
from collections.abc import Callable
from functools import lru_cache
from typing import Final, NamedTuple

from burnlab.xorriso.pacifier import scaled
from burnlab.xorriso.words import quote

MONTHS: Final = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()  # noqa: SIM905
RECENT_SECONDS: Final = 180 * 86400

LocalTime = Callable[[int], "tuple[int, int, int, int, int]"]
"""Seconds since 1970 → year, month, day, hour, minute of local time."""

TYPE_LETTERS: Final = {
    stat.S_IFDIR: "d", stat.S_IFREG: "-", stat.S_IFLNK: "l", stat.S_IFBLK: "b", stat.S_IFCHR: "c",
    stat.S_IFIFO: "p", stat.S_IFSOCK: "s",
}  # fmt: skip
TYPE_NAMES: Final = {
    stat.S_IFDIR: "directory", stat.S_IFREG: "regular_file", stat.S_IFLNK: "symbolic_link",
    stat.S_IFBLK: "block_device", stat.S_IFCHR: "char_device", stat.S_IFIFO: "name_pipe",
    stat.S_IFSOCK: "unix_socket",
}  # fmt: skip


class Attributes(NamedTuple):
    """What a long listing tells of a file: `device` is major and minor, `mark` follows the permissions."""

    mode: int
    links: int
    uid: int
    gid: int
    size: int
    mtime: int
    target: str | None = None
    device: tuple[int, int] | None = None
    mark: str = " "


def type_letter(mode: int) -> str:
    """The letter that stands for the type in a listing; `?` for none of the known ones."""
    return TYPE_LETTERS.get(stat.S_IFMT(mode), "?")


def type_name(mode: int) -> str:
    """The type in words, as `-compare` tells it."""
    return TYPE_NAMES.get(stat.S_IFMT(mode), "?")


@lru_cache(maxsize=256)
def permissions(mode: int) -> str:
    """Type and permission letters."""
    return type_letter(mode) + stat.filemode(stat.S_IMODE(mode))[1:]


def listing_time(seconds: int, now: int, local: LocalTime) -> str:
    """A time in 12 characters: with the clock if it is of the last 180 days, else with the year."""
    year, month, day, hour, minute = local(seconds)
    rest = f"{hour:02}:{minute:02}" if 0 <= now - seconds < RECENT_SECONDS else f"{year:5}"
    return f"{MONTHS[month - 1]} {day:2} {rest}"


def long_line(attributes: Attributes, name: str, now: int, local: LocalTime) -> str:
    """The line of a long listing; `name` is quoted already."""
    return dated_line(attributes, name, listing_time(attributes.mtime, now, local))


def dated_line(attributes: Attributes, name: str, time: str) -> str:
    """The same with the time as text."""
    mode, links, uid, gid, size, _mtime, target, device, mark = attributes
    shown_size = str(size) if device is None else f"{device[0]},{device[1]}"
    line = f"{permissions(mode)}{mark}{links:4} {uid:<8} {gid:<8} {shown_size:>8} {time} {name}"
    return line if target is None else f"{line} -> {quote(target)}"


def size_line(size: int, name: str) -> str:
    """The line of `-du`: KiB and the quoted path."""
    return f"{size:7} {name}"


def scaled_bytes(number: int) -> str:
    """A number of bytes in 7 characters with its letter.

    >>> scaled_bytes(14), scaled_bytes(100000)
    ('    14b', '  97.7k')
    """
    return f"{number:6d}b" if number < 10_000 else scaled(number, 7)
