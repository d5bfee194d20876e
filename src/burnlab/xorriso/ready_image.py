"""Writing a ready image as one track: its blocks go to the medium as they are, with padding behind."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from burnlab.burn.drive import BLOCK, Access, DriveError, Status, WriteRequest
from burnlab.burn.fifo import Fifo
from burnlab.xorriso.acquire import fail, give_up, submit
from burnlab.xorriso.aftermath import attempt_of, tell_state
from burnlab.xorriso.command import CommandFailed
from burnlab.xorriso.program import Signalled
from burnlab.xorriso.severity import Severity
from burnlab.xorriso.words import quote
from burnlab.xorriso.write_progress import WriteProgress
from burnlab.xorriso.writing import FAILED, round_stream, tell_expansion, tell_start, write_head

if TYPE_CHECKING:
    from burnlab.burn.drive import Data
    from burnlab.xorriso.medium_view import MediumView
    from burnlab.xorriso.program import Program

CHUNK: Final = 512 * BLOCK
HEAD_BYTES: Final = 32 * BLOCK
DEFAULT_PADDING_BLOCKS: Final = 150


@dataclass(slots=True)
class ReadyImage:
    """Bytes that are an image already. `size` is their announced number, None if nobody knows it.

    It decides how large the track will be, and not where the bytes end.
    """

    pieces: Iterator[bytes]
    size: int | None
    count: int = 0
    """Bytes that have come so far."""
    error: OSError | None = None
    """Why reading ended too early."""

    def blocks(self) -> Iterator[bytes]:
        """Whole blocks; the last one is filled up."""
        rest = b""
        try:
            for piece in self.pieces:
                self.count += len(piece)
                data = rest + piece
                whole = len(data) // BLOCK * BLOCK
                rest = data[whole:]
                if whole:
                    yield data[:whole]
        except OSError as error:
            self.error = error
        if rest:
            yield rest.ljust(BLOCK, b"\0")


def zeros(count: int) -> Iterator[bytes]:
    """So many empty blocks."""
    while count > 0:
        step = min(count, CHUNK // BLOCK)
        count -= step
        yield bytes(step * BLOCK)


@dataclass(frozen=True, slots=True)
class TrackWish:
    """How a ready image shall be written. `start` is a block of an overwritable medium; None: the usual."""

    padding: int
    close: bool
    start: int | None = None
    grows: bool = False


def write_ready_image(program: Program, image: ReadyImage, wish: TrackWish) -> None:
    """Write an image to the output drive.

    Raises:
        CommandFailed: it can't be written; the drive is given up.
    """
    volume = program.volume
    drive, view = volume.outdev, volume.out_view
    assert drive is not None
    assert view is not None
    try:
        _refuse_unsuitable(program, view)
        lba, blocks = _place(program, view, image, wish)
        request = _request(program, wish, lba, blocks)
        _refuse_write_type(program, view, request)
        if image.size is not None:
            tell_expansion(program, view, -(-image.size // BLOCK))
        program.messages.info("Beginning to write data track.")
        stream = padded(image, wish.padding, blocks, fills=not view.medium.is_overwritable)
        head = _write(program, request, stream)
        if image.size is not None and image.count < image.size:
            missing = (blocks or 0) * BLOCK - image.count
            raise DriveError(f"Premature end of input encountered. Missing: {missing} bytes")
        if wish.grows and view.status is Status.APPENDABLE and view.medium.is_overwritable:
            from burnlab.iso9660.head import grown_head

            write_head(drive, view.head, grown_head(view.head, head, lba))
    except DriveError as error:
        submit(program, error)
        failed = fail(program, FAILED)
        tell_state(program, drive)
        gave_up(program)
        raise failed from error
    except CommandFailed:
        gave_up(program)
        raise
    program.messages.info(f"Writing to {quote(drive.address)} completed successfully.\n\n")
    if image.error is not None:
        cause = image.error.strerror or ""
        program.messages.event(Severity.SORRY, "Read error on fifo input", "libburn", cause=cause)


def gave_up(program: Program) -> None:
    """Give the output drive up, and say so as the real program does: without its name."""
    give_up(program, "outdev")
    program.messages.event(Severity.NOTE, "Gave up -outdev ''")


def _refuse_unsuitable(program: Program, view: MediumView) -> None:
    """Raise CommandFailed if nothing can be written."""
    medium, messages = view.medium, program.messages
    if medium.access is Access.READ_ONLY or view.status not in (Status.BLANK, Status.APPENDABLE):
        failed = fail(program, "Closed media with data detected. Need blank or appendable media.")
        if medium.is_erasable:
            messages.event(Severity.HINT, "Try -blank as_needed\n")
        raise failed


def _refuse_write_type(program: Program, view: MediumView, request: WriteRequest) -> None:
    """Raise CommandFailed if the medium can't be written as it is asked for, or not by simulation."""
    from burnlab.burn import write_type

    medium = view.medium
    reasons = write_type.reasons_against(medium, request)
    what, said = f"Cannot set write type {request.mode.upper()} for this medium.", write_type.UNSUITABLE
    why = f"{request.mode.upper()}: {reasons}"
    if request.mode == write_type.AUTO:
        if not request.dummy or medium.can_simulate:
            return
        what, said = "Failed to find a suitable write mode with this media.", write_type.NO_MODE
        why = write_type.simulation_text(medium)
    elif not reasons:
        return
    failed = fail(program, f"{what}\nReasons given:\n{why}")
    program.messages.event(Severity.SORRY, said, "libburn")
    raise failed


