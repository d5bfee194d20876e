"""FORMAT UNIT, and formatting that goes on in the background."""

from __future__ import annotations

from typing import TYPE_CHECKING

from burnlab.disc.formats import DVD_PLUS_RW_BASIC, DVD_RW_GROW, DVD_RW_QUICK, Wish
from burnlab.recorder.busy import Work
from burnlab.scsi import Asc, CheckCondition, Reply, SenseKey
from burnlab.scsi.mmc.commands import FormatUnit
from burnlab.scsi.mmc.format_list import FormatList

if TYPE_CHECKING:
    from burnlab.recorder.recorder import Call, Recorder

MMC_FORMAT_CODE = 1
QUICK = frozenset({DVD_RW_QUICK, DVD_RW_GROW, DVD_PLUS_RW_BASIC})
"""Format types that only prepare: what is written later does the rest."""
QUICK_SECONDS = 10.0


def format_unit(recorder: Recorder, cdb: FormatUnit, call: Call) -> Reply | None:
    """Format the medium to one of the sizes it offers."""
    data = call.task.data_out
    if not cdb.format_data or cdb.format_code != MMC_FORMAT_CODE:
        raise CheckCondition.of(SenseKey.ILLEGAL_REQUEST, Asc.INVALID_FIELD_IN_CDB)
    if len(data) < FormatList.LENGTH:
        raise CheckCondition.of(SenseKey.ILLEGAL_REQUEST, Asc.PARAMETER_LIST_LENGTH_ERROR)
    wish = FormatList.unpack(data)
    if wish.descriptor_length != FormatList.LENGTH - 4:
        raise CheckCondition.of(SenseKey.ILLEGAL_REQUEST, Asc.INVALID_FIELD_IN_PARAMETER_LIST)
    disc = recorder.need_disc()
    disc.format(Wish(wish.format_type, wish.blocks, wish.parameter, wish.sub_type))
    recorder.closed_here = False
    recorder.rehearsal = None
    quick = wish.format_type in QUICK or cdb.complete_list
    work = Work.QUICK_FORMAT if quick else Work.FORMAT
    blocks = 0 if quick else disc.state.formatted_blocks or disc.state.capacity_blocks
    seconds = recorder.pace.duration(work, blocks, QUICK_SECONDS if quick else 0.0, call.now)
    recorder.begin(work, seconds, call.now)
    if wish.format_type == DVD_PLUS_RW_BASIC:
        size = disc.state.formatted_blocks
        recorder.format_in_background(recorder.pace.duration(Work.BACKGROUND, size, 0.0, call.now), call.now)
    return None if wish.immed else Reply(seconds=seconds)
