"""Burning from Python: a drive by its address, what is in it, and what a program does with it.

from burnlab.api import ImageOptions, open_disc_drive
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from types import TracebackType
from typing import NamedTuple, Self, TypeAlias

from burnlab.burn.drive import (
    BLOCK,
    Access,
    Data,
    Drive,
    DriveError,
    FormatChoice,
    Identity,
    SpeedChoice,
    Status,
    WriteRequest,
)
from burnlab.burn.fifo import Fifo
from burnlab.iso9660.ecma119 import ImageError
from burnlab.iso9660.emit import OnProblem, emit
from burnlab.iso9660.head import invalidate_head, make_head
from burnlab.iso9660.image import Name, Written, scan_root
from burnlab.iso9660.layout import Layout, plan_layout
from burnlab.iso9660.load import LoadedImage, load_tree
from burnlab.iso9660.options import ImageOptions
from burnlab.iso9660.tree import Directory, File, TreeError, walk
from burnlab.iso9660.verify import FileCheck, Verdict, check_files
from burnlab.xorriso.aftermath import Attempt, advice, attempt_of, is_cut_off
from burnlab.xorriso.medium_view import HEAD_BLOCKS, MediumView, as_if_blank, look
from burnlab.xorriso.writing import write_head

CHUNK = 512
"""Blocks of a ready image that are read at once."""
SYSTEM_AREA = 16

Progress: TypeAlias = Callable[[int, int], None]
"""Is told the blocks written and the blocks to be written in all."""
Waiting: TypeAlias = Callable[[float | None], None]
"""Is told now and then how far a long operation has come: 0..1, or None if the drive doesn't say."""


class MediumError(DriveError):
    """The medium isn't fit for that, or there is none. Nothing was done."""


class TooLargeError(MediumError):
    """What is to be written needs more blocks than there are. Nothing was done."""

    def __init__(self, needed: int, free: int) -> None:
        super().__init__(f"{needed} blocks of {BLOCK} bytes are needed, {free} are free")
        self.needed = needed
        self.free = free


class _Wish(NamedTuple):
    close: bool
    dummy: bool
    speed: int
    progress: Progress | None
    on_problem: OnProblem | None


