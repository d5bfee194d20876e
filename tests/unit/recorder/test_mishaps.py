"""Which faults a command meets, in which order; how they are counted, added, cleared, and named in traces."""

from __future__ import annotations

import pytest

from burnlab.disc import Disc
from burnlab.recorder import (
    MODELS,
    ClockedUnit,
    EmulatedClock,
    Fault,
    FaultError,
    FaultPlan,
    PromptUnit,
    Recorder,
)
from burnlab.recorder.mishaps import chance
from burnlab.recorder.trace import describe
from burnlab.scsi import Delivery, Reply, Status, Task, TransportError
from burnlab.scsi import Fault as Failure
from burnlab.scsi.commands import Inquiry, Read10, Write10
from burnlab.scsi.record import Cdb
from support.faulty_recorder import fault

READY = Task(bytes(6))


def recorder(*faults: Fault, medium: str = "dvd-ram") -> Recorder:
    made = Recorder(MODELS["generic"], faults=FaultPlan(faults))
    made.load(Disc.in_memory(medium), 0.0)
    return made


def task(cdb: Cdb, data: bytes = b"") -> Task:
    return Task(cdb.pack(), data, 65536)


def write(lba: int, blocks: int = 16) -> Task:
    return task(Write10(lba, blocks), bytes(2048 * blocks))


def told(reply: Reply) -> str:
    code = "" if not reply.sense else f"{reply.sense[2]:X}/{reply.sense[12]:02X}/{reply.sense[13]:02X}"
    names = ",".join(reply.mishap.faults) if reply.mishap else ""
    return f"{code or 'GOOD'} {names}".strip()


def test_the_first_decides_whether_those_after_it_see_the_command() -> None:
    drive = recorder(
        fault("slow", name="late", seconds=2, command="write"),
        fault("write-error", name="bad"),
        fault("error", name="unseen", command="write", sense="4/44/00"),
    )
    drive.mishaps.clear(["unseen"])
    drive.mishaps.add(FaultPlan((fault("error", name="unseen", command="WRITE (10)", sense="4/44/00"),)))
    drive.execute(READY, 0.0)
    first = drive.execute(write(0), 0.0)
    assert (told(first), first.seconds) == ("4/44/00 late,unseen", 2.0)
    second = drive.execute(write(0), 0.0)
    assert (told(second), second.seconds) == ("3/0C/00 late,bad", 2.0)
    third = drive.execute(write(0), 0.0)
    assert (told(third), third.seconds) == ("GOOD late", 2.0)


def test_a_fault_behind_one_that_hangs_waits_for_the_next_command() -> None:
    drive = recorder(fault("hang", name="h"), fault("error", name="e", sense="4/44/00", command="00h"))
    drive.execute(READY, 0.0)
    assert [told(drive.execute(READY, 0.0)) for _ in range(2)] == ["4/44/00 e", "GOOD"]


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ({}, "x......."),
        ({"nth": 3}, "..x....."),
        ({"times": 3}, "xxx....."),
        ({"nth": 2, "times": "always"}, ".xxxxxxx"),
        ({"after_blocks": 48}, "...x...."),
        ({"after_blocks": 50, "times": 2}, "...xx..."),
        ({"lba": 70}, "....x..."),
        ({"lba": "30..70", "times": "always"}, ".xxxx..."),
        ({"lba": "30..70", "nth": 2, "times": 2}, "..xx...."),
        ({"probability": 0.5, "seed": 3, "times": "always"}, "..xx...x"),
    ],
)
def test_selection(keys: dict[str, object], expected: str) -> None:
    drive = recorder(fault("error", name="e", command="WRITE (10)", sense="4/44/00", **keys))
    drive.execute(READY, 0.0)
    seen = [told(drive.execute(write(16 * n), 0.0)) for n in range(8)]
    assert "".join(".x"[entry != "GOOD"] for entry in seen) == expected
    assert drive.mishaps.hits("e") == expected.count("x")


def test_chances_are_spread_evenly_and_differ_by_seed() -> None:
    for seed in range(3):
        drawn = [chance(seed, number) for number in range(4000)]
        tenths = [sum(n / 10 <= x < (n + 1) / 10 for x in drawn) for n in range(10)]
        assert sum(tenths) == 4000
        assert 330 < min(tenths) <= max(tenths) < 470
    assert [chance(0, n) for n in range(9)] != [chance(1, n) for n in range(9)]


def test_blocks_that_failed_are_not_counted() -> None:
    drive = recorder(fault("write-error", after_blocks=32, times="always"))
    drive.execute(READY, 0.0)
    seen = [told(drive.execute(write(lba), 0.0)) for lba in (0, 16, 32, 32, 32)]
    assert seen == ["GOOD", "GOOD", *["3/0C/00 write-error-1"] * 3]


