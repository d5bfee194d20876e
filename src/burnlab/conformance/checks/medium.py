"""What is on the medium: READ DISC and TRACK INFORMATION, READ CAPACITY, READ FORMAT CAPACITIES."""

from __future__ import annotations

from itertools import pairwise
from typing import Final

from burnlab.conformance.bench import BLOCK, Bench, announced, at_least, holds, not_here, same
from burnlab.conformance.case import Chapter
from burnlab.conformance.conditions import BLANKABLE, a_medium, is_sequential, medium_of, that, written
from burnlab.conformance.refusal import INVALID_FIELD
from burnlab.scsi.commands import ReadCapacity10
from burnlab.scsi.mmc.commands import ReadDiscInformation, ReadFormatCapacities, ReadTrackInformation
from burnlab.scsi.mmc.disc_info import DiscInformation, DiscStatus, LastSession, TrackInformation
from burnlab.scsi.mmc.formats import CapacityType
from burnlab.scsi.mmc.profiles import Profile

DISC: Final = Chapter("disc-information", a_medium)
TRACKS: Final = Chapter("track-information", a_medium)
CAPACITY: Final = Chapter("read-capacity", a_medium)
FORMATS: Final = Chapter("format-capacities", a_medium)

BY_LBA, BY_TRACK, BY_SESSION, BY_RESERVED = range(4)
NEXT_TRACK: Final = 0xFF
MOST_TRACKS: Final = 400
"""More than that of one disc aren't looked at, one by one."""
RESERVED_TYPE: Final = 7
LONGEST: Final = 252
ERASABLE: Final = BLANKABLE | {Profile.DVD_RAM, Profile.DVD_PLUS_RW, Profile.BD_RE}

can_append: Final = that(
    "the medium is neither blank nor appendable",
    lambda s: s.disc is not None and s.disc.status in (DiscStatus.EMPTY, DiscStatus.APPENDABLE),
)


@DISC.case("MMC-5, 6.22.3.1")
def length(bench: Bench) -> None:
    """Disc information has 34 bytes, then 8 for each entry of an OPC table."""
    data = announced(bench.good(ReadDiscInformation(allocation_length=LONGEST)), 0, 2, 2)
    at_least(data, DiscInformation.LENGTH)
    same("bytes by the number of OPC entries", DiscInformation.LENGTH + 8 * data[33], len(data))


@DISC.case("MMC-5, 6.22.3.1")
def numbers(bench: Bench) -> None:
    """First track, sessions and tracks of the last session are numbers from 1 on, in order."""
    told = bench.disc()
    holds("first track 1 or more", told.first_track >= 1, told.first_track)
    holds("1 session or more", told.sessions >= 1, told.sessions)
    first, last = told.first_track_in_last_session, told.last_track_in_last_session
    holds(
        "first track of the last session not above its last", told.first_track <= first <= last, (first, last)
    )


@DISC.case("MMC-5, 6.22.3.1.3 and 6.22.3.1.4")
def status(bench: Bench) -> None:
    """Status of disc and state of last session fit each other."""
    told = bench.disc()
    fitting = {
        DiscStatus.EMPTY: (LastSession.EMPTY, LastSession.INCOMPLETE),
        DiscStatus.APPENDABLE: (LastSession.EMPTY, LastSession.INCOMPLETE, LastSession.DAMAGED),
        DiscStatus.COMPLETE: (LastSession.COMPLETE, LastSession.EMPTY),
        DiscStatus.OTHER: tuple(LastSession),
    }[DiscStatus(told.status)]
    state = LastSession(told.last_session_state)
    expected = " or ".join(s.name for s in fitting)
    holds(f"last session {expected} with a disc {DiscStatus(told.status).name}", state in fitting, state.name)


@DISC.case("MMC-5, 6.22.3.1", medium_of(ERASABLE, "the medium can't be erased"))
def erasable(bench: Bench) -> None:
    """The erasable bit is set with a medium that can be erased."""
    same("erasable bit", True, bench.disc().erasable)


