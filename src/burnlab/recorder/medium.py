"""Commands that tell of the medium: size, table of contents, disc and track information, structures."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from burnlab.disc import Disc, TrackView, WriteType
from burnlab.scsi import Asc, CheckCondition, SenseKey
from burnlab.scsi.commands import ReadCapacity10
from burnlab.scsi.mmc import structures
from burnlab.scsi.mmc.commands import (
    ReadDiscInformation,
    ReadDiscStructure,
    ReadFormatCapacities,
    ReadTocPmaAtip,
    ReadTrackInformation,
)
from burnlab.scsi.mmc.disc_info import (
    NOT_APPLICABLE,
    DiscInformation,
    DiscStatus,
    LastSession,
    TrackInformation,
)
from burnlab.scsi.mmc.formats import BLOCK_BYTES, CapacityType, FormatCapacities
from burnlab.scsi.mmc.toc import TocTrack, formatted_toc, raw_toc, session_toc

if TYPE_CHECKING:
    from burnlab.recorder.recorder import Call, Recorder

QEMU_INITIATOR = "iqn.2008-11.org.linux-kvm"
"""How QEMU names itself unless told otherwise."""

BY_LBA, BY_TRACK, BY_SESSION = 0, 1, 2
INVISIBLE_TRACK = 0xFF

NO_COPYRIGHT = bytes(4)


def _invalid() -> CheckCondition:
    return CheckCondition.of(SenseKey.ILLEGAL_REQUEST, Asc.INVALID_FIELD_IN_CDB)


def read_capacity(recorder: Recorder, _cdb: ReadCapacity10, call: Call) -> bytes:
    """Last readable LBA and block size; LBA 0 for a disc without a closed session.

    QEMU refuses to open a unit without a medium. So the first question of such an initiator is answered
    as for a blank disc, and it finds the empty tray by itself afterwards.
    """
    first_time = not call.nexus.capacity_asked
    call.nexus.capacity_asked = True
    if recorder.disc is None and first_time and call.task.nexus.initiator.startswith(QEMU_INITIATOR):
        last = 0
    else:
        sense = recorder.not_ready(call.now)
        if sense is not None:
            raise CheckCondition(sense)
        last = max(0, recorder.need_disc().capacity_end - 1)
    return last.to_bytes(4, "big") + BLOCK_BYTES.to_bytes(4, "big")


def read_format_capacities(recorder: Recorder, _cdb: ReadFormatCapacities, call: Call) -> bytes:
    """The medium's size and the formats it can be given; it answers without a medium, too."""
    disc = recorder.disc
    if disc is None:
        return FormatCapacities(0, CapacityType.NO_MEDIUM).pack()
    if recorder.operation is not None:
        raise CheckCondition(recorder.operation.sense(call.now))
    kind = CapacityType.UNFORMATTED if disc.is_recordable and disc.is_blank else CapacityType.FORMATTED
    blocks = disc.state.capacity_blocks if disc.is_blank else disc.capacity_end
    return FormatCapacities(blocks, kind).pack()


def _toc_tracks(disc: Disc) -> list[TocTrack]:
    closed = [t for t in disc.state.tracks if t.session <= disc.state.closed_sessions]
    return [TocTrack(t.number, t.session, t.start, t.end) for t in closed]


def read_toc_pma_atip(recorder: Recorder, cdb: ReadTocPmaAtip, _call: Call) -> bytes:
    """Formats 0 (tracks), 1 (sessions) and, on CD, 2 (raw lead-in) over the closed sessions."""
    disc = recorder.need_disc()
    tracks = _toc_tracks(disc)
    answer: bytes | None = None
    form = cdb.format or cdb.old_format
    if tracks and form == 0:
        answer = formatted_toc(tracks, cdb.track, cdb.msf)
    elif tracks and form == 1:
        answer = session_toc(tracks, cdb.msf)
    elif tracks and form == 2 and disc.medium.name.startswith("cd"):
        answer = raw_toc(tracks)
    if answer is None:
        raise _invalid()
    return answer


def _views(recorder: Recorder, disc: Disc) -> list[TrackView]:
    """The disc's tracks; a drive with that habit adds an empty one behind a disc it has just closed."""
    views = disc.track_views()
    gap = recorder.model.free_on_closed_gap
    if gap is None or not recorder.closed_here or not disc.state.finalized:
        return views
    start = disc.capacity_end + gap
    free = max(0, disc.state.capacity_blocks - start)
    last = views[-1]
    habit = TrackView(last.number + 1, last.session + 1, start, free, free, start, blank=True)
    return [*views, habit]