class DiscDrive:
    """A drive and its medium. As a context manager it lets go of the drive at the end.

    All methods raise DriveError for what the drive refuses or fails to do: its text is a sentence, `sense`
    the drive's sense data if there is some, `__notes__` says what can be done after a burn that was cut off.
    """

    def __init__(self, drive: Drive) -> None:
        self.drive = drive
        """What commands the drive, for what isn't offered here."""

    def __enter__(self) -> Self:
        """The drive itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let go of it."""
        self.close()

    def close(self) -> None:
        """Let go of the drive: its tray is unlocked."""
        self.drive.close()

    @property
    def identity(self) -> Identity:
        """Vendor, product, revision and serial number."""
        return self.drive.identity

    def medium(self) -> MediumView:
        """Look at the medium: `status`, `medium.name`, `rows` of its table of contents, `free` blocks, ..."""
        return look(self.drive)

    def speeds(self) -> tuple[SpeedChoice, ...]:
        """Write speeds for the medium, in kB/s."""
        return self.drive.speeds()

    def formats(self) -> tuple[FormatChoice, ...]:
        """What the medium can be formatted to."""
        return self.drive.formats().choices

    # Preparing.

    def blank(self, mode: str = "as_needed", waiting: Waiting | None = None) -> None:
        """Make the medium blank: `as_needed`, `fast`, `all`, `deformat`, `deformat_quickest`.

        On overwritable media only the head is changed, but by `deformat`. What is blank stays as it is.
        """
        view = self._present()
        deformats = mode.startswith("deformat")
        if view.status is Status.BLANK and not deformats:
            return
        if view.medium.is_overwritable and not deformats:
            old = view.head if view.status is Status.APPENDABLE else b""
            size = HEAD_BLOCKS * BLOCK
            self.drive.write_at(0, invalidate_head(old[:size].ljust(size, b"\0")))
            return
        if not view.medium.is_erasable:
            raise MediumError(f"{view.medium.name} can't be blanked")
        # A DVD-RW that is blanked in a hurry takes one session only.
        quickly = mode == "fast" or (mode == "as_needed" and view.medium.speed_unit[0] == "C")
        self.drive.blank("fast" if quickly else "all" if mode == "as_needed" else mode, waiting or _ignore)

    def format(
        self, choice: FormatChoice | None = None, *, quick: bool = False, waiting: Waiting | None = None
    ) -> None:
        """Format the medium, to a row of `formats()` or to what suits it best."""
        self._present()
        self.drive.format(choice, waiting or _ignore, quick)

    def close_damaged(self, waiting: Waiting | None = None) -> None:
        """End a session that was cut off, so that another one can be appended."""
        self._present()
        self.drive.close_damaged(waiting or _ignore)

    # Burning.

    def burn(
        self,
        source: Directory | Name,
        options: ImageOptions,
        *,
        close: bool = False,
        dummy: bool = False,
        speed: int = 0,
        progress: Progress | None = None,
        on_problem: OnProblem | None = None,
    ) -> Written:
        """Burn a tree of nodes or a directory of the disk as the first session of a blank medium.

        Args:
            source: what goes into the root directory of the image.
            options: what the image is to be like.
            close: nothing shall be appended later.
            dummy: do all but write, on media that can simulate.
            speed: in kB/s; 0 is as fast as can be.
            progress: is called after each chunk.
            on_problem: is told of contents that can't be read as planned.

        Raises:
            MediumError: the medium isn't blank, or not large enough (TooLargeError).
            TreeError: the source is no directory.
            OSError: the source can't be read.
        """
        view = self._writable()
        if view.status is not Status.BLANK:
            raise MediumError(f"{view.medium.name} is not blank: append to it, or blank it")
        root = source if isinstance(source, Directory) else scan_root(source, options)
        wish = _Wish(close, dummy, speed, progress, on_problem)
        return self._session(view, root, options, wish)

    def append(
        self,
        change: Callable[[Directory], None],
        options: ImageOptions,
        *,
        close: bool = False,
        speed: int = 0,
        progress: Progress | None = None,
        on_problem: OnProblem | None = None,
    ) -> Written:
        """Append a session in which the tree of the last one is changed. Options as those of `burn`.

        Raises:
            MediumError: nothing can be appended, or not that much (TooLargeError).
            ImageError: there is no image to begin with.
        """
        view = self._writable()
        if view.status is not Status.APPENDABLE:
            raise MediumError(f"{view.medium.name} {view.status.value}: there is nothing to append to")
        image = self._load(view, want_md5=options.md5)
        change(image.root)
        area = self.drive.read(view.load_start, SYSTEM_AREA)
        if area.strip(b"\0") and not options.system_area:
            options = replace(options, system_area=area)
        wish = _Wish(close, False, speed, progress, on_problem)
        return self._session(view, image.root, options, wish)

    def burn_image(
        self,
        file: Name,
        *,
        close: bool = False,
        dummy: bool = False,
        speed: int = 0,
        progress: Progress | None = None,
    ) -> int:
        """Burn a ready image from block 0 on, of any file system; the number of blocks written.

        On overwritable media it replaces what is there.

        Raises:
            MediumError: the medium can't take it, or isn't large enough (TooLargeError).
            OSError: the file can't be read.
        """
        view = self._writable(replaces=True)
        if view.status is not Status.BLANK:
            raise MediumError(f"{view.medium.name} is not blank")
        with open(file, "rb") as opened:  # noqa: PTH123
            data = -(-os.fstat(opened.fileno()).st_size // BLOCK)
            blocks = view.track_blocks(data, at_once=close)
            pieces = iter(lambda: opened.read(CHUNK * BLOCK), b"")
            request = WriteRequest(0, blocks, close, dummy=dummy, speed=speed)
            with Fifo() as fifo:
                self._write(view, request, fifo.through(_whole_blocks(pieces)), progress)
        return blocks

    # Reading.

    def image(self) -> LoadedImage:
        """The tree of the last session.

        Raises:
            ImageError: there is no image.
        """
        return self._load(self._present())

    def verify(self) -> list[FileCheck]:
        """Check all files of the last session against their recorded MD5; those that are wrong or unreadable.

        Raises:
            ImageError: there is no image, or superblock and tree aren't as written.
        """
        image = load_tree(self.drive.read, self._present().load_start, check_tags=True)
        files = [node for node in walk(image.root) if isinstance(node, File)]
        good = (Verdict.MATCH, Verdict.NO_MD5)
        return [check for check in check_files(self.drive.read, files) if check.verdict not in good]

    def read(self, lba: int, blocks: int) -> bytes:
        """Blocks of the medium; fewer at its end. OSError if they can't be read."""
        return self.drive.read(lba, blocks)

    def eject(self) -> bool:
        """Open the tray; False if there is none."""
        return self.drive.eject()

    # Inside.

    def _present(self) -> MediumView:
        view = self.medium()
        if view.status is Status.ABSENT:
            raise MediumError("There is no medium in the drive")
        return view

    def _writable(self, *, replaces: bool = False) -> MediumView:
        """A medium that can be written; if all on it is replaced, as if it were blank where that helps."""
        view = self._present()
        if view.medium.needs_format:
            self.drive.format(None, _ignore)
            view = self._present()
        view = as_if_blank(view) if replaces else view
        name, status = view.medium.name, view.status.value
        if view.medium.access is Access.READ_ONLY or view.next_start is None:
            raise MediumError(f"{name} {status}: it can't be written")
        if is_cut_off(view.medium):
            raise MediumError(f"The last session of {name} was cut off: close_damaged() ends it")
        return view

    def _load(self, view: MediumView, *, want_md5: bool = True) -> LoadedImage:
        if view.status is Status.BLANK:
            raise ImageError("The medium is blank")
        return load_tree(self.drive.read, view.load_start, want_md5=want_md5)

    def _session(self, view: MediumView, root: Directory, options: ImageOptions, wish: _Wish) -> Written:
        base = view.next_start
        assert base is not None
        has_head = view.medium.is_overwritable and base >= HEAD_BLOCKS
        layout: Layout = plan_layout(root, base, options, head=has_head)
        blocks = view.track_blocks(layout.stream_blocks, at_once=wish.close)
        request = WriteRequest(base, blocks, wish.close, dummy=wish.dummy, speed=wish.speed)
        with Fifo() as fifo:
            on_problem = fifo.relay(wish.on_problem) if wish.on_problem is not None else None
            stream = fifo.through(emit(layout, self.drive.read, on_problem))
            self._write(view, request, stream, wish.progress)
        if has_head and not wish.dummy:
            write_head(self.drive, view.head, make_head(layout, view.head))
        return Written(layout.base, layout.end, layout.content_bytes)

    def _write(
        self, view: MediumView, request: WriteRequest, stream: Iterator[Data], progress: Progress | None
    ) -> None:
        total = request.blocks or 0
        if total > view.free:
            raise TooLargeError(total, view.free)
        done = 0
        attempt = attempt_of(view, request)
        try:
            self.drive.begin(request)
            attempt.is_writing = not request.dummy
            for chunk in _filled(stream, total):
                self.drive.write(chunk)
                done += len(chunk) // BLOCK
                if progress is not None:
                    progress(done, total)
            self.drive.finish(_ignore)
        except BaseException as error:
            self.drive.abort()
            self._note(error, attempt)
            raise

    def _note(self, error: BaseException, attempt: Attempt) -> None:
        try:
            for text in advice(self.drive.medium(), attempt):
                error.add_note(text)
        except DriveError:
            error.add_note("The drive doesn't answer any more: the state of the medium is not known")


def open_disc_drive(address: str) -> DiscDrive:
    """Open a drive: `/dev/sr0`, `iscsi://HOST/TARGET/LUN`, `disc:FOLDER`, `stdio:FILE` or a plain path.

    Raises:
        DriveError: there is no such drive, or it can't be used; the text says why.
    """
    from burnlab.cli.units import open_drive

    return DiscDrive(open_drive(address))


def _ignore(_done: float | None) -> None:
    """Progress that nobody wants to see."""


def _whole_blocks(pieces: Iterator[bytes]) -> Iterator[bytes]:
    for piece in pieces:
        yield piece.ljust(-(-len(piece) // BLOCK) * BLOCK, b"\0")


def _filled(stream: Iterator[Data], total: int) -> Iterator[Data]:
    """The stream, and zeros up to the size of the track."""
    done = 0
    for chunk in stream:
        done += len(chunk) // BLOCK
        yield chunk
    while done < total:
        count = min(total - done, CHUNK)
        done += count
        yield bytes(count * BLOCK)


__all__ = [
    "DiscDrive",
    "DriveError",
    "FileCheck",
    "FormatChoice",
    "Identity",
    "ImageError",
    "ImageOptions",
    "MediumError",
    "MediumView",
    "SpeedChoice",
    "Status",
    "TooLargeError",
    "TreeError",
    "Written",
    "open_disc_drive",
]