@DISC.case("MMC-5, 6.22.3.1", medium_of(set(Profile) - ERASABLE, "the medium can be erased"))
def not_erasable(bench: Bench) -> None:
    """The erasable bit is clear with a medium that can't be erased."""
    same("erasable bit", False, bench.disc().erasable)


@DISC.case("MMC-5, 6.22; SPC-4, 3.3 (reserved)")
def reserved_type(bench: Bench) -> None:
    """A reserved data type is an invalid field."""
    bench.disc()
    bench.refused(ReadDiscInformation(data_type=RESERVED_TYPE, allocation_length=34), INVALID_FIELD)


def _track_numbers(bench: Bench) -> range:
    told = bench.disc()
    if told.last_track_in_last_session - told.first_track >= MOST_TRACKS:
        raise not_here(f"there are more than {MOST_TRACKS} tracks")
    return range(told.first_track, told.last_track_in_last_session + 1)


def _tracks(bench: Bench) -> list[TrackInformation]:
    return [bench.track(number) for number in _track_numbers(bench)]


def _find(bench: Bench, address_type: int, address: int) -> TrackInformation:
    cdb = ReadTrackInformation(address_type=address_type, address=address, allocation_length=36)
    data = bench.good(cdb)
    at_least(data, 28)
    return TrackInformation.unpack(data)


@TRACKS.case("MMC-5, 6.27.3")
def by_number(bench: Bench) -> None:
    """Every track that READ DISC INFORMATION tells of can be asked for by its number, and bears it."""
    sessions = bench.disc().sessions
    for number in _track_numbers(bench):
        track = bench.track(number)
        same("track number", number, track.track)
        holds(
            f"session of track {number} from 1 to {sessions}", 1 <= track.session <= sessions, track.session
        )


@TRACKS.case("MMC-5, 6.27.3")
def in_order(bench: Bench) -> None:
    """Tracks follow each other: none begins before the one ahead of it has ended."""
    tracks = _tracks(bench)
    for before, track in pairwise(tracks):
        end = before.start + before.size
        holds(f"track {track.track} from LBA {end} on", track.start >= end, f"LBA {track.start}")


@TRACKS.case("MMC-5, 6.27")
def by_address(bench: Bench) -> None:
    """The track at a track's first address is that track."""
    for track in _tracks(bench):
        if track.size and track.start >= 0:
            same(f"track at LBA {track.start}", track.track, _find(bench, BY_LBA, track.start).track)


@TRACKS.case("MMC-5, 6.27")
def by_session(bench: Bench) -> None:
    """Asked for a session, the unit tells of its first track."""
    firsts: dict[int, int] = {}
    for track in _tracks(bench):
        firsts.setdefault(track.session, track.track)
    for session, number in firsts.items():
        same(f"first track of session {session}", number, _find(bench, BY_SESSION, session).track)


@TRACKS.case("MMC-5, 6.27", is_sequential, can_append)
def next_track(bench: Bench) -> None:
    """Track FFh is the one that can be written next: it has a next writable address within its bounds."""
    track = _find(bench, BY_TRACK, NEXT_TRACK)
    same("next writable address valid", True, track.nwa_valid)
    end = track.start + track.size
    inside = track.start <= track.next_writable < end
    holds(f"next writable address from {track.start} to {end}", inside, track.next_writable)


@TRACKS.case("MMC-5, 6.27.3", is_sequential, can_append)
def free_blocks(bench: Bench) -> None:
    """A track hasn't more free blocks than lie between its next writable address and its end."""
    track = _find(bench, BY_TRACK, NEXT_TRACK)
    room = track.start + track.size - track.next_writable
    holds(f"{room} free blocks or fewer", track.free_blocks <= room, track.free_blocks)


