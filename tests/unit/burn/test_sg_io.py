"""SG_IO without a drive: files that are none, and a kernel that is played by the test."""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from burnlab.burn import sg_io
from burnlab.burn.sg_header import SG_GET_VERSION_NUM, SG_IO, SgIoHeader
from burnlab.burn.sg_io import SgIoUnit
from burnlab.scsi.sense import SenseData
from burnlab.scsi.task import Reply, Status, Task
from burnlab.scsi.transport import Fault, TransportError

READ = bytes.fromhex("28000000001000000100")


@dataclass
class Kernel:
    """Answers ioctls; `answer` may change the header, `data` is what a read brings."""

    data: bytes = b""
    sense: bytes = b""
    answer: dict[str, int] = field(default_factory=dict)
    error: int = 0
    written: bytes = b""
    headers: list[dict[str, int]] = field(default_factory=list)
    cdbs: list[bytes] = field(default_factory=list)

    def ioctl(self, _descriptor: int, request: int, argument: object, _mutate: bool) -> int:
        if request == SG_GET_VERSION_NUM:
            assert isinstance(argument, ctypes.c_int)
            argument.value = 30536
            return 0
        assert request == SG_IO
        assert isinstance(argument, SgIoHeader)
        self._carry_out(argument)
        return 0

    def _carry_out(self, header: SgIoHeader) -> None:
        if self.error:
            raise OSError(self.error, os.strerror(self.error))
        self.headers.append({name: getattr(header, name) or 0 for name, _type in SgIoHeader._fields_})
        self.cdbs.append(ctypes.string_at(header.cmdp, header.cmd_len))
        if header.dxfer_direction == -2:
            self.written = ctypes.string_at(header.dxferp, header.dxfer_len)
        elif header.dxfer_direction == -3:
            ctypes.memmove(header.dxferp, self.data, len(self.data))
            header.resid = header.dxfer_len - len(self.data)
        if self.sense:
            ctypes.memmove(header.sbp, self.sense, len(self.sense))
            header.sb_len_wr = len(self.sense)
        for name, value in self.answer.items():
            setattr(header, name, value)


@pytest.fixture
def kernel(monkeypatch: pytest.MonkeyPatch) -> Kernel:
    played = Kernel()
    monkeypatch.setattr(fcntl, "ioctl", played.ioctl)
    return played


@pytest.fixture
def node(tmp_path: Path) -> str:
    path = tmp_path / "sr9"
    path.write_bytes(b"")
    return str(path)


def test_a_read(kernel: Kernel, node: str) -> None:
    kernel.data = b"what is on the disc"
    with SgIoUnit(node) as unit:
        assert unit.execute(Task(READ, data_in_bytes=2048)) == Reply(data_in=kernel.data)
        assert unit.execute(Task(READ, data_in_bytes=100)) == Reply(data_in=kernel.data)
    assert kernel.cdbs == [READ, READ]
    header = kernel.headers[0]
    assert (header["interface_id"], header["dxfer_direction"], header["dxfer_len"]) == (ord("S"), -3, 2048)
    assert (header["cmd_len"], header["timeout"], header["mx_sb_len"]) == (10, 200_000, 64)
    assert header["dxferp"] % 4096 == 0


@pytest.mark.parametrize("size", [1, 2048, 65536, 65537, 300_000])
@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_a_write_of_any_size(kernel: Kernel, node: str, size: int, kind: Callable[[bytes], bytes]) -> None:
    data = bytes(n % 251 for n in range(size))
    with SgIoUnit(node) as unit:
        assert unit.execute(Task(b"\x2a" + READ[1:], data_out=kind(data))) == Reply()
        assert kernel.written == data
        assert unit.execute(Task(bytes(6))) == Reply()
    assert [header["dxfer_direction"] for header in kernel.headers] == [-2, -1]
    assert (kernel.headers[1]["dxfer_len"], kernel.headers[1]["dxferp"]) == (0, 0)


def test_nothing_of_an_earlier_command_shows(kernel: Kernel, node: str) -> None:
    with SgIoUnit(node) as unit:
        unit.execute(Task(b"\x2a" + READ[1:], data_out=b"x" * 4096))
        kernel.answer = {"resid": 0}
        assert unit.execute(Task(READ, data_in_bytes=2048)).data_in == bytes(2048)


def test_sense_data(kernel: Kernel, node: str) -> None:
    kernel.sense = SenseData(2, 0x3A, 1).pack()
    kernel.answer = {"status": 2, "driver_status": 8, "info": 1}
    with SgIoUnit(node) as unit:
        assert unit.execute(Task(bytes(6))) == Reply(Status.CHECK_CONDITION, b"", kernel.sense)


