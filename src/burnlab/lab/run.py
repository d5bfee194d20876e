"""Carrying out a plan at a station, step by step.

What follows a step that doesn't hold: steps that name it in `needs`, or that use what it captured, are not
run, and neither are steps that rest on those; everything else goes on, because a wrong figure in one place
says nothing about the others. After a command that doesn't end, nothing more is run, because the place is
still busy with it; and a broken lab ends the run.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime

from .expression import ExpressionError, Value, evaluate
from .loading import LoadedPlan, step_dependencies
from .matching import Check, Outcome, Transcript, match_transcript, tail
from .monitor import Monitor
from .patterns import substitute
from .payload import PayloadShape, describe
from .plan import Action, Case, Payload, Plan, Reading, Step
from .plan_faults import FaultTable, faults_for
from .result import CaseResult, CheckResult, RunResult, RunState, StepResult, StepState, run_id
from .sabotage import sabotage
from .station import CommandTimeout, NotApplicableError, RefusedError, Station, StationError

StationOpener = Callable[[], AbstractContextManager[Station]]


class UnknownStepError(Exception):
    """`--sabotage` names a step that no case has."""


@dataclass(frozen=True, slots=True)
class Job:
    """What to run: a plan, the cases, where, and the step whose data is to be spoiled (or none)."""

    loaded: LoadedPlan
    cases: tuple[Case, ...]
    where: str = "guest"
    sabotage: str = ""

    def __post_init__(self) -> None:
        names = {step.name for case in self.cases for step in self.loaded.plan.steps_for(case)}
        if self.sabotage and self.sabotage not in names:
            raise UnknownStepError(f"no step is called {self.sabotage!r}")


def shape_of(payload: Payload) -> PayloadShape:
    """The shape that a plan's payload asks for."""
    return PayloadShape(
        payload.files, payload.folders, payload.blocks, payload.big, payload.seed, payload.sparse
    )


def run_plan(job: Job, open_station: StationOpener, monitor: Monitor) -> RunResult:
    """Open the station, run every case, close it; a broken lab is a result too, not an exception."""
    started, clock = datetime.now(UTC), time.monotonic()
    run = _Run(job, monitor)
    monitor.run_begins(job.loaded.plan, job.cases)
    try:
        with open_station() as station:
            run.at(station)
    except StationError as error:
        run.broken, run.hint = str(error), error.hint
    result = RunResult(
        id=run_id(job.loaded.text, (*job.cases, job.sabotage), run.versions),
        plan=job.loaded.name,
        title=job.loaded.plan.title,
        program=job.cases[0].program,
        where=job.where,
        size=job.cases[0].size,
        started=started.isoformat(timespec="seconds"),
        seconds=round(time.monotonic() - clock, 3),
        versions=dict(run.versions),
        cases=tuple(run.results),
        state=run.state(),
        sabotage=job.sabotage,
        broken=run.broken,
        hint=run.hint,
        traces=tuple(run.traces),
    )
    monitor.run_ends(result)
    return result


def run_plans(jobs: Sequence[Job], open_for: Callable[[Job], StationOpener], monitor: Monitor) -> RunResult:
    """Run several plans, each at a station of its own, and bring their results together.

    A lab that breaks within a plan doesn't keep the next one from running; one that doesn't even open does.
    """
    results: list[RunResult] = []
    for job in jobs:
        results.append(run_plan(job, open_for(job), monitor))
        if results[-1].broken and not results[-1].cases:
            break
    return results[0] if len(results) == 1 else combine(results)


def combine(results: Sequence[RunResult]) -> RunResult:
    """One result of several."""
    first = results[0]
    versions: dict[str, list[str]] = {}
    for result in results:
        for name, value in result.versions.items():
            versions.setdefault(name, [])
            if value not in versions[name]:
                versions[name].append(value)
    states = {result.state for result in results}
    broken = [f"{result.plan}: {result.broken}" for result in results if result.broken]
    return RunResult(
        id=run_id("", [result.id for result in results], {}),
        plan=", ".join(result.plan for result in results),
        title=f"{len(results)} plans: every medium, every program",
        program=first.program,
        where=first.where,
        size=first.size,
        started=first.started,
        seconds=round(sum(result.seconds for result in results), 3),
        versions={name: ", ".join(values) for name, values in versions.items()},
        cases=tuple(case for result in results for case in result.cases),
        state="broken" if "broken" in states else "failed" if "failed" in states else "passed",
        sabotage=", ".join(result.sabotage for result in results if result.sabotage),
        broken="; ".join(broken),
        hint=next((result.hint for result in results if result.hint), ""),
        traces=tuple(trace for result in results for trace in result.traces),
    )


