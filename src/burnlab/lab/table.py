"""The table of media: a row per type, a column per operation; written from results, never by hand."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from .result import CaseResult, RunResult, StepResult

HELD, FAILED, NONE = "✓", "✗", "–"
BEGIN = "<!-- matrix:begin -->"
END = "<!-- matrix:end -->"


class TableError(Exception):
    """The table can't be made, or there is no place for it. `hint` says what to do."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


def joined(results: Sequence[RunResult]) -> RunResult:
    """One result of several runs: what a later run says of a plan and a type takes the earlier one's place.

    So one plan can be run again without all the others.
    """
    cases = {(case.plan or run.plan, case.type): case for run in results for case in run.cases}
    names = ", ".join(dict.fromkeys(run.id for run in results))
    return msgspec.structs.replace(results[-1], id=names, cases=tuple(cases.values()))


def operations(result: RunResult) -> list[str]:
    """Every operation of a run, in the order in which they first come."""
    steps = (step for case in result.cases for step in case.steps)
    return list(dict.fromkeys(step.operation for step in steps if step.operation))


def mark(steps: Sequence[StepResult]) -> str:
    """What became of an operation: it held if all its steps did; a step that wasn't run counts as failed.

    Steps that don't apply where the plan was run don't count.
    """
    steps = [step for step in steps if step.state != "not applicable"]
    if not steps:
        return NONE
    return HELD if all(step.state == "held" for step in steps) else FAILED


def media_table(result: RunResult) -> list[str]:
    """The lines of the table; the cases of a type from several plans share a row."""
    columns = operations(result)
    rows: dict[str, list[CaseResult]] = {}
    for case in result.cases:
        rows.setdefault(case.type, []).append(case)
    lines = ["| medium | " + " | ".join(columns) + " |", "|---|" + ":-:|" * len(columns)]
    for medium, cases in rows.items():
        cells = [
            mark([step for case in cases for step in case.steps if step.operation == column])
            for column in columns
        ]
        lines.append(f"| {medium} | " + " | ".join(cells) + " |")
    return lines


def readme_section(result: RunResult) -> list[str]:
    """The table with what it rests on."""
    held = sum(case.count("held") for case in result.cases)
    steps = sum(len(case.steps) for case in result.cases)
    day = result.started.partition("T")[0]
    versions = ", ".join(f"{name} {text}" for name, text in result.versions.items() if name != "guest")
    return [
        *media_table(result),
        "",
        f"{HELD} every check held, {FAILED} one didn't, {NONE} not for this medium or not tried."
        f" {held} of {steps} steps held on {day} (run `{result.id}`): {versions}.",
    ]


def write_between_markers(text: str, lines: Sequence[str], where: str) -> str:
    """A text with the lines put between the two markers. Raises TableError if they aren't there."""
    before, begin, rest = text.partition(BEGIN)
    _old, end, after = rest.partition(END)
    if not begin or not end:
        raise TableError(f"{where} has no place for the table", f"Put two lines into it: {BEGIN} and {END}")
    return before + "\n".join([begin, "", *lines, "", end]) + after


def write_table(result: RunResult, path: Path) -> None:
    """Renew the table in a file. Raises TableError."""
    if not operations(result):
        raise TableError("the report has no operations", "Take a report of `burnlab lab run --type all`.")
    try:
        text = path.read_text(encoding="utf-8")
        path.write_text(write_between_markers(text, readme_section(result), str(path)), encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise TableError(f"{path}: {error}", "Name a text file that you can write.") from error