def test_names() -> None:
    drive = recorder(fault("hang"), fault("hang", name="hang-2"))
    assert drive.mishaps.add(FaultPlan((fault("hang"),))) == ["hang-3"]
    with pytest.raises(FaultError, match="there is a fault 'hang-2' already"):
        drive.mishaps.add(FaultPlan((fault("hang", name="new"), fault("hang", name="hang-2"))))
    assert [row["fault"]["name"] for row in drive.mishaps.status()] == ["hang-1", "hang-2", "hang-3"]
    with pytest.raises(FaultError, match="there is no fault 'hang-9'") as error:
        drive.mishaps.clear(["hang-1", "hang-9"])
    assert error.value.hint == "there are: hang-1, hang-2, hang-3"
    drive.mishaps.clear(["hang-1", "hang-3"])
    assert [row["fault"]["name"] for row in drive.mishaps.status()] == ["hang-2"]
    drive.mishaps.clear()
    assert (drive.mishaps.status(), drive.mishaps.any) == ([], False)


def test_status() -> None:
    drive = recorder(fault("unreadable", lba="3..5", times=1))
    drive.execute(READY, 0.0)
    for _ in range(2):
        drive.execute(task(Read10(0, 8)), 0.0)
    assert drive.mishaps.status() == [
        {
            "fault": {"kind": "unreadable", "lba": "3..5", "times": 1, "name": "unreadable-1"},
            "seen": 1,
            "hits": 1,
            "spent": True,
        }
    ]


def test_a_cdb_that_is_cut_off_meets_no_fault() -> None:
    drive = recorder(fault("hang", times="always"))
    assert told(drive.execute(Task(b"\x2a\0"), 0.0)) == "5/24/00"
    assert drive.execute(Task(b""), 0.0).mishap is None


def test_a_deferred_error_waits_for_a_command_that_may_fail() -> None:
    drive = recorder(fault("deferred-error"))
    drive.execute(READY, 0.0)
    assert told(drive.execute(write(0), 0.0)) == "GOOD deferred-error-1"
    drive.mishaps.clear()
    assert told(drive.execute(task(Inquiry(allocation_length=36)), 0.0)) == "GOOD"
    assert told(drive.execute(READY, 0.0)) == "3/0C/00 deferred-error-1"


def test_traces_name_the_fault() -> None:
    drive = recorder(
        fault("slow", name="late", seconds=2, command="write"),
        fault("write-error", name="bad"),
        fault("hang"),
    )
    hung = describe(READY, drive.execute(READY, 0.0))
    assert (hung["fault"], hung["status"]) == ("hang-1", "NEVER")
    drive.execute(READY, 0.0)
    line = describe(write(0), drive.execute(write(0), 0.0))
    assert (line["fault"], line["status"], line["sense"]["code"]) == (
        "late, bad",
        "CHECK_CONDITION",
        "3/0C/00",
    )
    assert line["held_seconds"] == 2
    assert "fault" not in describe(READY, drive.execute(READY, 0.0))


def test_traces_tell_a_deferred_error() -> None:
    drive = recorder(fault("deferred-error", name="later"))
    drive.execute(READY, 0.0)
    assert describe(write(0), drive.execute(write(0), 0.0))["fault"] == "later"
    line = describe(READY, drive.execute(READY, 0.0))
    assert (line["fault"], line["sense"]["deferred"]) == ("later", True)


def prompt(*faults: Fault) -> tuple[PromptUnit, EmulatedClock, Recorder]:
    clock = EmulatedClock()
    drive = recorder(*faults)
    return PromptUnit(ClockedUnit(drive, clock.now), clock.sleep, lambda _cdb: 200.0), clock, drive


def test_in_memory_a_command_that_hangs_runs_out_of_time() -> None:
    unit, clock, _ = prompt(fault("hang"))
    with pytest.raises(TransportError, match="didn't answer the command 00h within 200 s") as error:
        unit.execute(READY)
    assert (error.value.fault, clock.now()) == (Failure.TIMEOUT, 200.0)
    assert unit.execute(READY).status == Status.GOOD


def test_in_memory_a_way_that_is_lost_stays_lost() -> None:
    unit, _, drive = prompt(fault("lost-connection"))
    for _ in range(2):
        with pytest.raises(TransportError, match="is lost") as error:
            unit.execute(READY)
        assert error.value.fault is Failure.LOST
    assert drive.execute(READY, 0.0).status == Status.GOOD


def test_in_memory_slow_is_time_that_passes() -> None:
    unit, clock, _ = prompt(fault("slow", seconds=12.5, command="TEST UNIT READY"))
    assert unit.execute(READY).status == Status.GOOD
    assert clock.now() == 12.5


def test_a_plan_is_a_value() -> None:
    plan = FaultPlan((Fault("hang"),))
    assert plan == FaultPlan((Fault("hang"),))
    with pytest.raises(AttributeError):
        plan.faults = ()  # type: ignore[misc]
    assert Delivery.NEVER is not Delivery.CUT_OFF
