"""WRITE on CD: blocks of every size, the lead-in with its CD-TEXT, and what ends a session or track."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from burnlab.disc import Disc, WriteType, cd, cd_sector
from burnlab.disc.cd_model import CdTrack, LeadIn, SectorForm, Span, Wish
from burnlab.disc.errors import NotNextWritable, WrongWriteType
from burnlab.disc.surface import BLOCK_BYTES
from burnlab.scsi import Asc, CheckCondition, Reply, SenseKey
from burnlab.scsi.commands import Write10, Write12, WriteAndVerify10
from burnlab.scsi.mmc.cd_text import LEAD_IN_BLOCK_BYTES, packs_of
from burnlab.scsi.mmc.mode_pages import WriteParametersPage, code_of
from burnlab.scsi.mmc.mode_pages import WriteType as ModeWriteType
from burnlab.scsi.task import Data

if TYPE_CHECKING:
    from burnlab.recorder.recorder import Call, Recorder

FIRST_LEAD_IN = -11640
"""LBA of 97:26:60, where the ATIP says that the first lead-in begins."""
DATA_TRACK = 0x4

Assemble = Callable[[int, Data], bytes]
"""From LBA and what the host brings to a whole sector."""


def _raw(_lba: int, data: Data) -> bytes:
    return bytes(data)


def _form_1_with_header(lba: int, data: Data) -> bytes:
    return cd_sector.form_1(lba, data[8:], bytes(data[:8]))


BLOCK_TYPES: dict[int, tuple[SectorForm, int, Assemble | None]] = {
    0: (SectorForm.MODE_2, 2352, _raw),
    8: (SectorForm.MODE_1, 2048, None),
    9: (SectorForm.MODE_2, 2336, cd_sector.formless),
    10: (SectorForm.MODE_2_FORM_1, 2048, None),
    11: (SectorForm.MODE_2, 2056, _form_1_with_header),
    12: (SectorForm.MODE_2, 2324, cd_sector.form_2),
    13: (SectorForm.MODE_2, 2332, cd_sector.mixed),
}
"""Data block type of page 05h → form of the track, bytes of a block, and how it becomes a sector.

