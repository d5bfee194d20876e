"""The words of SCSI: CDBs, sense data, tasks, replies, and the door between the two rivers.

Rule 1: values only. Nothing here opens a file, asks the time or decides what a device does.
Rule 2: `scsi.mmc` holds what MMC adds; nothing outside it knows an optical medium.
"""

from burnlab.scsi.sense import Asc, CheckCondition, SenseData, SenseKey
from burnlab.scsi.task import (
    LOCAL_NEXUS,
    Delivery,
    LogicalUnit,
    Mishap,
    Nexus,
    Reply,
    SharedUnit,
    Status,
    Task,
)
from burnlab.scsi.transport import Fault, TransportError

__all__ = [
    "LOCAL_NEXUS",
    "Asc",
    "CheckCondition",
    "Delivery",
    "Fault",
    "LogicalUnit",
    "Mishap",
    "Nexus",
    "Reply",
    "SenseData",
    "SenseKey",
    "SharedUnit",
    "Status",
    "Task",
    "TransportError",
]
