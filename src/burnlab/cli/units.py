"""Drives by their addresses: files and pipes, drives of this machine, remote and emulated ones."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from burnlab.burn.drive import Drive, DriveError, DriveEvent, ScannedDrive
from burnlab.burn.opener import device_path, no_recorder, open_stdio

if TYPE_CHECKING:
    from collections.abc import Callable

    from burnlab.burn.mmc import MmcDrive
    from burnlab.burn.sg_io import SgIoUnit
    from burnlab.iscsi.client import IscsiUnit
    from burnlab.scsi.task import LogicalUnit
    from burnlab.scsi.transport import TransportError

DISC = "disc:"
ISCSI = "iscsi://"


class OpenUnit(NamedTuple):
    """A unit behind the door, how its time passes, and what lets go of it."""

    unit: LogicalUnit
    sleep: Callable[[float], None]
    release: Callable[[], None]


def open_drive(address: str, image_descriptor: int = -1, *, shared: bool = False) -> Drive:
    """The drive of an address; DriveError if there is none.

    `/dev/srN`, `/dev/sgN`, links to them and `mmc:PATH` are drives of this machine, `iscsi://HOST/TARGET/LUN`
    is a remote one, `disc:FOLDER` one in memory; `stdio:FILE`, any other path, and `-` are no optical drives.
    A drive of this machine is for us alone, or `shared`.
    """
    if address.startswith(DISC):
        return _open_disc(address)
    if address.startswith(ISCSI):
        return _open_iscsi(address)
    path = device_path(address)
    if path:
        return _open_device(address, path, shared=shared)
    return open_stdio(address, image_descriptor)


def scan_drives() -> list[ScannedDrive]:
    """The optical drives of this machine."""
    from burnlab.burn.sg_access import list_drives

    return [
        ScannedDrive(
            drive.path,
            drive.vendor,
            drive.product,
            drive.permissions,
            drive.links,
            drive.may_read and drive.may_write,
        )
        for drive in list_drives()
    ]


def _open_device(address: str, path: str, *, shared: bool) -> MmcDrive:
    unit = _device_unit(path, shared=shared)
    return _mmc_drive(address, unit, unit.close)


def _device_unit(path: str, *, shared: bool = False) -> SgIoUnit:
    from burnlab.burn.sg_io import SgIoUnit
    from burnlab.scsi.transport import TransportError

    try:
        return SgIoUnit(path, shared=shared)
    except TransportError as error:
        raise _not_acquired(path, error) from error


def _not_acquired(path: str, error: TransportError) -> DriveError:
    """What to say if a device file can't be used, with the remedy behind it."""
    from burnlab.scsi.transport import Fault

    missing = no_recorder(path)
    if error.fault is Fault.ABSENT:
        return missing
    if error.fault is Fault.BUSY:
        busy = f"Cannot open busy device '{path}' : Device or resource busy"
        events = [DriveEvent("SORRY", busy)]
    else:
        events = [DriveEvent("SORRY", error.message, "burnlab"), missing.events[-1]]
    if error.hint:
        events.append(DriveEvent("HINT", error.hint, "burnlab"))
    return DriveError(events[0].text, *events)


def _open_iscsi(address: str) -> MmcDrive:
    unit = _iscsi_unit(address)
    return _mmc_drive(address, unit, unit.close)


def _iscsi_unit(address: str) -> IscsiUnit:
    from burnlab.burn.patience import patience
    from burnlab.iscsi.client import IscsiUnit
    from burnlab.iscsi.url import parse_url
    from burnlab.scsi.transport import TransportError

    try:
        url = parse_url(address)
    except ValueError as error:
        raise _failed(f"{error}") from error
    if url.secret or url.target_secret:
        raise _secret_shows(str(url))
    try:
        return IscsiUnit.connect(url, patience=patience)
    except TransportError as error:
        raise _failed(error.message, error.hint) from error


def _secret_shows(address: str) -> DriveError:
    """What to say to a secret within an address; it is not said again."""
    text = "A secret within an address is seen by everybody who lists processes or reads a log"
    hint = (
        "Write it into a file that only you can read, and name that: "
        "iscsi://USER@HOST/TARGET/LUN?secret_file=PATH, for the target's own target_user=USER&"
        "target_secret_file=PATH behind it. Then take another secret"
    )
    return DriveError(
        text,
        DriveEvent("FAILURE", text, "burnlab"),
        DriveEvent("HINT", hint, "burnlab"),
        DriveEvent("FAILURE", f"Cannot acquire drive '{address}'", "xorriso"),
    )


def _mmc_drive(address: str, unit: LogicalUnit, release: Callable[[], None]) -> MmcDrive:
    from burnlab.burn.mmc import MmcDrive

    try:
        return MmcDrive(address, unit, time.sleep, release)
    except BaseException:
        release()
        raise


def _failed(text: str, hint: str = "") -> DriveError:
    events = [DriveEvent("FAILURE", text, "burnlab")]
    if hint:
        events.append(DriveEvent("HINT", hint, "burnlab"))
    return DriveError(text, *events)


def _open_disc(address: str) -> MmcDrive:
    from burnlab.burn.mmc import MmcDrive

    opened = _disc_unit(address)
    return MmcDrive(address, opened.unit, opened.sleep, opened.release)


def _disc_unit(address: str) -> OpenUnit:
    from burnlab.burn.patience import patience
    from burnlab.disc import DiscError
    from burnlab.disc.folder import FolderError, open_disc
    from burnlab.recorder import MODELS, ClockedUnit, EmulatedClock, PromptUnit, Recorder

    try:
        disc = open_disc(Path(address.removeprefix(DISC)), holder="a burn program with a recorder in memory")
    except (FolderError, DiscError, OSError) as error:
        raise _failed(f"{error}", str(getattr(error, "hint", ""))) from error
    # Time passes only while the drive is waited for: a recorder in memory makes nobody wait.
    clock = EmulatedClock()
    recorder = Recorder(MODELS["generic"])
    recorder.load(disc, clock.now())
    unit = PromptUnit(ClockedUnit(recorder, clock.now), clock.sleep, patience)
    return OpenUnit(unit, clock.sleep, disc.close)


def open_unit(address: str) -> OpenUnit:
    """The logical unit of an address, bare: nothing is asked of it, and its tray may be empty.

    Raises:
        DriveError: there is no such unit; its events say what to do.
    """
    if address.startswith(DISC):
        return _disc_unit(address)
    if address.startswith(ISCSI):
        unit = _iscsi_unit(address)
        return OpenUnit(unit, time.sleep, unit.close)
    path = device_path(address)
    if not path:
        raise _failed(f"'{address}' is no address of an optical drive")
    drive = _device_unit(path)
    return OpenUnit(drive, time.sleep, drive.close)
