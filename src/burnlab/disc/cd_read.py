"""Whole sectors of a recorded CD: kept ones as they are, others made of their user data."""

from __future__ import annotations

from collections.abc import Iterator

from burnlab.disc import cd, cd_sector
from burnlab.disc.cd_model import SectorForm
from burnlab.disc.cd_regions import Region, region_at, regions
from burnlab.disc.cd_sector import SECTOR_BYTES
from burnlab.disc.disc import Disc
from burnlab.disc.errors import WrongSectorForm
from burnlab.disc.surface import BLOCK_BYTES

EMPTY = bytes(SECTOR_BYTES)


def sectors(disc: Disc, lba: int, count: int) -> Iterator[tuple[int, Region, bytes]]:
    """Address, region and 2352 bytes of each sector; NotRecorded or WrongSectorForm where there is none.

    The run-out of a data track can't be read; that of an audio track is silence.
    """
    found = regions(disc.state)
    end = lba + count
    while lba < end:
        region = region_at(found, lba)
        if region is None or disc.state.cd.is_writing:
            raise cd.unreadable(disc.state, lba)
        if region.run_out and not region.cd.form.is_audio:
            raise WrongSectorForm(f"LBA {lba} is run-out")
        here = min(end, region.end) - lba
        for n, sector in enumerate(_of_region(disc, region, lba, here)):
            yield lba + n, region, sector
        lba += here


def _of_region(disc: Disc, region: Region, lba: int, count: int) -> Iterator[bytes]:
    kept = region.cd.form.is_whole
    size = SECTOR_BYTES if kept else BLOCK_BYTES
    before = min(count, max(0, -lba))
    surface = disc.sectors if kept else disc.surface
    data = bytes(before * size)
    if count > before:
        data += surface.read(lba + before, count - before)
    for n in range(count):
        piece = data[n * size : (n + 1) * size]
        yield _whole(region.cd.form, lba + n, piece)


def _whole(form: SectorForm, lba: int, data: bytes) -> bytes:
    if form is SectorForm.AUDIO:
        return data
    if form is SectorForm.MODE_1:
        return cd_sector.mode_1(lba, data)
    if form is SectorForm.MODE_2_FORM_1:
        return cd_sector.form_1(lba, data)
    return data if data != EMPTY else cd_sector.form_2(lba, bytes(cd_sector.FORM_2_BYTES))
