"""How a session gets onto each kind of optical medium: what comes before the data, and what ends it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from burnlab.burn.door import FORMAT_LIMIT, LONG, Door, SenseError, nothing
from burnlab.burn.drive import (
    BLOCK,
    UNTOLD_PERCENT,
    Data,
    DriveError,
    Progress,
    Status,
    WriteRequest,
)
from burnlab.burn.mmc_inspect import Facts, speeds
from burnlab.burn.mmc_media import Manner
from burnlab.burn.write_type import no_write_type, refuse_named
from burnlab.scsi.commands import ModeSelect10, SynchronizeCache10, Write10, Write12
from burnlab.scsi.mmc.commands import (
    CloseTrackSession,
    FormatUnit,
    ReadBufferCapacity,
    ReserveTrack,
    SetCdSpeed,
    SetStreaming,
)
from burnlab.scsi.mmc.cue_sheet import LEAD_IN, LEAD_OUT, CueItem, SendCueSheet, cue_sheet
from burnlab.scsi.mmc.format_list import FormatList
from burnlab.scsi.mmc.mode_pages import MULTI_SESSION, WriteParametersPage, WriteType, mode_list_10
from burnlab.scsi.mmc.profiles import Profile
from burnlab.scsi.mmc.structures import BufferCapacity, StreamingParameters
from burnlab.scsi.mmc.toc import msf
from burnlab.scsi.sense import Asc, SenseKey
from burnlab.scsi.transport import TransportError

TRACK, SESSION = 1, 2
PAUSE: Final = 150
LEAST_CD_TRACK: Final = 300
NEXT_TRACK: Final = 0xFF
DATA_TRACK: Final = 4
MODE_1_FORM, MODE_1_MADE = 0x10, 0x14
LINK: Final = 16
FASTEST: Final = 0xFFFF
FASTEST_STREAM: Final = 0x10000000
FORMAT_ALL: Final = 0xFFFFFFFF
SYNC_LIMIT: Final = 3600.0
PLUS_RW_BASIC, RESTRICTED_GROW = 0x26, 0x13
PARTLY: Final = 1
ASK_EACH, ASK_EACH_CD = 1024, 64
"""Blocks after which a drive is asked how full its buffer is."""


@dataclass(slots=True)
class Job:
    """A session on its way. `limit` is the first block that can't be written."""

    request: WriteRequest
    facts: Facts
    lba: int
    track: int = 1
    is_at_once: bool = False
    has_formatted: bool = False
    pending: bytes = b""
    buffer_percent: int = UNTOLD_PERCENT
    until_asked: int = 0
    """Blocks to write before the drive is asked again how full its buffer is."""

    @property
    def chunk_bytes(self) -> int:
        """Bytes that one WRITE brings."""
        return self.facts.kind.chunk * BLOCK


