"""What a drive tells of itself and of the medium in it, gathered from its answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from burnlab.burn.door import Door, SenseError
from burnlab.burn.drive import (
    NO_PROFILE,
    Access,
    DriveError,
    DriveEvent,
    FormatChoice,
    FormatList,
    Identity,
    Medium,
    SpeedChoice,
    Status,
    Track,
)
from burnlab.burn.mmc_media import KINDS, UNKNOWN_KIND, Kind, Manner, maker_of
from burnlab.scsi.commands import Inquiry, ReadCapacity10, TestUnitReady
from burnlab.scsi.inquiry import CD_DVD_DEVICE, StandardInquiry
from burnlab.scsi.mmc.commands import (
    GetConfiguration,
    GetPerformance,
    ReadDiscInformation,
    ReadDiscStructure,
    ReadFormatCapacities,
    ReadTocPmaAtip,
    ReadTrackInformation,
)
from burnlab.scsi.mmc.disc_info import DiscInformation, DiscStatus, LastSession, TrackInformation
from burnlab.scsi.mmc.features import Configuration, Feature
from burnlab.scsi.mmc.formats import CapacityType, FormatCapacities
from burnlab.scsi.mmc.profiles import Profile
from burnlab.scsi.mmc.structures import PhysicalFormat, SpareAreaInformation, WriteSpeed
from burnlab.scsi.mmc.toc import lba_of, lead_outs

ANSWER: Final = 0x4000
BY_LBA: Final = 0
BY_TRACK: Final = 1
NEXT_TRACK: Final = 0xFF
ATIP: Final = 4
RAW_TOC: Final = 2
A1_VALID: Final = 4
ATIP_SPEEDS: Final = {1: 2, 2: 4, 3: 6, 4: 10, 6: 16}
"""Code of a speed in the ATIP → multiple of 1x."""
BD_MEDIA: Final = 1
PRE_RECORDED, ADIP, PHYSICAL, RECORDED_AREA, SPARES = 0x0E, 0x11, 0x00, 0x10, 0x0A
SPEEDS: Final = 3
IN_BACKGROUND: Final = 2
"""Background format status: under way."""
INCREMENTAL_MEDIA: Final = (Profile.DVD_R, Profile.DVD_RW_SEQUENTIAL, Profile.DVD_R_DL_SEQUENTIAL)
DAMAGED, UNADDRESSED, CLOSING = (
    " , but next track is damaged",
    " , but no writable address",
    " , but will need -close on",
)


NO_FORMATS: Final = FormatList("unknown", 0)


@dataclass(frozen=True, slots=True)
class Facts:
    """A medium as it is told to the outside, and what writing needs to know besides."""

    medium: Medium
    kind: Kind
    profile: int = NO_PROFILE
    disc: DiscInformation = field(default_factory=DiscInformation)
    next_track: TrackInformation | None = None
    formats: FormatList = NO_FORMATS
    can_append_incrementally: bool = False


ABSENT: Final = Facts(Medium(Status.ABSENT, Access.READ_ONLY, NO_PROFILE, UNKNOWN_KIND.name), UNKNOWN_KIND)


def identity(door: Door) -> Identity:
    """Vendor, product, revision and serial number.

    Raises:
        DriveError: it is no optical drive.
    """
    data = StandardInquiry.unpack(door.send(Inquiry(allocation_length=36), answer=36))
    if data.device_type != CD_DVD_DEVICE:
        text = f"It is a SCSI device of type {data.device_type:02X}h, not an optical drive"
        raise DriveError(text, DriveEvent("FAILURE", text, "burnlab"))
    vendor, product, revision = map(_printable, (data.vendor, data.product, data.revision))
    serial = ""
    for feature in configuration(door).features:
        if feature.code == Feature.SERIAL_NUMBER:
            serial = _printable(feature.data)
    return Identity(vendor, product, revision, serial)


def configuration(door: Door) -> Configuration:
    """Current profile and features."""
    cdb = GetConfiguration(allocation_length=ANSWER)
    return Configuration.unpack(door.send(cdb, answer=ANSWER))


def profiles(door: Door) -> tuple[tuple[int, bool], ...]:
    """Profiles of the drive, in its own order, and whether each is current."""
    for feature in configuration(door).features:
        if feature.code == Feature.PROFILE_LIST:
            rows = (feature.data[n : n + 4] for n in range(0, len(feature.data), 4))
            return tuple((int.from_bytes(row[:2], "big"), bool(row[2] & 1)) for row in rows)
    return ()


def speeds(door: Door) -> tuple[SpeedChoice, ...]:
    """Write speeds by GET PERFORMANCE; none if the drive doesn't tell."""
    data = door.try_send(GetPerformance(maximum_descriptors=64, type=SPEEDS), answer=ANSWER)
    if data is None:
        return ()
    end = min(len(data), int.from_bytes(data[:4], "big") + 4)
    rows = (WriteSpeed.unpack(data[n : n + 16]) for n in range(8, end - 15, 16))
    return tuple(SpeedChoice(row.write_kbps, row.end_lba, read_kb=row.read_kbps) for row in rows)


