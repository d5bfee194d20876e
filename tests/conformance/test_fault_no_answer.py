"""Faults of the kinds `hang` and `lost-connection`: no answer comes, or the connection ends in its place."""

from __future__ import annotations

import pytest

from burnlab.disc import Disc
from burnlab.iscsi.commands import Function, Outcome
from burnlab.iscsi.connection import State
from burnlab.iscsi.events import Closed, TaskAborted
from burnlab.iscsi.pdu import FINAL, TaskManagementRequest, TaskManagementResponse
from burnlab.recorder import FaultPlan
from burnlab.scsi import Delivery, Nexus, Reply, Task
from support.drive import MemoryBench, pattern
from support.faulty_recorder import fault
from support.iscsi_initiator import TEST_UNIT_READY, Pair, one, status, write10

NEXUS = Nexus("iqn.2024-01.test:first")


class Wired:
    """A recorder with a DVD-RAM and a fault behind a connection of the target, without sockets."""

    def __init__(self, kind: str, **keys: object) -> None:
        self.bench = MemoryBench()
        self.bench.load(Disc.in_memory("dvd-ram"))
        self.bench.connect(NEXUS)
        while self.bench.execute(Task(bytes(6), nexus=NEXUS)).sense:
            pass
        self.recorder = self.bench.recorder
        self.recorder.mishaps.add(FaultPlan((fault(kind, **keys),)))
        self.replies: list[Reply] = []
        self.pair = Pair(self.execute)
        self.pair.login()
        self.pair.events.clear()

    def execute(self, task: Task) -> Reply:
        reply = self.bench.execute(Task(task.cdb, task.data_out, task.data_in_bytes, NEXUS))
        self.replies.append(reply)
        return reply

    def write(self, lba: int) -> list:
        return self.pair.command(write10(lba, 16), data=pattern(lba, 16))

    def is_written(self, lba: int) -> bool:
        disc = self.recorder.disc
        assert disc is not None
        return disc.surface.read(lba, 16) == pattern(lba, 16)


@pytest.mark.parametrize("carried_out", [False, True])
def test_a_command_hangs_until_it_is_aborted(carried_out: bool) -> None:
    wired = Wired("hang", command="WRITE (10)", carried_out=carried_out)
    pair = wired.pair
    assert wired.write(32) == []
    hanging = pair.itt
    assert (wired.is_written(32), pair.target.hangs) == (carried_out, True)
    assert pair.tick(1e6) == [], "it never comes by itself"
    assert status(pair.command(TEST_UNIT_READY))[0] == 0, "others are answered meanwhile"
    abort = TaskManagementRequest(flags=FINAL | Function.ABORT_TASK, referenced_tag=hanging)
    response, _ = one(pair.request(abort), TaskManagementResponse)
    assert response.response == Outcome.COMPLETE
    assert any(isinstance(event, TaskAborted) for event in pair.events)
    assert not pair.target.hangs
    assert status(wired.write(48))[0] == 0, "it hung once"


def test_hanging_commands_take_up_the_window_and_no_more() -> None:
    wired = Wired("hang", times="always")
    depth = wired.pair.limits.queue_depth
    for _ in range(depth + 5):
        assert wired.pair.command(TEST_UNIT_READY) == []
    assert len(wired.replies) == depth


def test_what_was_answered_before_arrives_when_the_connection_breaks() -> None:
    wired = Wired("lost-connection", command="WRITE (10)", nth=2)
    assert status(wired.write(32))[0] == 0
    assert wired.write(48) == []
    assert wired.pair.target.state is State.CLOSED
    assert Closed("a fault cuts it off: lost-connection-1") in wired.pair.events
    assert (wired.is_written(32), wired.is_written(48)) == (True, False)


def test_the_command_may_have_been_carried_out() -> None:
    wired = Wired("lost-connection", command="WRITE (10)", carried_out=True)
    assert wired.write(48) == []
    assert wired.is_written(48)


def test_a_lost_initiator_holds_nothing_any_more() -> None:
    wired = Wired("lost-connection", command="TEST UNIT READY")
    wired.bench.execute(Task(bytes.fromhex("1e0000000100"), nexus=NEXUS))
    assert wired.recorder.removal_prevented
    wired.pair.command(TEST_UNIT_READY)
    assert not wired.recorder.removal_prevented
    assert wired.replies[-1].mishap is not None
    assert wired.replies[-1].mishap.delivery is Delivery.CUT_OFF
