"""SEND CUE SHEET: from the items of a cue sheet to a session that the disc can be told of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby, pairwise
from typing import TYPE_CHECKING

from burnlab.disc import cd
from burnlab.disc.cd_model import CdTrack, LeadIn, Plan, PlannedTrack, SectorForm, Span
from burnlab.recorder.transfer import selected_write_type, written_disc
from burnlab.scsi import Asc, CheckCondition, SenseKey
from burnlab.scsi.mmc.cue_sheet import (
    DATA_FORMS,
    LEAD_IN,
    LEAD_OUT,
    WITH_SUB_CHANNEL,
    CueItem,
    CueSheet,
    DataForm,
    MainData,
    SendCueSheet,
)
from burnlab.scsi.mmc.mode_pages import MULTI_SESSION

if TYPE_CHECKING:
    from burnlab.recorder.recorder import Call, Recorder

FORMS = {
    MainData.AUDIO: SectorForm.AUDIO,
    MainData.MODE_1: SectorForm.MODE_1,
    MainData.MODE_2: SectorForm.MODE_2,
}
DATA_TRACK = 0x4
CD_XA = 0x20


def send_cue_sheet(recorder: Recorder, cdb: SendCueSheet, call: Call) -> None:
    """Take a cue sheet: 5/26/00 and no change where it doesn't add up."""
    disc = written_disc(recorder)
    data = call.task.data_out
    if not disc.is_cd_recordable:
        raise CheckCondition.of(SenseKey.ILLEGAL_REQUEST, Asc.CANNOT_WRITE_INCOMPATIBLE_MEDIUM)
    if len(data) < cdb.cue_sheet_size:
        raise CheckCondition.of(SenseKey.ILLEGAL_REQUEST, Asc.PARAMETER_LIST_LENGTH_ERROR)
    cd.check_at_once(disc.medium, disc.state, selected_write_type(recorder))
    appendable = recorder.write_parameters.multi_session == MULTI_SESSION
    try:
        plan = replace(plan_of(CueSheet.unpack(data[: cdb.cue_sheet_size])), appendable=appendable)
    except ValueError:
        raise CheckCondition.of(SenseKey.ILLEGAL_REQUEST, Asc.INVALID_FIELD_IN_PARAMETER_LIST) from None
    disc.announce(plan)


def plan_of(sheet: CueSheet) -> Plan:
    """The session that a cue sheet describes; ValueError says what doesn't add up."""
    lead_in, *inside, lead_out = _framed(sheet)
    starts = [item.lba for item in (*inside, lead_out)]
    if starts[0] != cd.FIRST_BLOCK or any(a > b for a, b in pairwise(starts)):
        raise ValueError("addresses don't rise from 00:00:00")
    spans = tuple(
        _span(item, start, end)
        for item, (start, end) in zip(inside, pairwise(starts), strict=True)
        if start < end
    )
    groups = [list(group) for _, group in groupby(inside, key=lambda i: i.track)]
    if [g[0].track for g in groups] != list(range(1, len(groups) + 1)):
        raise ValueError("track numbers don't count from 1")
    ends = [g[0].lba for g in groups[1:]] + [lead_out.lba]
    codes = dict(sheet.isrc)
    tracks = tuple(
        _track(group, end, codes.pop(group[0].track, "")) for group, end in zip(groups, ends, strict=True)
    )
    if codes:
        raise ValueError("an ISRC for no track")
    # The pause before the next track counts, too: programs take it from the end of a track.
    if any(b - a < cd.MINIMUM_TRACK_BLOCKS for a, b in pairwise([*(t.start for t in tracks), lead_out.lba])):
        raise ValueError("a track is shorter than four seconds")
    mode_2 = any(t.cd.form is SectorForm.MODE_2 for t in tracks)
    facts = LeadIn(sheet.catalog, CD_XA if mode_2 else 0)
    return cd.planned(Plan(spans, tracks, facts, takes_text=bool(lead_in.data_form & WITH_SUB_CHANNEL)))


def _framed(sheet: CueSheet) -> Sequence[CueItem]:
    items = sheet.positions
    if len(items) < 4 or (items[0].track, items[0].index) != (LEAD_IN, 0):
        raise ValueError("no lead-in, no track, or no lead-out")
    if (items[-1].track, items[-1].index) != (LEAD_OUT, 1):
        raise ValueError("it doesn't end with a lead-out")
    if any(item.track in (LEAD_IN, LEAD_OUT) for item in items[1:-1]):
        raise ValueError("a lead-in or lead-out between the tracks")
    return items


def _form(item: CueItem) -> DataForm:
    form = DATA_FORMS.get(item.data_form)
    if form is None or (form.main is not MainData.AUDIO) != bool(item.control & DATA_TRACK):
        raise ValueError(f"data form {item.data_form:02X}h with control {item.control:X}h")
    return form


def _span(item: CueItem, start: int, end: int) -> Span:
    form = _form(item)
    return Span(start, end, FORMS[form.main], form.block_bytes, bool(form.block_bytes))


def _track(items: list[CueItem], end: int, isrc: str) -> PlannedTrack:
    number = items[0].track
    first_index = items[0].index
    if [i.index for i in items] != list(range(first_index, first_index + len(items))) or first_index > 1:
        raise ValueError(f"the indexes of track {number} don't count from 0 or 1")
    marks = [i.lba for i in items if i.index]
    if number == 1 and first_index:
        raise ValueError("the first track begins with its pre-gap")
    if not marks:
        raise ValueError(f"track {number} has no start")
    forms = {_form(i).main for i in items if i.index}
    if len(forms) != 1 or len({i.control for i in items if i.index}) != 1:
        raise ValueError(f"track {number} changes its form")
    main = items[-1]
    facts = CdTrack(
        FORMS[_form(main).main],
        main.control,
        pregap=marks[0] - items[0].lba,
        isrc=isrc,
        indexes=tuple(marks[1:]),
    )
    return PlannedTrack(number, marks[0], end, facts)
