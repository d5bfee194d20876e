"""Pipes, character devices and standard output as drives that can only be written, from block 0 on."""

from __future__ import annotations

import os

from burnlab.burn.drive import (
    BLOCK,
    FILE_PROFILE,
    Access,
    Data,
    DriveError,
    Identity,
    Medium,
    Progress,
    Status,
    WriteRequest,
)
from burnlab.burn.plain import PlainDrive, cannot_open, cannot_write

STREAM_IDENTITY = Identity("YOYODYNE", "BLACKHOLE", "FX02")
ENDLESS_BLOCKS = (1024 * 2**30 - BLOCK) // BLOCK
"""A stream takes what it is given; 1 TiB is said to be free."""


class StreamDrive(PlainDrive):
    """A file that only swallows: pipe, character device, or a file descriptor that is open already."""

    identity = STREAM_IDENTITY

    def __init__(self, address: str, path: str, descriptor: int = -1) -> None:
        self.address = address
        self.path = path
        self._given = descriptor
        self._fd = -1
        self._dummy = False

    def medium(self) -> Medium:
        """Blank for ever."""
        return Medium(
            Status.BLANK,
            Access.SEQUENTIAL,
            FILE_PROFILE,
            "stdio file, sequential",
            next_writable=0,
            free_blocks=ENDLESS_BLOCKS,
        )

    def read(self, _lba: int, _blocks: int, /) -> bytes:
        """Nothing comes back from a stream."""
        return b""

    read_once = read

    def begin(self, request: WriteRequest) -> None:
        """Open the stream; a pipe waits for its reader here."""
        self._dummy = request.dummy
        if self._given >= 0:
            self._fd = self._given
            return
        try:
            self._fd = os.open(self.path, os.O_WRONLY | os.O_CLOEXEC)
        except OSError as error:
            raise cannot_open(error) from error

    def write(self, data: Data) -> None:
        """Write on."""
        view = memoryview(data)
        while view and not self._dummy:
            try:
                view = view[os.write(self._fd, view) :]
            except OSError as error:
                raise cannot_write(error) from error

    def finish(self, _progress: Progress, /) -> None:
        """Close the stream, so that its reader sees the end."""
        self.close()

    def abort(self) -> None:
        """Close the stream."""
        self.close()

    def write_at(self, _lba: int, _data: Data, /) -> None:
        """A stream can't go back."""
        raise DriveError("A stream can't be overwritten")

    def close(self, *, at_once: bool = False) -> None:  # noqa: ARG002 - nobody is waited for
        """Close what was opened; a descriptor that was given stays open."""
        if self._fd >= 0 and self._given < 0:
            os.close(self._fd)
        self._fd = -1
