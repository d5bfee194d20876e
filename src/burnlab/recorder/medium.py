"""Commands that tell of the medium: size, table of contents, disc and track information, structures."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from burnlab.disc import Disc, Recording, TrackView, WriteType
from burnlab.recorder import cd_medium
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
from burnlab.scsi.mmc.formats import BLOCK_BYTES, CapacityType, FormatCapacities, FormattableCapacity
from burnlab.scsi.mmc.profiles import Profile
from burnlab.scsi.mmc.toc import TocTrack, formatted_toc, session_toc

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
    offers = tuple(FormattableCapacity(f.blocks, f.code, f.parameter) for f in disc.formats)
    return FormatCapacities(*_current_capacity(disc), offers).pack()


def _current_capacity(disc: Disc) -> tuple[int, CapacityType]:
    state = disc.state
    if state.growing:
        return state.formatted_blocks, CapacityType.NO_MEDIUM
    if disc.is_recordable and not disc.capacity_end and not state.spare_blocks:
        return state.capacity_blocks, CapacityType.UNFORMATTED
    return disc.capacity_end or state.capacity_blocks, CapacityType.FORMATTED


def _is_cd(disc: Disc) -> bool:
    return Profile(disc.profile).is_cd


def _toc_tracks(disc: Disc) -> list[TocTrack]:
    if disc.state.overwritable:
        return [TocTrack(1, 1, 0, disc.capacity_end)] if disc.capacity_end else []
    closed = [t for t in disc.state.tracks if t.session <= disc.state.closed_sessions]
    return [TocTrack(t.number, t.session, t.start, t.end) for t in closed]


def read_toc_pma_atip(recorder: Recorder, cdb: ReadTocPmaAtip, _call: Call) -> bytes:
    """Formats 0 (tracks) and 1 (sessions) over the closed sessions, and on CD all others."""
    disc = recorder.need_disc()
    tracks = _toc_tracks(disc)
    answer: bytes | None = None
    form = cdb.format or cdb.old_format
    if _is_cd(disc):
        answer = cd_medium.read_toc(disc, form, cdb.track, as_msf=cdb.msf)
    elif tracks and form == 0:
        answer = formatted_toc(tracks, cdb.track, cdb.msf)
    elif tracks and form == 1:
        answer = session_toc(tracks, cdb.msf)
    if answer is None:
        raise _invalid()
    return answer


def _views(recorder: Recorder, disc: Disc) -> list[TrackView]:
    """The disc's tracks as this drive tells of them, its habits included."""
    views = disc.track_views()
    lie = recorder.model.free_blocks_lie
    if lie:
        views = [replace(v, free_blocks=v.free_blocks + lie) if v.free_blocks else v for v in views]
    gap = recorder.model.free_on_closed_gap
    if gap is None or not recorder.closed_here or not disc.state.finalized or _is_cd(disc):
        return views
    start = disc.capacity_end + gap
    free = max(0, disc.state.capacity_blocks - start)
    last = views[-1]
    return [*views, TrackView(last.number + 1, last.session + 1, start, free, free, start, blank=True)]


def read_disc_information(recorder: Recorder, cdb: ReadDiscInformation, _call: Call) -> bytes:
    """Standard disc information; no other data type is known."""
    if cdb.data_type:
        raise _invalid()
    disc = recorder.need_disc()
    information = cd_medium.disc_information(disc) if _is_cd(disc) else disc_information(disc)
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


RANDOM_ACCESS_STATUS = {Profile.DVD_RAM: DiscStatus.OTHER, Profile.BD_RE: DiscStatus.OTHER}
"""Status of formatted media whose status is neither appendable nor complete."""


def _overwritable_information(disc: Disc) -> DiscInformation:
    state = disc.state
    if state.growing:
        status, last_state = DiscStatus.APPENDABLE, LastSession.INCOMPLETE
    elif state.formatted_blocks:
        status = RANDOM_ACCESS_STATUS.get(Profile(disc.profile), DiscStatus.COMPLETE)
        last_state = LastSession.COMPLETE
    else:
        status, last_state = DiscStatus.EMPTY, LastSession.EMPTY
    blank = status is DiscStatus.EMPTY
    return DiscInformation(
        erasable=disc.medium.erasable,
        last_session_state=last_state,
        status=status,
        background_format=state.background,
        last_lead_in_start=0 if blank else NOT_APPLICABLE,
        last_possible_lead_out=state.capacity_blocks if blank else NOT_APPLICABLE,
    )


def disc_information(disc: Disc) -> DiscInformation:
    """Disc information of a disc in its present state."""
    if disc.recording is Recording.OVERWRITE:
        return _overwritable_information(disc)
    views = disc.track_views()
    last = views[-1]
    first_in_last = next(v.number for v in views if v.session == last.session)
    if disc.state.finalized:
        status, last_state = DiscStatus.COMPLETE, LastSession.COMPLETE
    else:
        empty = disc.is_blank and not disc.state.spare_blocks
        status = DiscStatus.EMPTY if empty else DiscStatus.APPENDABLE
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
    found = _FINDERS.get(cdb.address_type, _none)(views, cdb.address)
    if found is None:
        raise _invalid()
    return found


def _none(_views: list[TrackView], _address: int) -> TrackView | None:
    return None


def _by_lba(views: list[TrackView], address: int) -> TrackView | None:
    return next((v for v in views if v.start <= address < v.start + max(1, v.size)), None)


