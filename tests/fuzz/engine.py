"""Targets of fuzzing: what kinds of inputs there are, what must hold of each, and how many were tried.

An input (a *case*) is plain data, so that one which was found can be kept in a file and tried again. It is
made of chances that follow from the run's seed and its own number: the same seed brings the same inputs, and
a time that is over only ends them earlier.
"""

from __future__ import annotations

import json
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from random import Random
from types import FrameType
from typing import Any

from hypothesis import HealthCheck, Phase, Verbosity, settings
from hypothesis import seed as seeded
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from hypothesis.strategies import SearchStrategy

MACHINES = 15
STEPS = 30


class TooMuchWork(BaseException):
    """An input has kept us busy for longer than any may, as good as a hang. Nobody may catch it."""


@dataclass(frozen=True)
class Target:
    """One kind of input. Each case that `make` makes is given to `check`, which raises what is found.

    A target with a `machine` makes its cases by itself, as steps. `work` is how many calls of functions a
    case may cost, `file_bytes` how long a file may get (0: as long as it likes), `weight` its share of the
    time.
    """

    name: str
    title: str
    make: Callable[[Random], Any] | None = None
    check: Callable[[Any], None] | None = None
    machine: type[Machine] | None = None
    work: int = 3_000_000
    file_bytes: int = 0
    weight: int = 1


@dataclass
class Found:
    """An input that something is wrong with."""

    target: str
    seed: int
    case: Any
    error: str

    def save(self, folder: Path) -> Path:
        """Write it where it can be tried again, and become a test."""
        document = {"target": self.target, "seed": self.seed, "error": self.error, "case": plain(self.case)}
        text = json.dumps(document, indent=1, ensure_ascii=True)
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{self.target}-{sha256(json.dumps(document['case']).encode()).hexdigest()[:10]}.json"
        path.write_text(text + "\n", encoding="utf-8")
        return path


@dataclass
class Tally:
    """What came of a target."""

    inputs: int = 0
    steps: int = 0
    seconds: float = 0.0
    found: list[Found] = field(default_factory=list)


def plain(value: Any) -> Any:
    """A case as JSON can hold it: bytes as `{"hex": ...}`."""
    if isinstance(value, bytes | bytearray | memoryview):
        return {"hex": bytes(value).hex()}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    if isinstance(value, dict):
        return {str(key): plain(each) for key, each in value.items()}
    return value


def restored(value: Any) -> Any:
    """The way back; tuples have become lists."""
    if isinstance(value, dict):
        if value.keys() == {"hex"}:
            return bytes.fromhex(value["hex"])
        return {key: restored(each) for key, each in value.items()}
    return [restored(each) for each in value] if isinstance(value, list) else value


