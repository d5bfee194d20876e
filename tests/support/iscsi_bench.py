"""The recorder behind the iSCSI target, both ends in memory: what a test sends goes over the wire's bytes.

Immediate data is limited to 8192 bytes, so that larger writes go by R2T, in bursts.
"""

from __future__ import annotations

from dataclasses import replace

from burnlab.disc import Disc
from burnlab.iscsi.pdu import FINAL, R2T, DataOut, Header
from burnlab.scsi import Nexus, Reply, Status, Task
from support.drive import FakeClock, MemoryBench
from support.iscsi_initiator import Pair, status

KEYS = {"FirstBurstLength": "8192", "MaxBurstLength": "65536", "MaxRecvDataSegmentLength": "65536"}
IMMEDIATE_BYTES = 8192


class IscsiBench:
    """A `support.drive.Bench`: each initiator has a session of its own."""

    def __init__(self, model: str = "generic", speed: float | None = None) -> None:
        self._memory = MemoryBench(model, speed)
        self._pairs: dict[Nexus, Pair] = {}
        self._seconds = 0.0

    @property
    def clock(self) -> FakeClock:
        """The recorder's clock; the sessions' own time stands still."""
        return self._memory.clock

    def _execute(self, nexus: Nexus, task: Task) -> Reply:
        reply = self._memory.execute(replace(task, nexus=nexus))
        self._seconds = reply.seconds
        return replace(reply, seconds=0.0)

    def connect(self, nexus: Nexus) -> None:
        """Log in."""
        pair = Pair(lambda task: self._execute(nexus, task))
        pair.login({**KEYS, "InitiatorName": nexus.initiator})
        self._pairs[nexus] = pair
        self._memory.connect(nexus)

    def disconnect(self, nexus: Nexus) -> None:
        """Lose the session."""
        del self._pairs[nexus]
        self._memory.disconnect(nexus)

    def close(self) -> None:
        """End all sessions: each knows this bench, and a disc would stay in memory with them."""
        self._pairs.clear()

    def execute(self, task: Task) -> Reply:
        """Send a command, answer its R2Ts, and put the reply together."""
        pair, data = self._pairs[task.nexus], bytes(task.data_out)
        self._seconds = 0.0
        answers = pair.command(
            task.cdb.ljust(16, b"\0"),
            len(data) or task.data_in_bytes,
            data=data[:IMMEDIATE_BYTES],
            flags=0 if len(data) <= IMMEDIATE_BYTES else FINAL | 0x20,
        )
        while answers and isinstance(answers[0][0], R2T):
            answers = self._answer(pair, answers[0][0], data)
        code, data_in, sense = status(answers)
        return Reply(Status(code), data_in, sense, self._seconds)

    def _answer(self, pair: Pair, r2t: R2T, data: bytes) -> list[tuple[Header, bytes]]:
        piece = data[r2t.offset : r2t.offset + r2t.desired]
        return pair.send(DataOut(itt=r2t.itt, ttt=r2t.ttt, offset=r2t.offset), piece)

    def reset(self) -> None:
        """LOGICAL UNIT RESET, as if another initiator had asked for it."""
        self._memory.reset()

    def load(self, disc: Disc) -> None:
        """Put a disc in."""
        self._memory.load(disc)

    def remove(self) -> Disc | None:
        """Take the disc out."""
        return self._memory.remove()
