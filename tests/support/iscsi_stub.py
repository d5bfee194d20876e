"""A logical unit for the target's tests: a disk in memory that is as simple as a foreign initiator allows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from burnlab.scsi.sense import Asc, SenseData, SenseKey
from burnlab.scsi.task import Nexus, Reply, Status, Task

BLOCK_BYTES = 2048
_MODE_PAGE_HEADER = bytes((0, 0, 0, 0))


def refusal(key: SenseKey, asc: Asc) -> Reply:
    """CHECK CONDITION with this sense data."""
    return Reply(Status.CHECK_CONDITION, sense=SenseData.of(key, asc).pack())


INVALID_OPCODE = refusal(SenseKey.ILLEGAL_REQUEST, Asc.INVALID_OPCODE)
INVALID_FIELD = refusal(SenseKey.ILLEGAL_REQUEST, Asc.INVALID_FIELD_IN_CDB)
LBA_OUT_OF_RANGE = refusal(SenseKey.ILLEGAL_REQUEST, Asc.LBA_OUT_OF_RANGE)


@dataclass
class MemoryUnit:
    """A removable unit (`device_type` 5: CD/DVD, 0: disk) of `blocks` blocks.

    `seconds` is what every WRITE claims to take. `log` keeps what happened, for tests to look at.
    """

    blocks: int = 512
    device_type: int = 5
    seconds: float = 0.0
    block_bytes: int = BLOCK_BYTES
    store: bytearray = field(init=False, repr=False)
    log: list[object] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.store = bytearray(self.blocks * self.block_bytes)
        self._view = memoryview(self.store)
        self._handlers: dict[int, Callable[[Task], Reply]] = {
            0x00: lambda _task: Reply(),
            0x12: self._inquiry,
            0x1A: lambda task: Reply(data_in=_MODE_PAGE_HEADER[: task.data_in_bytes]),
            0x1B: lambda _task: Reply(),
            0x1E: lambda _task: Reply(),
            0x25: self._read_capacity,
            0x28: self._read10,
            0x2A: self._write10,
            0x35: lambda _task: Reply(),
            0x5A: lambda task: Reply(data_in=bytes(8)[: task.data_in_bytes]),
            0xA8: self._read12,
            0xAA: self._write12,
        }

        if self.device_type == 0:
            self._handlers[0x9E] = self._read_capacity16

    def execute(self, task: Task) -> Reply:
        """Answer one command."""
        handler = self._handlers.get(task.cdb[0])
        return handler(task) if handler else INVALID_OPCODE

    def open_nexus(self, nexus: Nexus) -> None:
        """Note that a session came."""
        self.log.append(("open", nexus))

    def close_nexus(self, nexus: Nexus) -> None:
        """Note that a session went."""
        self.log.append(("close", nexus))

    def reset(self) -> None:
        """Note a reset."""
        self.log.append("reset")

    def _inquiry(self, task: Task) -> Reply:
        allocation = min(int.from_bytes(task.cdb[3:5], "big"), task.data_in_bytes)
        if task.cdb[1] & 1:
            page = self._vital_product_data(task.cdb[2])
            return INVALID_FIELD if page is None else Reply(data_in=page[:allocation])
        if task.cdb[2]:
            return INVALID_FIELD
        text = b"BURNLAB " + b"MEMORY UNIT".ljust(16) + b"1   "
        return Reply(data_in=(bytes((self.device_type, 0x80, 5, 2, 31, 0, 0, 2)) + text)[:allocation])

    def _vital_product_data(self, code: int) -> bytes | None:
        designator = b"BURNLAB MEMORY UNIT"
        pages = {
            0x00: bytes((0x00, 0x80, 0x83)),
            0x80: b"0001",
            0x83: bytes((2, 1, 0, len(designator))) + designator,
        }
        body = pages.get(code)
        return None if body is None else bytes((self.device_type, code)) + len(body).to_bytes(2, "big") + body

    def _read_capacity(self, task: Task) -> Reply:
        data = (self.blocks - 1).to_bytes(4, "big") + self.block_bytes.to_bytes(4, "big")
        return Reply(data_in=data[: task.data_in_bytes])

    def _read_capacity16(self, task: Task) -> Reply:
        if task.cdb[1] & 0x1F != 0x10:
            return INVALID_FIELD
        data = (self.blocks - 1).to_bytes(8, "big") + self.block_bytes.to_bytes(4, "big") + bytes(20)
        allocation = min(int.from_bytes(task.cdb[10:14], "big"), task.data_in_bytes)
        return Reply(data_in=data[:allocation])

    def _read10(self, task: Task) -> Reply:
        return self._read(task, int.from_bytes(task.cdb[7:9], "big"))

    def _read12(self, task: Task) -> Reply:
        return self._read(task, int.from_bytes(task.cdb[6:10], "big"))

    def _write10(self, task: Task) -> Reply:
        return self._write(task, int.from_bytes(task.cdb[7:9], "big"))

    def _write12(self, task: Task) -> Reply:
        return self._write(task, int.from_bytes(task.cdb[6:10], "big"))

    def _read(self, task: Task, length: int) -> Reply:
        lba = int.from_bytes(task.cdb[2:6], "big")
        if lba + length > self.blocks:
            return LBA_OUT_OF_RANGE
        start = lba * self.block_bytes
        return Reply(data_in=self._view[start : start + min(length * self.block_bytes, task.data_in_bytes)])

    def _write(self, task: Task, length: int) -> Reply:
        lba = int.from_bytes(task.cdb[2:6], "big")
        if lba + length > self.blocks:
            return LBA_OUT_OF_RANGE
        if len(task.data_out) < length * self.block_bytes:
            return refusal(SenseKey.ILLEGAL_REQUEST, Asc.INVALID_FIELD_IN_CDB)
        start, size = lba * self.block_bytes, length * self.block_bytes
        self._view[start : start + size] = task.data_out[:size]
        return Reply(seconds=self.seconds)
