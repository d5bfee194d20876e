"""READ CD and READ CD MSF: which parts of a sector of 2352 bytes are asked for.

Source: MMC-5, 6.20 (READ CD).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import ClassVar, TypeAlias

from burnlab.scsi.mmc.commands import ReadCd
from burnlab.scsi.record import Cdb, bit, bits
from burnlab.scsi.record import at as place
from burnlab.scsi.task import Data

HEADER, SUB_HEADER = 1, 2
"""Bits of the header codes."""

C2_BITS, C2_AND_BLOCK_BITS = 1, 2
C2_BYTES = {0: 0, C2_BITS: 294, C2_AND_BLOCK_BITS: 296}

RAW, FORMATTED_Q, CORRECTED_R_W = 1, 2, 4
SUB_CHANNEL_BYTES = {0: 0, RAW: 96, FORMATTED_Q: 16, CORRECTED_R_W: 96}


class SectorType(IntEnum):
    """Expected Sector Type."""

    ANY = 0
    CD_DA = 1
    MODE_1 = 2
    MODE_2 = 3
    MODE_2_FORM_1 = 4
    MODE_2_FORM_2 = 5


@dataclass(frozen=True, slots=True)
class ReadCdMsf(Cdb):
    """READ CD MSF: sectors from one address up to another, which is not read any more.

    Source: MMC-5, READ CD MSF.
    """

    OPCODE: ClassVar[int] = 0xB9
    NAME: ClassVar[str] = "READ CD MSF"
    LENGTH: ClassVar[int] = 12
    sector_type: int = bits(1, 2, 3)
    start_minute: int = place(3)
    start_second: int = place(4)
    start_frame: int = place(5)
    end_minute: int = place(6)
    end_second: int = place(7)
    end_frame: int = place(8)
    sync: bool = bit(9, 7)
    header_codes: int = bits(9, 5, 2)
    user_data: bool = bit(9, 4)
    edc_ecc: bool = bit(9, 3)
    c2_errors: int = bits(9, 1, 2)
    sub_channel: int = bits(10, 0, 3)


Selection: TypeAlias = ReadCd | ReadCdMsf
"""What both commands ask for in the same words."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the parts of a sector end: sync, header, sub-header, user data, EDC and ECC.

    Source: MMC-5, 6.20 (READ CD), main channel selection.
    """

    ends: tuple[int, int, int, int, int]


LAYOUTS: dict[SectorType, Layout] = {
    SectorType.CD_DA: Layout((0, 0, 0, 2352, 2352)),
    SectorType.MODE_1: Layout((12, 16, 16, 2064, 2352)),
    SectorType.MODE_2: Layout((12, 16, 16, 2352, 2352)),
    SectorType.MODE_2_FORM_1: Layout((12, 16, 24, 2072, 2352)),
    SectorType.MODE_2_FORM_2: Layout((12, 16, 24, 2348, 2352)),
}


def wanted_part(sector_type: SectorType, wish: Selection) -> tuple[int, int]:
    """First byte and one past the last of what is asked for; ValueError if that is not one piece."""
    flags = (
        wish.sync,
        bool(wish.header_codes & HEADER),
        bool(wish.header_codes & SUB_HEADER),
        wish.user_data,
        wish.edc_ecc,
    )
    begin = 0
    pieces: list[tuple[int, int]] = []
    for flag, end in zip(flags, LAYOUTS[sector_type].ends, strict=True):
        if flag and begin < end:
            if pieces and pieces[-1][1] == begin:
                pieces[-1] = (pieces[-1][0], end)
            else:
                pieces.append((begin, end))
        begin = max(begin, end)
    if len(pieces) > 1:
        raise ValueError("the parts that are asked for don't lie together")
    return pieces[0] if pieces else (0, 0)


def check_selection(wish: Selection) -> None:
    """ValueError for codes that are reserved."""
    if wish.c2_errors not in C2_BYTES or wish.sub_channel not in SUB_CHANNEL_BYTES:
        raise ValueError("reserved code")
    if wish.sector_type not in SectorType._value2member_map_:
        raise ValueError("reserved sector type")


def sector_type_of(sector: Data) -> SectorType:
    """The type of a whole data sector by its own bytes; its sub-header's two copies agree if it has one."""
    if sector[15] == 1:
        return SectorType.MODE_1
    if bytes(sector[16:20]) != bytes(sector[20:24]):
        return SectorType.MODE_2
    return SectorType.MODE_2_FORM_2 if sector[18] & 0x20 else SectorType.MODE_2_FORM_1
