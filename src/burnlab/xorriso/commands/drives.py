"""Commands about drives: take them and give them up, list them, choose the session, eject."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from burnlab.burn.drive import DriveError
from burnlab.xorriso.acquire import (
    acquire,
    announce_giving_up,
    fail,
    give_up,
    give_up_all,
    give_up_reading,
    refuse_if_pending,
    submit,
)
from burnlab.xorriso.drive_report import show_drive, show_volume_id
from burnlab.xorriso.loading import load_image
from burnlab.xorriso.severity import Severity
from burnlab.xorriso.words import quote

if TYPE_CHECKING:
    from burnlab.burn.drive import ScannedDrive
    from burnlab.xorriso.program import Program

BAR: Final = "-" * 77
LINKS: Final = ("dvdrw", "cdrw", "dvd", "cdrom", "cd")
"""Beginnings of names of links to drives, the one to prefer first."""
LOAD_MODES: Final = ("auto", "session", "track", "lba", "sbsector", "volid")


def dev(program: Program, words: list[str]) -> None:
    """Take a drive both ways, or give up all."""
    refuse_if_pending(program, "dev")
    if words[0]:
        acquire(program, words[0], reading=True, writing=True)
        return
    give_up_all(program)


def indev(program: Program, words: list[str]) -> None:
    """Take a drive for reading, or give it up."""
    refuse_if_pending(program, "indev")
    if words[0]:
        acquire(program, words[0], reading=True, writing=False)
    elif program.volume.indev is not None:
        announce_giving_up(program, "indev")
        give_up_reading(program)


def outdev(program: Program, words: list[str]) -> None:
    """Take a drive for writing, or give it up."""
    if words[0]:
        acquire(program, words[0], reading=False, writing=True)
        return
    volume = program.volume
    if volume.outdev is not None and volume.outdev is not volume.indev:
        announce_giving_up(program, "outdev")
    give_up(program, "outdev")
    if volume.indev is None and not volume.is_changed:
        volume.drop()


def load(program: Program, words: list[str]) -> None:
    """Choose the session to load; load it at once if there is an input drive."""
    refuse_if_pending(program, "load")
    mode, value = words
    if mode not in LOAD_MODES:
        raise fail(program, f"-load: unknown address mode '{mode}'")
    program.settings.load = (mode, value)
    reload(program)


def reload(program: Program) -> None:
    """Load the image of the input drive again."""
    volume = program.volume
    if volume.indev is None or volume.in_view is None:
        return
    load_image(program, volume.in_view)
    show_drive(program, volume.indev, volume.in_view, program.messages.info)
    if volume.loaded is not None:
        show_volume_id(program, program.messages.info)


def eject(program: Program, words: list[str]) -> None:
    """Give up drives and open their trays: `in`, `out`, or else all."""
    refuse_if_pending(program, "eject")
    eject_drives(program, words[0])


def eject_drives(program: Program, which: str) -> None:
    """Eject without looking at pending changes."""
    volume = program.volume
    wants_in, wants_out = which.startswith("in"), which.startswith("out")
    if not wants_in and not wants_out:
        wants_in = wants_out = True
    elif volume.indev is volume.outdev:
        address = volume.indev.address if volume.indev is not None else ""
        text = f"Giving up for -eject whole -dev {quote(address)}"
        program.messages.event(Severity.NOTE, text)
        wants_in = wants_out = True
    drives = {
        id(d): d for d, wanted in ((volume.indev, wants_in), (volume.outdev, wants_out)) if d and wanted
    }
    for drive in drives.values():
        if not drive.is_mmc:
            continue
        if "readonly" in volume.access.get(id(drive), ""):
            role = "" if drive is volume.outdev else "input "
            text = f"Will not eject medium in readonly acquired {role}drive."
            program.messages.event(Severity.WARNING, text)
            continue
        try:
            drive.eject()
        except DriveError as error:
            submit(program, error)
    if wants_out:
        give_up(program, "outdev")
    if wants_in:
        give_up_reading(program)
    elif volume.indev is None:
        volume.drop()


def devices(program: Program, _words: list[str]) -> None:
    """List recorders."""
    _list_devices(program, "devices")


def device_links(program: Program, _words: list[str]) -> None:
    """List recorders by links that lead to them, where there are such."""
    _list_devices(program, "device_links")


def _list_devices(program: Program, command: str) -> None:
    refuse_if_pending(program, command)
    volume, messages = program.volume, program.messages
    announce_giving_up(program, "indev", "Gave up")
    if volume.outdev is not volume.indev:
        announce_giving_up(program, "outdev", "Gave up")
    give_up(program, "outdev")
    give_up(program, "indev")
    volume.drop()
    messages.info("Beginning to scan for devices ...")
    found = program.environment.scan_drives()
    usable = [drive for drive in found if drive.is_usable]
    if not usable:
        messages.event(Severity.SORRY, "No drives found")
        for drive in found:
            text = f"There is {quote(drive.address)}, but this user may not write to it"
            messages.event(Severity.HINT, f"{text}. -dev {quote(drive.address)} tells the remedy", "burnlab")
        return
    messages.info("Full drive scan done")
    messages.info(BAR)
    names = [quote(_link_of(drive) if command == "device_links" else drive.address) for drive in usable]
    width = max(map(len, names))
    for number, (name, drive) in enumerate(zip(names, usable, strict=True)):
        who = f"'{drive.vendor:8.8}' '{drive.product}' "
        messages.result(f"{number}  -dev {name:{width}} {drive.permissions} :  {who}")
    messages.info(BAR)


def _link_of(drive: ScannedDrive) -> str:
    """The most telling of the links to a drive; its own address if there is none."""
    for beginning in LINKS:
        for link in drive.links:
            if link.startswith(f"/dev/{beginning}"):
                return link
    return drive.address