def _place(program: Program, view: MediumView, image: ReadyImage, wish: TrackWish) -> tuple[int, int | None]:
    """First block and number of blocks.

    Raises:
        CommandFailed: the medium has no room or isn't for writing.
    """
    medium = view.medium
    if medium.is_overwritable:
        grown = view.next_start if wish.grows and view.status is Status.APPENDABLE else 0
        lba, room = wish.start if wish.start is not None else grown or 0, medium.free_blocks
    else:
        lba, room = view.next_start or 0, view.free
    if image.size is None:
        return lba, None
    blocks = -(-image.size // BLOCK) + wish.padding
    blocks = round_stream(program, view, blocks, close=wish.close)
    if blocks > room:
        raise fail(program, f"Image size {blocks}s exceeds free space on media {room}s")
    return lba, blocks


def _request(program: Program, wish: TrackWish, lba: int, blocks: int | None) -> WriteRequest:
    settings = program.settings
    return WriteRequest(
        lba,
        blocks,
        close=wish.close,
        mode=settings.write_mode,
        dummy=settings.dummy,
        speed=max(0, settings.speed // 1000),
        stream_recording=settings.streams,
        sync_bytes=settings.sync_bytes,
    )


def _write(program: Program, request: WriteRequest, stream: Iterator[Data]) -> bytes:
    """Write; the first 32 blocks of what was written come back."""
    drive, view = program.volume.outdev, program.volume.out_view
    assert drive is not None
    assert view is not None
    fifo = Fifo(program.settings.fifo_size)
    unit = view.medium.speed_unit
    progress = WriteProgress(program, request.blocks or 0, unit, lambda: (fifo.percent, drive.buffer_percent))
    head = b""
    attempt = program.volume.attempt = attempt_of(view, request)
    try:
        drive.begin(request)
        attempt.is_writing = not request.dummy
        tell_start(program, drive, view, request.lba)
        with fifo:
            for chunk in fifo.through(stream):
                drive.write(chunk)
                if len(head) < HEAD_BYTES:
                    head += bytes(chunk[: HEAD_BYTES - len(head)])
                progress.add(len(chunk))
        drive.finish(progress.wait)
    except Signalled:
        program.volume.write_failed = True
        raise
    except BaseException:
        drive.abort()
        raise
    program.volume.attempt = None
    return head


def padded(image: ReadyImage, padding: int, blocks: int | None, *, fills: bool) -> Iterator[bytes]:
    """The blocks of a track: those of the image up to the track's end, then zeros.

    Zeros are as many as padding and rounding make for the announced size. So an image that is larger than
    announced eats into them, and a smaller one makes the track shorter, unless it `fills` what was reserved.
    """
    done = 0
    for chunk in image.blocks():
        if blocks is not None:
            chunk = chunk[: (blocks - done) * BLOCK]
        done += len(chunk) // BLOCK
        yield chunk
        if done == blocks:
            return
    if blocks is None:
        yield from zeros(padding)
        return
    behind = blocks - -(-(image.size or 0) // BLOCK)
    yield from zeros(blocks - done if fills else min(behind, blocks - done))
