"""SG_IO: the structure as the kernel has it, and what the kernel's bytes mean."""

from __future__ import annotations

import ctypes
import sys

import pytest

from burnlab.burn.patience import COMMANDS, command_name, patience
from burnlab.burn.sg_header import DRIVER_FAULTS, HOST_FAULTS, SgIoHeader, reply_of
from burnlab.scsi import commands
from burnlab.scsi.mmc import commands as mmc_commands
from burnlab.scsi.record import Cdb
from burnlab.scsi.sense import SenseData
from burnlab.scsi.task import Reply, Status
from burnlab.scsi.transport import Fault, TransportError

OFFSETS = {
    "interface_id": (0, 4),
    "dxfer_direction": (4, 4),
    "cmd_len": (8, 1),
    "mx_sb_len": (9, 1),
    "iovec_count": (10, 2),
    "dxfer_len": (12, 4),
    "dxferp": (16, 8),
    "cmdp": (24, 8),
    "sbp": (32, 8),
    "timeout": (40, 4),
    "flags": (44, 4),
    "pack_id": (48, 4),
    "usr_ptr": (56, 8),
    "status": (64, 1),
    "masked_status": (65, 1),
    "msg_status": (66, 1),
    "sb_len_wr": (67, 1),
    "host_status": (68, 2),
    "driver_status": (70, 2),
    "resid": (72, 4),
    "duration": (76, 4),
    "info": (80, 4),
}
"""Offset and length where a pointer has 8 bytes.    Source: offsetof() in <scsi/sg.h>, x86-64."""

SENSE = SenseData(3, 0x11, 5, information=99).pack()
WHAT = "/dev/sr9, READ (10)"


@pytest.mark.skipif(sys.maxsize < 2**32, reason="the table is for pointers of 8 bytes")
def test_the_structure_lies_as_the_kernel_has_it() -> None:
    fields = {name: getattr(SgIoHeader, name) for name, _type in SgIoHeader._fields_}
    assert {name: (field.offset, field.size) for name, field in fields.items()} == OFFSETS
    assert ctypes.sizeof(SgIoHeader) == 88


def test_what_the_drive_says() -> None:
    assert reply_of(SgIoHeader(), b"12345678", b"", WHAT) == Reply(data_in=b"12345678")
    assert reply_of(SgIoHeader(resid=3), b"12345678", b"", WHAT) == Reply(data_in=b"12345")
    assert reply_of(SgIoHeader(resid=100), b"12345678", b"", WHAT) == Reply()
    assert reply_of(SgIoHeader(resid=-1), b"12345678", b"", WHAT) == Reply(data_in=b"12345678")
    assert reply_of(SgIoHeader(status=8), b"", b"", WHAT) == Reply(Status.BUSY)


@pytest.mark.parametrize("bytes_", [{"status": 2}, {"status": 2, "driver_status": 8}, {"driver_status": 8}])
def test_sense_data_are_the_drives_own_word(bytes_: dict[str, int]) -> None:
    header = SgIoHeader(host_status=0x10 if "status" in bytes_ else 0, info=1, **bytes_)
    assert reply_of(header, b"", SENSE, WHAT) == Reply(Status.CHECK_CONDITION, b"", SENSE)


@pytest.mark.parametrize("host", [*HOST_FAULTS, 0x7F])
def test_the_controllers_byte(host: int) -> None:
    with pytest.raises(TransportError) as caught:
        reply_of(SgIoHeader(host_status=host, info=1), b"", b"", WHAT)
    assert caught.value.message.startswith(f"{WHAT}: ")
    assert caught.value.hint


@pytest.mark.parametrize(
    ("host", "fault"), [(1, Fault.LOST), (2, Fault.BUSY), (3, Fault.TIMEOUT), (8, Fault.REFUSED)]
)
def test_which_failures_are_told_apart(host: int, fault: Fault) -> None:
    with pytest.raises(TransportError) as caught:
        reply_of(SgIoHeader(host_status=host), b"", b"", WHAT)
    assert caught.value.fault is fault


@pytest.mark.parametrize("driver", DRIVER_FAULTS)
def test_the_drivers_byte_of_older_kernels(driver: int) -> None:
    with pytest.raises(TransportError, match=DRIVER_FAULTS[driver]):
        reply_of(SgIoHeader(driver_status=0x10 | driver), b"", b"", WHAT)


def test_a_status_that_nobody_knows() -> None:
    with pytest.raises(TransportError, match="status 30h"):
        reply_of(SgIoHeader(status=0x30), b"", b"", WHAT)


def test_names_and_patience() -> None:
    assert (command_name(b"\xa1"), patience(b"\xa1")) == ("BLANK", 12 * 3600)
    assert (command_name(b"\x46"), patience(b"\x46")) == ("command 46h", 60)
    assert (command_name(b""), patience(b"")) == ("an empty command", 60)


def test_the_names_are_those_of_the_commands() -> None:
    known = {
        cdb.OPCODE: cdb.NAME
        for module in (commands, mmc_commands)
        for cdb in vars(module).values()
        if isinstance(cdb, type) and issubclass(cdb, Cdb) and hasattr(cdb, "NAME")
    }
    ours = {opcode: row.name for opcode, row in COMMANDS.items() if opcode in known}
    assert ours == {opcode: name for opcode, name in known.items() if opcode in COMMANDS}
    assert len(ours) > 10
