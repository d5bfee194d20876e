"""Commands through the door: repeated where a drive wants patience, given up where it doesn't help."""

from __future__ import annotations

import pytest

from burnlab.burn.door import Door, SenseError
from burnlab.scsi import Asc, Reply, SenseData, SenseKey, Status, Task
from burnlab.scsi.commands import TestUnitReady as Ready


def refusal(key: SenseKey, asc: Asc, progress: int | None = None) -> Reply:
    return Reply(Status.CHECK_CONDITION, sense=SenseData.of(key, asc, progress=progress).pack())


ATTENTION = refusal(SenseKey.UNIT_ATTENTION, Asc.MEDIUM_MAY_HAVE_CHANGED)
BECOMING_READY = refusal(SenseKey.NOT_READY, Asc.BECOMING_READY)
NO_MEDIUM = refusal(SenseKey.NOT_READY, Asc.MEDIUM_NOT_PRESENT)
GOOD = Reply(data_in=b"answer")


class Unit:
    """Gives prepared replies, the last one for ever."""

    def __init__(self, *replies: Reply) -> None:
        self.replies = list(replies)
        self.tasks: list[Task] = []

    def execute(self, task: Task) -> Reply:
        self.tasks.append(task)
        return self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]


def door(*replies: Reply) -> tuple[Door, Unit, list[float]]:
    unit, slept = Unit(*replies), list[float]()
    return Door(unit, slept.append), unit, slept


def test_an_attention_is_followed_by_the_same_command() -> None:
    opened, unit, slept = door(ATTENTION, ATTENTION, GOOD)
    assert opened.send(Ready()) == b"answer"
    assert len(unit.tasks) == 3
    assert slept == []


def test_a_busy_drive_gets_time() -> None:
    opened, _, slept = door(BECOMING_READY, Reply(Status.BUSY), BECOMING_READY, GOOD)
    assert opened.send(Ready()) == b"answer"
    assert slept == [0.01, 0.02, 0.04]


def test_patience_ends() -> None:
    opened, _, slept = door(BECOMING_READY)
    with pytest.raises(SenseError) as caught:
        opened.send(Ready(), patience=3.0)
    assert str(caught.value) == "TEST UNIT READY failed with sense 2/04/01"
    assert 3.0 <= sum(slept) <= 3.5


def test_other_refusals_are_final() -> None:
    opened, unit, _ = door(NO_MEDIUM, GOOD)
    with pytest.raises(SenseError) as caught:
        opened.send(Ready())
    assert caught.value.is_no_medium
    assert len(unit.tasks) == 1
    assert door(NO_MEDIUM)[0].try_send(Ready()) is None


def test_waiting_tells_progress() -> None:
    half = refusal(SenseKey.NOT_READY, Asc.FORMAT_IN_PROGRESS, progress=32768)
    told: list[float | None] = []
    opened, _, slept = door(BECOMING_READY, half, ATTENTION, half, GOOD)
    opened.wait(told.append, pause=1.0)
    assert told == [None, 0.5, 0.5]
    assert slept == [1.0, 1.0, 1.0]


def test_waiting_has_a_limit() -> None:
    opened, _, slept = door(BECOMING_READY)
    with pytest.raises(SenseError):
        opened.wait(limit=10.0, pause=1.0)
    assert len(slept) == 10


def test_an_empty_tray_starts_nothing() -> None:
    opened, unit, _ = door(NO_MEDIUM)
    opened.start()
    assert len(unit.tasks) == 2
