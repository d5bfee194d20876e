"""What a CD says of itself: lead-ins, PMA, ATIP, CD-TEXT, and its part of disc and track information."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import groupby

from burnlab.disc import Disc, TrackView, cd
from burnlab.disc.cd_model import CdTrack, SectorForm
from burnlab.disc.cd_regions import cd_track, recorded_end
from burnlab.scsi.mmc.cd_text import cd_text_answer
from burnlab.scsi.mmc.disc_info import (
    NOT_APPLICABLE,
    DiscInformation,
    DiscStatus,
    LastSession,
    TrackInformation,
)
from burnlab.scsi.mmc.lead_in import Atip, SessionEntries, full_toc, pma
from burnlab.scsi.mmc.toc import TocTrack, formatted_toc, msf, session_toc

USUAL_LEAD_IN = (97, 26, 60)
ADR_1 = 0x10
CD_RW_SPEEDS = 0x240000
"""A1 of the ATIP: from 4x to 10x."""

UNDEFINED_TYPE = 0xFF
COPY_PERMITTED = 0x2


def first_lead_in(disc: Disc) -> tuple[int, int, int]:
    """Where the first lead-in begins, which tells the medium's maker: its product id, as `97m26s60f`."""
    found = re.fullmatch(r"(9\d)m([0-5]\d)s([0-6]\d|7[0-4])f", disc.state.product)
    return (int(found[1]), int(found[2]), int(found[3])) if found else USUAL_LEAD_IN


def toc_tracks(disc: Disc, *, closed: bool = True) -> list[TocTrack]:
    """The tracks of the closed sessions, or all that are recorded; each ends behind its run-out."""
    return [
        TocTrack(t.number, t.session, t.start, recorded_end(t), ADR_1 | cd_track(t).control)
        for t in disc.state.tracks
        if t.session <= disc.state.closed_sessions or not closed
    ]


def _full_toc(disc: Disc) -> bytes | None:
    tracks = toc_tracks(disc)
    if not tracks:
        return None
    sessions = []
    for number, group in groupby(tracks, key=lambda t: t.session):
        here = tuple(group)
        last = number == disc.state.closed_sessions
        closed = last and (disc.state.finalized or not disc.is_cd_recordable)
        gap = disc.medium.first_gap_blocks if number == 1 else disc.medium.next_gap_blocks
        sessions.append(
            SessionEntries(
                here,
                cd.lead_in(disc.state, number).disc_type,
                None if closed else here[-1].end + gap,
                disc.state.capacity_blocks,
                bytes(first_lead_in(disc)),
            )
        )
    return full_toc(sessions)


def _pma(disc: Disc) -> bytes | None:
    return pma(toc_tracks(disc, closed=False)) if disc.is_cd_recordable else None


def _atip(disc: Disc) -> bytes | None:
    if not disc.is_cd_recordable:
        return None
    rewritable = disc.medium.erasable
    return Atip(
        rewritable=rewritable,
        a1_valid=rewritable,
        a1=CD_RW_SPEEDS if rewritable else 0,
        lead_in_start=int.from_bytes(bytes(first_lead_in(disc)), "big"),
        last_possible_lead_out=int.from_bytes(msf(disc.state.capacity_blocks), "big"),
    ).pack()


def _text(disc: Disc) -> bytes | None:
    texts = [x.text for x in disc.state.cd.lead_ins if x.text]
    return cd_text_answer(bytes.fromhex(texts[0])) if texts else None


FORMATS: dict[int, Callable[[Disc], bytes | None]] = {2: _full_toc, 3: _pma, 4: _atip, 5: _text}
"""Format of READ TOC/PMA/ATIP that only a CD has → answer, or None where there is nothing to tell."""


def read_toc(disc: Disc, form: int, track: int, *, as_msf: bool) -> bytes | None:
    """READ TOC/PMA/ATIP of a CD; None where there is no answer."""
    if form in FORMATS:
        return FORMATS[form](disc)
    tracks = toc_tracks(disc)
    if not tracks or form > 1:
        return None
    return formatted_toc(tracks, track, as_msf) if form == 0 else session_toc(tracks, as_msf)


def _lead_in_and_out(disc: Disc, start: int) -> tuple[int, int]:
    """Start of the next lead-in and last possible lead-out, both as MSF."""
    if disc.state.finalized or not disc.is_cd_recordable:
        return NOT_APPLICABLE, NOT_APPLICABLE
    next_lead_in = msf(start - cd.PAUSE_BLOCKS - cd.LEAD_IN_BLOCKS)
    lead_in = next_lead_in if disc.state.closed_sessions else bytes(first_lead_in(disc))
    return int.from_bytes(lead_in, "big"), int.from_bytes(msf(disc.state.capacity_blocks), "big")


def disc_information(disc: Disc) -> DiscInformation:
    """READ DISC INFORMATION: with addresses as MSF, and the type of the first session."""
    state, views = disc.state, disc.track_views()
    last = views[-1]
    here = [v for v in views if v.session == last.session]
    if state.finalized:
        status, last_state = DiscStatus.COMPLETE, LastSession.COMPLETE
    else:
        begun = state.cd.is_writing or any(t.session == last.session for t in state.tracks)
        status = DiscStatus.EMPTY if disc.is_blank else DiscStatus.APPENDABLE
        last_state = LastSession.INCOMPLETE if begun else LastSession.EMPTY
    lead_in, lead_out = _lead_in_and_out(disc, last.start)
    return DiscInformation(
        erasable=disc.medium.erasable,
        last_session_state=last_state,
        status=status,
        sessions=last.session,
        first_track_in_last_session=here[0].number,
        last_track_in_last_session=last.number,
        disc_type=cd.lead_in(state, 1).disc_type if state.closed_sessions else UNDEFINED_TYPE,
        last_lead_in_start=lead_in,
        last_possible_lead_out=lead_out,
    )


DATA_MODES = {SectorForm.AUDIO: 0xF, SectorForm.MODE_1: 1, SectorForm.MODE_2_FORM_1: 2, SectorForm.MODE_2: 2}
"""Data mode of the Track Information Block; Fh where there is none."""


def track_information(view: TrackView) -> TrackInformation:
    """READ TRACK INFORMATION; an empty track is told as data of mode 1."""
    facts = view.cd or CdTrack()
    return TrackInformation(
        track=view.number,
        session=view.session,
        damage=view.damaged,
        copy=bool(facts.control & COPY_PERMITTED),
        track_mode=facts.control,
        reserved_track=view.reserved,
        blank=view.blank,
        data_mode=DATA_MODES[facts.form],
        nwa_valid=view.next_writable is not None,
        last_recorded_valid=view.last_recorded is not None,
        start=view.start,
        next_writable=view.next_writable or 0,
        free_blocks=view.free_blocks,
        size=view.size,
        last_recorded=view.last_recorded or 0,
    )
