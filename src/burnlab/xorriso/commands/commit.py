"""Commands that write the image or drop its changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from burnlab.xorriso.acquire import (
    acquire,
    fail,
    give_up,
    give_up_all,
    only_output_remains,
    refuse_readonly,
)
from burnlab.xorriso.command import CommandFailed
from burnlab.xorriso.severity import Severity
from burnlab.xorriso.words import quote

if TYPE_CHECKING:
    from burnlab.xorriso.program import Program

NOTHING_PENDING: Final = "No image modifications pending"
PENDING_STATES: Final = ("no", "yes", "mkisofs_printed")


def commit(program: Program, _words: list[str]) -> None:
    """Write pending changes; then the output drive's new image is the one at hand."""
    if _write(program):
        _load_written(program)


def write_at_end(program: Program) -> None:
    """Write pending changes at the end of the program: nothing is loaded any more."""
    _write(program)


def commit_eject(program: Program, words: list[str]) -> None:
    """Write pending changes, give up the drives, and eject: `in`, `out`, `all` or `none`."""
    from burnlab.xorriso.commands.drives import eject_drives

    which = words[0]
    if not _write(program):
        return
    if which != "none":
        eject_drives(program, which)
        return
    give_up_all(program)


def _write(program: Program) -> bool:
    """Whether something was pending and is written now.

    Raises:
        CommandFailed: it couldn't be written.
    """
    from burnlab.xorriso.boot_view import drop_boot_catalog
    from burnlab.xorriso.preparing import format_if_needed
    from burnlab.xorriso.times import set_all_times
    from burnlab.xorriso.writing import NO_OUTPUT, plan_run, write_run

    volume = program.volume
    if not volume.is_changed:
        program.messages.event(Severity.WARNING, f"-commit: {NOTHING_PENDING}")
        return False
    if volume.outdev is None:
        raise fail(program, NO_OUTPUT)
    try:
        refuse_readonly(program)
        set_all_times(program)
        drop_boot_catalog(program)
        format_if_needed(program)
        write_run(program, plan_run(program))
    except CommandFailed:
        volume.write_failed = True
        raise
    return True


def _load_written(program: Program) -> None:
    """Make the drive that was written to the one that is read, too."""
    volume = program.volume
    drive = volume.outdev
    if drive is None:
        return
    program.messages.event(Severity.NOTE, f"Re-assessing -outdev {quote(drive.address)}")
    if volume.indev is not drive:
        give_up(program, "indev")
    program.settings.load = ("auto", "")
    acquire(program, drive.address, reading=True, writing=True)


def rollback(program: Program, _words: list[str]) -> None:
    """Drop pending changes and load the image again."""
    from burnlab.xorriso.commands.drives import reload

    volume = program.volume
    volume.pending = "no"
    if volume.indev is not None:
        reload(program)
    elif volume.outdev is not None:
        only_output_remains(program)


def changes_pending(program: Program, words: list[str]) -> None:
    """Override what counts as pending, or tell it."""
    state = words[0]
    if state == "show_status":
        program.messages.result(f"-changes_pending {program.volume.pending}")
    elif state in PENDING_STATES:
        program.volume.pending = state
    else:
        raise fail(program, f"-changes_pending: unknown state code '{state}'")
