"""Commands that set texts and dates of the volume descriptor."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from burnlab.xorriso.acquire import fail
from burnlab.xorriso.severity import Severity
from burnlab.xorriso.volume import DEFAULT_VOLUME_ID, now
from burnlab.xorriso.words import quote

if TYPE_CHECKING:
    from burnlab.xorriso.program import Program

VOLUME_ID_LENGTH: Final = 32
JOLIET_LENGTH: Final = 16
TEXT_LENGTHS: Final = {
    "volset_id": 128,
    "publisher": 128,
    "preparer_id": 128,
    "application_id": 128,
    "system_id": 32,
    "copyright_file": 37,
    "abstract_file": 37,
    "biblio_file": 37,
}
DATE_FIELDS: Final = {"c": "creation", "m": "modification", "x": "expiration", "f": "effective"}
APPLICATION_USE_BYTES: Final = 512
UUID: Final = re.compile(r"(19[7-9]\d|2\d{3})\d{12}")
PLAIN_ID: Final = re.compile(r"[A-Z0-9_]*")
MOUNTABLE_ID: Final = re.compile(r"[A-Za-z0-9_.+-]*")


def volid(program: Program, words: list[str]) -> None:
    """Set the volume id; without one, it is that of a new image."""
    text = words[0]
    length = len(text.encode("utf-8", "surrogateescape"))
    if length > VOLUME_ID_LENGTH:
        program.messages.event(Severity.FAILURE, f"-volid: Text too long ({length} > {VOLUME_ID_LENGTH})")
        return
    _warn_of_volume_id(program, text, length)
    volume = program.volume
    volume.volume_id = text or DEFAULT_VOLUME_ID
    volume.volume_id_is_set = bool(text)
    _mark(program)


def _warn_of_volume_id(program: Program, text: str, length: int) -> None:
    if not MOUNTABLE_ID.fullmatch(text):
        warning = "-volid text problematic as automatic mount point name"
        program.messages.event(Severity.WARNING, warning)
    if not PLAIN_ID.fullmatch(text):
        warning = "-volid text does not comply to ISO 9660 / ECMA 119 rules"
        program.messages.event(Severity.WARNING, warning)
    if program.settings.joliet and length > JOLIET_LENGTH:
        warning = f"-volid text is too long for Joliet ({length} > {JOLIET_LENGTH})"
        program.messages.event(Severity.WARNING, warning)


def _mark(program: Program) -> None:
    if program.volume.root is not None:
        program.volume.mark_changed()


def _setter(name: str) -> Callable[[Program, list[str]], None]:
    longest = TEXT_LENGTHS[name]

    def set_text(program: Program, words: list[str]) -> None:
        text = words[0]
        length = len(text.encode("utf-8", "surrogateescape"))
        if length > longest:
            complaint = f"Name too long with option -{name} ({length} > {longest})"
            program.messages.event(Severity.SORRY, complaint)
            return
        setattr(program.volume.ids, name, text)
        _mark(program)

    set_text.__doc__ = f"Set the text that -{name} names."
    return set_text


volset_id = _setter("volset_id")
publisher = _setter("publisher")
preparer_id = _setter("preparer_id")
application_id = _setter("application_id")
system_id = _setter("system_id")
copyright_file = _setter("copyright_file")
abstract_file = _setter("abstract_file")
biblio_file = _setter("biblio_file")


def application_use(program: Program, words: list[str]) -> None:
    """Fill the field for application use: by a character, a byte as 0xXX, or the content of a disk file."""
    text = words[0]
    code = re.fullmatch(r"0[xX]([0-9a-fA-F]{2})", text)
    if not text:
        content = bytes(APPLICATION_USE_BYTES)
    elif code:
        content = bytes([int(code[1], 16)]) * APPLICATION_USE_BYTES
    elif len(text) == 1:
        content = text.encode("utf-8", "surrogateescape")[:1] * APPLICATION_USE_BYTES
    else:
        content = _file_content(program, text)
    program.volume.ids.application_use = content
    program.settings.texts["application_use"] = text
    _mark(program)


def _file_content(program: Program, path: str) -> bytes:
    import os

    full = os.path.join(program.settings.disk_directory, path)
    try:
        with open(full, "rb") as file:
            return file.read(APPLICATION_USE_BYTES).ljust(APPLICATION_USE_BYTES, b"\0")
    except OSError as error:
        text = f"-application_use: Cannot read from file {quote(path)} : {error.strerror}"
        raise fail(program, text) from error


def volume_date(program: Program, words: list[str]) -> None:
    """Set one of the dates of the volume, or the times of all files in it."""
    kind, text = words
    dates = program.volume.dates
    if kind == "uuid":
        if text and not UUID.fullmatch(text):
            complaint = "Not an ECMA-119 time string. (16 decimal digits, range 1970... to 2999...)"
            raise fail(program, f"-volume_date uuid : {complaint}")
        dates.uuid = text
        _mark(program)
        return
    if kind == "all_file_dates" and text in ("", "set_to_mtime"):
        dates.all_files = text
        _mark(program)
        return
    seconds = _seconds(program, text) if text else None
    if text and seconds is None:
        complaint = f"-volume_date: Cannot decode timestring {quote(text)}"
        program.messages.event(Severity.SORRY, complaint)
        return
    if kind == "all_file_dates":
        dates.all_files = str(seconds)
    elif kind in DATE_FIELDS:
        setattr(dates, DATE_FIELDS[kind], seconds)
    else:
        raise fail(program, f"-volume_date: Unknown timestamp type {quote(kind)}")
    _mark(program)


def _seconds(program: Program, text: str) -> int | None:
    from burnlab.xorriso.dates import decode

    return decode(text, now(program), local_seconds)


def local_seconds(fields: tuple[int, int, int, int, int, int]) -> int:
    """Seconds since 1970 of a local date and time."""
    import time

    return int(time.mktime((*fields, 0, 0, -1)))
