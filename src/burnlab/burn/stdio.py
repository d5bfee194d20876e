"""Plain files and block devices as drives whose blocks can be overwritten."""

from __future__ import annotations

import errno
import os
import stat

from burnlab.burn.drive import (
    BLOCK,
    FILE_PROFILE,
    SYNC_BYTES,
    SYNC_NEVER,
    Access,
    Data,
    DriveError,
    DriveEvent,
    Identity,
    Medium,
    Progress,
    Status,
    WriteRequest,
)
from burnlab.burn.plain import PlainDrive, cannot_open, cannot_write
from burnlab.writeback import Writeback

HEAD_BLOCKS = 32
ALIGN = 32
FILE_IDENTITY = Identity("YOYODYNE", "WARP DRIVE", "FX01")
DISK_MODE = 0o666


class FileDrive(PlainDrive):
    """A file, or a block device: overwritable, as large as its file system allows.

    The file is opened when it is first read or written; it need not exist yet, but its directory must.

    Raises:
        DriveError: neither the file nor its directory exist.
    """

    identity = FILE_IDENTITY

    def __init__(self, address: str, path: str) -> None:
        self.address = address
        self.path = path
        self._read_fd = -1
        self._write_fd = -1
        self._position = 0
        self._writeback = Writeback()
        self._sync_bytes = SYNC_BYTES
        self._dummy = False
        if not os.path.lexists(path) and not os.path.isdir(os.path.dirname(path) or "."):  # noqa: PTH112, PTH120
            text = "Neither stdio-path nor its directory exist"
            raise DriveError(text, DriveEvent("SORRY", text))

    def medium(self) -> Medium:
        """Size and state of the file. Whether it holds an image is told by its first 64 KiB alone."""
        size, total = self._sizes()
        return Medium(
            Status.BLANK if size == 0 else Status.UNKNOWN,
            Access.OVERWRITABLE,
            FILE_PROFILE,
            "stdio file, overwriteable",
            next_writable=HEAD_BLOCKS,
            free_blocks=total // BLOCK,
            readable_blocks=-(-size // BLOCK),
            is_erasable=True,
            write_align=ALIGN,
        )

    def _sizes(self) -> tuple[int, int]:
        """Bytes that can be read, and bytes that the file could grow to."""
        try:
            status = os.stat(self.path)  # noqa: PTH116
        except OSError:
            place = os.statvfs(os.path.dirname(self.path) or ".")  # noqa: PTH120
            return 0, place.f_bavail * place.f_frsize
        if stat.S_ISBLK(status.st_mode):
            size = self._device_size()
            return size, size
        place = os.statvfs(self.path)
        return status.st_size, place.f_bavail * place.f_frsize + status.st_blocks * 512

    def _device_size(self) -> int:
        fd = os.open(self.path, os.O_RDONLY)
        try:
            return os.lseek(fd, 0, os.SEEK_END)
        finally:
            os.close(fd)

    def read(self, lba: int, blocks: int) -> bytes:
        """Blocks of the file; its end may leave a part of a block."""
        if self._read_fd < 0:
            self._read_fd = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
        want, offset = blocks * BLOCK, lba * BLOCK
        data = os.pread(self._read_fd, want, offset)
        while len(data) < want:
            more = os.pread(self._read_fd, want - len(data), offset + len(data))
            if not more:
                break
            data += more
        return data

    read_once = read

    def begin(self, request: WriteRequest) -> None:
        """Open the file for writing."""
        self._open_for_writing()
        self._position = request.lba * BLOCK
        self._sync_bytes = request.sync_bytes
        self._writeback = Writeback(request.sync_bytes)
        self._dummy = request.dummy

    def _open_for_writing(self) -> None:
        if self._write_fd < 0:
            try:
                self._write_fd = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, DISK_MODE)
            except OSError as error:
                raise cannot_open(error) from error

    def write(self, data: Data) -> None:
        """Write on; a dummy run writes nothing."""
        if not self._dummy:
            self._put(data, self._position)
            if self._sync_bytes > 0:
                self._writeback.wrote(self._write_fd, self._position, len(data))
        self._position += len(data)

    def _put(self, data: Data, offset: int) -> None:
        view = memoryview(data)
        while view:
            try:
                done = os.pwrite(self._write_fd, view, offset)
            except OSError as error:
                raise cannot_write(error) from error
            view = view[done:]
            offset += done

    def finish(self, _progress: Progress, /) -> None:
        """Bring everything to the disk."""
        if not self._dummy:
            self._sync()

    def _sync(self) -> None:
        if self._sync_bytes == SYNC_NEVER:
            return
        try:
            os.fsync(self._write_fd)
        except OSError as error:
            if error.errno not in (errno.EINVAL, errno.ENOSYS):
                raise cannot_write(error) from error

    def abort(self) -> None:
        """Nothing to do: what was there before the session stays in force until its head is written."""

    def write_at(self, lba: int, data: Data) -> None:
        """Overwrite blocks, and bring them to the disk."""
        self._open_for_writing()
        self._put(data, lba * BLOCK)
        self._sync()

    def close(self, *, at_once: bool = False) -> None:  # noqa: ARG002 - a file keeps nobody waiting
        """Close the file."""
        for fd in (self._read_fd, self._write_fd):
            if fd >= 0:
                os.close(fd)
        self._read_fd = self._write_fd = -1
