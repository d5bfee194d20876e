"""`burnlab doctor`: what this host can do, and the command that mends what it can't."""

from __future__ import annotations

import dataclasses
import json
import os
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from burnlab.vm.examination import Check

app = typer.Typer(add_completion=False, rich_markup_mode=None)

_MARKS = {True: "ok", False: "MISSING"}


@app.callback(invoke_without_command=True)
def doctor(
    as_json: Annotated[
        bool, typer.Option("--json", help="Print a list of checks for programs to read.")
    ] = False,
) -> None:
    """Say what this host can do, and the command that mends what it can't.

    Exit code 0 if guests can be built and run here, 1 if something they need is missing.
    """
    from burnlab.vm.examination import Level, examine, is_fit
    from burnlab.vm.host_facts import collect
    from burnlab.vm.places import Places

    facts = collect(Places.of_user(os.environ), lambda line: typer.echo(line, err=True))
    checks = examine(facts)
    if as_json:
        rows = [dataclasses.asdict(check) | {"level": check.level.value} for check in checks]
        typer.echo(json.dumps(rows, indent=1))
    else:
        for check in checks:
            mark = _MARKS[check.ok] if check.level is Level.REQUIRED or check.ok else "no"
            typer.echo(f"{mark:8}{check.name:12}{check.detail}")
            if not check.ok:
                _tell(check)
    if not is_fit(checks):
        raise typer.Exit(1)


def _tell(check: Check) -> None:
    """What a check that failed is needed for, and what to do."""
    margin = " " * 20
    typer.echo(f"{margin}needed for {check.needed_for}")
    if check.remedy:
        typer.echo(f"{margin}to mend it: {check.remedy}")
    if check.advice:
        typer.echo(f"{margin}{check.advice}")
