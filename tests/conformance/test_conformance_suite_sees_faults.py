"""The suite can fail: units with planted faults are found out, every case by one; none makes it crash."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from burnlab.conformance.bench import Bench as UnitBench
from burnlab.conformance.case import Case, Verdict
from burnlab.conformance.runner import NotMmcError
from burnlab.conformance.suite import CASES
from burnlab.scsi import LogicalUnit, Nexus, Reply, SenseData, Status, Task
from burnlab.scsi.transport import Fault, TransportError
from support.conformance_runs import bench_with, failures, names, run_on
from support.drive import INITIATOR, Bench, MemoryBench
from support.media import EVERY_KIND

Flaw = Callable[[LogicalUnit, Task], Reply]


def sense(key: int, asc: int, ascq: int = 0) -> Reply:
    """A refusal."""
    return Reply(Status.CHECK_CONDITION, sense=SenseData(key, asc, ascq).pack())


def altered(unit: LogicalUnit, task: Task, alter: Callable[[bytes], bytes]) -> Reply:
    """What the unit says, with other data, as long as they fit."""
    reply = unit.execute(task)
    return replace(reply, data_in=alter(bytes(reply.data_in))[: task.data_in_bytes])


def forgiving(unit: LogicalUnit, task: Task) -> Reply:
    """Everything ends well, with zeros for what isn't there."""
    reply = unit.execute(task)
    return reply if reply.status is Status.GOOD else Reply(data_in=bytes(task.data_in_bytes))


def wrong_words(unit: LogicalUnit, task: Task) -> Reply:
    """Every refusal is a hardware error."""
    reply = unit.execute(task)
    return reply if reply.status is Status.GOOD else sense(4, 0x44)


def forgetful(unit: LogicalUnit, task: Task) -> Reply:
    """Writes end well, and nothing is written."""
    return Reply() if task.cdb[0] in (0x2A, 0x2E, 0xAA) else unit.execute(task)


def idle(unit: LogicalUnit, task: Task) -> Reply:
    """Whatever would change something ends well, and changes nothing."""
    return Reply() if task.cdb[0] in (0x04, 0x1B, 0x1E, 0x53, 0x55, 0x5B, 0x5D, 0xA1) else unit.execute(task)


def falling(unit: LogicalUnit, task: Task) -> Reply:
    """Progress that falls."""
    reply = unit.execute(task)
    told = SenseData.unpack(reply.sense)
    if told.progress is None:
        return reply
    return replace(reply, sense=replace(told, progress=65535 - told.progress).pack())


def eager(unit: LogicalUnit, task: Task) -> Reply:
    """It is ready and has no medium, in turns."""
    return sense(2, 0x3A, 1) if task.cdb[0] == 0x00 else unit.execute(task)


