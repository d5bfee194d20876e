"""Writing a session: what it will be, whether it fits, and how it gets onto the medium.

A session that is added to an overwritable medium is written and synchronized first; only then the head at
block 0 is made to lead to it. So whatever interrupts the run, the medium holds the old image or the new one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from burnlab.burn.drive import BLOCK, Access, DriveError, Status, WriteRequest
from burnlab.burn.fifo import Fifo
from burnlab.xorriso.acquire import NO_MEDIUM_HINT, fail, looked_at, submit
from burnlab.xorriso.aftermath import CLOSE, attempt_of, is_cut_off, tell_state
from burnlab.xorriso.command import CommandFailed
from burnlab.xorriso.commands.control import log_session
from burnlab.xorriso.medium_view import MediumView
from burnlab.xorriso.program import Signalled
from burnlab.xorriso.severity import Severity
from burnlab.xorriso.volume import now
from burnlab.xorriso.words import quote
from burnlab.xorriso.write_progress import WriteProgress

if TYPE_CHECKING:
    from burnlab.burn.drive import Data, Drive
    from burnlab.iso9660.emit import ReadProblem
    from burnlab.iso9660.layout import Layout
    from burnlab.iso9660.options import ImageOptions
    from burnlab.iso9660.tree import Directory, File, ImageContent
    from burnlab.xorriso.program import Program

NO_OUTPUT: Final = "No output drive acquired on attempt to write"
SYSTEM_AREA_BLOCKS: Final = 16
HEAD_BLOCKS: Final = 32
CLOSE_WORDS: Final = ("off", "as_needed")
NOT_STREAMED: Final = "Stream Recording suppressed due to medium type"
NO_STREAMING: Final = "Drive currently does not offer Stream Recording"
FAILED: Final = "libburn indicates failure with writing."


@dataclass(slots=True)
class Run:
    """A session that could be written now. `blocks` is what goes onto the medium, padding included."""

    drive: Drive
    view: MediumView
    layout: Layout
    blocks: int
    included: int
    """Blocks of padding that count as part of the image."""
    close: bool
    borrowed: list[tuple[File, ImageContent]]
    """Files whose contents are copied from another medium, with what was in their place."""
    lba: int
    """Where it is written. That isn't the session's base if it is made for a medium that isn't at hand."""

    def give_back(self) -> None:
        """Let the tree be what it was before the run was planned."""
        for node, content in self.borrowed:
            node.content = content
        self.borrowed.clear()

    @property
    def image_blocks(self) -> int:
        """Blocks of the image."""
        return self.layout.size_blocks


def plan_run(program: Program) -> Run:
    """Find out what a write would write.

    Raises:
        CommandFailed: there is no output drive, or its medium isn't fit for this image.
    """
    volume = program.volume
    drive = volume.outdev
    if drive is None or volume.root is None:
        raise fail(program, NO_OUTPUT)
    view = volume.out_view = looked_at(program, drive)
    if drive is volume.indev:
        volume.in_view = view
    _check_state(program, view, grows=drive is volume.indev)
    if view.next_start is None:
        raise _unsuitable(program)
    blind = program.settings.grow_blindly if drive is not volume.indev else None
    grows = drive is volume.indev or blind is not None
    borrowed = [] if grows or volume.loaded is None else _borrow(volume.root, volume.loaded.size_blocks)
    base = view.next_start if blind is None else blind
    lba = 0 if blind is not None and view.medium.is_overwritable else view.next_start
    try:
        layout, included = _lay_out(program, base, head=blind is None and _has_head(view, base))
    except CommandFailed:
        for node, content in borrowed:
            node.content = content
        raise
    blocks = _stream_blocks(program, view, layout)
    run = Run(drive, view, layout, blocks, included, wants_close(program), borrowed, lba)
    if blocks > view.free:
        run.give_back()
        raise fail(program, f"Image size {blocks}s exceeds free space on media {view.free}s")
    return run


def _borrow(root: Directory, blocks: int) -> list[tuple[File, ImageContent]]:
    """Make contents of the loaded image of so many blocks ones to be copied; shared ones stay shared.

    They come before new ones, sorted roughly by their old place, so that they can be read without seeking.
    """
    from burnlab.iso9660.tree import CopiedContent, File, ImageContent, walk

    copies: dict[object, CopiedContent] = {}
    borrowed = []
    for node in walk(root):
        if isinstance(node, File) and isinstance(node.content, ImageContent):
            content = node.content
            key = content.extents if content.size else ()
            weight = blocks // 16 - content.extents[0].lba // 16 + 1 if content.extents else 0
            new = CopiedContent(content.extents, content.size, content.index, weight)
            copy = copies.setdefault(key, new)
            borrowed.append((node, content))
            node.content = copy
    return borrowed


def wants_close(program: Program) -> bool:
    """Whether the medium is to be closed after writing."""
    return program.settings.close not in CLOSE_WORDS


