"""Media that are recorded block after block: where writing goes on, tracks, sessions, and closing."""

from __future__ import annotations

from typing import Final

from burnlab.conformance.bench import BLOCK, Bench, holds, not_here, same
from burnlab.conformance.burning import (
    CLOSE_SESSION,
    CLOSE_TRACK,
    LAST_SESSION,
    blank_medium,
    burn_session,
    can_blank,
    close,
    open_track,
    pattern,
    reads_back,
    select,
    select_page,
    synchronize,
    way,
    write,
    write_parameters,
)
from burnlab.conformance.case import Chapter, Deviation
from burnlab.conformance.conditions import is_sequential, medium_of, not_cd, that
from burnlab.conformance.refusal import (
    END_OF_AREA,
    INVALID_FIELD,
    INVALID_PARAMETER,
    MEDIUM,
    NOT_AT_NEXT,
    OUT_OF_RANGE,
    PROTECTED,
    SEQUENCE,
    SESSION,
    UNREADABLE,
    WRONG_MODE,
)
from burnlab.scsi.commands import Read10, ReadCapacity10, Write10
from burnlab.scsi.mmc.commands import CloseTrackSession, ReserveTrack
from burnlab.scsi.mmc.cue_sheet import LEAD_IN, LEAD_OUT, CueItem, SendCueSheet, cue_sheet
from burnlab.scsi.mmc.disc_info import DiscStatus, TrackInformation
from burnlab.scsi.mmc.mode_pages import MULTI_SESSION, WriteParametersPage, WriteType
from burnlab.scsi.mmc.profiles import Profile
from burnlab.scsi.mmc.toc import msf
from burnlab.scsi.task import Status

WRITING: Final = Chapter("write-sequential", is_sequential, destroys=True)
SESSIONS: Final = Chapter("sessions", is_sequential, destroys=True)
RESERVING: Final = Chapter("reserve-track", is_sequential, destroys=True)
AT_ONCE: Final = Chapter("write-at-once", destroys=True)
REHEARSAL: Final = Chapter("test-write", destroys=True)
CLOSED: Final = Chapter("closed-disc", is_sequential, destroys=True)

FAR: Final = 0x7FFFFF00
CD_PAUSE: Final = 150
CD_LEAST: Final = 300
DATA_CONTROL: Final = 4
MODE_1_BROUGHT, MODE_1_MADE = 0x10, 0x14
MISPLACED: Final = (NOT_AT_NEXT, OUT_OF_RANGE, END_OF_AREA)
CLOSED_REFUSALS: Final = (
    PROTECTED,
    MEDIUM,
    SESSION,
    NOT_AT_NEXT,
    OUT_OF_RANGE,
    WRONG_MODE,
    SEQUENCE,
    END_OF_AREA,
)
MINUS: Final = (Profile.DVD_R, Profile.DVD_RW_SEQUENTIAL)
is_recordable_cd: Final = medium_of((Profile.CD_R, Profile.CD_RW), "the medium is no recordable CD")
TESTABLE: Final = (Profile.CD_R, Profile.CD_RW, *MINUS)


def _refuse_write(bench: Bench, lba: int, *refusals: object) -> None:
    unit = way(bench).unit
    wanted = refusals or MISPLACED
    bench.refused(Write10(lba, unit), *wanted, data_out=pattern(lba, unit))  # type: ignore[arg-type]


def _same_track(bench: Bench, before: TrackInformation) -> None:
    now = bench.track(before.track)
    told = (before.next_writable, before.free_blocks)
    same("next writable address and free blocks", told, (now.next_writable, now.free_blocks))


@WRITING.case("MMC-5, 6.44")
def off_the_next_address(bench: Bench) -> None:
    """A write elsewhere than at a next writable address is refused, and nothing moves."""
    track = open_track(bench)
    unit = way(bench).unit
    for lba in (track.next_writable + unit, track.next_writable + 1):
        _refuse_write(bench, lba)
    _same_track(bench, track)


@WRITING.case("MMC-5, 6.44")
def before_the_next_address(bench: Bench) -> None:
    """What is recorded already can't be written again."""
    track = open_track(bench)
    if track.next_writable == 0:
        write(bench, 0, way(bench).least)
        track = bench.track(track.track)
    _refuse_write(bench, 0)
    _same_track(bench, track)


@WRITING.case("MMC-5, 6.44")
def beyond_the_medium(bench: Bench) -> None:
    """A write beyond every medium is refused."""
    track = open_track(bench)
    _refuse_write(bench, FAR)
    _same_track(bench, track)


