"""MODE SENSE and MODE SELECT: pages 01h, 05h, 08h, 1Ah, 1Dh and 2Ah."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from burnlab.recorder import cd_writing
from burnlab.recorder.models import read_speed_kbps
from burnlab.scsi import Asc, CheckCondition, SenseKey
from burnlab.scsi.commands import ModeSelect6, ModeSelect10, ModeSense6, ModeSense10
from burnlab.scsi.mmc.mode_pages import (
    LOCK_STATE,
    CapabilitiesPage,
    ErrorRecoveryPage,
    ModePage,
    WriteParametersPage,
    WriteType,
    iter_pages,
    mode_list_6,
    mode_list_10,
)
from burnlab.scsi.task import Data

if TYPE_CHECKING:
    from burnlab.recorder.recorder import Call, Recorder

CHANGEABLE, DEFAULT, SAVED = 1, 2, 3

READS_EVERYTHING = 0x3F
WRITES_EVERYTHING = 0x37
"""DVD-RAM, DVD-R, test write, CD-RW, CD-R."""
PLAYBACK = 0x70
"""Multi-session, mode 2 form 2 and 1; no audio is played."""
BURN_FREE = 0x80
SELECTABLE = bytes.fromhex("7fff0fff003fff00") + b"\xff" * 42
"""Page 05h from byte 2 on: all but its reserved bits can be changed."""
CD_DA = 0x73
TRAY_LOADER = 0x29
"""Tray, ejects, can be locked."""


def _error_recovery(recorder: Recorder, control: int) -> bytes:
    if control == CHANGEABLE:
        return ErrorRecoveryPage(0xFF, 0xFF).pack()
    return (ErrorRecoveryPage() if control == DEFAULT else recorder.error_recovery).pack()


def _write_parameters(recorder: Recorder, control: int) -> bytes:
    if control == CHANGEABLE:
        return WriteParametersPage.PRESET + SELECTABLE
    page = (
        WriteParametersPage(buffer_underrun_free=recorder.model.burn_free)
        if control == DEFAULT
        else recorder.write_parameters
    )
    return page.pack()


def _capabilities(recorder: Recorder, control: int) -> bytes:
    speeds = recorder.write_speeds()
    if control == CHANGEABLE:
        empty = CapabilitiesPage().pack_with((0,) * len(speeds))
        return empty[:2] + bytes(len(empty) - 2)
    selected = recorder.selected_write_kbps or speeds[0]
    reading = min(read_speed_kbps(recorder.model, recorder.profile, recorder.speed), 0xFFFF)
    writing = min(selected, 0xFFFF)
    return CapabilitiesPage(
        read_capabilities=READS_EVERYTHING,
        write_capabilities=WRITES_EVERYTHING,
        playback=PLAYBACK | BURN_FREE * recorder.model.burn_free,
        cd_da=CD_DA,
        mechanism=TRAY_LOADER | LOCK_STATE * recorder.removal_prevented,
        maximum_read_kbps=reading,
        volume_levels=256,
        buffer_kib=recorder.model.buffer_kib,
        current_read_kbps=min(recorder.selected_read_kbps or reading, 0xFFFF),
        maximum_write_kbps=min(speeds[0], 0xFFFF),
        current_write_kbps=writing,
        copy_management=1,
        selected_write_kbps=writing,
    ).pack_with(tuple(min(s, 0xFFFF) for s in speeds))


def _constant(page: bytes) -> Callable[[Recorder, int], bytes]:
    return lambda _recorder, control: page[:2] + bytes(len(page) - 2) if control == CHANGEABLE else page


PAGES: dict[int, Callable[[Recorder, int], bytes]] = {
    ModePage.ERROR_RECOVERY: _error_recovery,
    ModePage.WRITE_PARAMETERS: _write_parameters,
    ModePage.CACHING: _constant(b"\x08\x0a\x04" + bytes(9)),
    ModePage.POWER_CONDITION: _constant(b"\x1a\x0a\x00\x03\x00\x00\x00\x50\x00\x00\x04\xb0"),
    ModePage.TIMEOUT_AND_PROTECT: _constant(b"\x1d\x0a\x00\x00\x04\x00\x00\x00\x00\x07\x00\x78"),
    ModePage.CAPABILITIES: _capabilities,
}
"""Page code → how the page is made, given the page control."""


def _pages(recorder: Recorder, cdb: ModeSense6 | ModeSense10) -> bytes:
    if cdb.page_control == SAVED:
        raise CheckCondition.of(SenseKey.ILLEGAL_REQUEST, Asc.SAVING_PARAMETERS_NOT_SUPPORTED)
    if cdb.page_code == ModePage.ALL:
        return b"".join(make(recorder, cdb.page_control) for make in PAGES.values())
    if cdb.page_code not in PAGES or cdb.subpage_code:
        raise CheckCondition.of(SenseKey.ILLEGAL_REQUEST, Asc.INVALID_FIELD_IN_CDB)
    return PAGES[cdb.page_code](recorder, cdb.page_control)


def mode_sense_6(recorder: Recorder, cdb: ModeSense6, _call: Call) -> bytes:
    """Pages behind a header of 4 bytes."""
    return mode_list_6(_pages(recorder, cdb))


def mode_sense_10(recorder: Recorder, cdb: ModeSense10, _call: Call) -> bytes:
    """Pages behind a header of 8 bytes."""
    return mode_list_10(_pages(recorder, cdb))


def mode_select_6(recorder: Recorder, cdb: ModeSelect6, call: Call) -> None:
    """Take pages behind a header of 4 bytes."""
    _select(recorder, call, cdb.parameter_list_length, 4)


def mode_select_10(recorder: Recorder, cdb: ModeSelect10, call: Call) -> None:
    """Take pages behind a header of 8 bytes."""
    _select(recorder, call, cdb.parameter_list_length, 8)


def _select(recorder: Recorder, call: Call, length: int, header_bytes: int) -> None:
    """Take pages. Initiators share them: the others are told of a change.    Source: SPC-4, 6.11."""
    data: Data = call.task.data_out
    if len(data) < length:
        raise CheckCondition.of(SenseKey.ILLEGAL_REQUEST, Asc.PARAMETER_LIST_LENGTH_ERROR)
    try:
        pages = list(iter_pages(data[:length], header_bytes))
    except ValueError:
        raise CheckCondition.of(SenseKey.ILLEGAL_REQUEST, Asc.PARAMETER_LIST_LENGTH_ERROR) from None
    invalid = CheckCondition.of(SenseKey.ILLEGAL_REQUEST, Asc.INVALID_FIELD_IN_PARAMETER_LIST)
    for page in pages:
        make = PAGES.get(page[0] & 0x3F)
        if make is None or len(page) < len(make(recorder, CHANGEABLE)):
            raise invalid
    for page in pages:
        code = page[0] & 0x3F
        if code == ModePage.WRITE_PARAMETERS:
            parameters = WriteParametersPage.unpack(page)
            if WriteType.of(parameters.write_type) is None:
                raise invalid
            disc = recorder.disc
            if disc is not None and disc.is_cd_recordable and not cd_writing.selectable(parameters):
                raise invalid
            before = recorder.write_parameters
            recorder.select_write_parameters(parameters)
            if recorder.write_parameters != before:
                recorder.tell_others(call.nexus, Asc.MODE_PARAMETERS_CHANGED)
        elif code == ModePage.ERROR_RECOVERY:
            recorder.error_recovery = ErrorRecoveryPage.unpack(page)