def test_a_drive_that_hangs(kernel: Kernel, node: str) -> None:
    kernel.answer = {"host_status": 3, "info": 1}
    with (
        SgIoUnit(node) as unit,
        pytest.raises(TransportError, match=r"sr9, READ \(10\): the drive didn't") as caught,
    ):
        unit.execute(Task(READ, data_in_bytes=2048))
    assert caught.value.fault is Fault.TIMEOUT


ERRNOS = {
    errno.ENODEV: (Fault.LOST, "the drive is gone"),
    errno.EPERM: (Fault.DENIED, "doesn't let this user"),
    errno.EINVAL: (Fault.REFUSED, "refuses it"),
}


@pytest.mark.parametrize("number", ERRNOS)
def test_what_the_kernel_refuses(kernel: Kernel, node: str, number: int) -> None:
    kernel.error = number
    with SgIoUnit(node) as unit:
        with pytest.raises(TransportError, match=ERRNOS[number][1]) as caught:
            unit.execute(Task(bytes(6)))
        assert caught.value.fault is ERRNOS[number][0]
        if number == errno.EINVAL:
            with pytest.raises(TransportError, match="doesn't take 1000000 bytes"):
                unit.execute(Task(READ, data_in_bytes=1_000_000))


@pytest.mark.parametrize("cdb", [b"", bytes(17)])
def test_a_cdb_that_cannot_be_carried(kernel: Kernel, node: str, cdb: bytes) -> None:
    with SgIoUnit(node) as unit, pytest.raises(TransportError, match="can't be carried"):
        unit.execute(Task(cdb))


def test_a_closed_drive(kernel: Kernel, node: str) -> None:
    unit = SgIoUnit(node)
    unit.close()
    unit.close()
    with pytest.raises(TransportError, match="was closed") as caught:
        unit.execute(Task(bytes(6)))
    assert caught.value.fault is Fault.LOST


# Without a kernel that plays along


def test_a_plain_file_is_no_drive(node: str) -> None:
    with pytest.raises(TransportError, match="is a plain file that takes no SCSI commands") as caught:
        SgIoUnit(node)
    assert caught.value.fault is Fault.NOT_A_DRIVE


def test_other_things_that_are_no_drive(tmp_path: Path) -> None:
    expected = {
        str(tmp_path / "sr7"): (Fault.ABSENT, "there is no device file"),
        "/dev/null": (Fault.NOT_A_DRIVE, "a device that takes no SCSI commands"),
        str(tmp_path): (Fault.NOT_A_DRIVE, "is a folder"),
    }
    for path, (fault, words) in expected.items():
        with pytest.raises(TransportError, match=words) as caught:
            SgIoUnit(path)
        assert caught.value.fault is fault


def refuse(number: int, *, only_writing: bool = False) -> Callable[..., int]:
    """An open() that fails."""
    real = os.open

    def refusing(path: str, flags: int, *more: int) -> int:
        if str(path).endswith("sr9") and (not only_writing or flags & os.O_RDWR):
            raise OSError(number, os.strerror(number), path)
        return real(path, flags, *more)

    return refusing


OPENING = {
    errno.EACCES: (Fault.DENIED, "isn't allowed to use"),
    errno.EBUSY: (Fault.BUSY, "sr9 is busy: another program uses it"),
    errno.ENXIO: (Fault.ABSENT, "no drive is behind"),
    errno.EMFILE: (Fault.REFUSED, "can't be opened: Too many open files"),
}


@pytest.mark.parametrize("number", OPENING)
def test_what_opening_may_come_to(node: str, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    monkeypatch.setattr(os, "open", refuse(number))
    for inspect in (False, True):
        with pytest.raises(TransportError, match=OPENING[number][1]) as caught:
            SgIoUnit(node, inspect=inspect)
        assert caught.value.fault is OPENING[number][0]


def test_who_only_looks_is_content_with_reading(
    kernel: Kernel, node: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "open", refuse(errno.EACCES, only_writing=True))
    with pytest.raises(TransportError):
        SgIoUnit(node)
    with SgIoUnit(node, inspect=True) as unit:
        assert unit.is_read_only
        kernel.error = errno.EPERM
        with pytest.raises(TransportError, match="could only be opened for reading") as caught:
            unit.execute(Task(READ))
    assert caught.value.fault is Fault.DENIED
    assert "usermod" in caught.value.hint


def test_a_drive_that_is_mounted_under_its_other_name(
    kernel: Kernel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    generic, block = tmp_path / "sg9", tmp_path / "sr9"
    generic.write_bytes(b"")
    block.write_bytes(b"")
    monkeypatch.setattr(sg_io, "sibling_of", lambda _path: str(block))
    SgIoUnit(str(generic)).close()
    monkeypatch.setattr(os, "open", refuse(errno.EBUSY))
    with pytest.raises(TransportError, match="sr9 is busy"):
        SgIoUnit(str(generic))
    SgIoUnit(str(generic), inspect=True).close()