Source: MMC-5, 7.5 (write parameters), data block type. An audio track takes type 0 as samples.
"""

WRITE_TYPES = (ModeWriteType.TRACK_AT_ONCE, ModeWriteType.SESSION_AT_ONCE)

SPAN_SECTORS: dict[int, Assemble] = {2336: cd_sector.formless, 2352: _raw}


def selectable(page: WriteParametersPage) -> bool:
    """Whether these write parameters can be selected with a CD: no packets, nothing raw."""
    return page.write_type in WRITE_TYPES and page.data_block_type in BLOCK_TYPES


def write(
    recorder: Recorder, disc: Disc, cdb: Write10 | Write12 | WriteAndVerify10, call: Call, mode: WriteType
) -> Reply:
    """Record blocks: at once as the cue sheet says, else as the write parameters say."""
    if mode is WriteType.DISC_AT_ONCE:
        _write_at_once(disc, cdb, call.task.data_out)
    else:
        _write_track(disc, cdb, call.task.data_out, recorder.write_parameters, mode)
    return Reply(seconds=recorder.pace.written(cdb.length * BLOCK_BYTES, call.now))


def _whole(data: Data, count: int, block_bytes: int) -> Data:
    length = count * block_bytes
    if len(data) < length:
        raise CheckCondition.of(SenseKey.ILLEGAL_REQUEST, Asc.INVALID_FIELD_IN_CDB)
    return memoryview(data)[:length]


def _write_track(
    disc: Disc,
    cdb: Write10 | Write12 | WriteAndVerify10,
    data: Data,
    page: WriteParametersPage,
    mode: WriteType,
) -> None:
    row = BLOCK_TYPES.get(page.data_block_type)
    audio = not page.track_mode & DATA_TRACK
    if row is None or (audio and page.data_block_type):
        raise CheckCondition.of(SenseKey.ILLEGAL_REQUEST, Asc.ILLEGAL_MODE_FOR_THIS_TRACK)
    form, block_bytes, assemble = row
    if audio:
        form = SectorForm.AUDIO
    disc.intend(_wish(form, page))
    blocks = _whole(data, cdb.length, block_bytes)
    if assemble is None:
        disc.write(cdb.lba, blocks, mode)
    else:
        disc.write_sectors(cdb.lba, _assembled(assemble, cdb.lba, blocks, block_bytes), mode)


def _wish(form: SectorForm, page: WriteParametersPage) -> Wish:
    track = CdTrack(form, page.track_mode & 0x0F, isrc=code_of(page.isrc, 12))
    return Wish(track, LeadIn(code_of(page.media_catalog_number, 13), page.session_format))


def _assembled(assemble: Assemble, lba: int, data: Data, block_bytes: int) -> Data:
    if assemble is _raw:
        return data
    return b"".join(
        assemble(lba + n, data[offset : offset + block_bytes])
        for n, offset in enumerate(range(0, len(data), block_bytes))
    )


def _write_at_once(disc: Disc, cdb: Write10 | Write12 | WriteAndVerify10, data: Data) -> None:
    plan = disc.state.cd.plan
    if plan is not None and plan.takes_text and cdb.lba < cd.FIRST_BLOCK:
        _write_lead_in(disc, cdb, data)
        return
    lba, left = cdb.lba, cdb.length
    offset = 0
    while left:
        span = None if plan is None else next((s for s in plan.spans if s.start <= lba < s.end), None)
        if span is None or not span.supplied:
            disc.write_pause(lba, left, WriteType.DISC_AT_ONCE)  # Says why there is no place for it.
            raise NotNextWritable(lba, None)
        count = min(left, span.end - lba)
        if left > count:
            _check_rest(disc, lba, left)
        length = count * span.block_bytes
        _write_span(disc, span, lba, _whole(data[offset : offset + length], count, span.block_bytes))
        lba, left, offset = lba + count, left - count, offset + length


def _check_rest(disc: Disc, lba: int, count: int) -> None:
    """A write that goes past a span must be allowed as a whole before its first part is recorded."""
    cd.begin_write(disc.medium, disc.state, lba, count, WriteType.DISC_AT_ONCE)


def _write_span(disc: Disc, span: Span, lba: int, data: Data) -> None:
    before = min(max(0, -lba), len(data) // span.block_bytes)
    if before:
        disc.write_pause(lba, before, WriteType.DISC_AT_ONCE)
        lba, data = lba + before, data[before * span.block_bytes :]
    if not data:
        return
    if span.block_bytes == BLOCK_BYTES:
        disc.write(lba, data, WriteType.DISC_AT_ONCE)
    elif span.form is SectorForm.MODE_1:
        user = (data[n + 16 : n + 2064] for n in range(0, len(data), span.block_bytes))
        disc.write(lba, b"".join(user), WriteType.DISC_AT_ONCE)
    else:
        sectors = _assembled(SPAN_SECTORS[span.block_bytes], lba, data, span.block_bytes)
        disc.write_sectors(lba, sectors, WriteType.DISC_AT_ONCE)


def _write_lead_in(disc: Disc, cdb: Write10 | Write12 | WriteAndVerify10, data: Data) -> None:
    """Blocks of 96 bytes with packs of CD-TEXT, over and over until the lead-in is full."""
    if not cdb.lba >= FIRST_LEAD_IN or cdb.lba + cdb.length > cd.FIRST_BLOCK:
        raise NotNextWritable(cdb.lba, FIRST_LEAD_IN)
    blocks = _whole(data, cdb.length, LEAD_IN_BLOCK_BYTES)
    plan = disc.state.cd.plan
    known = bytes.fromhex(plan.lead_in.text) if plan is not None else b""
    packs = packs_of(blocks, known)
    if packs != known or plan is None or not plan.begun:
        disc.keep_text(packs.hex())


def check_closing(disc: Disc, mode: WriteType) -> None:
    """Closing a session writes: 5/64/00 before write parameters were selected.

    A drive that was switched off in the middle of a burn so withstands a program that goes on with closing
    the session as if nothing had happened, which would close the disc for good.
    """
    if mode not in disc.medium.write_types:
        raise WrongWriteType(f"{disc.medium.title} can't be closed in mode {mode}")


def end_of_writing(disc: Disc) -> None:
    """After SYNCHRONIZE CACHE: 5/72/03 where a session at once got less than was announced."""
    if cd.is_cut_short(disc.state):
        raise CheckCondition.of(SenseKey.ILLEGAL_REQUEST, Asc.INCOMPLETE_TRACK_IN_SESSION)
