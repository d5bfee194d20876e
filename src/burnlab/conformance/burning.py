"""How each kind of medium is recorded: what the destructive cases have in common."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from burnlab.conformance.bench import BLOCK, Bench, not_here
from burnlab.conformance.case import Deviation
from burnlab.scsi.commands import ModeSelect10, Read10, SynchronizeCache10, Write10
from burnlab.scsi.mmc.commands import Blank, CloseTrackSession, FormatUnit
from burnlab.scsi.mmc.disc_info import TrackInformation
from burnlab.scsi.mmc.features import Feature
from burnlab.scsi.mmc.format_list import FormatList
from burnlab.scsi.mmc.mode_pages import MULTI_SESSION, WriteParametersPage, WriteType
from burnlab.scsi.mmc.profiles import Profile

LAST_SESSION: Final = 0
MODE_HEADER: Final = 8
DATA_TRACK: Final = 4
LINK: Final = 16
MMC_FORMAT: Final = 1
STOP, CLOSE_TRACK, CLOSE_SESSION, FINALIZE = 0, 1, 2, 6
WHOLE, MINIMAL = 0, 1


@dataclass(frozen=True, slots=True)
class Way:
    """How a profile is recorded. `unit` blocks belong together, a track has `least` at least.

    `page` is what MODE SELECT has to say before writing; None where there is nothing to say. `finalize` is
    the function that closes the disc for good; CLOSE_SESSION where the write parameters tell that.
    """

    unit: int = 16
    least: int = 16
    page: WriteParametersPage | None = None
    finalize: int = CLOSE_SESSION
    closes_tracks: bool = True
    at_once: bool = False
    """It can be recorded in one go, the size announced before."""


_INCREMENTAL = WriteParametersPage(
    buffer_underrun_free=True,
    link_size_valid=True,
    write_type=WriteType.INCREMENTAL,
    multi_session=MULTI_SESSION,
    fixed_packet=True,
    link_size=LINK,
    packet_size=LINK,
    audio_pause_length=0,
)
_TRACK_AT_ONCE = WriteParametersPage(
    buffer_underrun_free=True,
    write_type=WriteType.TRACK_AT_ONCE,
    multi_session=MULTI_SESSION,
    track_mode=DATA_TRACK,
)
_CD = Way(least=300, page=_TRACK_AT_ONCE, closes_tracks=False)
_DVD_MINUS = Way(page=_INCREMENTAL, at_once=True)
_PLUS = Way(finalize=FINALIZE)

WAYS: Final[dict[int, Way]] = {
    Profile.CD_R: _CD,
    Profile.CD_RW: _CD,
    Profile.DVD_R: _DVD_MINUS,
    Profile.DVD_RW_SEQUENTIAL: _DVD_MINUS,
    Profile.DVD_PLUS_R: _PLUS,
    Profile.DVD_PLUS_R_DL: _PLUS,
    Profile.BD_R_SRM: Way(unit=32, least=32, finalize=FINALIZE),
    Profile.DVD_RAM: Way(),
    Profile.DVD_RW_RESTRICTED_OVERWRITE: Way(page=replace(_INCREMENTAL, link_size_valid=False, link_size=0)),
    Profile.DVD_PLUS_RW: Way(),
    Profile.BD_RE: Way(unit=32, least=32),
}
"""Profile → how it is recorded."""


def way(bench: Bench) -> Way:
    """How the medium is recorded; Deviation if it has become one of which nothing is known."""
    found = WAYS.get(bench.subject.profile)
    if found is None:
        raise Deviation("the medium to stay what it is, or to become a recordable one", bench.subject.medium)
    return found


def pattern(lba: int, blocks: int, salt: int = 0) -> bytes:
    """Blocks that tell their own address, so that a block in a wrong place is seen."""
    words = ((n ^ salt) & 0xFFFFFFFF for n in range(lba, lba + blocks))
    return b"".join(word.to_bytes(4, "big") * (BLOCK // 4) for word in words)


def select_page(bench: Bench, page: WriteParametersPage) -> None:
    """MODE SELECT of write parameters, which must be taken."""
    cdb, data = write_parameters(page)
    bench.good(cdb, data)


def write_parameters(page: WriteParametersPage) -> tuple[ModeSelect10, bytes]:
    """MODE SELECT of write parameters, and its data."""
    data = bytes(MODE_HEADER) + page.pack()
    return ModeSelect10(page_format=True, parameter_list_length=len(data)), data


def select(bench: Bench, *, multi_session: int = MULTI_SESSION, test_write: bool = False) -> None:
    """Choose the usual way of writing; nothing where the medium knows only one."""
    page = way(bench).page
    if page is not None:
        select_page(bench, replace(page, multi_session=multi_session, test_write=test_write))


def write(bench: Bench, lba: int, blocks: int, salt: int = 0) -> None:
    """Write a pattern in units, each of which must be taken."""
    unit = way(bench).unit
    end = lba + blocks
    while lba < end:
        count = min(unit, end - lba)
        bench.good(Write10(lba, count), pattern(lba, count, salt))
        lba += count


def reads_back(bench: Bench, lba: int, blocks: int, salt: int = 0) -> bool:
    """Whether what is read is the pattern."""
    step = 32
    return all(
        bench.read(Read10(at, min(step, lba + blocks - at)), min(step, lba + blocks - at))
        == pattern(at, min(step, lba + blocks - at), salt)
        for at in range(lba, lba + blocks, step)
    )


def synchronize(bench: Bench) -> None:
    """SYNCHRONIZE CACHE, and wait."""
    bench.good(SynchronizeCache10(immed=True))
    bench.wait()


def close(bench: Bench, function: int, track: int = 0) -> None:
    """CLOSE TRACK/SESSION, and wait."""
    bench.good(CloseTrackSession(immed=True, function=function, track=track))
    bench.wait()


def blank(bench: Bench, how: int = WHOLE) -> None:
    """BLANK, and wait; the medium is looked at anew."""
    bench.good(Blank(immed=True, blanking_type=how))
    bench.wait()
    bench.look()


def format_unit(bench: Bench, wish: FormatList) -> None:
    """FORMAT UNIT, and wait; the medium is looked at anew."""
    bench.good(FormatUnit(format_data=True, format_code=MMC_FORMAT), replace(wish, immed=True).pack())
    bench.wait()
    bench.look()


def can_blank(bench: Bench) -> bool:
    """Whether the medium can be made blank again."""
    return bench.subject.profile in (Profile.CD_RW, Profile.DVD_RW_SEQUENTIAL)


def blank_medium(bench: Bench) -> None:
    """See to it that nothing is recorded; NotApplicable where that can't be had any more."""
    if bench.subject.is_blank:
        return
    if not can_blank(bench):
        raise not_here("the medium isn't blank, and can't be blanked")
    blank(bench, MINIMAL)