def read_disc_information(recorder: Recorder, cdb: ReadDiscInformation, _call: Call) -> bytes:
    """Standard disc information; no other data type is known."""
    if cdb.data_type:
        raise _invalid()
    disc = recorder.need_disc()
    information = disc_information(disc)
    views = _views(recorder, disc)
    if len(views) != len(disc.track_views()):
        information = replace(
            information,
            last_session_state=LastSession.EMPTY,
            sessions=views[-1].session,
            first_track_in_last_session=views[-1].number,
            last_track_in_last_session=views[-1].number,
        )
    return information.pack()


def disc_information(disc: Disc) -> DiscInformation:
    """Disc information of a disc in its present state."""
    views = disc.track_views()
    last = views[-1]
    first_in_last = next(v.number for v in views if v.session == last.session)
    if disc.state.finalized:
        status, last_state = DiscStatus.COMPLETE, LastSession.COMPLETE
    else:
        status = DiscStatus.EMPTY if disc.is_blank else DiscStatus.APPENDABLE
        session_begun = any(t.session == last.session for t in disc.state.tracks)
        last_state = LastSession.INCOMPLETE if session_begun else LastSession.EMPTY
    return DiscInformation(
        erasable=disc.medium.erasable,
        last_session_state=last_state,
        status=status,
        sessions=last.session,
        first_track_in_last_session=first_in_last,
        last_track_in_last_session=last.number,
        last_lead_in_start=NOT_APPLICABLE if disc.state.finalized else 0,
        last_possible_lead_out=NOT_APPLICABLE if disc.state.finalized else disc.state.capacity_blocks,
    )


def _find_track(views: list[TrackView], cdb: ReadTrackInformation) -> TrackView:
    wanted = {
        BY_LBA: lambda v: v.start <= cdb.address < v.start + max(1, v.size),
        BY_TRACK: lambda v: v.number == cdb.address,
        BY_SESSION: lambda v: v.session == cdb.address,
    }.get(cdb.address_type)
    if wanted is None:
        raise _invalid()
    if cdb.address_type == BY_TRACK and cdb.address == INVISIBLE_TRACK:
        candidates = [v for v in views if v.next_writable is not None][-1:]
    else:
        candidates = [v for v in views if wanted(v)]
    if not candidates:
        raise _invalid()
    return candidates[0]


def read_track_information(recorder: Recorder, cdb: ReadTrackInformation, _call: Call) -> bytes:
    """One track, by LBA, number or session; FFh is the track that can be written next."""
    disc = recorder.need_disc()
    return track_information(disc, _find_track(_views(recorder, disc), cdb)).pack()


def track_information(disc: Disc, view: TrackView) -> TrackInformation:
    """The Track Information Block of a track."""
    incremental = view.write_type is WriteType.INCREMENTAL and disc.is_recordable
    return TrackInformation(
        track=view.number,
        session=view.session,
        damage=view.damaged,
        track_mode=5 if incremental else 4,
        reserved_track=view.reserved,
        blank=view.blank,
        packet=incremental,
        nwa_valid=view.next_writable is not None,
        last_recorded_valid=view.last_recorded is not None,
        start=view.start,
        next_writable=view.next_writable or 0,
        free_blocks=view.free_blocks,
        packet_size=disc.medium.unit_blocks if incremental else 0,
        size=view.size,
        last_recorded=view.last_recorded or 0,
    )


def _physical_format(disc: Disc, blocks: int) -> bytes:
    first = structures.PHYSICAL_SECTOR_OFFSET
    return structures.PhysicalFormat(
        book_type=disc.medium.book_type,
        part_version=2,
        layer_type=2 if disc.is_recordable else 1,
        first_sector=first,
        last_sector=first + blocks - 1,
    ).pack()


def read_disc_structure(recorder: Recorder, cdb: ReadDiscStructure, _call: Call) -> bytes:
    """Physical format, copyright, pre-recorded information, and the list of what can be read."""
    disc = recorder.need_disc()
    if disc.medium.name.startswith(("cd", "bd")) or cdb.media_type != 0:
        raise _invalid()
    size = disc.state.capacity_blocks
    available = {0x00: _physical_format(disc, disc.capacity_end or size), 0x01: NO_COPYRIGHT}
    if disc.is_recordable:
        available[0x0E] = structures.pre_recorded_information(disc.state.product.encode("ascii", "replace"))
        available[0x10] = _physical_format(disc, size)
    if cdb.format == 0xFF:
        rows = (bytes((code, 0x40)) + (len(data) + 4).to_bytes(2, "big") for code, data in available.items())
        return structures.disc_structure(b"".join(rows))
    if cdb.format not in available:
        raise _invalid()
    return structures.disc_structure(available[cdb.format])
