"""SEND CUE SHEET: the items that tell, one after the other, what a session written at once will be.

Source: MMC-5, SEND CUE SHEET.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import ClassVar

from burnlab.scsi.record import Cdb, Record, at, bits
from burnlab.scsi.task import Data

LEAD_IN, LEAD_OUT = 0x00, 0xAA
"""Track numbers of the lead-in and of the lead-out."""

POSITION, CATALOG, ISRC = 1, 2, 3
"""ADR: what an item tells."""

WITH_SUB_CHANNEL = 0x40
"""Bits 7-6 of the data form: the host brings 96 bytes of sub-channel for each block."""


@dataclass(frozen=True, slots=True)
class SendCueSheet(Cdb):
    """SEND CUE SHEET. The items follow as data.    Source: MMC-5, 6.33."""

    OPCODE: ClassVar[int] = 0x5D
    NAME: ClassVar[str] = "SEND CUE SHEET"
    LENGTH: ClassVar[int] = 10
    cue_sheet_size: int = at(6, 3)


class MainData(Enum):
    """Kinds of sectors that a data form stands for."""

    AUDIO = "audio"
    MODE_1 = "mode 1"
    MODE_2 = "mode 2"


@dataclass(frozen=True, slots=True)
class DataForm:
    """What a block is and how many bytes of it the host brings: none where the drive makes it up.

    Source: MMC-5, 6.33.
    """

    main: MainData
    block_bytes: int


DATA_FORMS: dict[int, DataForm] = {
    0x00: DataForm(MainData.AUDIO, 2352),
    0x01: DataForm(MainData.AUDIO, 0),
    0x10: DataForm(MainData.MODE_1, 2048),
    0x11: DataForm(MainData.MODE_1, 2352),
    0x14: DataForm(MainData.MODE_1, 0),
    0x20: DataForm(MainData.MODE_2, 2336),
    0x21: DataForm(MainData.MODE_2, 2352),
    0x24: DataForm(MainData.MODE_2, 0),
    0x30: DataForm(MainData.MODE_2, 2336),
    0x31: DataForm(MainData.MODE_2, 2352),
    0x34: DataForm(MainData.MODE_2, 0),
}
"""The forms of main data that are supported, by bits 5-0 of the data form."""


@dataclass(frozen=True, slots=True)
class CueItem(Record):
    """One item, 8 bytes; numbers are binary. With ADR 2 and 3 bytes 1-7 and 2-7 are characters.

    Source: MMC-5, 6.33.
    """

    LENGTH: ClassVar[int] = 8
    control: int = bits(0, 4, 4)
    adr: int = bits(0, 0, 4, default=POSITION)
    track: int = at(1)
    index: int = at(2)
    data_form: int = at(3)
    scms: int = at(4)
    minute: int = at(5)
    second: int = at(6)
    frame: int = at(7)

    @property
    def lba(self) -> int:
        """The address that it stands for; ValueError if there is no such second or frame."""
        if self.second >= 60 or self.frame >= 75:
            raise ValueError("no such address")
        return (self.minute * 60 + self.second) * 75 + self.frame - 150


@dataclass(frozen=True, slots=True)
class CueSheet:
    """A whole cue sheet, its characters read: positions in order, catalogue number, ISRC by track.

    Source: MMC-5, 6.33.
    """

    positions: tuple[CueItem, ...]
    catalog: str = ""
    isrc: tuple[tuple[int, str], ...] = ()

    @classmethod
    def unpack(cls, data: Data) -> CueSheet:
        """Read all items; ValueError says what doesn't add up."""
        if not data or len(data) % CueItem.LENGTH:
            raise ValueError("not a whole number of items")
        raw = [bytes(data[n : n + 8]) for n in range(0, len(data), 8)]
        catalog = b"".join(item[1:8] for item in raw if item[0] & 0x0F == CATALOG)
        codes: dict[int, bytes] = {}
        for item in raw:
            if item[0] & 0x0F == ISRC:
                codes[item[1]] = codes.get(item[1], b"") + item[2:8]
        positions = tuple(CueItem.unpack(item) for item in raw if item[0] & 0x0F == POSITION)
        if len(positions) + (2 if catalog else 0) + 2 * len(codes) != len(raw):
            raise ValueError("items of an unknown kind, or halves of a code")
        return cls(positions, _digits(catalog), tuple((n, _isrc(code)) for n, code in codes.items()))

    def pack(self) -> bytes:
        """The items: catalogue number first, each ISRC before its track."""
        return b"".join(self._items())

    def _items(self) -> Iterator[bytes]:
        if self.catalog:
            code = self.catalog.encode("ascii").ljust(14, b"\0")
            yield from (bytes((CATALOG,)) + half for half in (code[:7], code[7:]))
        codes = dict(self.isrc)
        for item in self.positions:
            code = codes.pop(item.track, "").encode("ascii")
            if code:
                head = bytes((item.control << 4 | ISRC, item.track))
                yield from (head + half for half in (code[:6], code[6:]))
            yield item.pack()


def _digits(catalog: bytes) -> str:
    code = catalog.rstrip(b"\0").decode("ascii")
    if catalog and (len(code) != 13 or not code.isdigit()):
        raise ValueError("a catalogue number has 13 digits")
    return code


def _isrc(code: bytes) -> str:
    text = code.decode("ascii")
    if len(text) != 12 or not text.isalnum():
        raise ValueError("an ISRC has 12 letters and digits")
    return text


def cue_sheet(positions: Iterable[CueItem], catalog: str = "", isrc: dict[int, str] | None = None) -> bytes:
    """The bytes of a cue sheet."""
    return CueSheet(tuple(positions), catalog, tuple((isrc or {}).items())).pack()
