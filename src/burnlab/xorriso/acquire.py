"""Taking drives and giving them up, and loading the image that is on a medium."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from burnlab.burn.drive import DriveError, Status
from burnlab.xorriso.command import CommandFailed
from burnlab.xorriso.drive_report import role_of, show_drive, show_volume_id
from burnlab.xorriso.loading import begin_blank, load_image
from burnlab.xorriso.medium_view import MediumView, as_if_blank, look
from burnlab.xorriso.severity import Severity
from burnlab.xorriso.volume import now
from burnlab.xorriso.words import quote

if TYPE_CHECKING:
    from burnlab.burn.drive import Drive
    from burnlab.xorriso.program import Program

STANDARD_OUTPUT: Final = "stdio:/dev/fd/1"
UNSUITABLE: Final = (Status.ABSENT, Status.UNKNOWN, Status.CLOSED)
NO_MEDIUM_HINT: Final = "There is no medium in the drive: put one in"
READONLY_HINT: Final = (
    'Possible remedy: -drive_access "exclusive:unrestricted". Then give up and re-acquire the drive.'
)
SHARED_HINT: Final = (
    'If you insist in -drive_access "shared:unrestricted", first read man xorriso about the risks.'
)
ONLY_OUTPUT: Final = "Only the output drive remains. Created empty ISO image."


def fail(program: Program, text: str, origin: str = "xorriso") -> CommandFailed:
    """Submit a FAILURE; what is returned is to be raised."""
    program.messages.event(Severity.FAILURE, text, origin)
    return CommandFailed(text)


def refuse_if_pending(program: Program, command: str, *, stop: str = "") -> None:
    """Changes that wait to be written must not be lost.

    Raises:
        CommandFailed: there are some.
    """
    if program.volume.is_changed:
        raise fail(program, f"-{command}: Image changes pending. -commit or -rollback first{stop}")


def submit(program: Program, error: DriveError) -> None:
    """Say what a drive said."""
    for event in error.events:
        program.messages.event(Severity[event.severity], event.text, event.origin)


def looked_at(program: Program, drive: Drive) -> MediumView:
    """Look at the medium in a drive, and say what is odd about it.

    Raises:
        CommandFailed: the drive fails.
    """
    try:
        view = look(drive, without_emulation="no_emul_toc" in program.settings.compliance.split(":"))
    except DriveError as error:
        submit(program, error)
        raise CommandFailed(str(error)) from error
    if view.trouble:
        text = "Failed to open device (a pseudo-drive) for reading"
        program.messages.event(Severity.SORRY, text, "libburn", cause=view.trouble)
        note = f"Pseudo drive {quote(drive.address)} does not allow reading"
        program.messages.event(Severity.NOTE, note, "libisoburn")
    return view


def acquire(program: Program, address: str, *, reading: bool, writing: bool, as_blank: bool = False) -> None:
    """Take a drive for one way or both; with reading, load what is on its medium.

    With `as_blank` the content of an overwritable medium doesn't matter.

    Raises:
        CommandFailed: there is no such drive, or its image can't be loaded.
    """
    volume = program.volume
    if reading:
        volume.looked_since = int(program.environment.clock()) - 1
    address = STANDARD_OUTPUT if address == "-" else address
    drive = _shared(program, address, reading=reading, writing=writing) or _open(program, address)
    if program.settings.ban_stdio_write and not drive.is_mmc:
        if drive is not volume.indev and drive is not volume.outdev:
            drive.close()
        full = address if ":" in address else f"stdio:{address}"
        raise fail(program, f"Drive address banned by -ban_stdio_write : {quote(full)}")
    try:
        view = looked_at(program, drive)
        view = as_if_blank(view) if as_blank else view
    except CommandFailed:
        drive.close()
        _cannot_acquire(program, address)
        raise
    if reading:
        _replace(program, "indev", drive)
        volume.in_view = view
    if writing:
        _replace(program, "outdev", drive)
        volume.write_failed = False
    if drive is volume.outdev:
        volume.out_view = view
    if drive is volume.indev:
        volume.in_view = view
    volume.access[id(drive)] = program.settings.drive_access
    if writing and view.status in UNSUITABLE:
        program.messages.event(Severity.NOTE, "Disc status unsuitable for writing")
    if reading or volume.root is None:
        volume.note_scanning(program.settings)
    if reading:
        _refuse_unreadable(program, view)
        _load(program, view)
        show_drive(program, drive, view, program.messages.info)
        show_volume_id(program, program.messages.info, is_loaded=view.status is not Status.BLANK)
        return
    if volume.root is None:
        begin_empty(program)
    show_drive(program, drive, view, program.messages.info)


def _refuse_unreadable(program: Program, view: MediumView) -> None:
    """Nothing can be read from a drive without a medium; it stays for writing if that was wanted, too.

    Raises:
        CommandFailed: there is no medium, or nobody knows what it is.
    """
    volume = program.volume
    if view.status not in (Status.ABSENT, Status.UNKNOWN):
        return
    failed = fail(program, "Disc status not blank and unsuitable for reading")
    if view.status is Status.ABSENT:
        program.messages.event(Severity.HINT, NO_MEDIUM_HINT, "burnlab")
    if volume.indev is volume.outdev:
        give_up(program, "indev")
        volume.drop()
        only_output_remains(program)
    else:
        give_up_reading(program)
    raise failed


def refuse_readonly(program: Program) -> None:
    """A drive that was taken for reading only isn't written.

    Raises:
        CommandFailed: the output drive is such a one.
    """
    access = program.volume.access.get(id(program.volume.outdev), "")
    if "readonly" not in access:
        return
    failed = fail(program, "The output drive was acquired readonly.")
    program.messages.event(Severity.HINT, READONLY_HINT)
    if "shared" in access:
        program.messages.event(Severity.HINT, SHARED_HINT)
    raise failed


def _load(program: Program, view: MediumView) -> None:
    try:
        load_image(program, view)
    except CommandFailed:
        volume = program.volume
        if volume.indev is volume.outdev:
            give_up(program, "outdev")
        give_up(program, "indev")
        volume.drop()
        raise


def begin_empty(program: Program) -> None:
    """Start with an image that has nothing in it."""
    program.volume.begin_empty(now(program))


def _shared(program: Program, address: str, *, reading: bool, writing: bool) -> Drive | None:
    """A drive of that address that is there for the other way, or stays as it is."""
    volume = program.volume
    for drive, is_kept in ((volume.outdev, not writing), (volume.indev, not reading)):
        if drive is not None and drive.address == address:
            if is_kept:
                return drive
            if volume.indev is volume.outdev or (reading and writing):
                return drive
    return None


def _open(program: Program, address: str) -> Drive:
    environment = program.environment
    is_shared = "shared" in program.settings.drive_access
    opener = (is_shared and environment.open_shared) or environment.open_drive
    try:
        return opener(address)
    except DriveError as error:
        submit(program, error)
        if all(event.origin != "xorriso" for event in error.events):
            _cannot_acquire(program, address)
        raise CommandFailed(str(error)) from error


def _cannot_acquire(program: Program, address: str) -> None:
    program.messages.event(Severity.FAILURE, f"Cannot acquire drive {quote(address)}")


def _replace(program: Program, role: str, drive: Drive) -> None:
    volume = program.volume
    old: Drive | None = getattr(volume, role)
    setattr(volume, role, drive)
    if old is not None and old is not volume.indev and old is not volume.outdev and old is not drive:
        old.close()


def give_up(program: Program, role: str) -> None:
    """Let go of the drive in one role: `indev` or `outdev`."""
    volume = program.volume
    drive: Drive | None = getattr(volume, role)
    setattr(volume, role, None)
    setattr(volume, "in_view" if role == "indev" else "out_view", None)
    if drive is not None and role == "indev":
        volume.looked_since = int(program.environment.clock()) - 1
    if drive is not None and drive is not volume.indev and drive is not volume.outdev:
        drive.close()


def give_up_reading(program: Program) -> None:
    """Let go of the input drive; what remains is an empty image for the output drive, or no image."""
    volume = program.volume
    give_up(program, "indev")
    volume.drop()
    if volume.outdev is not None:
        only_output_remains(program)


def give_up_all(program: Program) -> None:
    """Say which drives are given up, and let go of them."""
    announce_giving_up(program, "indev")
    if program.volume.outdev is not program.volume.indev:
        announce_giving_up(program, "outdev")
    give_up(program, "outdev")
    give_up_reading(program)


def only_output_remains(program: Program) -> None:
    """Begin an empty image for the output drive, and show the drive."""
    volume = program.volume
    begin_empty(program)
    program.messages.info(ONLY_OUTPUT)
    if volume.outdev is not None and volume.out_view is not None:
        show_drive(program, volume.outdev, volume.out_view, program.messages.info)


def announce_giving_up(program: Program, role: str, verb: str = "Giving up") -> None:
    """Say which drive is given up."""
    volume = program.volume
    drive = volume.indev if role == "indev" else volume.outdev
    if drive is not None:
        text = f"{verb} {role_of(program, drive)} {quote(drive.address)}"
        program.messages.event(Severity.NOTE, text)


def reassess(program: Program) -> None:
    """Look at the output drive's medium again, and show what it is now; its image is empty if it is shared.

    Raises:
        CommandFailed: the drive fails.
    """
    volume = program.volume
    drive = volume.outdev
    if drive is None:
        return
    program.messages.event(Severity.NOTE, f"Re-assessing -outdev {quote(drive.address)}")
    view = volume.out_view = looked_at(program, drive)
    if view.status in UNSUITABLE:
        program.messages.event(Severity.NOTE, "Disc status unsuitable for writing")
    if volume.indev is drive:
        volume.in_view = view
        begin_blank(program)
    show_drive(program, drive, view, program.messages.info)
