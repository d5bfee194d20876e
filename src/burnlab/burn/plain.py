"""What files and streams have in common: they obey no MMC commands."""

from __future__ import annotations

from burnlab.burn.drive import (
    UNTOLD_PERCENT,
    DriveError,
    DriveEvent,
    FormatChoice,
    FormatList,
    Progress,
    SpeedChoice,
)

NOT_MMC = "It is not an MMC drive"


class PlainDrive:
    """A drive without tray, formats and speeds."""

    is_mmc = False
    buffer_percent = UNTOLD_PERCENT

    def blank(self, _mode: str, _progress: Progress, /) -> None:
        """There is no such command; files are made blank by overwriting their head."""
        raise DriveError(NOT_MMC)

    def format(self, _choice: FormatChoice | None, _progress: Progress, _quick: bool = False, /) -> None:
        """There is no such command."""
        raise DriveError(NOT_MMC)

    def formats(self) -> FormatList:
        """None."""
        return FormatList("unknown", 0)

    def speeds(self) -> tuple[SpeedChoice, ...]:
        """None."""
        return ()

    def profiles(self) -> tuple[tuple[int, bool], ...]:
        """None."""
        return ()

    def close_damaged(self, _progress: Progress, /) -> None:
        """There are no tracks."""
        raise DriveError("Cannot close damaged track on given media type")

    def eject(self) -> bool:
        """There is no tray."""
        return False


def cannot_open(error: OSError) -> DriveError:
    """What to say if a file can't be opened for writing."""
    text = f"Failed to open device (a pseudo-drive) : {error.strerror}"
    return DriveError(text, DriveEvent("SORRY", text))


def cannot_write(error: OSError) -> DriveError:
    """What to say if a block can't be written."""
    text = f"Cannot write desired amount of 32768 bytes. write(2) returned -1. : {error.strerror}"
    return DriveError(text, DriveEvent("SORRY", text))
