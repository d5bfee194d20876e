"""Options of -check_media: words of the form NAME=VALUE."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from burnlab.xorriso.acquire import fail
from burnlab.xorriso.media_check import Quality
from burnlab.xorriso.severity import Severity
from burnlab.xorriso.words import quote

if TYPE_CHECKING:
    from burnlab.xorriso.program import Program

UNLIMITED: Final = -1


@dataclass(frozen=True, slots=True)
class MediaOptions:
    """What -check_media does. Limits are -1 where there are none; an empty `event` raises none."""

    report: str = "blocks"
    use: str = "indev"
    what: str = "tracks"
    event: str = "ALL"
    min_lba: int = UNLIMITED
    max_lba: int = UNLIMITED
    chunk_size: int = 0
    retry: str = "default"
    abort_file: str = ""
    time_limit: int = UNLIMITED
    item_limit: int = 100_000
    data_to: str = ""
    bad_limit: str = "invalid"
    slow_limit: float = 1.0
    async_chunks: int = 0


CHOICES: Final = {
    "report": ("blocks", "files", "blocks_files"),
    "use": ("indev", "outdev"),
    "what": ("tracks", "disc", "image"),
    "retry": ("default", "on", "off"),
    "bad_limit": (
        *(quality.name.lower() for quality in Quality),
        "valid",
        "invalid",
    ),
}
TEXTS: Final = ("abort_file", "data_to")
UNBUILT: Final = ("sector_map", "map_with_volid", "patch_lba0")


def _whole(text: str) -> int:
    from burnlab.xorriso.commands.control import leading_number

    return int(leading_number(text))


def _size(text: str) -> int:
    from burnlab.xorriso.commands.settings import size_of

    return size_of(text)


def _fraction(text: str) -> float:
    from burnlab.xorriso.commands.control import leading_number

    return float(leading_number(text))


NUMBERS: Final[dict[str, Callable[[str], Any]]] = {
    "min_lba": _whole,
    "max_lba": _whole,
    "time_limit": _whole,
    "item_limit": _whole,
    "async_chunks": _whole,
    "chunk_size": _size,
    "slow_limit": _fraction,
}


def parse_options(program: Program, words: list[str], base: MediaOptions | None) -> MediaOptions:
    """Read options on top of others.

    Raises:
        CommandFailed: one isn't known, or has no such value.
    """
    options = base or MediaOptions()
    for word in words:
        name, equals, value = word.partition("=")
        if not equals:
            raise fail(program, f"-check_media: Unknown option {quote(word)}")
        options = _with(program, options, word, name, value)
    return options


def _with(program: Program, options: MediaOptions, word: str, name: str, value: str) -> MediaOptions:
    if name == "reset":
        return MediaOptions() if value == "now" else options
    if name == "event":
        if value.upper() not in Severity.__members__:
            raise fail(program, f"-check_media event={quote(value)} : Not a known severity name")
        return replace(options, event=value.upper())
    changes: dict[str, Any] = {}
    if name in CHOICES:
        if value not in CHOICES[name]:
            raise fail(program, f"-check_media: Unknown value with option {word}")
        changes[name] = value
    elif name in NUMBERS:
        changes[name] = NUMBERS[name](value)
    elif name in TEXTS:
        changes[name] = value
    elif name in UNBUILT:
        raise fail(program, f"-check_media: Option {quote(word)} is not built")
    else:
        raise fail(program, f"-check_media: Unknown option {quote(word)}")
    return replace(options, **changes)