def round_up(number: int, unit: int) -> int:
    """The next multiple."""
    return -(-number // unit) * unit


def begin(door: Door, facts: Facts, request: WriteRequest) -> Job:
    """Prepare the drive for a session.

    Raises:
        DriveError: the medium can't be written that way.
        SenseError: the drive refuses.
    """
    refuse_named(facts.medium, request)
    prepare = PREPARE.get(facts.kind.manner)
    if prepare is None or (request.dummy and not facts.medium.can_simulate):
        raise no_write_type(facts.medium, request)
    set_speed(door, facts, request.speed)
    job = Job(request, facts, request.lba)
    door.begin_writing()
    prepare(door, job)
    return job


def set_speed(door: Door, facts: Facts, speed: int) -> None:
    """Ask for a speed in kB/s; 0 asks for the fastest."""
    if facts.kind.manner is Manner.CD:
        wish = min(speed, FASTEST) or FASTEST
        door.try_send(SetCdSpeed(FASTEST, wish))
        return
    # Drives may refuse speeds that they don't have: the fastest is one that they tell.
    offered = speeds(door)
    rate = speed or max((choice.write_kb for choice in offered), default=FASTEST_STREAM)
    reading = max((choice.read_kb for choice in offered), default=0) or FASTEST_STREAM
    end = offered[0].end if offered else facts.medium.free_blocks + (facts.medium.next_writable or 0) - 1
    wish_list = StreamingParameters(
        end_lba=max(0, end), read_size=reading, read_time=1000, write_size=rate, write_time=1000
    ).pack()
    door.try_send(SetStreaming(parameter_list_length=len(wish_list)), wish_list)


def select_write_parameters(door: Door, page: WriteParametersPage) -> None:
    """MODE SELECT of page 05h; a drive that doesn't take it will refuse to write."""
    data = mode_list_10(page.pack())
    data = b"\0\0" + data[2:]
    door.try_send(ModeSelect10(page_format=True, parameter_list_length=len(data)), data)


def _multi(request: WriteRequest) -> int:
    return 0 if request.close else MULTI_SESSION


def _track_at_once(request: WriteRequest) -> WriteParametersPage:
    return WriteParametersPage(
        buffer_underrun_free=True,
        test_write=request.dummy,
        write_type=WriteType.TRACK_AT_ONCE,
        multi_session=_multi(request),
        track_mode=DATA_TRACK,
    )


def _incremental(request: WriteRequest) -> WriteParametersPage:
    return WriteParametersPage(
        buffer_underrun_free=True,
        link_size_valid=True,
        test_write=request.dummy,
        write_type=WriteType.INCREMENTAL,
        multi_session=_multi(request),
        fixed_packet=True,
        link_size=LINK,
        packet_size=LINK,
        audio_pause_length=0,
    )


def _prepare_cd(door: Door, job: Job) -> None:
    request, blank = job.request, job.facts.medium.status is Status.BLANK
    job.is_at_once = blank and request.blocks is not None and request.mode != "tao"
    if not job.is_at_once:
        select_write_parameters(door, _track_at_once(request))
        return
    page = WriteParametersPage(
        buffer_underrun_free=True,
        test_write=request.dummy,
        write_type=WriteType.SESSION_AT_ONCE,
        multi_session=_multi(request),
        track_mode=0,
        data_block_type=0,
    )
    select_write_parameters(door, page)
    blocks = max(LEAST_CD_TRACK, request.blocks or 0)
    sheet = cue_sheet(_cue_items(blocks))
    door.send(SendCueSheet(cue_sheet_size=len(sheet)), sheet)
    job.lba = -PAUSE
    write(door, job, bytes(PAUSE * BLOCK))


def _cue_items(blocks: int) -> list[CueItem]:
    def item(track: int, index: int, form: int, lba: int) -> CueItem:
        minute, second, frame = msf(lba)
        return CueItem(
            DATA_TRACK, track=track, index=index, data_form=form, minute=minute, second=second, frame=frame
        )

    return [
        item(LEAD_IN, 0, MODE_1_MADE, -PAUSE),
        item(1, 0, MODE_1_FORM, -PAUSE),
        item(1, 1, MODE_1_FORM, 0),
        item(LEAD_OUT, 1, MODE_1_MADE, blocks),
    ]


def _prepare_dvd_minus(door: Door, job: Job) -> None:
    request, facts = job.request, job.facts
    blank = facts.medium.status is Status.BLANK
    job.is_at_once = blank and request.blocks is not None and request.close and request.mode != "tao"
    if not job.is_at_once and not facts.can_append_incrementally:
        raise no_write_type(facts.medium, request)
    job.track = facts.disc.last_track_in_last_session
    if job.is_at_once:
        page = WriteParametersPage(
            buffer_underrun_free=True,
            test_write=request.dummy,
            write_type=WriteType.SESSION_AT_ONCE,
            audio_pause_length=0,
        )
        select_write_parameters(door, page)
        door.send(ReserveTrack(size=request.blocks or 0), patience=LONG)
        return
    select_write_parameters(door, _incremental(request))


def _prepare_plus(door: Door, job: Job) -> None:
    request, facts = job.request, job.facts
    upcoming = facts.next_track
    job.track = upcoming.track if upcoming is not None else facts.disc.last_track_in_last_session
    if facts.medium.status is Status.BLANK and request.blocks is not None and request.mode != "tao":
        size = round_up(request.blocks, facts.kind.align)
        try:
            door.send(ReserveTrack(size=size), patience=LONG)
        except SenseError as error:
            # A drive that doesn't know the command writes the track all the same, without knowing its size.
            if request.mode == "sao" or (error.sense.asc, error.sense.ascq) != Asc.INVALID_OPCODE.value:
                raise


def _prepare_random(door: Door, job: Job) -> None:
    facts = job.facts
    if facts.profile == Profile.DVD_PLUS_RW and facts.disc.background_format in (0, PARTLY):
        restart = facts.disc.background_format == PARTLY
        wish = FormatList(immed=True, blocks=FORMAT_ALL, format_type=PLUS_RW_BASIC, parameter=int(restart))
        format_unit(door, wish)
        job.has_formatted = True
    elif facts.profile == Profile.DVD_RW_RESTRICTED_OVERWRITE:
        page = WriteParametersPage(
            buffer_underrun_free=True,
            write_type=WriteType.INCREMENTAL,
            fixed_packet=True,
            audio_pause_length=0,
        )
        select_write_parameters(door, page)
        grow = next((c for c in facts.formats.choices if c.code == RESTRICTED_GROW and c.blocks), None)
        if grow is not None:
            # More than is missing, if the session lies within what is formatted: it will soon be needed.
            missing = min(job.request.lba, grow.blocks)
            format_unit(
                door, FormatList(immed=True, blocks=missing, format_type=RESTRICTED_GROW, parameter=16)
            )
            job.has_formatted = True
        elif facts.medium.is_formatted_in_parts:
            job.has_formatted = True


PREPARE: dict[Manner, Callable[[Door, Job], None]] = {
    Manner.CD: _prepare_cd,
    Manner.DVD_MINUS: _prepare_dvd_minus,
    Manner.PLUS: _prepare_plus,
    Manner.RANDOM: _prepare_random,
}


def format_unit(door: Door, wish: FormatList, *, quick: bool = False) -> None:
    """FORMAT UNIT, and wait until the drive takes commands again."""
    cdb = FormatUnit(format_data=True, complete_list=quick, format_code=1)
    door.send(cdb, wish.pack(), patience=LONG)
    door.wait(limit=FORMAT_LIMIT, pause=0.1)
    synchronize(door)


def close_session(door: Door, function: int = SESSION, track: int = 0, progress: Progress = nothing) -> None:
    """CLOSE TRACK/SESSION, and wait for it."""
    door.send(CloseTrackSession(immed=True, function=function, track=track), patience=LONG)
    door.wait(progress, limit=3600.0)


def synchronize(door: Door, progress: Progress = nothing) -> None:
    """Let the drive bring all that it has onto the medium, and wait for it."""
    door.send(SynchronizeCache10(immed=True), patience=LONG)
    door.wait(progress, limit=SYNC_LIMIT)


def write(door: Door, job: Job, data: Data) -> None:
    """Bring data to the drive, in pieces as large as it likes them; a rest stays back for the next call."""
    view, step = memoryview(data), job.chunk_bytes
    if job.pending:
        # Only a chunk is put together: what is large stays where it is.
        missing = step - len(job.pending)
        joined = job.pending + bytes(view[:missing])
        view = view[missing:]
        job.pending = b""
        if len(joined) < step:
            job.pending = joined
            return
        _write_chunk(door, job, joined)
    whole = len(view) // step * step
    for offset in range(0, whole, step):
        _write_chunk(door, job, view[offset : offset + step])
    if whole < len(view):
        job.pending = bytes(view[whole:])


def _write_chunk(door: Door, job: Job, data: Data) -> None:
    blocks = len(data) // BLOCK
    if job.until_asked <= 0:
        job.buffer_percent = _buffer_percent(door)
        job.until_asked = ASK_EACH_CD if job.facts.kind.manner is Manner.CD else ASK_EACH
    job.until_asked -= blocks
    if job.request.stream_recording and job.facts.kind.can_stream:
        door.send(Write12(lba=job.lba, length=blocks, streaming=True), data, patience=LONG)
    else:
        door.send(Write10(lba=job.lba, length=blocks), data, patience=LONG)
    job.lba += blocks


def _buffer_percent(door: Door) -> int:
    """How full the drive's buffer is; a drive that doesn't know is as good as any other."""
    answer = door.try_send(
        ReadBufferCapacity(allocation_length=BufferCapacity.LENGTH), answer=BufferCapacity.LENGTH
    )
    if answer is None or len(answer) < BufferCapacity.LENGTH:
        return UNTOLD_PERCENT
    told = BufferCapacity.unpack(bytes(answer))
    if not 0 <= told.free_bytes <= told.buffer_bytes or not told.buffer_bytes:
        return UNTOLD_PERCENT
    return 100 * (told.buffer_bytes - told.free_bytes) // told.buffer_bytes


def flush(door: Door, job: Job) -> None:
    """Write the rest, filled up where the medium takes only whole units."""
    if not job.pending:
        return
    data, job.pending = job.pending, b""
    kind = job.facts.kind
    fills = kind.manner is Manner.PLUS or kind.is_restricted
    fills = fills or (kind.manner is Manner.DVD_MINUS and not job.is_at_once)
    if fills:
        data = data.ljust(round_up(len(data), min(kind.align, kind.chunk) * BLOCK), b"\0")
    _write_chunk(door, job, data)


def finish(door: Door, job: Job, progress: Progress) -> None:
    """Bring everything onto the medium, and close track and session as the medium wants it."""
    flush(door, job)
    synchronize(door, progress)
    for function, track in _closing(job):
        close_session(door, function, track, progress)
    door.end_writing()


def _closing(job: Job) -> list[tuple[int, int]]:
    """CLOSE TRACK/SESSION functions with their track numbers, in order."""
    kind = job.facts.kind
    if kind.manner is Manner.RANDOM:
        return [(SESSION, 0)] if job.has_formatted else []
    if job.is_at_once:
        return []
    if kind.manner is Manner.CD:
        return [(SESSION, 0)]
    if job.request.close and kind.finalize:
        return [(TRACK, job.track), (kind.finalize, 1 if kind.finalize == 5 else 0)]
    return [(TRACK, job.track), (SESSION, 0)]


def closing_of_damaged(facts: Facts) -> list[tuple[int, int]]:
    """CLOSE TRACK/SESSION functions that end what was cut off, with their track numbers.

    Raises:
        DriveError: there are no sessions on such a medium.
    """
    if facts.kind.manner not in (Manner.CD, Manner.DVD_MINUS, Manner.PLUS):
        raise DriveError("Cannot close damaged track on given media type")
    if facts.kind.manner is Manner.CD:
        return [(SESSION, 0)]
    return [(TRACK, facts.disc.last_track_in_last_session), (SESSION, 0)]


def select_for_closing(door: Door, facts: Facts) -> None:
    """Tell a drive how the session was written that it is to close: one that was off knows nothing of it."""
    request = WriteRequest(0, None)
    if facts.kind.manner is Manner.CD:
        select_write_parameters(door, _track_at_once(request))
    elif facts.kind.manner is Manner.DVD_MINUS:
        select_write_parameters(door, _incremental(request))


def abort(door: Door, job: Job) -> None:
    """End a session that was cut off so that the medium can still be used, as far as the drive obeys."""
    was_reset = door.spoiled is not None and door.spoiled.key == SenseKey.UNIT_ATTENTION
    door.end_writing()
    if was_reset:
        # It has forgotten how the session was to be closed, and would close the whole disc.
        return
    try:
        job.pending = b""
        if job.is_at_once:
            # Its end is announced to the drive already: all that helps is to let it write what it has.
            synchronize(door)
            return
        finish(door, job, nothing)
    except (SenseError, TransportError):
        pass