def _check_state(program: Program, view: MediumView, *, grows: bool) -> None:
    if view.status is Status.ABSENT:
        program.messages.event(Severity.HINT, f"{NO_MEDIUM_HINT} that can be written", "burnlab")
    if not grows and view.status is not Status.BLANK:
        overwritable = view.medium.is_overwritable
        why = "holds non-zero data" if overwritable else "is not blank"
        raise fail(program, f"-indev differs from -outdev and -outdev media {why}")
    refuse_open_end(program, view)
    if is_cut_off(view.medium):
        text = "The last session on the medium was cut off. What is appended to it could not be found"
        program.messages.event(Severity.FAILURE, text, "burnlab")
        program.messages.event(Severity.HINT, CLOSE, "burnlab")
        raise CommandFailed(text)
    if view.status not in (Status.BLANK, Status.APPENDABLE) or view.medium.access is Access.READ_ONLY:
        raise _unsuitable(program)


def refuse_open_end(program: Program, view: MediumView) -> None:
    """Some media take one session only, and must be closed by it.

    Raises:
        CommandFailed: it is such a one, and isn't to be closed.
    """
    if view.medium.needs_close and not wants_close(program):
        name = view.medium.name.split()[0]
        text = f'This {name} media can only be written with -close "on"'
        program.messages.event(Severity.FAILURE, text)
        if view.medium.is_erasable:
            for hint in (
                'Possibly it was blanked by -blank "deformat_quickest"',
                'After writing a session with -close "on", apply -blank "all"',
            ):
                program.messages.event(Severity.HINT, hint)
        raise CommandFailed(text)


def _unsuitable(program: Program) -> CommandFailed:
    program.messages.event(Severity.FAILURE, "Unsuitable target media state", "libisoburn")
    return fail(program, "Failed to prepare session write run")


def _lay_out(program: Program, base: int, *, head: bool) -> tuple[Layout, int]:
    from burnlab.iso9660.layout import plan_layout
    from burnlab.iso9660.names import TooManyAlike

    root = program.volume.root
    assert root is not None
    options = image_options(program)
    try:
        layout = plan_layout(root, base, options, head=head)
    except TooManyAlike as error:
        raise fail(program, str(error), "libisofs") from error
    included = program.settings.padding // BLOCK if program.settings.padding_included else 0
    layout.end += included
    return layout, included


def _has_head(view: MediumView, base: int) -> bool:
    return view.medium.is_overwritable and base >= HEAD_BLOCKS


