"""`burnlab lab`: run a plan from end to end and report what was proven."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar, NoReturn, TextIO

import typer

from burnlab.lab.monitor import Monitor

if TYPE_CHECKING:
    from burnlab.lab.loading import LoadedPlan
    from burnlab.lab.plan import Case, Place, Plan, Size, Step
    from burnlab.lab.result import CaseResult, RunResult, StepResult
    from burnlab.lab.run import Job, StationOpener

app = typer.Typer(no_args_is_help=True, help="Run a plan from end to end and report what was proven.")

PROGRAMS = ("xorriso", "burnlab")
PLACES = ("guest", "memory")
DEFAULT_PLAN = "walkthrough"
NOT_IN_MEMORY = (
    "--program xorriso runs as a process of its own, which can't reach a recorder in memory;"
    " take --where guest, or --program burnlab"
)


class ConsoleMonitor(Monitor):
    """A line per step while the run goes on; on a terminal the step that runs is shown too."""

    MARKS: ClassVar = {
        "held": ("✓", "ok"),
        "failed": ("✗", "FAILED"),
        "not run": ("–", "not run"),
        "not applicable": ("·", "not applicable"),
    }

    def __init__(self, out: TextIO, err: TextIO) -> None:
        self.out = out
        self.err = err
        self.plain = "utf" not in (out.encoding or "").lower()
        self.live = out.isatty()

    def _say(self, text: str) -> None:
        encoding = self.out.encoding or "utf-8"
        self.out.write(text.encode(encoding, "replace").decode(encoding))
        self.out.flush()

    def run_begins(self, plan: Plan, cases: tuple[Case, ...]) -> None:
        """Say what is to be run."""
        types = ", ".join(case.type for case in cases)
        self._say(f"{plan.title}\n{types}, size {cases[0].size}\n")

    def note(self, text: str) -> None:
        """Messages go to stderr."""
        self.err.write(f"{text}\n")
        self.err.flush()

    def case_begins(self, case: Case, steps: tuple[Step, ...]) -> None:
        """Head the steps of a case."""
        self._say(f"{case.type} in a {case.model}, {len(steps)} steps\n")

    def step_begins(self, step: Step) -> None:
        """On a terminal, show what is being waited for."""
        if self.live:
            self._say(f"  . {step.name}\r")

    def step_ends(self, result: StepResult) -> None:
        """The line of a step, and why it doesn't hold."""
        mark = self.MARKS[result.state][self.plain]
        note = f"  {result.cites}" if result.kind == "scenario" else "  (preparation)"
        self._say(f"  {mark} {result.name:<22} {result.seconds:7.1f} s{note}\n")
        for change in result.sabotage:
            self._say(f"      sabotaged: {change}\n")
        for reason in result.why:
            self._say("".join(f"      {line}\n" for line in reason.splitlines()))

    def case_ends(self, result: CaseResult) -> None:
        """Sum up a case."""
        failed, left = result.count("failed"), result.count("not run")
        aside = result.count("not applicable")
        rest = f", {aside} not applicable" if aside else ""
        self._say(f"{result.type}: {result.count('held')} held, {failed} failed, {left} not run{rest}\n")

    def run_ends(self, result: RunResult) -> None:
        """Say how it ended."""
        if result.broken:
            self.note(f"burnlab lab: the lab is broken: {result.broken}")
            if result.hint:
                self.note(f"  {result.hint}")
        if result.sabotage:
            self._say(f"step {result.sabotage} was sabotaged on purpose\n")
        self._say(f"{result.state} in {result.seconds:.1f} s, run {result.id}\n")

    def all_ends(self, result: RunResult) -> None:
        """Sum up a run of several plans: the table, and how it ended."""
        from burnlab.lab.table import media_table

        self._say("".join(f"{line}\n" for line in media_table(result)))
        self._say(f"all plans: {result.state} in {result.seconds:.1f} s, run {result.id}\n")


def _usage(message: str) -> NoReturn:
    typer.echo(f"burnlab lab: {message}", err=True)
    raise typer.Exit(2)


@app.command()
def plans() -> None:
    """List the plans that come with burnlab, and their steps."""
    from burnlab.lab.loading import load_plan, shipped_plans

    for name in shipped_plans():
        plan = load_plan(name).plan
        typer.echo(f"{name}: {plan.title}")
        typer.echo(f"  types: {', '.join(plan.types)}")
        for step in plan.steps:
            mark = " (preparation)" if step.kind == "preparation" else ""
            typer.echo(f"  {step.name:<18} {step.cites}{mark}")


