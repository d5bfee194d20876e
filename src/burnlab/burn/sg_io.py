"""A drive of this machine behind the door: Linux's SG_IO on `/dev/srN`, `/dev/sgN` and their like."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import fcntl
import mmap
import os
import signal
import stat
import threading
from types import TracebackType
from typing import Final, Self

from burnlab.burn.patience import command_name, patience
from burnlab.burn.sg_access import access_denied, device_busy, sibling_of
from burnlab.burn.sg_header import (
    FROM_DEVICE,
    INTERFACE_ID,
    LEAST_VERSION,
    MAX_CDB_BYTES,
    NO_DATA,
    SENSE_BYTES,
    SG_GET_VERSION_NUM,
    SG_IO,
    TO_DEVICE,
    SgIoHeader,
    reply_of,
)
from burnlab.interruption import whole
from burnlab.scsi.task import Reply, Task
from burnlab.scsi.transport import Fault, TransportError

_FIRST_BUFFER: Final = 1 << 16
_LONGEST_MS: Final = 0x7FFFFFFF
_DRIVES: Final = "See which drives there are: ls -l /dev/sr* /dev/sg*"
# What a person or a terminal sends. A signal in the middle of a command would lose its answer.
_HELD_BACK: Final = frozenset(
    {
        signal.SIGHUP,
        signal.SIGINT,
        signal.SIGQUIT,
        signal.SIGTERM,
        signal.SIGTSTP,
        signal.SIGALRM,
        signal.SIGUSR1,
        signal.SIGUSR2,
        signal.SIGWINCH,
        signal.SIGCHLD,
    }
)
_GONE: Final = frozenset({errno.ENODEV, errno.ENXIO, errno.EBADF, errno.EIO, errno.ESHUTDOWN})


class SgIoUnit:
    """A `LogicalUnit` behind a device file. Threads may share it; their commands go one after the other.

    Args:
        path: The device file. A link such as `/dev/cdrom` is followed.
        inspect: Only look: don't ask for the drive alone, and be content with permission to read; the kernel
            then lets only commands pass that change nothing. Nobody else is kept out, either.
        shared: Let others use the drive at the same time, or keep on using it.

    Raises:
        TransportError: it can't be used; the message says why, and what to do.
    """

    def __init__(self, path: str, *, inspect: bool = False, shared: bool = False) -> None:
        self.path = path
        self.is_read_only = False
        self._lock = threading.Lock()
        self._sibling = -1
        self._buffer = mmap.mmap(-1, _FIRST_BUFFER)
        self._sense = ctypes.create_string_buffer(SENSE_BYTES)
        self._cdb = ctypes.create_string_buffer(MAX_CDB_BYTES)
        self._fd = self._open(inspect=inspect, shared=shared)
        try:
            self._check_version()
            if not inspect and not shared:
                self._hold_sibling()
        except TransportError:
            self.close()
            raise

    def _open(self, *, inspect: bool, shared: bool) -> int:
        flags = os.O_NONBLOCK | os.O_CLOEXEC
        alone = 0 if inspect or shared else os.O_EXCL
        try:
            return os.open(self.path, os.O_RDWR | flags | alone)
        except OSError as error:
            if not inspect or error.errno not in (errno.EACCES, errno.EPERM, errno.EROFS):
                raise self._cannot_open(error) from error
        self.is_read_only = True
        try:
            return os.open(self.path, os.O_RDONLY | flags)
        except OSError as error:
            raise self._cannot_open(error) from error

    def _cannot_open(self, error: OSError) -> TransportError:
        path = self.path
        match error.errno:
            case errno.ENOENT | errno.ENOTDIR:
                return TransportError(Fault.ABSENT, f"there is no device file {path}", _DRIVES)
            case errno.EACCES | errno.EPERM | errno.EROFS:
                return access_denied(path)
            case errno.EBUSY | errno.EAGAIN:
                return device_busy(path)
            case errno.ENXIO | errno.ENODEV | errno.ENOMEDIUM:
                return TransportError(Fault.ABSENT, f"no drive is behind {path}", _DRIVES)
            case errno.EISDIR:
                return TransportError(Fault.NOT_A_DRIVE, f"{path} is a folder, no drive", _DRIVES)
        return TransportError(Fault.REFUSED, f"{path} can't be opened: {error.strerror}", _DRIVES)

    def _check_version(self) -> None:
        """See whether SCSI commands can be sent at all."""
        version = ctypes.c_int(0)
        try:
            fcntl.ioctl(self._fd, SG_GET_VERSION_NUM, version, True)
        except OSError as error:
            raise self._not_a_drive() from error
        if version.value < LEAST_VERSION:
            raise TransportError(Fault.NOT_A_DRIVE, f"the kernel's SG_IO of {self.path} is too old")

    def _not_a_drive(self) -> TransportError:
        mode = os.fstat(self._fd).st_mode
        kinds = {stat.S_IFREG: "a plain file", stat.S_IFBLK: "a block device", stat.S_IFIFO: "a pipe"}
        kind = kinds.get(stat.S_IFMT(mode), "a device")
        return TransportError(
            Fault.NOT_A_DRIVE, f"{self.path} is {kind} that takes no SCSI commands", _DRIVES
        )

    def _hold_sibling(self) -> None:
        """A drive has two device files: what is opened for burning must not be mounted through the other."""
        other = sibling_of(self.path)
        if other is None:
            return
        try:
            self._sibling = os.open(other, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_EXCL)
        except OSError as error:
            if error.errno == errno.EBUSY:
                raise device_busy(other) from error

    def execute(self, task: Task) -> Reply:
        """Carry out one task; see `LogicalUnit`.

        Raises:
            TransportError: the drive can't be reached, hangs, or the kernel doesn't let the command pass.
        """
        what = f"{self.path}, {command_name(task.cdb)}"
        if not 0 < len(task.cdb) <= MAX_CDB_BYTES:
            raise TransportError(Fault.REFUSED, f"{what}: a CDB of {len(task.cdb)} bytes can't be carried")
        with self._lock, whole():
            if self._fd < 0:
                raise TransportError(Fault.LOST, f"{self.path} was closed")
            return self._execute(task, what)

    def _execute(self, task: Task, what: str) -> Reply:
        size = len(task.data_out) or task.data_in_bytes
        self._make_room(size)
        self._buffer[:size] = bytes(task.data_out) if task.data_out else bytes(size)
        self._cdb.raw = task.cdb.ljust(MAX_CDB_BYTES, b"\0")
        # The view into the buffer has to go before it can be resized.
        start = ctypes.c_char.from_buffer(self._buffer)
        header = SgIoHeader(
            interface_id=INTERFACE_ID,
            dxfer_direction=TO_DEVICE if task.data_out else FROM_DEVICE if size else NO_DATA,
            cmd_len=len(task.cdb),
            mx_sb_len=SENSE_BYTES,
            dxfer_len=size,
            dxferp=ctypes.addressof(start) if size else None,
            cmdp=ctypes.addressof(self._cdb),
            sbp=ctypes.addressof(self._sense),
            timeout=min(_LONGEST_MS, int(patience(task.cdb) * 1000)),
        )
        try:
            self._send(header)
        except OSError as error:
            raise self._refused(error, what, size) from error
        finally:
            del start
        data = b"" if task.data_out else self._buffer[:size]
        return reply_of(header, data, self._sense.raw[: header.sb_len_wr], what)

    def _make_room(self, size: int) -> None:
        if size > len(self._buffer):
            self._buffer.close()
            self._buffer = mmap.mmap(-1, size)

    def _send(self, header: SgIoHeader) -> None:
        before = signal.pthread_sigmask(signal.SIG_BLOCK, ())
        try:
            signal.pthread_sigmask(signal.SIG_BLOCK, _HELD_BACK)
            fcntl.ioctl(self._fd, SG_IO, header, True)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)

    def _refused(self, error: OSError, what: str, size: int) -> TransportError:
        """What an errno of the ioctl means; the command didn't reach the drive."""
        if error.errno in (errno.EPERM, errno.EACCES):
            if self.is_read_only:
                message = f"{what}: {self.path} could only be opened for reading, so the kernel holds it back"
                return TransportError(Fault.DENIED, message, access_denied(self.path).hint)
            message = f"{what}: the kernel doesn't let this user send the command"
            return TransportError(
                Fault.DENIED, message, "Only root may send commands that the kernel filters"
            )
        if error.errno in _GONE:
            message = f"{what}: the drive is gone ({error.strerror})"
            return TransportError(
                Fault.LOST, message, "Was it unplugged? Check the cable, then open it again"
            )
        if error.errno in (errno.EINVAL, errno.ENOMEM) and size > _FIRST_BUFFER:
            message = f"{what}: the kernel doesn't take {size} bytes in one command ({error.strerror})"
            return TransportError(Fault.REFUSED, message, "Transfer less at a time")
        return TransportError(Fault.REFUSED, f"{what}: the kernel refuses it ({error.strerror})")

    def close(self) -> None:
        """Let go of the drive. May be called again."""
        with self._lock:
            for descriptor in (self._fd, self._sibling):
                if descriptor >= 0:
                    with contextlib.suppress(OSError):
                        os.close(descriptor)
            self._fd = self._sibling = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()
