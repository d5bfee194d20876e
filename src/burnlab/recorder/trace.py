"""The trace at the door: what was asked and what was answered, with names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from typing import Any

from burnlab.recorder.table import ROWS
from burnlab.scsi import Asc, Delivery, Nexus, Reply, SenseData, SenseKey, SharedUnit, Status, Task

SHOWN_BYTES = 64
"""How much of the data a line holds."""

_ASC_NAMES = {asc.value: asc.name for asc in Asc}
BULK = frozenset((0x28, 0x2A, 0x2E, 0xA8, 0xAA, 0xB9, 0xBE))
"""Opcodes whose data is the user's, not parameters: only its length is told."""


def describe(task: Task, reply: Reply) -> dict[str, Any]:
    """One command as a dictionary that JSON can hold; keys are stable."""
    opcode = task.cdb[0] if task.cdb else -1
    row = ROWS.get(opcode)
    line: dict[str, Any] = {
        "name": row.cdb.NAME if row else f"OPCODE {opcode & 0xFF:02X}h",
        "cdb": task.cdb.hex(),
    }
    if row is not None and len(task.cdb) >= row.cdb.LENGTH:
        cdb = row.cdb.parse(task.cdb)
        line["fields"] = {f.name: getattr(cdb, f.name) for f in fields(cdb)}
    for key, data in (("data_out", task.data_out), ("data_in", reply.data_in)):
        if data:
            line[f"{key}_bytes"] = len(data)
            if opcode not in BULK:
                line[key] = bytes(data[:SHOWN_BYTES]).hex()
    mishap = reply.mishap
    if mishap is not None:
        line["fault"] = ", ".join(mishap.faults)
    line["status"] = (
        Status(reply.status).name
        if mishap is None or mishap.delivery is Delivery.ANSWERED
        else mishap.delivery.name
    )
    if reply.sense:
        line["sense"] = _sense(SenseData.unpack(reply.sense))
    if reply.seconds:
        line["held_seconds"] = round(reply.seconds, 6)
    return line


def _sense(sense: SenseData) -> dict[str, Any]:
    line: dict[str, Any] = {"code": str(sense), "key": SenseKey(sense.key).name}
    name = _ASC_NAMES.get((sense.asc, sense.ascq))
    if name:
        line["asc"] = name
    if sense.deferred:
        line["deferred"] = True
    if sense.progress is not None:
        line["progress"] = round(sense.progress / 65535, 4)
    if sense.information is not None:
        line["information"] = sense.information
    return line


class TracedUnit:
    """A unit that tells `sink` of every task, with the time since it was made and the initiator's name."""

    def __init__(
        self, unit: SharedUnit, sink: Callable[[dict[str, Any]], None], clock: Callable[[], float]
    ) -> None:
        self._unit = unit
        self._sink = sink
        self._clock = clock
        self._began = clock()

    def execute(self, task: Task) -> Reply:
        """Carry out the task and tell of it."""
        reply = self._unit.execute(task)
        head = {"at": round(self._clock() - self._began, 6), "initiator": task.nexus.initiator}
        self._sink(head | describe(task, reply))
        return reply

    def open_nexus(self, nexus: Nexus) -> None:
        """Pass it on."""
        self._unit.open_nexus(nexus)

    def close_nexus(self, nexus: Nexus) -> None:
        """Pass it on."""
        self._unit.close_nexus(nexus)

    def reset(self) -> None:
        """Pass it on."""
        self._unit.reset()