@dataclass(slots=True)
class _Run:
    job: Job
    monitor: Monitor
    versions: Mapping[str, str] = field(default_factory=dict)
    results: list[CaseResult] = field(default_factory=list)
    traces: list[str] = field(default_factory=list)
    broken: str = ""
    hint: str = ""

    def at(self, station: Station) -> None:
        """Run every case at a station that is open."""
        busy = ""
        try:
            self.versions = station.versions()
            for case in self.job.cases:
                loaded = self.job.loaded
                runner = _CaseRun(
                    loaded.plan, case, station, self.monitor, self.job.sabotage, busy, loaded.name
                )
                try:
                    runner.run()
                finally:
                    self.results.append(runner.result())
                    self.monitor.case_ends(self.results[-1])
                busy = runner.stopped
        finally:
            self.traces = [str(path) for path in station.traces()]

    def state(self) -> RunState:
        """How the run ended."""
        if self.broken:
            return "broken"
        spoiled = self.job.sabotage != ""
        good = len(self.results) == len(self.job.cases) and all(case.holds for case in self.results)
        return "passed" if good and not spoiled else "failed"


@dataclass(slots=True)
class _CaseRun:
    plan: Plan
    case: Case
    station: Station
    monitor: Monitor
    sabotage: str
    stopped: str = ""
    plan_name: str = ""
    scope: dict[str, Value] = field(default_factory=dict)
    results: list[StepResult] = field(default_factory=list)

    def result(self) -> CaseResult:
        """What there is so far; steps that the run never came to count as not run."""
        seen = {result.name for result in self.results}
        missing = tuple(
            _not_run(step, "the run ended before it")
            for step in self.plan.steps_for(self.case)
            if step.name not in seen
        )
        return CaseResult(self.case.type, self.case.model, (*self.results, *missing), self.plan_name)

    def run(self) -> None:
        """Go through the steps, past the plan's faults."""
        steps = self.plan.steps_for(self.case)
        self.monitor.case_begins(self.case, tuple(steps))
        self.scope = first_scope(self.plan, self.case, self.station)
        with self._faults(self.plan.faults, "the plan"):
            self._go_through(steps)

    @contextmanager
    def _faults(self, tables: Sequence[FaultTable], where: str) -> Iterator[dict[str, int]]:
        """Let faults lie in wait meanwhile; at the end the mapping tells how often each has struck."""
        struck: dict[str, int] = {}
        names: Sequence[str] = ()
        if tables:
            names = self.station.add_faults(faults_for(tables, self.case, where))
        try:
            yield struck
        finally:
            if names:
                struck.update(self.station.clear_faults(names))

    def _go_through(self, steps: Sequence[Step]) -> None:
        for step in steps:
            obstacle = self._obstacle(step)
            if obstacle is None:
                self.monitor.step_begins(step)
            result = self._do(step) if obstacle is None else obstacle
            self.results.append(result)
            self.monitor.step_ends(result)

    def _obstacle(self, step: Step) -> StepResult | None:
        """What becomes of a step that can't be carried out; None if nothing is in its way."""
        if self.stopped:
            return _not_run(step, self.stopped)
        wanted = step_dependencies(self.plan, step, self.case)
        lost = [result for result in self.results if result.name in wanted and result.state != "held"]
        names = ", ".join(result.name for result in lost)
        if any(result.state != "not applicable" for result in lost):
            return _not_run(step, f"it needs {names}, which didn't hold")
        return (
            _not_run(step, f"it needs {names}, which has no meaning here", "not applicable") if lost else None
        )

    def _do(self, step: Step) -> StepResult:
        expect = self.plan.expect_for(step, self.case)
        clock = time.monotonic()
        deed, changes = "", tuple[str, ...]()
        struck: Mapping[str, int] = {}
        try:
            with self._faults(step.faults, f"step {step.name!r}") as struck:
                deed, transcript = self._carry_out(step)
            if step.name == self.sabotage:
                spoiled = sabotage(transcript, expect, self.scope)
                transcript, outcome, changes = spoiled.transcript, spoiled.outcome, spoiled.changes
            else:
                outcome = match_transcript(transcript, expect, self.scope)
        except NotApplicableError as error:
            return _not_run(step, str(error), "not applicable")
        except CommandTimeout as error:
            self.stopped = f"the command of step {step.name} didn't end, so the place is still busy"
            transcript, outcome = error.transcript, _failure("it ends", str(error))
        except ExpressionError as error:
            transcript, outcome = Transcript("", ""), _failure("its values are known", str(error))
        except RefusedError as error:
            transcript, outcome = Transcript("", ""), _failure("it is done", str(error))
        if not transcript.seconds:
            transcript = replace(transcript, seconds=time.monotonic() - clock)
        if step.name == self.sabotage and outcome.holds:
            outcome = _failure("a check notices the sabotage", "none did: this step proves nothing")
        outcome = replace(outcome, checks=(*outcome.checks, *_struck(struck)))
        self.scope.update({f"{step.name}.{name}": value for name, value in outcome.captures.items()})
        return _step_result(step, deed, transcript, outcome, changes)

    def _carry_out(self, step: Step) -> tuple[str, Transcript]:
        if step.action is None and step.memory is not None and self.case.where == "memory":
            reading = filled_in(step.memory, self.scope)
            return f"lab: read {said(reading)}", self.station.read(reading)
        if step.action is None:
            command = substitute(step.command, self.scope)
            return f"$ {command}", self.station.run(command, step.timeout)
        return self._act(step.action)

    def _act(self, action: Action) -> tuple[str, Transcript]:
        deed = f"lab: {action.do}"
        panel: Mapping[str, object]
        if action.do == "insert":
            medium = action.medium or self.case.type
            deed = f"lab: insert a new {medium}"
            panel = self.station.insert(medium)
        elif action.do == "press":
            deed = f"lab: press a {self.case.type} with the content of this disc"
            panel = self.station.press(self.case.type)
        elif action.do == "damage":
            lba = int(evaluate(action.lba, self.scope))
            deed = f"lab: damage block {lba}"
            self.station.damage(lba)
            panel = {"damaged": lba}
        else:
            doings: dict[str, Callable[[], Mapping[str, object]]] = {
                "load": self.station.load,
                "eject": self.station.eject,
                "status": self.station.status,
            }
            panel = doings[action.do]()
        return deed, Transcript("".join(f"{line}\n" for line in panel_lines(panel)), "")