def inspect(door: Door) -> Facts:
    """Look at the medium.

    Raises:
        SenseError: the drive doesn't answer as a drive with a medium.
    """
    try:
        door.send(TestUnitReady())
    except SenseError as error:
        if error.is_no_medium:
            return ABSENT
        raise
    setup = configuration(door)
    kind = KINDS.get(setup.current_profile)
    if kind is None:
        name = UNKNOWN_KIND.name
        return Facts(Medium(Status.UNKNOWN, Access.READ_ONLY, setup.current_profile, name), UNKNOWN_KIND)
    length = DiscInformation.LENGTH
    disc = DiscInformation.unpack(door.send(ReadDiscInformation(allocation_length=length), answer=length))
    look = _overwritable if kind.manner is Manner.RANDOM else _sequential
    return look(door, kind, setup, disc)


def _readable(door: Door) -> int:
    data = door.try_send(ReadCapacity10(), answer=8)
    last = int.from_bytes(data[:4], "big") if data else 0
    return last + 1 if last else 0


def format_list(door: Door) -> FormatList:
    """Sizes that the medium has and could have."""
    data = door.try_send(ReadFormatCapacities(allocation_length=256), answer=256)
    if data is None or len(data) < 12:
        return FormatList("unknown", 0)
    found = FormatCapacities.unpack(data)
    states = {CapacityType.UNFORMATTED: "unformatted", CapacityType.FORMATTED: "formatted"}
    rows = (FormatChoice(row.format_type, row.blocks, row.parameter) for row in found.formattable)
    return FormatList(states.get(found.current_type, "unknown"), found.current_blocks, tuple(rows))


def _overwritable(door: Door, kind: Kind, setup: Configuration, disc: DiscInformation) -> Facts:
    formats = format_list(door)
    is_blank = disc.status == DiscStatus.EMPTY
    size = formats.blocks
    if kind.free_code is not None:
        size = next((c.blocks for c in formats.choices if c.code == kind.free_code), size)
    profile = setup.current_profile
    product = product_id(door, profile)
    medium = Medium(
        Status.BLANK if is_blank else Status.UNKNOWN,
        Access.OVERWRITABLE,
        profile,
        kind.name,
        next_writable=32,
        free_blocks=size,
        readable_blocks=0 if is_blank else _readable(door),
        is_erasable=True,
        speed_unit=kind.unit,
        product_id=product,
        maker=maker_of(product),
        write_align=kind.align,
        needs_format=is_blank and formats.state == "unformatted" and profile != Profile.DVD_PLUS_RW,
        can_simulate=False,
        can_stream=kind.can_stream,
        is_formatting=profile == Profile.DVD_PLUS_RW and disc.background_format == IN_BACKGROUND,
        is_formatted_in_parts=formats.state == "unknown",
        address_unit=16 if kind.is_restricted else 1,
        spares=_spares(door, profile),
    )
    return Facts(medium, kind, profile, disc, None, formats)


