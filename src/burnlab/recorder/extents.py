"""Which blocks a command is about, as its CDB tells."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from burnlab.scsi.commands import (
    Read10,
    Read12,
    Seek10,
    Transfer10,
    Transfer12,
    Verify10,
    Write10,
    Write12,
    WriteAndVerify10,
)
from burnlab.scsi.mmc.commands import ReadCd
from burnlab.scsi.mmc.read_cd import ReadCdMsf
from burnlab.scsi.mmc.toc import lba_of
from burnlab.scsi.record import Cdb


class Extent(NamedTuple):
    """Blocks from `lba` on."""

    lba: int
    blocks: int


def _transfer(cdb: Transfer10 | Transfer12 | ReadCd) -> Extent:
    return Extent(cdb.lba, cdb.length)


def _seek(cdb: Seek10) -> Extent:
    return Extent(cdb.lba, 1)


def _from_to(cdb: ReadCdMsf) -> Extent:
    start = lba_of(bytes((cdb.start_minute, cdb.start_second, cdb.start_frame)))
    end = lba_of(bytes((cdb.end_minute, cdb.end_second, cdb.end_frame)))
    return Extent(start, max(0, end - start))


_ADDRESSED: dict[type[Cdb], Callable[[Any], Extent]] = {
    Read10: _transfer,
    Read12: _transfer,
    Verify10: _transfer,
    Write10: _transfer,
    Write12: _transfer,
    WriteAndVerify10: _transfer,
    ReadCd: _transfer,
    ReadCdMsf: _from_to,
    Seek10: _seek,
}
ADDRESSED = frozenset(cdb.OPCODE for cdb in _ADDRESSED)
"""Operation codes of the commands that are told blocks."""


def extent_of(cdb: Cdb) -> Extent | None:
    """The blocks of a command; None where it is told none."""
    read = _ADDRESSED.get(type(cdb))
    return read(cdb) if read is not None else None