FLAWS: dict[str, Flaw] = {
    "refuses everything": lambda _unit, _task: sense(5, 0x24),
    "knows nothing": lambda _unit, _task: sense(5, 0x20),
    "forgives everything": forgiving,
    "uses wrong words": wrong_words,
    "answers with zeros": lambda unit, task: altered(unit, task, lambda data: bytes(len(data))),
    "answers upside down": lambda unit, task: altered(unit, task, lambda d: bytes(b ^ 0xFF for b in d)),
    "answers by half": lambda unit, task: altered(unit, task, lambda data: data[: len(data) // 2]),
    "answers too much": lambda unit, task: altered(unit, task, lambda data: data + bytes(16)),
    "forgets what is written": forgetful,
    "does nothing": idle,
    "goes back": falling,
    "has no medium": eager,
}


class Flawed:
    """A unit that has its flaw while `on`."""

    def __init__(self, unit: LogicalUnit, flaw: Flaw) -> None:
        self._unit = unit
        self._flaw = flaw
        self.on = False

    def execute(self, task: Task) -> Reply:
        """Carry out one task."""
        return self._flaw(self._unit, task) if self.on else self._unit.execute(task)


def flawed_while_checked(case: Case, units: Sequence[Flawed]) -> Case:
    """The case, whose check meets the flaw; what is looked at before doesn't."""

    def check(bench: UnitBench) -> None:
        units[0].on = True
        try:
            case.check(bench)
        finally:
            units[0].on = False

    return replace(case, check=check)


MEDIA = (*(kind for kind in EVERY_KIND if kind not in ("dvd-rw-ovw", "dvd+r-dl", "bd-rom")), None)
USED = ("dvd+r", "cd-r", "dvd-rw-ovw")
"""Media that are tested once more as a whole run has left them: closed, or overwritable."""


def seen(flaw: Flaw, bench: Bench, cases: Sequence[Case]) -> set[str]:
    """The cases that find a flaw."""
    units: list[Flawed] = []

    def wrap(unit: LogicalUnit) -> LogicalUnit:
        units.append(Flawed(unit, flaw))
        return units[0]

    flawed = [flawed_while_checked(case, units) for case in cases]
    return names(run_on(bench, flawed, wrap=wrap), Verdict.FAILED)


def test_every_case_can_fail() -> None:
    found: set[str] = set()
    for flaw in FLAWS.values():
        for kind in MEDIA:
            left = [case for case in CASES if case.name not in found]
            found |= seen(flaw, bench_with(kind), left)
    for kind in USED:
        for flaw in FLAWS.values():
            left = [case for case in CASES if case.name not in found]
            if left:
                bench = bench_with(kind)
                run_on(bench)
                found |= seen(flaw, bench, left)
    assert {case.name for case in CASES} - found == set()


@pytest.mark.parametrize("model", ["lying-free", "relapsing-progress"])
def test_habits_of_drives_are_found(model: str) -> None:
    bench = MemoryBench(model)
    bench.load(bench_with("dvd-rw").remove())  # type: ignore[arg-type]
    bench.connect(Nexus(INITIATOR))
    expected = {"lying-free": "track-information.free-blocks", "relapsing-progress": "blank.in-progress"}
    assert expected[model] in names(run_on(bench), Verdict.FAILED)


def test_nonsense_is_reported_and_nothing_crashes() -> None:
    """Random statuses, sense data and answers, behind an honest beginning."""
    for seed in range(20):
        dice = random.Random(seed)

        def flaw(unit: LogicalUnit, task: Task, dice: random.Random = dice) -> Reply:
            reply = unit.execute(task)
            match dice.randrange(6):
                case 0:
                    return Reply(data_in=dice.randbytes(dice.randrange(task.data_in_bytes + 1)))
                case 1:
                    return Reply(Status.CHECK_CONDITION, sense=dice.randbytes(dice.choice((0, 3, 18))))
                case 2:
                    return Reply(dice.choice(list(Status)))
                case 3:
                    return altered(unit, task, lambda data: data[: dice.randrange(len(data) + 1)])
            return reply

        units: list[Flawed] = []

        def wrap(unit: LogicalUnit, units: list[Flawed] = units, flaw: Flaw = flaw) -> LogicalUnit:
            units.append(Flawed(unit, flaw))
            return units[0]

        bench = bench_with(dice.choice(MEDIA))
        summary = run_on(bench, [flawed_while_checked(case, units) for case in CASES], wrap=wrap)
        assert len(summary.results) == len(CASES)
        assert failures(summary)


def test_a_unit_that_answers_nonsense_from_the_beginning() -> None:
    for seed in range(20):
        dice = random.Random(seed)

        class Babbling:
            def execute(self, task: Task, dice: random.Random = dice) -> Reply:
                status = dice.choice((Status.GOOD, Status.CHECK_CONDITION))
                return Reply(status, dice.randbytes(min(99, task.data_in_bytes)), dice.randbytes(18))

        bench = bench_with(None)
        try:
            summary = run_on(bench, wrap=lambda _unit: Babbling())
        except NotMmcError:
            continue
        assert len(summary.results) == len(CASES)


def test_a_connection_that_breaks_ends_the_run() -> None:
    left = 400

    def breaking(unit: LogicalUnit) -> LogicalUnit:
        class Breaking:
            def execute(self, task: Task) -> Reply:
                nonlocal left
                left -= 1
                if left < 0:
                    raise TransportError(Fault.LOST, "the cable is out")
                return unit.execute(task)

        return Breaking()

    summary = run_on(bench_with("dvd-rw"), wrap=breaking)
    assert len(names(summary, Verdict.FAILED)) == 1
    assert "the cable is out" in failures(summary)
    assert summary.results[-1].reason == "the unit can't be reached any more: the cable is out"


def test_a_unit_that_stays_busy_ends_the_run() -> None:
    def busy_after_blank(unit: LogicalUnit) -> LogicalUnit:
        class Busy:
            busy = False

            def execute(self, task: Task) -> Reply:
                self.busy = self.busy or (task.cdb[0], task.cdb[1] & 7) == (0xA1, 1)
                return sense(2, 4, 7) if self.busy and task.cdb[0] == 0 else unit.execute(task)

        return Busy()

    summary = run_on(bench_with("dvd-rw"), wrap=busy_after_blank)
    assert names(summary, Verdict.FAILED) == {"blank.in-progress"}
    assert summary.results[-1].reason.startswith("the unit doesn't become ready any more (2/04/07")


def test_what_is_no_optical_drive_is_not_tested() -> None:
    def disk(unit: LogicalUnit) -> LogicalUnit:
        class Disk:
            def execute(self, task: Task) -> Reply:
                if task.cdb[0] == 0x12:
                    return Reply(data_in=bytes(36))
                return unit.execute(task)

        return Disk()

    with pytest.raises(NotMmcError, match="type 00h"):
        run_on(bench_with("dvd-rw"), wrap=disk)