def _sequential(door: Door, kind: Kind, setup: Configuration, disc: DiscInformation) -> Facts:
    profile = setup.current_profile
    status = _status(profile, disc, readable := _readable(door))
    tracks, upcoming = _tracks(door, disc, status, profile)
    incremental = any(f.code == Feature.INCREMENTAL_STREAMING_WRITABLE and f.current for f in setup.features)
    needs_close = kind.needs_close or (profile in INCREMENTAL_MEDIA and not incremental)
    # What isn't told any more once it is closed counts as missing.
    needs_close |= profile == Profile.DVD_RW_SEQUENTIAL and status is Status.CLOSED
    next_writable, free, flaws = _room(status, upcoming, needs_close=needs_close)
    product = product_id(door, profile)
    medium = Medium(
        status,
        Access.READ_ONLY if kind.manner is Manner.READ_ONLY else Access.SEQUENTIAL,
        profile,
        kind.name,
        _sessions_to_lead_out(door, tracks) if kind.unit[0] == "C" else tuple(tracks),
        next_writable,
        free,
        readable,
        disc.erasable and profile in (Profile.CD_RW, Profile.DVD_RW_SEQUENTIAL),
        kind.unit,
        product,
        maker_of(product) if product else "",
        flaws=flaws,
        overall_blocks=_overall(door, profile) if status is Status.CLOSED else 0,
        write_align=kind.align,
        least_track=300 if kind.manner is Manner.CD else 0,
        closes_at_once=kind.manner is Manner.DVD_MINUS,
        needs_close=needs_close,
        can_simulate=kind.has_test_write,
        can_stream=kind.can_stream,
        spares=_spares(door, profile),
        speed_limits=_speed_limits(door) if profile == Profile.CD_RW else None,
    )
    return Facts(medium, kind, profile, disc, upcoming, FormatList("unknown", 0), incremental)


def _status(profile: int, disc: DiscInformation, readable: int) -> Status:
    if disc.status == DiscStatus.EMPTY:
        return Status.BLANK
    if disc.status != DiscStatus.APPENDABLE:
        return Status.CLOSED
    untouched = disc.last_session_state == LastSession.EMPTY and disc.sessions == 1 and not readable
    return Status.BLANK if profile == Profile.BD_R_SRM and untouched else Status.APPENDABLE


def _track(door: Door, address: int, address_type: int = BY_TRACK) -> TrackInformation | None:
    length = TrackInformation.LENGTH
    cdb = ReadTrackInformation(address_type=address_type, address=address, allocation_length=length)
    data = door.try_send(cdb, answer=length)
    return TrackInformation.unpack(data) if data is not None else None


def _tracks(
    door: Door, disc: DiscInformation, status: Status, profile: int
) -> tuple[list[Track], TrackInformation | None]:
    """The tracks of complete sessions, then one that is open; and the track that a write would go to."""
    tracks: list[Track] = []
    if status is not Status.BLANK:
        complete = disc.sessions - (disc.last_session_state != LastSession.COMPLETE)
        for number in range(1, disc.last_track_in_last_session + 1):
            found = _track(door, number)
            if number == NEXT_TRACK and tracks and (found is None or found.track != number):
                # To some drives it isn't the number of a track, however many are recorded.
                found = _track(door, tracks[-1].start + tracks[-1].blocks, BY_LBA)
            if found is None or not found.session or (found.blank and found.session > complete):
                continue
            is_data = bool(found.track_mode & 4) or not Profile(profile).is_cd
            is_complete = found.session <= complete
            tracks.append(Track(found.session, found.track, found.start, found.size, is_data, is_complete))
    if status is Status.CLOSED:
        extra = _track(door, disc.last_track_in_last_session)
        return tracks, extra if extra is not None and extra.blank else None
    by_number = profile in INCREMENTAL_MEDIA or profile == Profile.BD_R_SRM
    return tracks, _track(door, disc.last_track_in_last_session if by_number else NEXT_TRACK)


def _sessions_to_lead_out(door: Door, tracks: list[Track]) -> tuple[Track, ...]:
    """The tracks of a CD; the last one of a session takes its run-out in, for it goes up to the lead-out."""
    cdb = ReadTocPmaAtip(msf=True, format=RAW_TOC, allocation_length=ANSWER)
    data = door.try_send(cdb, answer=ANSWER)
    ends = lead_outs(bytes(data)) if data is not None else {}
    lasts = {track.session: track.number for track in tracks}
    return tuple(
        track._replace(blocks=max(track.blocks, ends[track.session] - track.start))
        if track.session in ends and lasts[track.session] == track.number and track.is_complete
        else track
        for track in tracks
    )


