"""Drives by their addresses: files and pipes, drives of this machine, remote and emulated ones."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from burnlab.burn.drive import Drive, DriveError, DriveEvent, ScannedDrive
from burnlab.burn.opener import device_path, no_recorder, open_stdio

if TYPE_CHECKING:
    from collections.abc import Callable

    from burnlab.burn.mmc import MmcDrive
    from burnlab.scsi.task import LogicalUnit
    from burnlab.scsi.transport import TransportError

DISC = "disc:"
ISCSI = "iscsi://"


def open_drive(address: str, image_descriptor: int = -1) -> Drive:
    """The drive of an address; DriveError if there is none.

    `/dev/srN`, `/dev/sgN`, links to them and `mmc:PATH` are drives of this machine, `iscsi://HOST/TARGET/LUN`
    is a remote one, `disc:FOLDER` one in memory; `stdio:FILE`, any other path, and `-` are no optical drives.
    """
    if address.startswith(DISC):
        return _open_disc(address)
    if address.startswith(ISCSI):
        return _open_iscsi(address)
    path = device_path(address)
    if path:
        return _open_device(address, path)
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


def _open_device(address: str, path: str) -> MmcDrive:
    from burnlab.burn.sg_io import SgIoUnit
    from burnlab.scsi.transport import TransportError

    try:
        unit = SgIoUnit(path)
    except TransportError as error:
        raise _not_acquired(path, error) from error
    return _mmc_drive(address, unit, unit.close)


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
    from burnlab.burn.patience import patience
    from burnlab.iscsi.client import IscsiUnit
    from burnlab.scsi.transport import TransportError

    try:
        unit = IscsiUnit.connect(address, patience=patience)
    except TransportError as error:
        raise _failed(error.message, error.hint) from error
    return _mmc_drive(address, unit, unit.close)


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
    from burnlab.disc import DiscError
    from burnlab.disc.folder import FolderError, open_disc
    from burnlab.recorder import MODELS, ClockedUnit, EmulatedClock, PromptUnit, Recorder

    try:
        disc = open_disc(Path(address.removeprefix(DISC)))
    except (FolderError, DiscError, OSError) as error:
        raise _failed(f"{error}", str(getattr(error, "hint", ""))) from error
    # Time passes only while the drive is waited for: a recorder in memory makes nobody wait.
    clock = EmulatedClock()
    recorder = Recorder(MODELS["generic"])
    recorder.load(disc, clock.now())
    unit = PromptUnit(ClockedUnit(recorder, clock.now), clock.sleep)
    return MmcDrive(address, unit, clock.sleep, disc.close)