@WRITING.case("MMC-5, 6.44")
def nothing_at_all(bench: Bench) -> None:
    """A transfer length of 0 is no error, and writes nothing."""
    track = open_track(bench)
    bench.good(Write10(track.next_writable, 0))
    _same_track(bench, track)


@WRITING.case("MMC-5, 6.44 and 6.27.3")
def next_address_moves(bench: Bench) -> None:
    """Written at the next writable address, it moves on by what was written, and free blocks get fewer."""
    track = open_track(bench)
    unit = way(bench).unit
    for n in range(1, 4):
        write(bench, track.next_writable + (n - 1) * unit, unit)
        now = bench.track(track.track)
        same("next writable address", track.next_writable + n * unit, now.next_writable)
        holds(
            f"{track.free_blocks} free blocks or fewer", now.free_blocks <= track.free_blocks, now.free_blocks
        )


@WRITING.case("MMC-5, 6.41", not_cd)
def synchronized(bench: Bench) -> None:
    """After SYNCHRONIZE CACHE the track goes on where it was."""
    track = open_track(bench)
    write(bench, track.next_writable, way(bench).unit)
    synchronize(bench)
    same(
        "next writable address", track.next_writable + way(bench).unit, bench.track(track.track).next_writable
    )


@WRITING.case("MMC-5, 7.5 and 6.44", medium_of(MINUS, "the medium is neither DVD-R nor DVD-RW"))
def wrong_write_type(bench: Bench) -> None:
    """Raw writing isn't for DVD: refused where it is selected, or where it is used."""
    track = open_track(bench)
    cdb, data = write_parameters(WriteParametersPage(write_type=WriteType.RAW, data_block_type=0))
    if bench.outcome(cdb, data).status is Status.GOOD:
        _refuse_write(bench, track.next_writable, WRONG_MODE, SEQUENCE, INVALID_FIELD, MEDIUM)
    else:
        bench.refused(cdb, INVALID_PARAMETER, data_out=data)
    select(bench)
    _same_track(bench, track)


@SESSIONS.case("MMC-5, 6.3, 6.22.3.1 and 6.27.3")
def closed(bench: Bench) -> None:
    """A closed session is told of: one more session, an appendable disc, and an address for the next one."""
    track = open_track(bench)
    blocks = burn_session(bench)
    told = bench.disc()
    same("status of disc", DiscStatus.APPENDABLE.name, DiscStatus(told.status).name)
    holds(f"more sessions than {track.session}", told.sessions > track.session, told.sessions)
    same("next writable address of the closed track", False, bench.track(track.track).nwa_valid)
    upcoming = bench.last_track()
    holds(
        f"a next writable address behind {blocks.stop - 1}", upcoming.next_writable >= blocks.stop, upcoming
    )


@SESSIONS.case("MMC-5, 6.15 and 6.19")
def read_back(bench: Bench) -> None:
    """What a closed session holds is what was written; behind it nothing can be read."""
    blocks = burn_session(bench)
    holds("the blocks that were written", reads_back(bench, blocks.start, len(blocks)), "other data")
    bench.refused(Read10(blocks.stop + 2, 1), *UNREADABLE, answer=BLOCK)


@SESSIONS.case("MMC-5, 6.15 and 6.26.3.3")
def two_sessions(bench: Bench) -> None:
    """A second session leaves the first as it is, and the last address is in the second."""
    first, second = burn_session(bench), burn_session(bench)
    for blocks in (first, second):
        holds(
            f"the blocks from {blocks.start} on", reads_back(bench, blocks.start, len(blocks)), "other data"
        )
    last = int.from_bytes(bench.good(ReadCapacity10(), answer=8)[0:4], "big")
    holds(f"a last address from {second.stop - 1} on", last >= second.stop - 1, last)


@SESSIONS.case("MMC-5, 6.3; SPC-4, 3.3 (reserved)")
def reserved_function(bench: Bench) -> None:
    """A reserved close function is an invalid field."""
    track = open_track(bench)
    bench.refused(CloseTrackSession(immed=True, function=7), INVALID_FIELD)
    _same_track(bench, track)


@SESSIONS.case("MMC-5, 6.3")
def unknown_track(bench: Bench) -> None:
    """A track that isn't there can't be closed."""
    track = open_track(bench)
    cdb = CloseTrackSession(immed=True, function=CLOSE_TRACK, track=track.track + 9)
    bench.refused(cdb, INVALID_FIELD, SESSION, SEQUENCE)
    _same_track(bench, track)