@app.command()
def run(  # noqa: PLR0917 - typer reads its options from here
    plan: Annotated[
        list[str] | None,
        typer.Option(help="A plan's name or file; may be given several times, or `all`. [walkthrough]"),
    ] = None,
    type_: Annotated[
        list[str] | None, typer.Option("--type", help="Type of medium; may be given several times, or `all`.")
    ] = None,
    program: Annotated[str, typer.Option(help="xorriso (the real one) or burnlab (its own).")] = "xorriso",
    where: Annotated[str, typer.Option(help="guest (QEMU), or memory: in this process.")] = "guest",
    report: Annotated[
        Path | None, typer.Option(help="Folder for report.json, report.xml, report.md and the traces.")
    ] = None,
    full: Annotated[
        bool, typer.Option("--full", help="Payloads that give the scenario's own numbers.")
    ] = False,
    sabotage: Annotated[
        str, typer.Option(metavar="STEP", help="Spoil what this step sees: the run must turn red.")
    ] = "",
    keep: Annotated[bool, typer.Option("--keep", help="Keep the discs, and say where they are.")] = False,
) -> None:
    """Run a plan. Exit value 0: all held; 1: a step didn't hold; 2: usage; 3: the lab itself is broken."""
    from burnlab.lab.loading import PlanError, load_plan
    from burnlab.lab.run import Job, UnknownStepError

    _check_choice("--program", program, PROGRAMS)
    _check_choice("--where", where, PLACES)
    if program == "xorriso" and where == "memory":
        _usage(NOT_IN_MEMORY)
    names = _plan_names(plan or [])
    if sabotage and len(names) > 1:
        _usage("--sabotage is for one plan: name it with --plan")
    try:
        loaded = [load_plan(name) for name in names]
        jobs = [
            Job(each, cases, where, sabotage)
            for each in loaded
            if (cases := _cases(each, type_ or [], full, program, where, lenient=len(loaded) > 1))
        ]
    except PlanError as error:
        _usage(str(error))
    except UnknownStepError as error:
        _usage(f"{error}; `burnlab lab plans` lists the steps")
    if not jobs:
        _usage(f"no plan of these is for --type {', '.join(type_ or [])}")
    result = _carry_out(jobs, report, keep)
    if report is not None:
        _write(result, report)
    raise typer.Exit(result.exit_value)


def _check_choice(option: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        _usage(f"{option} {value}: there are {', '.join(allowed)}")


def _plan_names(wanted: list[str]) -> list[str]:
    from burnlab.lab.loading import shipped_plans

    if "all" in wanted:
        # The walkthrough first: the other plans rest on what it tries.
        return sorted(shipped_plans(), key=lambda name: (name != DEFAULT_PLAN, name))
    return list(dict.fromkeys(wanted)) or [DEFAULT_PLAN]


def _cases(
    loaded: LoadedPlan,
    types: list[str],
    full: bool,
    program: str,
    where: str = "guest",
    *,
    lenient: bool = False,
) -> tuple[Case, ...]:
    """The cases of a plan; with `lenient`, types that it isn't for are left to the other plans."""
    from burnlab.lab.plan import Case

    offered = loaded.plan.types
    wanted = list(offered) if types == ["all"] else types or [offered[0]]
    if lenient:
        wanted = [type_ for type_ in wanted if type_ in offered]
    for type_ in wanted:
        if type_ not in offered:
            _usage(f"--type {type_}: the plan {loaded.name} is for {', '.join(offered)}")
    unique = dict.fromkeys(wanted)
    size: Size = "full" if full else "quick"
    place: Place = "memory" if where == "memory" else "guest"
    return tuple(Case(type_, size, program, loaded.plan.model, place) for type_ in unique)


def _opener(job: Job, traces: Path | None, keep: bool, programs: tuple[str, ...] = ()) -> StationOpener:
    """How the station is opened; tests put another one here."""
    from burnlab.lab.bench import guest_station
    from burnlab.lab.memory import memory_station

    def say(text: str) -> None:
        typer.echo(text, err=True)

    if job.where == "memory":
        return memory_station(job, traces=traces, keep=keep, say=say)
    return guest_station(job, traces=traces, keep=keep, programs=programs, say=say)


def _carry_out(jobs: list[Job], report: Path | None, keep: bool) -> RunResult:
    from burnlab.lab.run import run_plans

    programs = tuple(sorted({name for job in jobs for name in job.loaded.plan.guest}))

    def open_for(job: Job) -> StationOpener:
        several = report is not None and len(jobs) > 1
        return _opener(job, report / job.loaded.name if report and several else report, keep, programs)

    monitor = ConsoleMonitor(sys.stdout, sys.stderr)
    with _ending_tidily():
        result = run_plans(jobs, open_for, monitor)
    if len(jobs) > 1:
        monitor.all_ends(result)
    return result


@contextmanager
def _ending_tidily() -> Iterator[None]:
    """Let SIGTERM end a run as Ctrl-C does: the guest is stopped and the discs are put away."""

    def end(number: int, _frame: object) -> NoReturn:
        raise SystemExit(128 + number)

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@app.command()
def table(
    reports: Annotated[
        list[Path], typer.Argument(metavar="REPORT.json...", help="Of `burnlab lab run`; later ones win.")
    ],
    write: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Renew the table between the two markers in this file."),
    ] = None,
) -> None:
    """Write the table of media and operations from reports."""
    import msgspec

    from burnlab.lab.report import from_json
    from burnlab.lab.table import TableError, joined, readme_section, write_table

    results = []
    for report in reports:
        try:
            results.append(from_json(report.read_text(encoding="utf-8")))
        except (OSError, UnicodeDecodeError, msgspec.DecodeError) as error:
            _usage(f"{report} is no report: {error}; a run with --report DIR writes DIR/report.json")
    result = joined(results)
    if write is None:
        typer.echo("\n".join(readme_section(result)))
        return
    try:
        write_table(result, write)
    except TableError as error:
        _usage(f"{error}; {error.hint}")
    typer.echo(f"written: {write}", err=True)


def _write(result: RunResult, folder: Path) -> None:
    from burnlab.lab.report import write_reports

    try:
        paths = write_reports(result, folder)
    except OSError as error:
        typer.echo(f"burnlab lab: the report can't be written: {error}", err=True)
        raise typer.Exit(3) from None
    typer.echo(f"report: {', '.join(str(path) for path in paths)}", err=True)
