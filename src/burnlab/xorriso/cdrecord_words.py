"""The option words of cdrecord, as far as one ready image needs them: words in, wishes out.

A word without a dash that isn't a known `name=value` is the one track source.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

BLANK_MODES: Final = {
    "all": "all",
    "disc": "all",
    "disk": "all",
    "fast": "fast",
    "minimal": "fast",
    "as_needed": "as_needed",
    "deformat": "deformat",
    "deformat_sequential": "deformat",
    "deformat_quickest": "deformat_quickest",
    "deformat_sequential_quickest": "deformat_quickest",
    "format_overwrite": "format_overwrite",
}
"""Values of `blank=` → mode of `-blank`, but for `format_overwrite`, which formats."""
SUPPLIED: Final = {
    "speed": "speed",
    "fs": "fs",
    "padsize": "padding",
    "stream_recording": "stream_recording",
    "dvd_obs": "dvd_obs",
    "stdio_sync": "stdio_sync",
    "use_immed_bit": "use_immed_bit",
    "modesty_on_drive": "modesty_on_drive",
    "drive_scsi_dev_family": "scsi_dev_family",
}
"""`name=` → the command of this program that takes its value."""
ACTIONS: Final = ("checkdrive", "inq", "atip", "toc", "msinfo", "eject")
WRITE_TYPES: Final = {"tao": "tao", "sao": "sao", "dao": "sao"}
EXITS: Final = {"help": "help", "version": "version", "devices": "devices"}
_IGNORED = """
overburn ignsize raw force s silent load lock reset abort fix nofix format prcap scms text clone raw16 raw96p
raw96r useinfo noclose swab nopreemp preemp packet d shorttrack copy nocopy setdropts cdi media-info minfo
"""
_IGNORED_VALUES = """
gracetime kdebug kd textfile cuefile pktsize defpregap pregap index isrc mcn debug timeout driver
"""
IGNORED: Final = frozenset(_IGNORED.split())
IGNORED_VALUES: Final = frozenset(_IGNORED_VALUES.split())
SILENT: Final = frozenset({"data", "V", "immed", "no_rc"})
SILENT_VALUES: Final = frozenset({"minbuf", "driveropts"})
LIKE_DATA: Final = frozenset({"xa", "xa2", "mode2"})
UNSUPPORTED: Final = frozenset({"audio", "scanbus", "xa1"})
"""`xa1` is refused because its sectors of 2056 bytes would be written as if they had 2048."""
STANDARD_PAD: Final = "30k"

Say = Callable[[str, str], None]
"""Takes a severity's name and a text."""


class WordError(Exception):
    """A word that can't be taken. `notes` are said behind it."""

    def __init__(self, text: str, *notes: str) -> None:
        super().__init__(text)
        self.notes = notes


@dataclass(slots=True)
class Wishes:
    """What the words ask for. `settings` are commands with their values, in order."""

    address: str | None = None
    source: str | None = None
    settings: list[tuple[str, str]] = field(default_factory=list)
    actions: set[str] = field(default_factory=set)
    blank: str = ""
    exit: str = ""
    write_type: str = "auto"
    size: str = ""
    start: str = ""
    multi: bool = False
    multi_if_possible: bool = False
    dummy: bool = False
    grows: bool = False
    iso_size: bool = False
    shared: bool = False
    waits: bool = False
    verbosity: int = 0

    @property
    def is_idle(self) -> bool:
        """Whether nothing is asked for that would be done."""
        return not (self.actions or self.blank or self.source is not None)


FLAGS: Final = {
    "multi": "multi",
    "multi_if_possible": "multi_if_possible",
    "dummy": "dummy",
    "grow_overwriteable_iso": "grows",
    "isosize": "iso_size",
    "drive_not_exclusive": "shared",
    "waiti": "waits",
}


def parse(words: Sequence[str], name: str, say: Say) -> Wishes:
    """Read the words; `name` is what the emulation was called by, `say` is told of what is passed over.

    Raises:
        WordError: a word that isn't known, or that can't be done.
    """
    wishes = Wishes()
    for word in words:
        if wishes.exit:
            break
        if "=" in word and _take_value(wishes, word, name, say):
            continue
        if word.startswith("-") and word != "-":
            _take_flag(wishes, word, name, say)
        else:
            _take_source(wishes, word, name)
    return wishes


def _take_value(wishes: Wishes, word: str, name: str, say: Say) -> bool:
    """Whether it was a known `name=value`."""
    key, _, value = word.lstrip("-").partition("=")
    if key in SUPPLIED:
        wishes.settings.append((SUPPLIED[key], value))
    elif key == "dev":
        if value != "help":
            wishes.address = value
    elif key == "blank":
        _take_blank(wishes, value, name)
    elif key == "tsize":
        wishes.size = value
    elif key == "write_start_address":
        wishes.start = value
    elif key in IGNORED_VALUES:
        say("NOTE", f"-as {name}: Ignored option '{word}'")
    elif key in SILENT_VALUES:
        if key == "driveropts" and value == "help":
            wishes.exit = "driveropts"
    else:
        return False
    return True


def _take_blank(wishes: Wishes, value: str, name: str) -> None:
    if value == "help":
        wishes.exit = "blank"
        return
    mode = BLANK_MODES.get(value)
    if mode is None:
        raise WordError(f"-as {name}: blank='{value}' not supported. See blank=help .")
    wishes.blank = mode


def _take_flag(wishes: Wishes, word: str, name: str, say: Say) -> None:
    key = word.lstrip("-")
    if key in FLAGS:
        setattr(wishes, FLAGS[key], True)
    elif key in ACTIONS:
        wishes.actions.add(key)
    elif key in WRITE_TYPES:
        wishes.write_type = WRITE_TYPES[key]
    elif key in EXITS:
        wishes.exit = EXITS[key]
    elif key and set(key) == {"v"}:
        wishes.verbosity += len(key)
    elif key in {"pad", "nopad"}:
        wishes.settings.append(("padding", STANDARD_PAD if key == "pad" else "0"))
    elif key in IGNORED:
        say("NOTE", f"-as {name}: Ignored option '{word}'")
    elif key in LIKE_DATA:
        say("NOTE", f"Defaulting option {word} to option -data")
    elif key in UNSUPPORTED:
        raise WordError(f"-as {name}: Option {word} not supported.")
    elif key not in SILENT:
        raise WordError(f"-as {name}: Unknown option '{word}'")


def _take_source(wishes: Wishes, word: str, name: str) -> None:
    if wishes.source is not None:
        first = f"First and only track source is '{wishes.source}'"
        raise WordError(f"-as {name}: Surplus track source '{word}'", first)
    wishes.source = word