@RESERVING.case("MMC-5, 6.31")
def too_large(bench: Bench) -> None:
    """More than there is room for can't be reserved."""
    track = open_track(bench)
    refusals = (SESSION, OUT_OF_RANGE, INVALID_FIELD, END_OF_AREA)
    bench.refused(ReserveTrack(size=0x7FFFFFF0), *refusals)
    _same_track(bench, track)


@RESERVING.case("MMC-5, 6.31 and 6.27.3")
def reserved(bench: Bench) -> None:
    """A reserved track has the size that was asked for and an address of its own; another one follows it."""
    track = open_track(bench)
    if track.next_writable != track.start:
        burn_session(bench)
        track = open_track(bench)
    size = 2 * max(
        way(bench).least, CD_LEAST if bench.subject.profile in (Profile.CD_R, Profile.CD_RW) else 0
    )
    reply = bench.outcome(ReserveTrack(size=size))
    if reply.status is not Status.GOOD and track.track > 1:
        raise not_here("the unit reserves no track behind the first one")
    if reply.status is not Status.GOOD:
        bench.good(ReserveTrack(size=size))
    now = bench.track(track.track)
    same("next writable address", track.next_writable, now.next_writable)
    holds(f"a track of {size} blocks or a little more", size <= now.size < size + 64, now.size)
    behind = bench.last_track()
    same("track behind it", track.track + 1, behind.track)
    holds(f"a start from {track.start + size} on", behind.start >= track.start + size, behind.start)
    write(bench, track.next_writable, way(bench).least)
    synchronize(bench)
    if way(bench).closes_tracks:
        close(bench, CLOSE_TRACK, track.track)
    close(bench, CLOSE_SESSION)
    bench.look()
    start = track.next_writable
    holds("the blocks that were written", reads_back(bench, start, way(bench).least), "other data")


@AT_ONCE.case("MMC-5, 6.31, 6.41 and 7.5", medium_of(MINUS, "the medium is neither DVD-R nor DVD-RW"))
def dvd(bench: Bench) -> None:
    """Reserved and written at once to its last block, the disc is complete after SYNCHRONIZE CACHE."""
    if not can_blank(bench):
        raise not_here("it would use up a medium that can't be blanked")
    blank_medium(bench)
    size = 3 * way(bench).unit + 5
    select_page(bench, WriteParametersPage(write_type=WriteType.SESSION_AT_ONCE, audio_pause_length=0))
    bench.good(ReserveTrack(size=size))
    write(bench, 0, size)
    synchronize(bench)
    bench.look()
    same("status of disc", DiscStatus.COMPLETE.name, DiscStatus(bench.disc().status).name)
    same("blocks", size, bench.subject.blocks)
    holds("the blocks that were written", reads_back(bench, 0, size), "other data")


@AT_ONCE.case("MMC-5, 6.31 and 6.44", medium_of(MINUS, "the medium is neither DVD-R nor DVD-RW"))
def unreserved(bench: Bench) -> None:
    """Without RESERVE TRACK a write at once behind the first block is refused."""
    if not can_blank(bench):
        raise not_here("it would use up a medium that can't be blanked")
    blank_medium(bench)
    select_page(bench, WriteParametersPage(write_type=WriteType.SESSION_AT_ONCE, audio_pause_length=0))
    _refuse_write(bench, way(bench).unit, SEQUENCE, *MISPLACED)


def _data_sheet(blocks: int) -> bytes:
    def item(track: int, index: int, form: int, lba: int) -> CueItem:
        minute, second, frame = msf(lba)
        return CueItem(
            DATA_CONTROL, track=track, index=index, data_form=form, minute=minute, second=second, frame=frame
        )

    return cue_sheet(
        (
            item(LEAD_IN, 0, MODE_1_MADE, -CD_PAUSE),
            item(1, 0, MODE_1_BROUGHT, -CD_PAUSE),
            item(1, 1, MODE_1_BROUGHT, 0),
            item(LEAD_OUT, 1, MODE_1_MADE, blocks),
        )
    )


_SESSION_AT_ONCE: Final = WriteParametersPage(
    write_type=WriteType.SESSION_AT_ONCE, multi_session=MULTI_SESSION, track_mode=0, data_block_type=0
)