def tell_expansion(program: Program, view: MediumView, blocks: int) -> None:
    """Say that an image with its padding is less than the least track of a CD."""
    least = view.medium.least_track
    if blocks + -(-program.settings.padding // BLOCK) < least:
        text = f"Expanded track to minimum size of {least} sectors"
        program.messages.event(Severity.NOTE, text)


def _stream_blocks(program: Program, view: MediumView, layout: Layout) -> int:
    """Blocks that will be written, padding included."""
    return round_stream(program, view, layout.stream_blocks, close=wants_close(program))


def round_stream(program: Program, view: MediumView, blocks: int, *, close: bool) -> int:
    """Blocks of a track that are written for so many blocks of data and padding."""
    return view.track_blocks(blocks, at_once=close or program.settings.write_mode == "sao")


def image_options(program: Program) -> ImageOptions:
    """What the image is to be like by all that was set."""
    from burnlab.iso9660.options import DEFAULT_PREPARER, ImageOptions

    volume, settings = program.volume, program.settings
    ids, dates = volume.ids, volume.dates
    time = now(program)
    pinned = settings.source_date_epoch
    return ImageOptions(
        now=time,
        volume_id=_encoded(volume.volume_id),
        system_id=_encoded(ids.system_id),
        volume_set_id=_encoded(ids.volset_id),
        publisher=_encoded(ids.publisher),
        preparer=_encoded(ids.preparer_id) or DEFAULT_PREPARER,
        application_id=_encoded(ids.application_id),
        copyright_file=_encoded(ids.copyright_file),
        abstract_file=_encoded(ids.abstract_file),
        biblio_file=_encoded(ids.biblio_file),
        application_use=ids.application_use,
        creation=dates.creation,
        modification=dates.modification,
        expiration=dates.expiration,
        effective=dates.effective,
        uuid=dates.uuid,
        md5=settings.md5,
        joliet=settings.joliet,
        hardlinks=settings.hardlinks,
        acl=settings.acl,
        xattr=settings.xattr != "off",
        stream_start=volume.looked_since if settings.hardlinks or settings.dev_ino else None,
        last_inode=(volume.loaded.last_inode or 0) if volume.loaded is not None else 0,
        times_are_mtime=dates.all_files == "set_to_mtime" or (pinned is not None and not dates.all_files),
        system_area=_system_area(program),
        padding_blocks=0 if settings.padding_included else settings.padding // BLOCK,
    )


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _system_area(program: Program) -> bytes:
    """The first 16 blocks of the loaded image; they go into every session of it."""
    volume = program.volume
    if volume.loaded is None or volume.indev is None:
        return b""
    try:
        data = volume.indev.read(volume.load_base, SYSTEM_AREA_BLOCKS)
    except OSError:
        return b""
    return data if data.strip(b"\0") else b""


# Writing.


def write_run(program: Program, run: Run) -> None:
    """Bring a session onto the medium.

    Raises:
        CommandFailed: it didn't succeed.
    """
    volume, messages = program.volume, program.messages
    drive, layout = run.drive, run.layout
    if volume.loaded is not None and volume.loaded.boot_catalog is not None:
        messages.event(Severity.NOTE, "Discarded boot image from old session")
    tell_expansion(program, run.view, layout.size_blocks)
    try:
        try:
            _write(program, run)
        finally:
            run.give_back()
    except DriveError as error:
        submit(program, error)
        volume.write_failed = True
        if messages.current >= messages.abort_on:
            worst = f"encountered '{messages.current.name}' during image writing"
            messages.event(Severity.FAILURE, f"-abort_on '{messages.abort_on.name}' {worst}")
            messages.event(Severity.NOTE, "libburn has now been urged to cancel its operation")
        failed = fail(program, FAILED)
        tell_state(program, drive)
        raise failed from error
    messages.info(f"ISO image produced: {layout.size_blocks} sectors")
    messages.info(f"Written to medium : {run.blocks} sectors at LBA {run.lba}")
    messages.info(f"Writing to {quote(drive.address)} completed successfully.\n\n")
    volume.pending = "no"
    log_session(program, run.lba, run.blocks)


def _write(program: Program, run: Run) -> None:
    settings = program.settings
    drive, view, layout = run.drive, run.view, run.layout
    request = WriteRequest(
        run.lba,
        run.blocks,
        close=run.close,
        mode=settings.write_mode,
        dummy=settings.dummy,
        # Asked for the slowest, a drive takes what it has nearest to next to nothing.
        speed=1 if settings.speed < 0 else settings.speed,
        stream_recording=settings.streams,
        sync_bytes=settings.sync_bytes,
    )
    fifo = Fifo(settings.fifo_size)
    unit = view.medium.speed_unit
    progress = WriteProgress(program, run.blocks, unit, lambda: (fifo.percent, drive.buffer_percent))
    attempt = program.volume.attempt = attempt_of(view, request)
    try:
        drive.begin(request)
        attempt.is_writing = not request.dummy
        if request.mode != "auto":
            text = f"Explicitly chosen write type: {request.mode.upper()}"
            program.messages.event(Severity.NOTE, text, "libisoburn")
        tell_start(program, drive, view, run.lba)
        with fifo:
            for chunk in fifo.through(_stream(program, run, fifo)):
                drive.write(chunk)
                progress.add(len(chunk))
        drive.finish(progress.wait)
        if layout.head and not settings.dummy:
            _write_head(drive, view, layout)
    except Signalled:
        # Whoever gets the signal speaks first, and then gives the session up.
        program.volume.write_failed = True
        raise
    except BaseException:
        program.volume.write_failed = True
        drive.abort()
        raise
    program.volume.attempt = None


def tell_start(program: Program, drive: Drive, view: MediumView, lba: int) -> None:
    """Say what was chosen, and where writing begins."""
    note = program.messages.event
    if program.settings.streams and not view.medium.can_stream:
        no_streaming = NOT_STREAMED if drive.is_mmc else NO_STREAMING
        note(Severity.NOTE, no_streaming, "libburn")
    if view.medium.is_overwritable and drive.is_mmc:
        unit = view.medium.address_unit
        text = f"Write start address is  {lba // unit} * {unit * BLOCK}"
        program.messages.event(Severity.NOTE, text, "libburn")


def _stream(program: Program, run: Run, fifo: Fifo) -> Iterator[Data]:
    """All blocks for the medium; problems are told by who takes them from the FIFO."""
    from burnlab.iso9660.emit import emit

    volume, left = program.volume, run.blocks
    read_old = volume.indev.read if volume.indev is not None else None

    def tell(problem: ReadProblem) -> None:
        _tell_problem(program, problem)

    for chunk in emit(run.layout, read_old, fifo.relay(tell)):
        left -= len(chunk) // BLOCK
        yield chunk
    while left > 0:
        count = min(left, 512)
        left -= count
        yield bytes(count * BLOCK)


def _tell_problem(program: Program, problem: ReadProblem) -> None:
    path = problem.path.decode("utf-8", "surrogateescape")
    if problem.error is not None:
        text = f'File "{path}" can\'t be opened. Filling with 0s.'
        program.messages.event(Severity.MISHAP, text, "libisofs", cause=problem.error.strerror or "")
    else:
        text = f'File "{path}" is {problem.missing} bytes shorter than expected. Filling with 0s.'
        program.messages.event(Severity.MISHAP, text, "libisofs")


def _write_head(drive: Drive, view: MediumView, layout: Layout) -> None:
    """Make the first blocks of an overwritable medium lead to the session that was just written."""
    from burnlab.iso9660.head import make_head

    write_head(drive, view.head, make_head(layout, view.head))


def write_head(drive: Drive, old: bytes, new: bytes) -> None:
    """Replace blocks 0 to 31. A drive gets them as one; a file so that it is never without a session."""
    from burnlab.iso9660.head import head_steps

    for lba, piece in [(0, new)] if drive.is_mmc else head_steps(old, new):
        drive.write_at(lba, piece)
