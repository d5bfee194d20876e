"""What goes in and out of the ioctl SG_IO: its structure, and what the kernel says went wrong.

Source: Linux, include/uapi/scsi/sg.h (structure, directions), include/scsi/scsi_status.h (host byte).
"""

from __future__ import annotations

import ctypes
from typing import Final, NamedTuple

from burnlab.scsi.sense import as_fixed
from burnlab.scsi.task import Reply, Status
from burnlab.scsi.transport import Fault, TransportError

SG_IO: Final = 0x2285
SG_GET_VERSION_NUM: Final = 0x2282
LEAST_VERSION: Final = 30000
INTERFACE_ID: Final = ord("S")
NO_DATA, TO_DEVICE, FROM_DEVICE = -1, -2, -3
SENSE_BYTES: Final = 64
MAX_CDB_BYTES: Final = 16
DRIVER_SENSE: Final = 0x08
"""In the low nibble of the driver byte: there are sense data."""
_STATUSES = {status.value: status for status in Status}


class SgIoHeader(ctypes.Structure):
    """struct sg_io_hdr, in the machine's own layout. Lengths in bytes, `timeout` in milliseconds."""

    _fields_ = (
        ("interface_id", ctypes.c_int),
        ("dxfer_direction", ctypes.c_int),
        ("cmd_len", ctypes.c_ubyte),
        ("mx_sb_len", ctypes.c_ubyte),
        ("iovec_count", ctypes.c_ushort),
        ("dxfer_len", ctypes.c_uint),
        ("dxferp", ctypes.c_void_p),
        ("cmdp", ctypes.c_void_p),
        ("sbp", ctypes.c_void_p),
        ("timeout", ctypes.c_uint),
        ("flags", ctypes.c_uint),
        ("pack_id", ctypes.c_int),
        ("usr_ptr", ctypes.c_void_p),
        ("status", ctypes.c_ubyte),
        ("masked_status", ctypes.c_ubyte),
        ("msg_status", ctypes.c_ubyte),
        ("sb_len_wr", ctypes.c_ubyte),
        ("host_status", ctypes.c_ushort),
        ("driver_status", ctypes.c_ushort),
        ("resid", ctypes.c_int),
        ("duration", ctypes.c_uint),
        ("info", ctypes.c_uint),
    )


class HostFault(NamedTuple):
    """What a host byte means: the kind of failure, in words, and what may help."""

    fault: Fault
    words: str
    hint: str


_CABLE = "Check the cable, the power supply and the controller; see what the kernel says: dmesg | tail"
_HANGS = "The drive may hang: eject the medium, then switch the drive off and on again; see dmesg | tail"
_AGAIN = "Look at the medium's state, then try again; see what the kernel says: dmesg | tail"

# fmt: off
HOST_FAULTS: Final[dict[int, HostFault]] = {
    0x01: HostFault(Fault.LOST,    "the drive can't be reached any more", _CABLE),
    0x02: HostFault(Fault.BUSY,    "the bus stayed busy", _AGAIN),
    0x03: HostFault(Fault.TIMEOUT, "the drive didn't answer in time", _HANGS),
    0x04: HostFault(Fault.LOST,    "the drive is gone from the bus", _CABLE),
    0x05: HostFault(Fault.REFUSED, "the kernel aborted the command", _AGAIN),
    0x06: HostFault(Fault.REFUSED, "data were damaged on the way (parity)", _CABLE),
    0x07: HostFault(Fault.REFUSED, "the controller reports an error", _CABLE),
    0x08: HostFault(Fault.REFUSED, "the bus or the drive was reset", _AGAIN),
    0x09: HostFault(Fault.REFUSED, "the controller sent an interrupt that nobody expected", _CABLE),
    0x0A: HostFault(Fault.REFUSED, "the controller passed the command by", _AGAIN),
    0x0B: HostFault(Fault.REFUSED, "the controller gave the command up", _AGAIN),
    0x0C: HostFault(Fault.REFUSED, "the controller wants the command again", _AGAIN),
    0x0D: HostFault(Fault.REFUSED, "the controller wants the command queued again", _AGAIN),
    0x0E: HostFault(Fault.LOST,    "the connection to the drive was disrupted", _CABLE),
    0x0F: HostFault(Fault.LOST,    "the connection to the drive failed", _CABLE),
    0x10: HostFault(Fault.REFUSED, "the drive failed for good", _HANGS),
    0x11: HostFault(Fault.REFUSED, "another initiator holds a reservation", _AGAIN),
    0x12: HostFault(Fault.REFUSED, "the drive has no more room", _AGAIN),
    0x13: HostFault(Fault.REFUSED, "the medium failed", _AGAIN),
}
# fmt: on
"""Host byte → what it means; 0 is success."""

DRIVER_FAULTS: Final[dict[int, str]] = {
    0x01: "the driver is busy",
    0x02: "the driver reports a soft error",
    0x03: "the driver reports an error of the medium",
    0x04: "the driver reports an error",
    0x05: "the driver finds the command invalid",
    0x06: "the driver's time was up",
    0x07: "the driver reports a hard error",
}
"""Low nibble of the driver byte → what it means, in kernels before 5.14."""


def reply_of(header: SgIoHeader, data: bytes, sense: bytes, what: str) -> Reply:
    """What came of a command. `data` is the whole buffer, `sense` what was written of the sense buffer.

    Raises:
        TransportError: the drive didn't get to say anything. `what` is drive and command, for the message.
    """
    status, driver = header.status, header.driver_status & 0x0F
    if status == Status.GOOD and driver == DRIVER_SENSE and sense:
        # Older kernels tell of sense data by the driver byte alone.
        status = Status.CHECK_CONDITION
    if status == Status.GOOD or not sense:
        _check_ways(header, what)
    known = _STATUSES.get(status)
    if known is None:
        raise TransportError(Fault.REFUSED, f"{what}: the drive answers with status {status:02X}h")
    return Reply(known, data[: max(0, len(data) - max(0, header.resid))], as_fixed(sense))


def _check_ways(header: SgIoHeader, what: str) -> None:
    """Look at the bytes of controller and driver, which count where there are no sense data."""
    if header.host_status:
        unknown = HostFault(Fault.REFUSED, f"the controller reports error {header.host_status:02X}h", _AGAIN)
        fault = HOST_FAULTS.get(header.host_status, unknown)
        raise TransportError(fault.fault, f"{what}: {fault.words}", fault.hint)
    driver = header.driver_status & 0x0F
    if driver in DRIVER_FAULTS:
        fault_of = Fault.TIMEOUT if driver == 0x06 else Fault.REFUSED
        raise TransportError(fault_of, f"{what}: {DRIVER_FAULTS[driver]}", _HANGS)
