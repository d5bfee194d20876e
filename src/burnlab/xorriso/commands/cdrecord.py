"""Behaving like cdrecord: burn a ready image, blank, and tell of drive and medium."""

from __future__ import annotations

import os
import re
import select
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import chain
from typing import TYPE_CHECKING, Final

from burnlab.burn.drive import BLOCK, Drive, Medium, Status
from burnlab.burn.profiles import Profile, name_of_profile
from burnlab.xorriso.acquire import acquire, announce_giving_up, fail
from burnlab.xorriso.cdrecord_words import Wishes, WordError, parse
from burnlab.xorriso.command import CommandFailed
from burnlab.xorriso.commands.settings import size_of
from burnlab.xorriso.ready_image import (
    DEFAULT_PADDING_BLOCKS,
    ReadyImage,
    TrackWish,
    gave_up,
    write_ready_image,
)
from burnlab.xorriso.severity import Severity
from burnlab.xorriso.table import BY_NAME, handler_of

if TYPE_CHECKING:
    from burnlab.xorriso.medium_view import MediumView
    from burnlab.xorriso.program import Program

STANDARD_INPUT: Final = "-"
CHUNK: Final = 256 * BLOCK
HEAD_BYTES: Final = 17 * BLOCK
"""System area and primary volume descriptor."""
CD_MEDIA: Final = (Profile.CD_R, Profile.CD_RW)
BD_MEDIA: Final = (Profile.BD_ROM, Profile.BD_R_SRM, Profile.BD_R_RRM, Profile.BD_RE)
CD_SPEED_KB: Final = 176.4
VERSION: Final = "Cdrecord 2.01-Emulation by burnlab, behind the commands of xorriso\n"
BLANK_HELP: Final = """\
Blanking options:
\tall\t\tall of the medium; also: disc, disk
\tfast\t\tas little as makes it blank; also: minimal
\tas_needed\twhat makes it ready for writing: blank it, format it, or nothing
\tdeformat\tmake a formatted DVD-RW sequential again
\tdeformat_quickest\tthe same, but for a single session only
\tformat_overwrite\tformat a DVD-RW so that it can be overwritten
"""
DRIVER_HELP: Final = "Driver options:\nburnfree\tSurvive when data come too slowly\n"
HELP: Final = """
Usage: xorriso -as cdrecord [options] [image]
One image, ready made, goes to one medium as it is; - is standard input.
\tdev=ADDRESS      the recorder, or stdio:FILE
\t-v               show how far it is; more of them tell more
\tspeed=N fs=SIZE  speed of writing; size of the buffer
\tblank=MODE       make the medium blank first; blank=help lists the modes
\t-multi           leave the medium open for more; --multi_if_possible: where that can be
\t-tao -sao -dao   write type
\tpadsize=SIZE     zeros behind the image, 300k if nothing is said; -nopad: none; -pad: 30k
\ttsize=SIZE       size of what comes from standard input; -isosize: what the image says
\t-dummy           simulate
\t-toc -atip -msinfo -inq -checkdrive   tell of drive and medium
\t-eject           open the tray at the end
\t--grow_overwriteable_iso write_start_address=ADDRESS   where to write on media that can be overwritten
\t--devices -version -help   tell, and end
Other options of cdrecord are passed over with a note, or refused where they would change what is written.
"""


def run_cdrecord(program: Program, name: str, words: list[str]) -> None:
    """Do what the words say in cdrecord's language.

    Raises:
        CommandFailed: something in it failed.
    """
    with _like_cdrecord(program):
        try:
            _run(program, name, words)
        except CommandFailed:
            raise fail(program, f"-as {name}: Job could not be performed properly.") from None


@contextmanager
def _like_cdrecord(program: Program) -> Iterator[None]:
    """Style and settings of cdrecord, for as long as it is emulated."""
    settings = program.settings
    names = ("pacifier", "write_type", "padding", "dummy", "speed", "stream_recording", "drive_access")
    before = {name: getattr(settings, name) for name in names}
    settings.pacifier = "cdrecord"
    settings.padding = DEFAULT_PADDING_BLOCKS * BLOCK
    try:
        yield
    finally:
        for name in names:
            setattr(settings, name, before[name])


def _run(program: Program, name: str, words: list[str]) -> None:
    def say(severity: str, text: str) -> None:
        program.messages.event(Severity[severity], text)

    try:
        wishes = parse(words, name, say)
    except WordError as error:
        failed = fail(program, str(error))
        for note in error.notes:
            program.messages.event(Severity.NOTE, note)
        raise failed from error
    if wishes.exit:
        EXITS[wishes.exit](program)
        return
    _apply(program, wishes)
    if wishes.is_idle:
        text = "-as cdrskin: No option specified, which would cause an action."
        program.messages.event(Severity.SORRY, text)
        return
    _take_drive(program, name, wishes)
    _tell(program, wishes)
    if wishes.blank:
        _blank(program, wishes.blank)
    if wishes.source is not None:
        _write(program, wishes)
    if "eject" in wishes.actions:
        _call(program, "eject", "all")


