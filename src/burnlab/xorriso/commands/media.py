"""Commands about media: make them blank, format them, list what drive and medium can do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from burnlab.burn.drive import BLOCK, Drive, Status
from burnlab.burn.profiles import Profile, name_of_profile
from burnlab.xorriso import preparing
from burnlab.xorriso.acquire import fail, reassess, refuse_if_pending, refuse_readonly
from burnlab.xorriso.command import CommandFailed
from burnlab.xorriso.drive_report import role_of, show_drive, type_lines
from burnlab.xorriso.formats import INDEX_MODES, SIZE_MODES, choice_of
from burnlab.xorriso.medium_view import MediumView
from burnlab.xorriso.severity import Severity
from burnlab.xorriso.speed_report import speed_lines
from burnlab.xorriso.words import quote

if TYPE_CHECKING:
    from burnlab.xorriso.program import Program

FORCE: Final = "force:"
BLANK_MODES: Final = {
    "as_needed": "as_needed",
    "all": "all",
    "full": "all",
    "fast": "fast",
    "deformat": "deformat",
    "deformat_sequential": "deformat",
    "deformat_quickest": "deformat_quickest",
    "deformat_sequential_quickest": "deformat_quickest",
}
"""Words of -blank → what is done; `full` and the longer forms are other names."""
NOT_MMC: Final = "Output device is not an MMC drive. Desired operation does not apply."
FORMATTABLE: Final = (
    Profile.DVD_RW_SEQUENTIAL,
    Profile.DVD_RW_RESTRICTED_OVERWRITE,
    Profile.DVD_RAM,
    Profile.DVD_PLUS_RW,
    Profile.BD_R_SRM,
    Profile.BD_RE,
)
MEGABYTE: Final = 1 << 20


def _output(program: Program, command: str) -> tuple[Drive, MediumView]:
    """The output drive, and what is in it.

    Raises:
        CommandFailed: there is none.
    """
    volume = program.volume
    if volume.outdev is None or volume.out_view is None:
        raise fail(program, f"-{command}: No output drive set by -dev -or -outdev")
    return volume.outdev, volume.out_view


def _refuse_to_touch(program: Program, command: str) -> None:
    """Changes that are pending must not be lost, and a drive that is for reading only not written.

    Raises:
        CommandFailed: it is so.
    """
    volume = program.volume
    if volume.outdev is volume.indev:
        refuse_if_pending(program, command, stop=".")
    refuse_readonly(program)


# Blanking.


def blank(program: Program, words: list[str]) -> None:
    """Make the medium in the output drive blank."""
    drive, view = _output(program, "blank")
    _refuse_to_touch(program, "blank")
    wish = words[0] or "as_needed"
    is_forced = wish.startswith(FORCE)
    mode = BLANK_MODES.get(wish.removeprefix(FORCE))
    if mode is None:
        raise fail(program, f"-blank: Unknown -blank mode {quote(words[0])}")
    if view.status is Status.ABSENT and not is_forced:
        raise fail(program, "No media detected in drive")
    if mode == "as_needed":
        if view.medium.needs_format:
            preparing.format_medium(program, drive, None, quick=True)
            reassess(program)
            return
        if view.status is Status.BLANK and not is_forced:
            program.messages.event(Severity.NOTE, "-blank as_needed: no need for action detected")
            return
        mode = "fast"
    mode = _checked_mode(program, view, mode, is_forced=is_forced)
    if not mode:
        return
    if program.settings.dummy:
        text = f"-dummy mode prevents blanking of medium in mode '{mode}'."
        program.messages.event(Severity.NOTE, text)
        return
    preparing.blank(program, drive, view, mode)
    reassess(program)


def _checked_mode(program: Program, view: MediumView, mode: str, *, is_forced: bool) -> str:
    """The mode that suits the medium; empty if there is nothing to do."""
    profile = view.medium.profile
    if profile == Profile.DVD_RW_SEQUENTIAL and mode == "fast":
        text = "-blank: DVD-RW present. Mode 'fast' defaulted to mode 'all'."
        program.messages.event(Severity.NOTE, text)
        hint = "Mode 'deformat_quickest' produces single-session-only media."
        program.messages.event(Severity.HINT, hint)
        mode = "all"
    deformats = mode.startswith("deformat") and profile == Profile.DVD_RW_RESTRICTED_OVERWRITE
    if view.status is Status.BLANK and not is_forced and not deformats:
        program.messages.event(Severity.NOTE, "Blank medium detected. Will leave it untouched")
        return ""
    if not view.medium.is_erasable:
        raise fail(program, "Media is not of erasable type")
    return mode


# Formatting.


def format_(program: Program, words: list[str]) -> None:
    """Format the medium in the output drive."""
    drive, view = _output(program, "format")
    _refuse_to_touch(program, "format")
    mode = words[0] or "as_needed"
    choice = choice_of(program, drive, view, mode)
    if not _is_to_be_formatted(program, view, mode):
        return
    is_quick = mode.startswith("fast") or (mode == "as_needed" and view.medium.needs_format)
    preparing.format_medium(program, drive, choice, quick=is_quick)
    if program.settings.dummy:
        return
    reassess(program)
    view = program.volume.out_view or view
    if view.status is Status.CLOSED and not mode.startswith("fast"):
        preparing.blank(program, drive, view, "fast")
        reassess(program)


def _is_to_be_formatted(program: Program, view: MediumView, mode: str) -> bool:
    profile, medium = view.medium.profile, view.medium
    if mode == "as_needed":
        fresh = profile == Profile.DVD_RW_SEQUENTIAL or medium.needs_format
        fresh = fresh or (
            profile == Profile.BD_R_SRM and view.status is Status.BLANK and not _has_spares(view)
        )
        if not fresh:
            program.messages.event(Severity.NOTE, "-format as_needed: no need for action detected")
        return fresh
    ready = {Profile.DVD_RW_RESTRICTED_OVERWRITE: "formatted DVD-RW", Profile.DVD_PLUS_RW: "DVD+RW"}
    if mode.startswith(("fast", SIZE_MODES[1])) and not mode.startswith(INDEX_MODES[1]) and profile in ready:
        text = f"Detected {ready[Profile(profile)]}. Thus omitting desired fast format run."
        program.messages.event(Severity.NOTE, text)
        return False
    if profile not in FORMATTABLE:
        raise _unsuitable(program, view)
    return True


def _has_spares(view: MediumView) -> bool:
    return view.medium.spares is not None and any(view.medium.spares)


def _unsuitable(program: Program, view: MediumView) -> CommandFailed:
    failed = fail(program, "-format: Unsuitable media detected.")
    name = name_of_profile(view.medium.profile)
    program.messages.event(Severity.NOTE, f"Media current: {name} ({view.medium.profile:04x}h)")
    return failed


# Lists.


def list_formats(program: Program, _words: list[str]) -> None:
    """List what the medium could be formatted to."""
    volume, say = program.volume, program.messages.result
    drive, view = volume.outdev, volume.out_view
    if drive is None or view is None:
        raise fail(program, "No output drive acquired on attempt to obtain format descriptor list")
    if not drive.is_mmc:
        program.messages.event(Severity.NOTE, NOT_MMC)
        return
    show_drive(program, drive, view, say)
    formats = drive.formats()
    size = f"{_mebibytes(formats.blocks)} MiB"
    texts = {
        "unformatted": f"unformatted, up to {size}",
        "formatted": f"{'formatted' if view.medium.is_overwritable else 'written'}, with {size}",
    }
    unknown = "intermediate or unknown"
    if view.status in (Status.ABSENT, Status.UNKNOWN):
        unknown = "no media or unknown media"
    say(f"Format status: {texts.get(formats.state, unknown)}")
    if view.medium.spares is not None:
        used, left = view.medium.spares
        say(f"BD Spare Area: {used} blocks consumed, {left} blocks available")
    for index, choice in enumerate(formats.choices):
        say(
            f"Format idx {index:<2d}: {choice.code:02X}h , {choice.blocks}s , {_mebibytes(choice.blocks)} MiB"
        )


def _mebibytes(blocks: int) -> str:
    return f"{blocks * BLOCK / MEGABYTE:.1f}"


def list_profiles(program: Program, words: list[str]) -> None:
    """List the kinds of media that drives know: of `in`, `out`, or all."""
    volume = program.volume
    which = words[0]
    drives = [volume.indev, volume.outdev]
    if which.startswith("in"):
        drives = [volume.indev]
    elif which.startswith("out"):
        drives = [volume.outdev]
    shown: list[Drive] = []
    for drive in drives:
        if drive is not None and drive not in shown:
            shown.append(drive)
            _show_profiles(program, drive)


def _show_profiles(program: Program, drive: Drive) -> None:
    say = program.messages.result
    say(f"Drive current: {role_of(program, drive)} {quote(drive.address)}")
    for line in type_lines(drive, with_serial=False):
        say(line)
    if not drive.is_mmc:
        program.messages.event(Severity.NOTE, NOT_MMC)
        return
    for code, is_current in drive.profiles():
        say(f"Profile      : 0x{code:04X} ({name_of_profile(code)}){' (current)' if is_current else ''}")


def list_speeds(program: Program, _words: list[str]) -> None:
    """List the speeds of drives and media: of an input drive those of reading only."""
    volume = program.volume
    if volume.indev is None and volume.outdev is None:
        raise fail(program, "No drive acquired on attempt to list speeds")
    if volume.indev is not None and volume.in_view is not None and volume.indev is not volume.outdev:
        _show_speeds(program, volume.indev, volume.in_view, writes=False)
    if volume.outdev is not None and volume.out_view is not None:
        _show_speeds(program, volume.outdev, volume.out_view, writes=True)


def _show_speeds(program: Program, drive: Drive, view: MediumView, *, writes: bool) -> None:
    say = program.messages.result
    if not drive.is_mmc:
        for _ in range(1 if drive is program.volume.indev else 2):
            program.messages.event(Severity.NOTE, NOT_MMC)
        return
    show_drive(program, drive, view, say)
    for line in speed_lines(drive, view, writes=writes):
        say(line)


# Repair.


def close_damaged(program: Program, words: list[str]) -> None:
    """Close a track that an interrupted write has left damaged."""
    from burnlab.burn.drive import DriveError
    from burnlab.xorriso.acquire import announce_giving_up, give_up, submit
    from burnlab.xorriso.writing import refuse_open_end

    volume = program.volume
    drive, view = volume.outdev, volume.out_view
    if drive is None or view is None:
        raise fail(program, "No output drive acquired on attempt to close damaged session")
    if words[0] not in ("as_needed", "force", ""):
        raise fail(program, f"-close_damaged: unknown mode {quote(words[0])}")
    if volume.is_changed:
        raise fail(program, "Image changes pending. -commit or -rollback first")
    refuse_readonly(program)
    refuse_open_end(program, view)
    is_damaged = any("damaged" in flaw for flaw in view.medium.flaws)
    try:
        if not is_damaged and words[0] != "force":
            text = "Track not marked as damaged. No action taken."
            program.messages.event(Severity.NOTE, text, "libburn")
        else:
            drive.close_damaged(preparing.LongJob(program, "Closing"))
    except DriveError as error:
        submit(program, error)
    announce_giving_up(program, "outdev")
    give_up(program, "outdev")