def _room(
    status: Status, upcoming: TrackInformation | None, *, needs_close: bool
) -> tuple[int | None, int, tuple[str, ...]]:
    """Next writable address, free blocks, and what is wrong with the next track."""
    if status is Status.CLOSED:
        return None, upcoming.free_blocks if upcoming is not None else 0, ()
    if upcoming is None:
        return None, 0, (UNADDRESSED,)
    if upcoming.damage:
        return None, 0, (DAMAGED,)
    start = 0 if status is Status.BLANK else upcoming.next_writable
    if not upcoming.nwa_valid and status is not Status.BLANK:
        return None, upcoming.free_blocks, (UNADDRESSED,)
    return start, upcoming.free_blocks, (CLOSING,) if needs_close else ()


def _structure(door: Door, form: int, media: int = 0) -> bytes:
    cdb = ReadDiscStructure(media_type=media, format=form, allocation_length=ANSWER)
    data = door.try_send(cdb, answer=ANSWER)
    return bytes(data[4:]) if data is not None else b""


def _overall(door: Door, profile: int) -> int:
    if profile == Profile.DVD_RW_SEQUENTIAL:
        data = _structure(door, RECORDED_AREA)
        if len(data) >= 12:
            area = PhysicalFormat.unpack(data)
            return area.last_sector - area.first_sector + 1
    if profile == Profile.CD_RW:
        atip = _atip(door)
        if len(atip) >= 15:
            return lba_of(atip[12:15]) - 2
    return 0


def _spares(door: Door, profile: int) -> tuple[int, int] | None:
    if profile not in (Profile.BD_R_SRM, Profile.BD_RE):
        return None
    data = _structure(door, SPARES, BD_MEDIA)
    if len(data) < SpareAreaInformation.LENGTH:
        return None
    found = SpareAreaInformation.unpack(data)
    return found.total_blocks - found.free_blocks, found.free_blocks


def _atip(door: Door) -> bytes:
    cdb = ReadTocPmaAtip(msf=True, format=ATIP, allocation_length=28)
    data = door.try_send(cdb, answer=28)
    return bytes(data) if data is not None else b""


def _speed_limits(door: Door) -> tuple[int, int] | None:
    """What the ATIP of a CD-RW tells of its speeds in A1."""
    atip = _atip(door)
    if len(atip) < 17 or not atip[6] & A1_VALID:
        return None
    low, high = ATIP_SPEEDS.get(atip[16] >> 4 & 7, 0), ATIP_SPEEDS.get(atip[16] & 0xF, 0)
    return (low, high) if high else None


def _text(data: bytes) -> str:
    return _printable(data.split(b"\0")[0])


def _printable(data: bytes) -> str:
    """A text of a drive, which may be anybody's, made safe for a terminal.    Source: SPC-4, 4.4.1."""
    return "".join(chr(byte) if 0x20 <= byte < 0x7F else "?" for byte in data.rstrip(b"\0 "))


def product_id(door: Door, profile: int) -> str:
    """The medium's product id: where it is written depends on the kind of medium."""
    if profile in (Profile.CD_R, Profile.CD_RW):
        atip = _atip(door)
        if len(atip) < 15:
            return ""
        start, end = ("{}m{:02}s{:02}f".format(*atip[n : n + 3]) for n in (8, 12))
        return f"{start}/{end}"
    if profile in INCREMENTAL_MEDIA or profile == Profile.DVD_RW_RESTRICTED_OVERWRITE:
        data = _structure(door, PRE_RECORDED)
        return _text(data[17:23]) + _text(data[25:31]) if len(data) >= 31 else ""
    if profile in (Profile.DVD_PLUS_R, Profile.DVD_PLUS_R_DL, Profile.DVD_PLUS_RW):
        data = _structure(door, ADIP) or _structure(door, PHYSICAL)
        # The revision is taken from where burn programs take it: the middle of the media type.
        return f"{_text(data[19:27])}/{_text(data[27:30])}/{data[28]}" if len(data) >= 31 else ""
    if profile in (Profile.BD_R_SRM, Profile.BD_RE, Profile.BD_R_RRM, Profile.BD_ROM):
        data = _structure(door, PHYSICAL, BD_MEDIA)
        return f"{_text(data[100:106])}/{_text(data[106:109])}/{data[111]}" if len(data) >= 112 else ""
    return ""