def _apply(program: Program, wishes: Wishes) -> None:
    settings = program.settings
    settings.write_type = wishes.write_type
    settings.dummy = wishes.dummy or settings.dummy
    if wishes.shared:
        _call(program, "drive_access", "shared:unrestricted")
    for command, value in wishes.settings:
        if command != "speed":
            _call(program, command, value)


def _call(program: Program, command: str, *words: str) -> None:
    """Run one of this program's commands; what it complains of ends the job.

    Raises:
        CommandFailed: it complained.
    """
    handler = handler_of(BY_NAME[command])
    if handler is None:
        return
    messages = program.messages
    before, messages.current = messages.current, Severity.ALL
    row, program.command = program.command, BY_NAME[command]
    try:
        handler(program, list(words))
        if messages.current >= Severity.SORRY:
            raise CommandFailed(command)
    finally:
        program.command = row
        messages.current = max(before, messages.current)


def _take_drive(program: Program, name: str, wishes: Wishes) -> None:
    volume = program.volume
    if wishes.address is not None:
        acquire(program, wishes.address, reading=False, writing=True, as_blank=not wishes.grows)
    if volume.outdev is None:
        raise fail(program, f"-as {name}: No output drive selected")
    if volume.outdev is volume.indev:
        announce_giving_up(program, "indev")
        volume.indev = volume.in_view = None
    for command, value in wishes.settings:
        if command == "speed":
            _call(program, command, value)


def _output(program: Program) -> tuple[Drive, MediumView]:
    volume = program.volume
    assert volume.outdev is not None
    assert volume.out_view is not None
    return volume.outdev, volume.out_view


# What is told.


def _tell(program: Program, wishes: Wishes) -> None:
    if "msinfo" in wishes.actions:
        _tell_msinfo(program, wishes)
    # Of the first two, only the one that tells more.
    if "checkdrive" in wishes.actions:
        _tell_drive(program, "checkdrive")
    elif "inq" in wishes.actions:
        _tell_drive(program, "inq")
    if "atip" in wishes.actions:
        _tell_drive(program, "atip")
    if "toc" in wishes.actions:
        _call(program, "toc_of", "out")


def _tell_msinfo(program: Program, wishes: Wishes) -> None:
    _, view = _output(program)
    is_appendable = view.status is Status.APPENDABLE and (wishes.grows or not view.medium.is_overwritable)
    if not is_appendable or view.next_start is None:
        raise fail(program, "Output medium is not appendable. Cannot obtain -msinfo.")
    program.messages.result(f"{view.load_start},{view.next_start}")


def _tell_drive(program: Program, action: str) -> None:
    drive, view = _output(program)
    say, who = program.messages.result, drive.identity
    kind = "Removable CD-ROM" if drive.is_mmc else "Emulated (stdio-drive, 2k random read-write)"
    if not drive.is_mmc and not view.medium.is_overwritable:
        kind = "Emulated (stdio-drive, sequential write-only)"
    say(f"Device type    : {kind}")
    say(f"Vendor_info    : '{who.vendor}'")
    say(f"Identifikation : '{who.product}'")
    say(f"Revision       : '{who.revision}'")
    if action == "inq":
        return
    say("Driver flags   : BURNFREE")
    say("Supported modes: SAO TAO")
    if action == "atip":
        _tell_medium(program, drive, view)


def _tell_medium(program: Program, drive: Drive, view: MediumView) -> None:
    say, medium = program.messages.result, view.medium
    if not drive.is_mmc:
        text = "Output device is not an MMC drive. Desired operation does not apply."
        program.messages.event(Severity.NOTE, text)
        say("Current: stdio file")
        _tell_atip(program, False, (0, 0), "")
        return
    name = name_of_profile(medium.profile)
    say(f"Current: {name}")
    for code, is_current in drive.profiles():
        say(f"Profile: 0x{code:04X} ({name_of_profile(code)}){' (current)' if is_current else ''}")
    if medium.profile in CD_MEDIA:
        rates = sorted({choice.write_kb / CD_SPEED_KB for choice in drive.speeds()}) or [0.0]
        limits = medium.speed_limits or (rates[0], rates[-1])
        _tell_atip(program, medium.is_erasable, limits, medium.product_id)
    elif medium.profile in BD_MEDIA:
        say(f"Mounted Media: {medium.profile:02X}h, {name}")
    else:
        say(f"book type:     {name} (emulated booktype)")
        if medium.profile == Profile.DVD_RW_RESTRICTED_OVERWRITE:
            say('xorriso: message for sdvdbackup: "(growisofs mode Restricted Overwrite)"')
    _tell_product(program, medium)


def _tell_atip(program: Program, is_erasable: bool, speeds: tuple[float, float], product: str) -> None:
    say = program.messages.result
    say("ATIP info from disk:")
    say(f"  Is {'' if is_erasable else 'not '}erasable")
    times = re.findall(r"(\d+)m(\d+)s(\d+)f", product)
    for what, (minute, second, frame) in zip(("in:  ", "out: "), times, strict=False):
        lba = lba_of_time(int(minute), int(second), int(frame))
        say(f"  ATIP start of lead {what}{lba} ({minute}:{second}/{frame})")
    say(f"  1T speed low:  {speeds[0]:.0f} 1T speed high: {speeds[1]:.0f}")


