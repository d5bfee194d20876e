"""From arguments to exit value: prescan, banner, startup files, arguments, dialog, end."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from burnlab.xorriso.program import (
    EXIT_ABORTED,
    EXIT_DIALOG_ABORTED,
    EXIT_GOOD,
    EXIT_NO_ARGUMENTS,
    EXIT_SIGNAL,
    Aborted,
    Ended,
    Program,
    Signalled,
)
from burnlab.xorriso.severity import Severity

BANNER: Final = "xorriso 1.5.4 : RockRidge filesystem manipulator, libburnia project.\n\n"
USAGE: Final = "usage : xorriso [commands]\n        More is told by command -help\n"
STARTUP_FILES: Final = ("/etc/default/xorriso", "/etc/opt/xorriso/rc", "/etc/xorriso/xorriso.conf")
SHUT_DOWN: Final = (
    "\nUNIX-SIGNAL:  {name}  errno= 0\n"
    "xorriso : ABORT : Trying to shut down {what}\n"
    "xorriso : ABORT : Wait the normal burning time before any kill -9\n"
)
WRITE_CANCELLED: Final = (
    "libburn : ABORT : Urged drive worker threads to do emergency halt\n"
    "libisofs: MISHAP : Image write cancelled\n"
)
SHUT_DOWN_END: Final = "\nxorriso : ABORT : Program done. Even if you do not see a shell prompt.\n\n"


def run_program(program: Program, arguments: Sequence[str]) -> int:
    """Run the arguments, and all that comes before and after them; the exit value."""
    if not arguments:
        program.messages.raw(BANNER + USAGE)
        return EXIT_NO_ARGUMENTS
    if list(arguments) in (["-help"], ["-prog_help"]):
        from burnlab.xorriso.commands.about import help_

        help_(program, [])
        return EXIT_GOOD
    try:
        return _run(program, arguments)
    except Signalled as signal:
        try:
            _shut_down(program, signal.name)
        except Signalled:
            _stop_at_once(program)
            _let_go_of_drives(program, at_once=True)
        _let_go_of_drives(program)
        program.messages.prompt(SHUT_DOWN_END)
        return EXIT_SIGNAL
    finally:
        _let_go_of_drives(program)


def _run(program: Program, arguments: Sequence[str]) -> int:
    when_aborted = EXIT_ABORTED
    try:
        _run_arguments(program, arguments)
        if program.settings.dialog != "off":
            from burnlab.xorriso.dialog import run_dialog

            when_aborted = EXIT_DIALOG_ABORTED
            run_dialog(program)
        program.commit_at_end()
    except Aborted:
        return when_aborted
    except Ended:
        pass
    return program.exit_value()


def _run_arguments(program: Program, arguments: Sequence[str]) -> None:
    if arguments[0] == "-no_rc":
        program.messages.raw(BANNER)
        _note_source_date(program)
        program.run_words(arguments, are_arguments=True)
        return
    _prescan(program, arguments)
    _note_source_date(program)
    _run_startup_files(program)
    if "-x" in arguments:
        _run_sorted(program, arguments)
    else:
        program.run_words(arguments, are_arguments=True)


def _prescan(program: Program, arguments: Sequence[str]) -> None:
    from burnlab.xorriso import prescan

    if prescan.claims_stdout(arguments):
        program.environment.claim_stdout()
        program.stdout_is_image = True
    try:
        decoding = prescan.apply_first(program, arguments)
    finally:
        program.messages.raw(BANNER)
    program.messages.begin_command("")
    prescan.repeat_first(program, arguments)
    prescan.complain_of_unknown(program, arguments, decoding)
    program.evaluate()
    program.evaluate()


def _run_sorted(program: Program, arguments: Sequence[str]) -> None:
    from burnlab.xorriso.prescan import sorted_arguments

    for command, given in sorted_arguments(program, arguments):
        program.run_given(command, given)


def _note_source_date(program: Program) -> None:
    text = program.environment.variables.get("SOURCE_DATE_EPOCH")
    if text is None:
        return
    messages = program.messages
    messages.begin_command("")
    if not text.isascii() or not text.isdigit():
        messages.event(Severity.SORRY, "Malformed environment variable SOURCE_DATE_EPOCH encountered")
        messages.event(
            Severity.HINT,
            "Unset SOURCE_DATE_EPOCH before starting xorriso or see "
            "https://reproducible-builds.org/specs/source-date-epoch/",
        )
        program.evaluate()
        return
    messages.event(Severity.NOTE, f"Environment variable SOURCE_DATE_EPOCH encountered with value {text}")
    program.settings.source_date_epoch = program.settings.now = int(text)
    from burnlab.xorriso.commands.control import uuid_digits

    program.volume.dates.uuid = uuid_digits(int(text))
    program.volume.dates.all_files = "set_to_mtime"


def _run_startup_files(program: Program) -> None:
    from burnlab.xorriso.files import run_file

    paths = list(STARTUP_FILES)
    home = program.environment.variables.get("HOME")
    if home:
        paths.append(f"{home}/.xorrisorc")
    for path in paths:
        run_file(program, path, is_startup=True)


def _shut_down(program: Program, name: str) -> None:
    """End what a signal has interrupted, and say what became of it.

    Raises:
        Signalled: there was another one, at whatever moment.
    """
    from burnlab.xorriso.aftermath import tell_state

    busy = program.volume.attempt is not None
    what = "busy drives" if busy else "drive and library"
    text = SHUT_DOWN.format(name=name, what=what)
    program.messages.prompt(text + (WRITE_CANCELLED if busy else ""))
    drive = program.volume.outdev
    if drive is not None and busy:
        drive.abort()
        tell_state(program, drive)


def _stop_at_once(program: Program) -> None:
    """A second signal has come: nothing is waited for any more, and no third one listened to."""
    from burnlab.xorriso.aftermath import UNREACHABLE

    program.environment.handle_signals("sig_ign")
    stopped = "Stopped at once. What was being written is not ended, and the drive may still be at work"
    program.messages.event(Severity.ABORT, stopped, "burnlab")
    program.messages.event(Severity.HINT, UNREACHABLE, "burnlab")


def _let_go_of_drives(program: Program, *, at_once: bool = False) -> None:
    """Unlock trays and close what is open: a moment that no signal may cut short."""
    volume = program.volume
    if volume.outdev is not None or volume.indev is not None:
        program.environment.handle_signals("sig_ign")
    for drive in {id(drive): drive for drive in (volume.outdev, volume.indev) if drive is not None}.values():
        with suppress(Exception):
            drive.close(at_once=at_once)
    volume.outdev = volume.indev = None