@AT_ONCE.case("MMC-5, 6.33, 6.41 and 7.5", is_recordable_cd)
def cd(bench: Bench) -> None:
    """A CD written as its cue sheet says is closed by SYNCHRONIZE CACHE with exactly that size."""
    blank_medium(bench)
    select_page(bench, _SESSION_AT_ONCE)
    sheet = _data_sheet(CD_LEAST)
    bench.good(SendCueSheet(cue_sheet_size=len(sheet)), sheet)
    for lba in range(-CD_PAUSE, 0, 15):
        bench.good(Write10(lba, 15), bytes(15 * BLOCK))
    write(bench, 0, CD_LEAST)
    synchronize(bench)
    bench.look()
    same("status of disc", DiscStatus.APPENDABLE.name, DiscStatus(bench.disc().status).name)
    same("blocks", CD_LEAST, bench.subject.blocks)
    holds("the blocks that were written", reads_back(bench, 0, CD_LEAST), "other data")


@AT_ONCE.case("MMC-5, 6.33", is_recordable_cd)
def bad_cue_sheet(bench: Bench) -> None:
    """A cue sheet without a lead-out is an invalid field in the parameter list."""
    blank_medium(bench)
    select_page(bench, _SESSION_AT_ONCE)
    sheet = _data_sheet(CD_LEAST)[:-8]
    bench.refused(SendCueSheet(cue_sheet_size=len(sheet)), INVALID_PARAMETER, data_out=sheet)


@AT_ONCE.case("MMC-5, 6.33 and 6.44", is_recordable_cd)
def without_cue_sheet(bench: Bench) -> None:
    """A session at once can't be written before its cue sheet was sent."""
    blank_medium(bench)
    select_page(bench, _SESSION_AT_ONCE)
    bench.refused(Write10(-CD_PAUSE, 1), SEQUENCE, *MISPLACED, WRONG_MODE, data_out=bytes(BLOCK))


@REHEARSAL.case("MMC-5, 7.5 (test write)", medium_of(TESTABLE, "the medium can't be written for a test"))
def nothing_kept(bench: Bench) -> None:
    """With the test write bit everything goes as when it is written, and nothing is."""
    track = open_track(bench)
    before = bench.disc()
    select(bench, test_write=True)
    write(bench, track.next_writable, way(bench).least)
    synchronize(bench)
    if way(bench).closes_tracks:
        close(bench, CLOSE_TRACK, track.track)
    close(bench, CLOSE_SESSION)
    select(bench)
    same("disc information", before, bench.disc())
    _same_track(bench, track)


@CLOSED.case("MMC-5, 6.3 and 6.22.3.1.3")
def complete(bench: Bench) -> None:
    """A disc closed for good is complete: no track can be written, and its data are there."""
    blocks = burn_session(bench, multi_session=LAST_SESSION)
    told = bench.disc()
    same("status of disc", DiscStatus.COMPLETE.name, DiscStatus(told.status).name)
    last = told.last_track_in_last_session
    writable = [n for n in range(told.first_track, last + 1) if bench.track(n).nwa_valid]
    same("tracks with a next writable address", [], writable)
    holds("the blocks that were written", reads_back(bench, blocks.start, len(blocks)), "other data")


is_closed: Final = that("the medium isn't complete", lambda subject: subject.is_complete)


@CLOSED.case("MMC-5, 6.44", is_closed)
def no_write(bench: Bench) -> None:
    """To a complete disc nothing can be written, neither over its data nor behind them."""
    select(bench)
    for lba in (0, bench.subject.blocks, bench.subject.blocks + 16 * way(bench).unit):
        _refuse_write(bench, lba, *CLOSED_REFUSALS)
    bench.wait()


@CLOSED.case("MMC-5, 6.31", is_closed)
def no_reservation(bench: Bench) -> None:
    """On a complete disc no track can be reserved."""
    select(bench)
    bench.refused(ReserveTrack(size=way(bench).least), *CLOSED_REFUSALS, INVALID_FIELD)


@CLOSED.case("MMC-5, 6.15", is_closed)
def still_there(bench: Bench) -> None:
    """All this leaves the data as they were."""
    data = bench.subject.data
    if not data:
        raise not_here("there is no data track")
    step = way(bench).unit
    sample = bench.read(Read10(data.start, step), step)
    if any(sample[n * BLOCK : n * BLOCK + 4] != (data.start + n).to_bytes(4, "big") for n in range(step)):
        raise Deviation("the pattern that was written", sample[:16].hex(" "))


CHAPTERS: Final = (WRITING, SESSIONS, RESERVING, AT_ONCE, REHEARSAL, CLOSED)
