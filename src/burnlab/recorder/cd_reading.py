"""READ CD, READ CD MSF and READ SUB-CHANNEL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from burnlab.disc import Disc, cd, cd_q, cd_read
from burnlab.disc.cd_model import SectorForm
from burnlab.disc.cd_regions import Region, cd_track, region_at, regions
from burnlab.scsi import Asc, CheckCondition, Reply, SenseKey
from burnlab.scsi.mmc import sub_channel
from burnlab.scsi.mmc.commands import ReadCd
from burnlab.scsi.mmc.profiles import Profile
from burnlab.scsi.mmc.read_cd import (
    C2_BYTES,
    FORMATTED_Q,
    RAW,
    SUB_CHANNEL_BYTES,
    ReadCdMsf,
    SectorType,
    Selection,
    check_selection,
    sector_type_of,
    wanted_part,
)
from burnlab.scsi.mmc.sub_channel import ReadSubChannel
from burnlab.scsi.mmc.toc import msf

if TYPE_CHECKING:
    from burnlab.recorder.recorder import Call, Recorder

TYPES = {
    SectorForm.AUDIO: SectorType.CD_DA,
    SectorForm.MODE_1: SectorType.MODE_1,
    SectorForm.MODE_2_FORM_1: SectorType.MODE_2_FORM_1,
}
"""Form of a track → type of all its sectors; others tell it one by one."""
MOST_SECTORS = 4096
"""More than any host takes at once; an answer is made in memory."""
P_BIT = 0x80


def _invalid() -> CheckCondition:
    return CheckCondition.of(SenseKey.ILLEGAL_REQUEST, Asc.INVALID_FIELD_IN_CDB)


def _need_cd(recorder: Recorder) -> Disc:
    disc = recorder.need_disc()
    if not Profile(disc.profile).is_cd:
        raise CheckCondition.of(SenseKey.ILLEGAL_REQUEST, Asc.INCOMPATIBLE_MEDIUM)
    return disc


def read_cd(recorder: Recorder, cdb: ReadCd, call: Call) -> Reply | None:
    """Sectors by LBA."""
    return _read(recorder, cdb, call, cdb.lba, cdb.length)


def read_cd_msf(recorder: Recorder, cdb: ReadCdMsf, call: Call) -> Reply | None:
    """Sectors from one address to another, neither of them in the lead-in."""
    start = (cdb.start_minute * 60 + cdb.start_second) * 75 + cdb.start_frame
    end = (cdb.end_minute * 60 + cdb.end_second) * 75 + cdb.end_frame
    if end < start:
        raise _invalid()
    return _read(recorder, cdb, call, start - cd.PAUSE_BLOCKS, end - start)


def _read(recorder: Recorder, wish: Selection, call: Call, lba: int, count: int) -> Reply | None:
    disc = _need_cd(recorder)
    try:
        check_selection(wish)
    except ValueError:
        raise _invalid() from None
    if not count:
        return None
    if count > MOST_SECTORS:
        raise _invalid()
    data = b"".join(
        _selected(disc, wish, address, region, sector)
        for address, region, sector in cd_read.sectors(disc, lba, count)
    )
    recorder.position = lba + count - 1
    seconds = recorder.pace.read(count * 2048, call.now)
    return Reply(data_in=data[: call.task.data_in_bytes], seconds=seconds)


def _selected(disc: Disc, wish: Selection, lba: int, region: Region, sector: bytes) -> bytes:
    kind = TYPES.get(region.cd.form) or sector_type_of(sector)
    if wish.sector_type not in (SectorType.ANY, kind):
        raise CheckCondition.of(SenseKey.ILLEGAL_REQUEST, Asc.ILLEGAL_MODE_FOR_THIS_TRACK, information=lba)
    try:
        begin, end = wanted_part(kind, wish)
    except ValueError:
        raise _invalid() from None
    return sector[begin:end] + bytes(C2_BYTES[wish.c2_errors]) + _sub_channel(disc, wish, lba, region)


def _sub_channel(disc: Disc, wish: Selection, lba: int, region: Region) -> bytes:
    if wish.sub_channel == RAW:
        return cd_q.raw_p_to_w(disc.state, region, lba)
    if wish.sub_channel == FORMATTED_Q:
        p = P_BIT if cd_q.in_pause(region) else 0
        return cd_q.q(disc.state, region, lba) + bytes((0, 0, 0, p))
    return bytes(SUB_CHANNEL_BYTES[wish.sub_channel])


def read_sub_channel(recorder: Recorder, cdb: ReadSubChannel, _call: Call) -> bytes:
    """Where the laser was last, the catalogue number, or the ISRC of a track; nothing is ever played."""
    disc = _need_cd(recorder)
    if not cdb.sub_q:
        return sub_channel.answer()
    if cdb.format == sub_channel.CATALOG:
        return sub_channel.answer(sub_channel.catalog_item(_catalog(disc)))
    if cdb.format == sub_channel.ISRC:
        track = next((t for t in disc.state.tracks if t.number == cdb.track), None)
        if track is None:
            raise _invalid()
        facts = cd_track(track)
        return sub_channel.answer(sub_channel.isrc_item(0x30 | facts.control, track.number, facts.isrc))
    if cdb.format == sub_channel.POSITION:
        return sub_channel.answer(_position(disc, recorder.position, as_msf=cdb.msf))
    raise _invalid()


def _catalog(disc: Disc) -> str:
    return next((x.mcn for x in disc.state.cd.lead_ins if x.mcn), "")


def _position(disc: Disc, lba: int, *, as_msf: bool) -> bytes:
    region = region_at(regions(disc.state), lba)
    if region is None:
        return sub_channel.position_item(0, 0, 0, bytes(4), bytes(4))
    relative = lba - region.track.start
    if as_msf:
        places = (b"\0" + msf(lba), b"\0" + msf(abs(relative) - cd.PAUSE_BLOCKS))
    else:
        places = (lba.to_bytes(4, "big", signed=True), relative.to_bytes(4, "big", signed=True))
    return sub_channel.position_item(0x10 | region.cd.control, region.track.number, region.index, *places)
