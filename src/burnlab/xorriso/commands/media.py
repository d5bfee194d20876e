"""Commands about media: make them blank, format them, list what drive and medium can do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from burnlab.burn.drive import BLOCK, Drive, FormatChoice, Status
from burnlab.burn.profiles import Profile, name_of_profile
from burnlab.xorriso import preparing
from burnlab.xorriso.acquire import fail, reassess, refuse_if_pending
from burnlab.xorriso.command import CommandFailed
from burnlab.xorriso.commands.settings import size_of
from burnlab.xorriso.drive_report import role_of, show_drive, type_lines
from burnlab.xorriso.medium_view import MediumView
from burnlab.xorriso.severity import Severity
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
FORMAT_MODES: Final = ("as_needed", "full", "fast", "without_spare")
INDEX_MODES: Final = ("by_index_", "fast_by_index_")
SIZE_MODES: Final = ("by_size_", "fast_by_size_")
MOST_INDEX: Final = 255
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
CD_SPEED_KB, DVD_SPEED_KB, BD_SPEED_KB = 176.4, 1385.0, 4495.625


def _output(program: Program, command: str) -> tuple[Drive, MediumView]:
    """The output drive, and what is in it.

    Raises:
        CommandFailed: there is none.
    """
    volume = program.volume
    if volume.outdev is None or volume.out_view is None:
        raise fail(program, f"-{command}: No output drive set by -dev -or -outdev")
    return volume.outdev, volume.out_view


def _refuse_pending(program: Program, command: str) -> None:
    volume = program.volume
    if volume.outdev is volume.indev:
        refuse_if_pending(program, command, stop=".")


# Blanking.


def blank(program: Program, words: list[str]) -> None:
    """Make the medium in the output drive blank."""
    drive, view = _output(program, "blank")
    _refuse_pending(program, "blank")
    wish = words[0] or "as_needed"
    is_forced = wish.startswith(FORCE)
    mode = BLANK_MODES.get(wish.removeprefix(FORCE))
    if mode is None:
        raise fail(program, f"-blank: Unknown -blank mode {quote(words[0])}")
    if view.status is Status.ABSENT:
        raise fail(program, "No media detected in drive")
    if mode == "as_needed":
        if view.medium.needs_format:
            preparing.format_medium(program, drive, None)
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
    deformats = mode.startswith("deformat") and profile == Profile.DVD_RW_RESTRICTED_OVERWRITE
    if view.status is Status.BLANK and not is_forced and not deformats:
        program.messages.event(Severity.NOTE, "Blank medium detected. Will leave it untouched")
        return ""
    if not view.medium.is_erasable and not is_forced:
        raise fail(program, "Media is not of erasable type")
    if profile == Profile.DVD_RW_SEQUENTIAL and mode == "fast":
        text = "-blank: DVD-RW present. Mode 'fast' defaulted to mode 'all'."
        program.messages.event(Severity.NOTE, text)
        hint = "Mode 'deformat_quickest' produces single-session-only media."
        program.messages.event(Severity.HINT, hint)
        return "all"
    return mode


# Formatting.


def format_(program: Program, words: list[str]) -> None:
    """Format the medium in the output drive."""
    drive, view = _output(program, "format")
    _refuse_pending(program, "format")
    mode = words[0] or "as_needed"
    choice = _choice_of(program, drive, mode)
    if view.status is Status.ABSENT:
        raise fail(program, "No media detected in drive")
    if not _is_to_be_formatted(program, view, mode):
        return
    if choice is not None and choice.blocks == 0:
        raise fail(program, f"-format {mode}: no format descriptors available")
    preparing.format_medium(program, drive, choice, quick=mode.startswith("fast"))
    if program.settings.dummy:
        return
    reassess(program)
    view = program.volume.out_view or view
    if view.status is Status.CLOSED and not mode.startswith("fast"):
        preparing.blank(program, drive, view, "fast")
        reassess(program)


def _choice_of(program: Program, drive: Drive, mode: str) -> FormatChoice | None:
    """The format that a mode names; None leaves it to the drive."""
    if mode in FORMAT_MODES:
        if mode == "without_spare":
            return next((c for c in drive.formats().choices if c.code == 0x31), FormatChoice(0x31, 0))
        return None
    for prefix in INDEX_MODES:
        if mode.startswith(prefix):
            return _choice_by_index(program, drive, mode, mode.removeprefix(prefix))
    for prefix in SIZE_MODES:
        if mode.startswith(prefix):
            return _choice_by_size(program, drive, mode, mode.removeprefix(prefix))
    raise fail(program, f"-format: Unknown -format mode {quote(mode)}")


def _choice_by_index(program: Program, drive: Drive, mode: str, text: str) -> FormatChoice:
    if not text.isascii() or not text.isdigit() or int(text) > MOST_INDEX:
        raise fail(program, f"-format: mode {quote(mode)} provides unusable index number")
    choices = drive.formats().choices
    index = int(text)
    if not choices:
        raise fail(program, f"-format {mode}: no format descriptors available")
    if index >= len(choices):
        last = len(choices) - 1
        raise fail(program, f"-format {mode}: format descriptors range from index 0 to {last}")
    return choices[index]


def _choice_by_size(program: Program, drive: Drive, mode: str, text: str) -> FormatChoice | None:
    size = size_of(text)
    if size <= 0:
        raise fail(program, f"-format: mode {quote(mode)} provides unusable size value")
    blocks = -(-size // (32 * BLOCK)) * 32
    fitting = [c for c in drive.formats().choices if c.code in (0x00, 0x30, 0x32) and c.blocks >= blocks]
    return min(fitting, key=lambda choice: choice.blocks, default=None)


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
    formatted = {Profile.DVD_RW_RESTRICTED_OVERWRITE: "DVD-RW", Profile.DVD_PLUS_RW: "DVD+RW"}
    if mode == "fast" and profile in formatted:
        text = f"Detected formatted {formatted[Profile(profile)]}. Thus omitting desired fast format run."
        program.messages.event(Severity.NOTE, text)
        return False
    if profile not in FORMATTABLE:
        raise _unsuitable(program, view)
    return True


def _has_spares(view: MediumView) -> bool:
    return view.medium.spares is not None and any(view.medium.spares)


def _unsuitable(program: Program, view: MediumView) -> CommandFailed:
    failed = fail(program, "-format: Unsuitable media detected.")
    name = name_of_profile(view.medium.profile) or view.medium.name
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
    say(f"Format status: {texts.get(formats.state, 'intermediate or unknown')}")
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
    """List write speeds of drives and media."""
    volume = program.volume
    if volume.indev is None and volume.outdev is None:
        raise fail(program, "No drive acquired on attempt to list speeds")
    if volume.indev is not None and volume.in_view is not None and volume.indev is not volume.outdev:
        _show_speeds(program, volume.indev, volume.in_view)
    if volume.outdev is not None and volume.out_view is not None:
        _show_speeds(program, volume.outdev, volume.out_view)


def _show_speeds(program: Program, drive: Drive, view: MediumView) -> None:
    say = program.messages.result
    if not drive.is_mmc:
        for _ in range(1 if drive is program.volume.indev else 2):
            program.messages.event(Severity.NOTE, NOT_MMC)
        return
    say(f"Drive current: {role_of(program, drive)} {quote(drive.address)}")
    for line in type_lines(drive, with_serial=False):
        say(line)
    say(f"Media current: {view.medium.name}")
    letter = view.medium.speed_unit[0]
    one = {"C": CD_SPEED_KB, "B": BD_SPEED_KB}.get(letter, DVD_SPEED_KB)
    rates = sorted({choice.write_kb for choice in drive.speeds()})
    for rate in reversed(rates):
        say(f"Write speed  : {rate:6d}k , {rate / one:4.1f}x{letter}")
    if rates:
        say(f"Write speed L: {rates[0]:6d}k , {rates[0] / one:4.1f}x{letter}")
        say(f"Write speed H: {rates[-1]:6d}k , {rates[-1] / one:4.1f}x{letter}")


# Repair.


def close_damaged(program: Program, words: list[str]) -> None:
    """Close a track that an interrupted write has left damaged."""
    from burnlab.burn.drive import DriveError
    from burnlab.xorriso.acquire import announce_giving_up, give_up, submit

    volume = program.volume
    drive, view = volume.outdev, volume.out_view
    if drive is None or view is None:
        raise fail(program, "No output drive acquired on attempt to close damaged session")
    if words[0] not in ("as_needed", "force", ""):
        raise fail(program, f"-close_damaged: unknown mode {quote(words[0])}")
    _refuse_pending(program, "close_damaged")
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