def _by_number(views: list[TrackView], number: int) -> TrackView | None:
    """By its number; FFh is the track that is written next, unless so many are recorded that one has it."""
    at = bisect_left(views, number, key=lambda v: v.number)
    if at < len(views) and views[at].number == number:
        return views[at]
    if number != INVISIBLE_TRACK:
        return None
    return next((v for v in reversed(views) if v.next_writable is not None or v.damaged), None)


def _by_session(views: list[TrackView], session: int) -> TrackView | None:
    return next((v for v in views if v.session == session), None)


_FINDERS = {BY_LBA: _by_lba, BY_TRACK: _by_number, BY_SESSION: _by_session}


def read_track_information(recorder: Recorder, cdb: ReadTrackInformation, _call: Call) -> bytes:
    """One track, by LBA, number or session.    Source: MMC-5, 6.27."""
    disc = recorder.need_disc()
    # While tracks are written for a test, a program must see where the next one would begin.
    if recorder.rehearsal is not None and _is_cd(disc):
        disc = recorder.rehearsal
    view = _find_track(_views(recorder, disc), cdb)
    return (cd_medium.track_information(view) if _is_cd(disc) else track_information(disc, view)).pack()


@dataclass(frozen=True, slots=True)
class TrackManner:
    """How a track is told of: its track mode, and its packets where it is written in some."""

    mode: int
    packet: bool = False
    fixed_packet: bool = False
    sized: bool = False
    """A packet size is told while the track is open, or always where it is overwritable."""


INCREMENTAL = TrackManner(5, packet=True, sized=True)
AT_ONCE = TrackManner(4)
MANNERS = {
    Profile.DVD_RW_RESTRICTED_OVERWRITE: TrackManner(4, packet=True, fixed_packet=True, sized=True),
    Profile.DVD_PLUS_RW: TrackManner(7, sized=True),
    Profile.DVD_PLUS_R: TrackManner(7, sized=True),
    Profile.DVD_PLUS_R_DL: TrackManner(7, sized=True),
    Profile.BD_R_SRM: TrackManner(7, sized=True),
    Profile.BD_RE: TrackManner(7),
}
"""What differs from data tracks written at once; incremental tracks tell of themselves."""


def track_information(disc: Disc, view: TrackView) -> TrackInformation:
    """The Track Information Block of a track."""
    incremental = view.write_type is WriteType.INCREMENTAL and disc.is_recordable
    manner = INCREMENTAL if incremental else MANNERS.get(Profile(disc.profile), AT_ONCE)
    overwritable = disc.recording is Recording.OVERWRITE
    sized = manner.sized and (incremental or overwritable or view.next_writable is not None)
    return TrackInformation(
        track=view.number,
        session=view.session,
        damage=view.damaged,
        track_mode=manner.mode,
        reserved_track=view.reserved,
        blank=view.blank,
        packet=manner.packet,
        fixed_packet=manner.fixed_packet,
        nwa_valid=view.next_writable is not None,
        last_recorded_valid=view.last_recorded is not None,
        start=view.start,
        next_writable=view.next_writable or 0,
        free_blocks=view.free_blocks,
        packet_size=disc.medium.unit_blocks if sized else 0,
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


def _dvd_structures(disc: Disc) -> dict[int, bytes]:
    size = disc.state.capacity_blocks
    product = disc.state.product.encode("ascii", "replace")
    available = {0x00: _physical_format(disc, disc.capacity_end or size), 0x01: NO_COPYRIGHT}
    if WriteType.INCREMENTAL in disc.medium.write_types:
        available[0x0E] = structures.pre_recorded_information(product)
        available[0x10] = _physical_format(disc, size)
    elif disc.profile in ADIP_PROFILES:
        available[0x11] = structures.adip_information(_physical_format(disc, size), product)
    return available


def _bd_structures(disc: Disc, free_spares: int) -> dict[int, bytes]:
    available = {0x00: structures.disc_definition(disc.state.product.encode("ascii", "replace"))}
    if disc.is_recordable:
        available[0x0A] = structures.SpareAreaInformation(free_spares, disc.state.spare_blocks).pack()
    return available


ADIP_PROFILES = frozenset({Profile.DVD_PLUS_RW, Profile.DVD_PLUS_R, Profile.DVD_PLUS_R_DL})
DVD, BD = 0, 1


def read_disc_structure(recorder: Recorder, cdb: ReadDiscStructure, _call: Call) -> bytes:
    """Physical format, copyright, product id, spare areas, and the list of what can be read."""
    disc = recorder.need_disc()
    profile = Profile(disc.profile)
    if profile.is_dvd and cdb.media_type == DVD:
        available = _dvd_structures(disc)
    elif profile.is_bd and cdb.media_type == BD:
        free_spares = 0 if recorder.mishaps.spares_used_up(recorder) else disc.state.spare_blocks
        available = _bd_structures(disc, free_spares)
    else:
        raise _invalid()
    if cdb.format == STRUCTURE_LIST:
        rows = (bytes((code, 0x40)) + (len(data) + 4).to_bytes(2, "big") for code, data in available.items())
        return structures.disc_structure(b"".join(rows))
    if cdb.format not in available:
        raise _invalid()
    return structures.disc_structure(available[cdb.format])


STRUCTURE_LIST = 0xFF
