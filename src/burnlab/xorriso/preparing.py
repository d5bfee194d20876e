"""Blanking and formatting of media, with what is said on the way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from burnlab.burn.drive import BLOCK, Drive, DriveError, FormatChoice, Status
from burnlab.burn.profiles import Profile
from burnlab.xorriso.acquire import fail, give_up, looked_at, submit
from burnlab.xorriso.medium_view import HEAD_BLOCKS, MediumView
from burnlab.xorriso.severity import Severity

if TYPE_CHECKING:
    from burnlab.xorriso.program import Program

POLL: Final = 1.0


class LongJob:
    """Progress of blanking or formatting, once a second."""

    def __init__(self, program: Program, what: str) -> None:
        self._messages = program.messages
        self._now = program.environment.monotonic
        self._what = what
        self._start = self._last = self._now()

    def __call__(self, done: float | None) -> None:
        """So much is done, from 0 to 1."""
        now = self._now()
        if now - self._last < POLL:
            return
        self._last = now
        percent = 1.0 + 98.0 * (done or 0.0)
        seconds = int(now - self._start)
        self._messages.progress(f"{self._what}  ( {percent:.1f}% done in {seconds} seconds )")


def blank(program: Program, drive: Drive, view: MediumView, mode: str) -> None:
    """Make the medium blank.

    Raises:
        CommandFailed: it can't be.
    """
    program.messages.info(f"Beginning to blank medium in mode '{mode}'.")
    try:
        deformats = mode.startswith("deformat") and view.medium.profile == Profile.DVD_RW_RESTRICTED_OVERWRITE
        if view.medium.is_overwritable and not deformats:
            invalidate(drive, view)
        else:
            drive.blank(mode, LongJob(program, "Blanking"))
    except DriveError as error:
        submit(program, error)
        raise fail(program, "Blanking failed.") from error
    program.messages.info("Blanking done")


def invalidate(drive: Drive, view: MediumView) -> None:
    """Make an image on an overwritable medium one that nobody finds; of other data the head is erased."""
    from burnlab.iso9660.head import invalidate_head

    size = HEAD_BLOCKS * BLOCK
    if view.status is Status.APPENDABLE:
        drive.write_at(0, invalidate_head(view.head[:size].ljust(size, b"\0")))
    else:
        drive.write_at(0, bytes(size))


def format_medium(
    program: Program, drive: Drive, choice: FormatChoice | None, *, quick: bool = False
) -> None:
    """Format the medium.

    Raises:
        CommandFailed: it can't be.
    """
    if program.settings.dummy:
        program.messages.event(Severity.NOTE, "-dummy mode prevents formatting of medium.")
        return
    program.messages.info("Beginning to format medium.")
    try:
        view = program.volume.out_view
        if choice is None and view is not None and view.medium.is_formatting:
            text = "FORMAT UNIT ignored. Already in progress."
            program.messages.event(Severity.NOTE, text, "libburn")
        else:
            drive.format(choice, LongJob(program, "Formatting"), quick)
    except DriveError as error:
        submit(program, error)
        failed = fail(program, "libburn indicates failure with formatting.")
        give_up(program, "outdev")
        program.messages.event(Severity.NOTE, "Gave up -outdev ''")
        raise failed from error
    program.messages.info("Formatting done")


def format_if_needed(program: Program) -> None:
    """Format a medium that can't be written before."""
    volume = program.volume
    drive, view = volume.outdev, volume.out_view
    if drive is None or view is None or not view.medium.needs_format:
        return
    text = f"Unformatted {view.medium.name} medium detected. Trying -format fast."
    program.messages.event(Severity.NOTE, text)
    format_medium(program, drive, None, quick=True)
    volume.out_view = looked_at(program, drive)
