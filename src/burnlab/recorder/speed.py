"""Commands about speed: what the drive offers, what the program wishes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from burnlab.recorder.models import read_speed_kbps
from burnlab.scsi import Asc, CheckCondition, SenseKey
from burnlab.scsi.mmc.commands import GetPerformance, SetCdSpeed, SetStreaming
from burnlab.scsi.mmc.structures import (
    NominalPerformance,
    StreamingParameters,
    WriteSpeed,
    performance,
)
from burnlab.scsi.record import Record

if TYPE_CHECKING:
    from burnlab.recorder.recorder import Call, Recorder

PERFORMANCE, WRITE_SPEEDS = 0x00, 0x03
MAXIMUM_SPEED = 0xFFFF


def get_performance(recorder: Recorder, cdb: GetPerformance, _call: Call) -> bytes:
    """Nominal performance, or the list of write speeds; all are announced whatever was asked for."""
    disc = recorder.disc
    last = max(0, (disc.state.capacity_blocks if disc is not None else 0) - 1)
    reading = read_speed_kbps(recorder.model, recorder.profile, recorder.speed)
    writing = recorder.write_speeds()
    if cdb.type == WRITE_SPEEDS:
        rows: list[Record] = [
            WriteSpeed(end_lba=last, read_kbps=reading, write_kbps=speed) for speed in writing
        ]
    elif cdb.type == PERFORMANCE:
        speed = recorder.selected_write_kbps or writing[0] if cdb.write else reading
        rows = [NominalPerformance(0, speed, last, speed)]
    else:
        raise CheckCondition.of(SenseKey.ILLEGAL_REQUEST, Asc.INVALID_FIELD_IN_CDB)
    return performance(rows, cdb.maximum_descriptors, write=cdb.write)


def set_streaming(recorder: Recorder, cdb: SetStreaming, call: Call) -> None:
    """Take the speeds of a performance descriptor; other types are accepted and change nothing."""
    data = call.task.data_out
    if len(data) < cdb.parameter_list_length:
        raise CheckCondition.of(SenseKey.ILLEGAL_REQUEST, Asc.PARAMETER_LIST_LENGTH_ERROR)
    if cdb.type != 0:
        return
    if cdb.parameter_list_length < StreamingParameters.LENGTH:
        raise CheckCondition.of(SenseKey.ILLEGAL_REQUEST, Asc.PARAMETER_LIST_LENGTH_ERROR)
    wish = StreamingParameters.unpack(data)
    if wish.restore_defaults:
        recorder.set_speeds(0, 0)
    else:
        recorder.set_speeds(wish.read_kbps, wish.write_kbps)


def set_cd_speed(recorder: Recorder, cdb: SetCdSpeed, _call: Call) -> None:
    """Take speeds in kB/s; FFFFh asks for the fastest."""
    read, write = (0 if s == MAXIMUM_SPEED else s for s in (cdb.read_kbps, cdb.write_kbps))
    recorder.set_speeds(read, write)
