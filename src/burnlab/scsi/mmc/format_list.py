"""The parameter list of FORMAT UNIT.    Source: MMC-5, 6.5.3."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from burnlab.scsi.record import Record, at, bit, bits


@dataclass(frozen=True, slots=True)
class FormatList(Record):
    """Format list header and one format descriptor, 12 bytes; `parameter` has 24 bits.

    Source: MMC-5, 6.5.3.
    """

    LENGTH: ClassVar[int] = 12
    options_valid: bool = bit(1, 7)
    disable_certification: bool = bit(1, 5)
    try_out: bool = bit(1, 2)
    immed: bool = bit(1, 1)
    descriptor_length: int = at(2, 2, default=8)
    blocks: int = at(4, 4)
    format_type: int = bits(8, 2, 6)
    sub_type: int = bits(8, 0, 2)
    parameter: int = at(9, 3)