def lba_of_time(minute: int, second: int, frame: int) -> int:
    """The address of a place on a CD; those from 90 minutes on lie before the beginning.

    Source: MMC-5, 4.2.3.6.
    """
    return (minute * 60 + second) * 75 + frame - (450150 if minute >= 90 else 150)


def _tell_product(program: Program, medium: Medium) -> None:
    say = program.messages.result
    if not medium.product_id:
        return
    say(f"Product Id:    {medium.product_id}")
    say(f"Producer:      {medium.maker}")
    if medium.profile in CD_MEDIA:
        say(f"Manufacturer: {medium.maker}")
        return
    maker, *kind = medium.product_id.split("/")
    say(f"Manufacturer:  '{maker}'")
    if kind:
        say(f"Media type:    '{kind[0]}'")


# What is done.


def _blank(program: Program, mode: str) -> None:
    if mode == "format_overwrite":
        _call(program, "format", "full")
    else:
        _call(program, "blank", mode)


def _write(program: Program, wishes: Wishes) -> None:
    from burnlab.xorriso.preparing import format_if_needed

    format_if_needed(program)
    medium = _output(program)[1].medium
    multi = wishes.multi or (wishes.multi_if_possible and not medium.needs_close)
    start = size_of(wishes.start) // BLOCK if wishes.start else None
    padding = -(-program.settings.padding // BLOCK)
    wish = TrackWish(padding, not multi, start, wishes.grows)
    with _opened(program, wishes) as image:
        if image.size is None and wishes.waits:
            _wait_for_input(program)
        write_ready_image(program, image, wish)
    _reassess(program)


def _reassess(program: Program) -> None:
    from burnlab.xorriso.acquire import reassess

    reassess(program)


@contextmanager
def _opened(program: Program, wishes: Wishes) -> Iterator[ReadyImage]:
    """The image of the source word.

    Raises:
        CommandFailed: it can't be opened, or isn't what it was said to be.
    """
    path = wishes.source or ""
    if path == STANDARD_INPUT:
        yield _image(program, 0, wishes)
        return
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        failed = _open_failed(program, path, error)
        raise failed from error
    try:
        yield _image(program, descriptor, wishes)
    finally:
        os.close(descriptor)


def _image(program: Program, descriptor: int, wishes: Wishes) -> ReadyImage:
    """An open file as an image; its size is what was announced, or what the file has. Nothing is no size."""
    status = os.fstat(descriptor)
    head = b""
    if wishes.iso_size:
        head = _head(descriptor)
        size = _size_by_descriptor(program, head)
    elif wishes.size:
        size = size_of(wishes.size)
    elif stat.S_ISBLK(status.st_mode):
        size = os.lseek(descriptor, 0, os.SEEK_END)
        os.lseek(descriptor, 0, os.SEEK_SET)
    else:
        size = status.st_size if stat.S_ISREG(status.st_mode) else 0
    return ReadyImage(chain([head], _pieces(descriptor)), size or None)


def _head(descriptor: int) -> bytes:
    """What comes up to the primary volume descriptor; a pipe can't be read again."""
    head = b""
    while len(head) < HEAD_BYTES and (data := os.read(descriptor, HEAD_BYTES - len(head))):
        head += data
    return head


def _open_failed(program: Program, path: str, error: OSError) -> CommandFailed:
    text = f"Could not open data source '{path}'"
    program.messages.event(Severity.FAILURE, text, cause=error.strerror or "")
    gave_up(program)
    return CommandFailed(text)


def _pieces(descriptor: int) -> Iterator[bytes]:
    while data := os.read(descriptor, CHUNK):
        yield data


def _size_by_descriptor(program: Program, head: bytes) -> int:
    from burnlab.iso9660.sessions import image_at

    found = image_at(lambda lba, blocks: head[lba * BLOCK : (lba + blocks) * BLOCK], 0)
    if found is None:
        failed = fail(program, "Option -isosize given but data stream seems not to be ISO 9660")
        gave_up(program)
        raise failed
    program.messages.event(Severity.NOTE, f"Size of ISO 9660 image: {found.blocks}s")
    return found.blocks * BLOCK


def _wait_for_input(program: Program) -> None:
    program.messages.result("Waiting for data on stdin...")
    select.select([0], [], [])


# What is told instead of doing anything.


def _help(program: Program) -> None:
    program.messages.raw(HELP)


def _version(program: Program) -> None:
    program.messages.result(VERSION)
    _call(program, "version")


EXITS: Final[dict[str, Callable[[Program], None]]] = {
    "help": _help,
    "version": _version,
    "devices": lambda program: _call(program, "devices"),
    "blank": lambda program: program.messages.raw(BLANK_HELP),
    "driveropts": lambda program: program.messages.raw(DRIVER_HELP),
}