@contextmanager
def bounded(calls: int) -> Iterator[None]:
    """Raise TooMuchWork when more functions than that are called: work is counted, no clock is asked."""
    left = calls

    def count(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal left
        if event in ("call", "c_call"):
            left -= 1
            if left < 0:
                sys.setprofile(None)
                raise TooMuchWork(f"more than {calls} calls of functions")

    sys.setprofile(count)
    try:
        yield
    finally:
        sys.setprofile(None)


class Machine(RuleBasedStateMachine):
    """A machine that notes down its steps, so that they can be taken again without hypothesis.

    Every rule is made by `step`; what must hold after each is `holds`.
    """

    tally = Tally()
    last: list[Any] = []  # noqa: RUF012
    """The steps of the machine that ran last."""
    work = 3_000_000

    def __init__(self) -> None:
        super().__init__()
        self.taken: list[Any] = []
        Machine.last = self.taken
        Machine.tally.inputs += 1

    def take(self, name: str, arguments: dict[str, Any]) -> None:
        """One step by its name."""
        self.taken.append([name, arguments])
        Machine.tally.steps += 1
        with bounded(self.work):
            STEP_METHODS[f"{type(self).__name__}._{name}"](self, **arguments)

    @invariant()
    def holds_always(self) -> None:
        """What must hold after every step."""
        if self.taken:
            self.holds()

    def holds(self) -> None:
        """What must hold after every step."""


STEP_METHODS: dict[str, Callable[..., None]] = {}
"""Methods that are steps, by their qualified names: in the class stand the rules that hypothesis makes."""


def step(**strategies: SearchStrategy[Any]) -> Callable[[Callable[..., None]], Any]:
    """Make a rule of a method called `_name`; in cases the step is called `name`."""

    def decorate(method: Callable[..., None]) -> Any:
        name = method.__name__.removeprefix("_")
        STEP_METHODS[method.__qualname__] = method

        def taken(self: Machine, **arguments: Any) -> None:
            self.take(name, arguments)

        taken.__name__ = name
        return rule(**strategies)(taken)

    return decorate


def check_case(target: Target, case: Any) -> None:
    """Try one case, from whereever it comes; raises what is wrong with it."""
    if target.machine is not None:
        machine = target.machine()
        try:
            for name, arguments in case:
                machine.take(name, arguments)
                machine.holds()
        finally:
            machine.teardown()
        return
    assert target.check is not None
    with bounded(target.work):
        target.check(case)


def fuzz(target: Target, seed: int, *, seconds: float = 0.0, inputs: int = 0) -> Tally:
    """Try inputs for so long, or so many; it ends with the first that is found."""
    began = time.monotonic()
    until = began + seconds if seconds else float("inf")
    tally = Tally()
    number = 0
    while (time.monotonic() < until or not number) and (not inputs or tally.inputs < inputs):
        chances = sha256(f"{target.name} {seed} {number}".encode()).digest()
        try:
            if target.machine is not None:
                size = min(MACHINES, inputs - tally.inputs) if inputs else MACHINES
                _run_machines(target.machine, int.from_bytes(chances[:8], "big"), size, tally)
            else:
                _run_case(target, Random(chances), tally)
        except _Failed as failed:
            tally.found.append(Found(target.name, seed, failed.case, failed.text))
            break
        number += 1
    tally.seconds = time.monotonic() - began
    return tally


class _Failed(Exception):
    def __init__(self, case: Any, error: BaseException) -> None:
        super().__init__(str(error))
        self.case = case
        self.text = "".join(traceback.format_exception(error, limit=-12))


def _run_case(target: Target, chances: Random, tally: Tally) -> None:
    assert target.make is not None
    case = target.make(chances)
    tally.inputs += 1
    try:
        check_case(target, case)
    except (Exception, TooMuchWork) as error:
        case = restored(plain(case))
        smaller, why = shrunk(case, error, lambda each: check_case(target, each))
        raise _Failed(smaller, why) from error


def _run_machines(machine: type[Machine], seed: int, size: int, tally: Tally) -> None:
    Machine.tally = tally
    try:
        run_state_machine_as_test(
            seeded(seed)(type(machine.__name__, (machine,), {})),
            settings=settings(
                max_examples=size,
                stateful_step_count=STEPS,
                deadline=None,
                database=None,
                phases=(Phase.generate, Phase.shrink),
                verbosity=Verbosity.quiet,
                suppress_health_check=list(HealthCheck),
                report_multiple_bugs=False,
                print_blob=False,
            ),
        )
    except (Exception, TooMuchWork) as error:
        raise _Failed(list(Machine.last), error) from error


SHRINKING_TRIES, SHRINKING_SECONDS = 1500, 20.0


def shrunk(case: Any, error: BaseException, check: Callable[[Any], None]) -> tuple[Any, BaseException]:
    """A smaller case that fails at the same place in the same way, and how it fails."""
    tries, place, began = 0, _place(error), time.monotonic()
    smaller = True
    while smaller:
        smaller = False
        for candidate in _reductions(case):
            tries += 1
            if tries > SHRINKING_TRIES or time.monotonic() - began > SHRINKING_SECONDS:
                return case, error
            try:
                check(candidate)
            except (Exception, TooMuchWork) as other:
                if _place(other) == place:
                    case, error, smaller = candidate, other, True
                    break
    return case, error


def _place(error: BaseException) -> tuple[object, ...]:
    """Where an error came from."""
    if isinstance(error, TooMuchWork | RecursionError):
        return (type(error),)
    frames = traceback.extract_tb(error.__traceback__)
    return type(error), *((frames[-1].filename, frames[-1].lineno) if frames else ())


def _reductions(value: Any) -> Iterator[Any]:
    """What is a little less than a value: without some of it, or with some of it smaller."""
    if isinstance(value, list | bytes):
        size = len(value) // 2
        while size:
            for at in range(0, len(value) - size + 1, size):
                yield value[:at] + value[at + size :]
            size //= 2
        if len(value) == 1:
            yield value[:0]
    if isinstance(value, list):
        for at, each in enumerate(value):
            for less in _reductions(each):
                yield [*value[:at], less, *value[at + 1 :]]
    elif isinstance(value, dict):
        for key, each in value.items():
            for less in _reductions(each):
                yield value | {key: less}
    elif isinstance(value, int) and not isinstance(value, bool) and value:
        yield 0
        yield value // 2 if value > 0 else -(-value // 2)
    elif isinstance(value, bytes) and value.strip(b"\0"):
        yield bytes(len(value))


def load_case(path: Path) -> tuple[str, Any]:
    """The target and the case of a file that `Found.save` has written."""
    document = json.loads(path.read_text(encoding="utf-8"))
    return document["target"], restored(document["case"])
