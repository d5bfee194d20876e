"""A reset or a deferred error while something is being written: it is never passed over."""

from __future__ import annotations

import pytest

from burnlab.burn.door import Door, SenseError
from burnlab.scsi import Asc, Reply, SenseData, SenseKey, Status, Task
from burnlab.scsi.commands import ReadCapacity10, SynchronizeCache10, Write10
from burnlab.scsi.mmc.commands import ReadBufferCapacity, ReadDiscInformation
from burnlab.scsi.record import Cdb

RESET = Reply(
    Status.CHECK_CONDITION, sense=SenseData.of(SenseKey.UNIT_ATTENTION, Asc.POWER_ON_OR_RESET).pack()
)
CHANGED = Reply(
    Status.CHECK_CONDITION, sense=SenseData.of(SenseKey.UNIT_ATTENTION, Asc.MODE_PARAMETERS_CHANGED).pack()
)
LATE = Reply(Status.CHECK_CONDITION, sense=SenseData(SenseKey.MEDIUM_ERROR, 0x0C, deferred=True).pack())
GOOD = Reply(data_in=b"answer")


class Unit:
    """Gives prepared replies, then GOOD."""

    def __init__(self, *replies: Reply) -> None:
        self.replies = list(replies)
        self.tasks: list[Task] = []

    def execute(self, task: Task) -> Reply:
        self.tasks.append(task)
        return self.replies.pop(0) if self.replies else GOOD


def door(*replies: Reply) -> tuple[Door, Unit]:
    unit = Unit(*replies)
    return Door(unit, lambda _seconds: None), unit


@pytest.mark.parametrize("cdb", [Write10(0, 16), SynchronizeCache10(immed=True)])
def test_what_relies_on_the_buffer_is_not_sent_again(cdb: Cdb) -> None:
    opened, unit = door(RESET)
    with pytest.raises(SenseError, match="6/29/00"):
        opened.send(cdb)
    assert len(unit.tasks) == 1


@pytest.mark.parametrize("cdb", [ReadDiscInformation(), ReadCapacity10()])
def test_a_question_is_asked_again(cdb: Cdb) -> None:
    opened, unit = door(RESET)
    assert opened.send(cdb) == b"answer"
    assert len(unit.tasks) == 2


@pytest.mark.parametrize(("reply", "code"), [(RESET, "6/29/00"), (CHANGED, "6/2A/01"), (LATE, "3/0C/00")])
def test_what_a_command_was_told_that_does_not_care_the_next_write_knows(reply: Reply, code: str) -> None:
    opened, unit = door(reply)
    opened.begin_writing()
    opened.try_send(ReadBufferCapacity(), answer=12)
    sent = len(unit.tasks)
    for _ in range(2):
        with pytest.raises(SenseError, match=code):
            opened.send(Write10(0, 16), bytes(32768))
    assert len(unit.tasks) == sent, "it isn't even sent"
    opened.end_writing()
    assert opened.send(Write10(0, 16), bytes(32768)) == b"answer"


def test_before_writing_nothing_can_be_spoiled() -> None:
    opened, _ = door(RESET)
    opened.try_send(ReadBufferCapacity(), answer=12)
    opened.begin_writing()
    assert opened.send(Write10(0, 16), bytes(32768)) == b"answer"


def test_a_reset_ends_what_is_waited_for() -> None:
    opened, _ = door(RESET)
    opened.begin_writing()
    with pytest.raises(SenseError, match="6/29/00"):
        opened.wait()
    assert opened.spoiled is not None


def test_a_drive_may_be_reset_while_it_starts() -> None:
    opened, _ = door(GOOD, RESET, GOOD, GOOD, RESET)
    opened.start()
