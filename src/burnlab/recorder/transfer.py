"""Commands that move data: read, write, flush, and how full the buffer is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from burnlab.disc import Disc, WriteType
from burnlab.disc.errors import WrongWriteType
from burnlab.recorder import cd_writing
from burnlab.recorder.busy import BLOCK_BYTES, Work
from burnlab.scsi import Asc, CheckCondition, Reply, SenseKey
from burnlab.scsi.commands import (
    Read10,
    Read12,
    Seek10,
    SynchronizeCache10,
    Verify10,
    Write10,
    Write12,
    WriteAndVerify10,
)
from burnlab.scsi.mmc.commands import ReadBufferCapacity
from burnlab.scsi.mmc.mode_pages import WriteType as ModeWriteType
from burnlab.scsi.mmc.structures import BufferCapacity

if TYPE_CHECKING:
    from burnlab.recorder.recorder import Call, Recorder

WRITE_TYPES = {
    ModeWriteType.INCREMENTAL: WriteType.INCREMENTAL,
    ModeWriteType.TRACK_AT_ONCE: WriteType.TRACK_AT_ONCE,
    ModeWriteType.SESSION_AT_ONCE: WriteType.DISC_AT_ONCE,
}
"""Write types of mode page 05h, as the medium knows them."""


def selected_write_type(recorder: Recorder) -> WriteType:
    """The write type in force; WrongWriteType where no medium knows it."""
    if WriteType.PLAIN in recorder.need_disc().medium.write_types:
        return WriteType.PLAIN
    code = ModeWriteType(recorder.write_parameters.write_type)
    if code not in WRITE_TYPES:
        raise WrongWriteType(f"write type {code.name} is not for this medium")
    return WRITE_TYPES[code]


def written_disc(recorder: Recorder) -> Disc:
    """The disc that writing goes to: while test writing is on, a copy that keeps nothing."""
    disc = recorder.need_disc()
    if not recorder.write_parameters.test_write or WriteType.PLAIN in disc.medium.write_types:
        return disc
    if recorder.rehearsal is None:
        recorder.rehearsal = disc.rehearsal()
    return recorder.rehearsal


def read(recorder: Recorder, cdb: Read10 | Read12, call: Call) -> Reply | None:
    """Recorded blocks, or 5/21/00."""
    if not cdb.length:
        disc = recorder.need_disc()
        _need_address(cdb.lba, 0, disc.capacity_end or disc.state.capacity_blocks)
        return None
    if cdb.lba < 0:
        raise CheckCondition.of(SenseKey.ILLEGAL_REQUEST, Asc.LBA_OUT_OF_RANGE)
    disc = recorder.need_disc()
    # A length has up to 32 bits: no more is read than can be carried.
    carried = min(cdb.length, -(-call.task.data_in_bytes // BLOCK_BYTES))
    if carried < cdb.length:
        disc.check_recorded(cdb.lba, cdb.length)
    data = disc.read(cdb.lba, carried)
    if len(data) > call.task.data_in_bytes:
        data = data[: call.task.data_in_bytes]
    return Reply(data_in=data, seconds=recorder.pace.read(len(data), call.now))


def verify(recorder: Recorder, cdb: Verify10, call: Call) -> None:
    """Blocks must be recorded, and with BYTCHK be what the initiator brings.

    MMC leaves BYTCHK to drives; the comparison is that of SBC-3, VERIFY (10), with BYTCHK 01b.
    """
    disc = recorder.need_disc()
    if not cdb.length:
        _need_address(cdb.lba, 0, disc.capacity_end or disc.state.capacity_blocks)
        return
    _need_recorded(disc, cdb.lba, cdb.length)
    if not cdb.bytchk:
        return
    length = cdb.length * BLOCK_BYTES
    if len(call.task.data_out) < length:
        raise CheckCondition.of(SenseKey.ILLEGAL_REQUEST, Asc.INVALID_FIELD_IN_CDB)
    if disc.read(cdb.lba, cdb.length) != call.task.data_out[:length]:
        raise CheckCondition.of(SenseKey.MISCOMPARE, Asc.MISCOMPARE_DURING_VERIFY)


def seek(recorder: Recorder, cdb: Seek10, _call: Call) -> None:
    """The address must lie on the medium."""
    if cdb.lba >= max(1, recorder.need_disc().state.capacity_blocks):
        raise CheckCondition.of(SenseKey.ILLEGAL_REQUEST, Asc.LBA_OUT_OF_RANGE)


def _need_address(lba: int, first: int, end: int) -> None:
    """A command that moves nothing must still point at the medium; right behind its end is no error."""
    if not first <= lba <= end:
        raise CheckCondition.of(SenseKey.ILLEGAL_REQUEST, Asc.LBA_OUT_OF_RANGE)


def _need_recorded(disc: Disc, lba: int, count: int) -> None:
    if count and (lba < 0 or disc.recorded_until(lba) < lba + count):
        raise CheckCondition.of(SenseKey.ILLEGAL_REQUEST, Asc.LBA_OUT_OF_RANGE)


def write(recorder: Recorder, cdb: Write10 | Write12 | WriteAndVerify10, call: Call) -> Reply | None:
    """Record blocks at a next writable address; the data is on the surface when this returns."""
    if not cdb.length:
        disc = recorder.need_disc()
        first = cd_writing.FIRST_LEAD_IN if disc.is_cd_recordable else 0
        _need_address(cdb.lba, first, disc.state.formatted_blocks or disc.state.capacity_blocks)
        return None
    if recorder.need_disc().is_cd_recordable:
        disc = written_disc(recorder)
        reply = cd_writing.write(recorder, disc, cdb, call, selected_write_type(recorder))
        recorder.calibrated = True
        return reply
    length = cdb.length * BLOCK_BYTES
    data = call.task.data_out
    if len(data) != length:
        if len(data) < length:
            raise CheckCondition.of(SenseKey.ILLEGAL_REQUEST, Asc.INVALID_FIELD_IN_CDB)
        data = memoryview(data)[:length]
    disc = written_disc(recorder)
    if not disc.is_recordable:
        raise CheckCondition.of(SenseKey.ILLEGAL_REQUEST, Asc.CANNOT_WRITE_INCOMPATIBLE_MEDIUM)
    disc.write(cdb.lba, data, selected_write_type(recorder))
    recorder.calibrated = True
    seconds = recorder.pace.written(length, call.now)
    return Reply(seconds=seconds) if seconds else None


def synchronize_cache(recorder: Recorder, cdb: SynchronizeCache10, call: Call) -> Reply | None:
    """Write down what the buffer holds; a disc that is complete at once is finalized by it."""
    disc = recorder.need_disc()
    if recorder.write_parameters.test_write and recorder.rehearsal is not None:
        disc = recorder.rehearsal
    before = disc.state.closed_sessions
    disc.synchronize()
    cd_writing.end_of_writing(disc)
    lead_out = disc.state.closed_sessions > before
    if lead_out and disc is recorder.rehearsal:
        recorder.rehearsal = None
    blocks = _lead_out_blocks(disc) if lead_out else 0
    seconds = recorder.pace.duration(Work.SYNCHRONIZE, blocks, 0.0, call.now)
    recorder.begin(Work.SYNCHRONIZE, seconds, call.now)
    return None if cdb.immed else Reply(seconds=seconds)


def _lead_out_blocks(disc: Disc) -> int:
    if disc.is_cd_recordable:
        return CD_LEAD_IN_AND_OUT_BLOCKS
    return max(0, MINIMUM_AT_ONCE_BLOCKS - disc.capacity_end)


CD_LEAD_IN_AND_OUT_BLOCKS = 4500 + 6750
"""A lead-in of a minute and the first lead-out, of a minute and a half.    Source: MMC-5, 4.2.3."""
MINIMUM_AT_ONCE_BLOCKS = 488281
"""A DVD written at once is filled up to a radius of 30 mm: about 1 GB.    Source: ECMA-338, 20."""


def read_buffer_capacity(recorder: Recorder, cdb: ReadBufferCapacity, call: Call) -> bytes:
    """Size of the buffer and what is free of it, in bytes."""
    if cdb.in_blocks:
        raise CheckCondition.of(SenseKey.ILLEGAL_REQUEST, Asc.INVALID_FIELD_IN_CDB)
    size = recorder.pace.buffer_bytes
    return BufferCapacity(size, max(0, size - recorder.pace.level(call.now))).pack()