def filled_in(reading: Reading, scope: Mapping[str, Value]) -> Reading:
    """A reading with the values that are known now."""
    paths, at = (tuple(substitute(text, scope) for text in texts) for texts in (reading.paths, reading.at))
    return Reading(reading.show, paths, at)


def said(reading: Reading) -> str:
    """A reading in a few words."""
    places = ", ".join(place or "the newest session" for place in reading.at)
    of = f" of {' '.join(reading.paths)}" if reading.paths else ""
    return f"{reading.show}{of} at {places}"


def panel_lines(panel: Mapping[str, object], prefix: str = "") -> list[str]:
    """A status as lines `name: value`; nested names are joined by dots, lists are counted from 1."""
    lines: list[str] = []
    for name, value in panel.items():
        if isinstance(value, Mapping):
            lines += panel_lines(value, f"{prefix}{name}.")
        elif isinstance(value, list | tuple):
            lines += panel_lines({str(n): entry for n, entry in enumerate(value, 1)}, f"{prefix}{name}.")
        else:
            lines.append(f"{prefix}{name}: {_say(value)}")
    return lines


def _say(value: object) -> str:
    words = {None: "none", True: "yes", False: "no"}
    return words[value] if value is None or isinstance(value, bool) else str(value)


def first_scope(plan: Plan, case: Case, station: Station) -> dict[str, Value]:
    """The values that are known before the first step."""
    address = station.address
    scope: dict[str, Value] = {
        "program": address.program,
        "other": address.other,
        "drive": address.drive,
        "scratch": address.scratch,
        "type": case.type,
        "size": case.size,
        "model": case.model,
    }
    for name, payload in plan.payloads_for(case).items():
        scope[f"payload.{name}"] = f"{address.payloads}/{payload.place}"
        for fact, value in asdict(describe(shape_of(payload))).items():
            scope[f"payload.{name}.{fact}"] = value
    scope.update(plan.values_for(case))
    return scope


def _struck(struck: Mapping[str, int]) -> list[Check]:
    """A step past faults proves nothing if they didn't strike."""
    return [
        Check(f"the fault {name} strikes", hits > 0, "" if hits else "no command met it")
        for name, hits in struck.items()
    ]


def _failure(what: str, reason: str) -> Outcome:
    return Outcome((Check(what, False, reason),))


def _not_run(step: Step, reason: str, state: StepState = "not run") -> StepResult:
    return StepResult(step.name, step.cites, step.kind, state, why=(reason,), operation=step.operation)


def _step_result(
    step: Step, deed: str, transcript: Transcript, outcome: Outcome, changes: Sequence[str]
) -> StepResult:
    why = outcome.reasons
    if why and (transcript.stdout or transcript.stderr):
        why = [*why, f"the transcript ends with\n{tail(transcript)}"]
    return StepResult(
        name=step.name,
        cites=step.cites,
        kind=step.kind,
        state="held" if outcome.holds else "failed",
        deed=deed,
        exit_value=transcript.exit_value,
        seconds=round(transcript.seconds, 3),
        stdout=transcript.stdout,
        stderr=transcript.stderr,
        checks=tuple(
            CheckResult(check.what, check.holds, check.reason, check.line) for check in outcome.checks
        ),
        captures=dict(outcome.captures),
        why=tuple(why),
        sabotage=tuple(changes),
        operation=step.operation,
    )