@TRACKS.case("MMC-5, 6.27.3", is_sequential, that("the medium isn't complete", lambda s: s.is_complete))
def nothing_writable(bench: Bench) -> None:
    """On a complete disc no track has a next writable address."""
    found = [track.track for track in _tracks(bench) if track.nwa_valid]
    same("tracks with a next writable address", [], found)


@TRACKS.case("MMC-5, 6.27")
def beyond_the_last(bench: Bench) -> None:
    """A track behind the last one, or a session, is an invalid field."""
    told = bench.disc()
    for kind, number in ((BY_TRACK, told.last_track_in_last_session), (BY_SESSION, told.sessions)):
        cdb = ReadTrackInformation(address_type=kind, address=number + 1, allocation_length=36)
        bench.refused(cdb, INVALID_FIELD)


@TRACKS.case("MMC-5, 6.27; SPC-4, 3.3 (reserved)")
def reserved_address_type(bench: Bench) -> None:
    """A reserved address type is an invalid field."""
    bench.last_track()
    bench.refused(
        ReadTrackInformation(address_type=BY_RESERVED, address=1, allocation_length=36), INVALID_FIELD
    )


@CAPACITY.case("MMC-5, 6.19", written)
def block_length(bench: Bench) -> None:
    """READ CAPACITY has 8 bytes, and the block length is 2048."""
    data = bench.good(ReadCapacity10(), answer=8)
    same("bytes", 8, len(data))
    same("block length", BLOCK, int.from_bytes(data[4:8], "big"))


@CAPACITY.case("MMC-5, 6.19", that("the medium isn't blank", lambda s: s.is_blank))
def blank(bench: Bench) -> None:
    """With a blank medium READ CAPACITY is answered with LBA 0."""
    data = bench.good(ReadCapacity10(), answer=8)
    same("last address and block length", (0, BLOCK), (int.from_bytes(data[0:4], "big"), BLOCK))


@CAPACITY.case(
    "MMC-5, 6.19; 6.27.3", written, is_sequential, that("it isn't complete", lambda s: s.is_complete)
)
def end_of_last_track(bench: Bench) -> None:
    """The last address lies in the last track of a complete disc."""
    last = int.from_bytes(bench.good(ReadCapacity10(), answer=8)[0:4], "big")
    track = bench.last_track()
    # A track of CD may end with two run-out blocks that only one of both counts.
    inside = track.start <= last < track.start + track.size + 2
    holds(f"a last address from {track.start} to {track.start + track.size - 1}", inside, last)


def _formats(bench: Bench) -> bytes:
    data = bench.good(ReadFormatCapacities(allocation_length=LONGEST))
    at_least(data, 12)
    return announced(data, 3, 1, 4)


@FORMATS.case("MMC-5, 6.24.3")
def list_length(bench: Bench) -> None:
    """The list length counts whole descriptors of 8 bytes, the current one first."""
    data = _formats(bench)
    holds("a multiple of 8, 8 or more", data[3] >= 8 and not data[3] % 8, data[3])


@FORMATS.case("MMC-5, 6.24.3.2")
def current(bench: Bench) -> None:
    """The current descriptor says whether the medium is formatted, and bears blocks of 2048 bytes."""
    data = _formats(bench)
    kinds = [kind.value for kind in CapacityType]
    holds("descriptor type 1, 2 or 3", data[8] & 0x03 in kinds, data[8] & 0x03)
    same("block length", BLOCK, int.from_bytes(data[9:12], "big"))


@FORMATS.case("MMC-5, 6.24.3.3")
def offers(bench: Bench) -> None:
    """Every formattable capacity has blocks."""
    data = _formats(bench)
    sizes = [int.from_bytes(data[n : n + 4], "big") for n in range(12, len(data) - 7, 8)]
    holds("more than 0 blocks in each", all(sizes), sizes)


CHAPTERS: Final = (DISC, TRACKS, CAPACITY, FORMATS)
