"""From the address of a drive to the drive: plain files, block devices, pipes and descriptors."""

from __future__ import annotations

import os
import re
import stat
from typing import Final

from burnlab.burn.drive import Drive, DriveError, DriveEvent
from burnlab.burn.stdio import FileDrive
from burnlab.burn.stream import StreamDrive

STDIO: Final = "stdio:"
MMC: Final = "mmc:"
STANDARD_OUTPUT: Final = 1
DESCRIPTOR: Final = re.compile(r"/dev/fd/(\d+)")
RECORDER: Final = re.compile(r"/dev/sr([12]?\d|3[01])")
"""Addresses that are looked at as recorders even if nothing is there."""
GENERIC: Final = re.compile(r"/dev/sg\d+")


def full_address(address: str) -> str:
    """The address that stands for an abbreviation: `-` is standard output."""
    return f"{STDIO}/dev/fd/1" if address == "-" else address


def device_path(address: str) -> str:
    """The device file of an address of an optical drive of this machine; empty if it isn't one.

    That is what `mmc:` says so of, and `/dev/srN`, `/dev/sgN` and links to them.
    """
    if address.startswith(MMC):
        return address.removeprefix(MMC)
    if address.startswith(STDIO) or not address:
        return ""
    absolute = os.path.abspath(address)  # noqa: PTH100
    if RECORDER.fullmatch(absolute):
        return absolute
    target = os.path.realpath(absolute)
    is_drive = RECORDER.fullmatch(target) or GENERIC.fullmatch(target)
    return absolute if is_drive and os.path.lexists(target) else ""


def open_stdio(address: str, image_descriptor: int = -1) -> Drive:
    """The drive of an address that isn't an optical drive.

    `image_descriptor` is where standard output leads to if it was set free for an image; -1 if it wasn't.

    Raises:
        DriveError: there is no such drive, or it must not be used without saying `stdio:`.
    """
    address = full_address(address)
    if address.startswith(MMC):
        raise no_recorder(address.removeprefix(MMC))
    explicit = address.startswith(STDIO)
    path = address.removeprefix(STDIO)
    if not path:
        text = f"No suitable path given by device address '{address}'"
        raise DriveError(text, DriveEvent("FAILURE", text, "xorriso"))
    if not explicit:
        _check_class(path)
    found = DESCRIPTOR.fullmatch(path)
    if found:
        return StreamDrive(address, path, _descriptor(int(found[1]), address, image_descriptor))
    mode = _mode(path)
    if mode is None or stat.S_ISREG(mode) or stat.S_ISBLK(mode):
        return FileDrive(address, path)
    return StreamDrive(address, path)


def _mode(path: str) -> int | None:
    try:
        return os.stat(path).st_mode  # noqa: PTH116
    except OSError:
        return None


def _descriptor(number: int, address: str, image_descriptor: int) -> int:
    if number != STANDARD_OUTPUT:
        return number
    if image_descriptor < 0:
        text = f'-*dev "{address}" was not a start argument. Cannot use it now.'
        raise DriveError(text, DriveEvent("FAILURE", text, "xorriso"))
    return image_descriptor


def no_recorder(path: str) -> DriveError:
    """What to say if an address doesn't lead to an optical drive."""
    events = [DriveEvent("FAILURE", f"Cannot access '{path}' as SG_IO CDROM drive")]
    if RECORDER.fullmatch(path) and not os.path.lexists(path):
        events.insert(0, DriveEvent("FAILURE", f"File object '{path}' not found"))
    return DriveError(events[-1].text, *events)


def _check_class(path: str) -> None:
    """Paths below /dev may be precious: they are taken only by `stdio:`."""
    absolute = os.path.abspath(path)  # noqa: PTH100
    if not absolute.startswith("/dev/"):
        return
    if RECORDER.fullmatch(absolute):
        raise no_recorder(path)
    exists = os.path.lexists(absolute)
    why = "not MMC" if exists else "not existing"
    what = "target" if exists else "address for a new regular file"
    text = f"Drive address '{path}' rejected because: {why} and -drive_class 'caution' '/dev'"
    hint = f'If the address is a legitimate {what}, prepend "stdio:"'
    raise DriveError(text, DriveEvent("FAILURE", text, "xorriso"), DriveEvent("HINT", hint, "xorriso"))