def open_track(bench: Bench) -> TrackInformation:
    """The track that can be written next, after write parameters were selected.

    A medium that is complete, or was blanked minimally so that it takes no increments, is blanked as a whole.

    Raises:
        NotApplicable: nothing can be written to the medium any more.
    """
    incremental = bench.subject.profile not in (Profile.DVD_RW_SEQUENTIAL,)
    incremental = incremental or Feature.INCREMENTAL_STREAMING_WRITABLE in bench.subject.current
    if bench.subject.is_complete or not incremental:
        if not can_blank(bench):
            raise not_here("nothing can be written to the medium any more")
        blank(bench, WHOLE)
    select(bench)
    track = bench.last_track()
    if not track.nwa_valid:
        raise not_here("the medium has no next writable address")
    if track.free_blocks < 2 * way(bench).least:
        raise not_here("there is no room left on the medium")
    return track


def burn_session(bench: Bench, *, multi_session: int = MULTI_SESSION) -> range:
    """Write a session of the least size, and close it; returns its blocks."""
    track = open_track(bench)
    here = way(bench)
    select(bench, multi_session=multi_session)
    start = track.next_writable
    write(bench, start, here.least)
    synchronize(bench)
    if here.closes_tracks:
        close(bench, CLOSE_TRACK, track.track)
    close(
        bench, CLOSE_SESSION if multi_session else here.finalize, 1 if here.finalize != CLOSE_SESSION else 0
    )
    bench.look()
    return range(start, start + here.least)
