"""`burnlab doctor`: what this host can do, and the command that mends what it can't."""

from __future__ import annotations

import dataclasses
import json
import os
from typing import Annotated

import typer

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
    from burnlab.vm.host import Check, Level, checks
    from burnlab.vm.places import Places

    done: list[Check] = []
    for check in checks(Places.of_user(os.environ), lambda line: typer.echo(line, err=True)):
        done.append(check)
        if not as_json:
            mark = _MARKS[check.ok] if check.level is Level.REQUIRED or check.ok else "no"
            typer.echo(f"{mark:8}{check.name:12}{check.detail}")
            if not check.ok:
                mend = f"; to mend it: {check.remedy}" if check.remedy else ""
                typer.echo(f"{'':20}needed for {check.needed_for}{mend}")
    if as_json:
        rows = [dataclasses.asdict(check) | {"level": check.level.value} for check in done]
        typer.echo(json.dumps(rows, indent=1))
    if any(not check.ok and check.level is Level.REQUIRED for check in done):
        raise typer.Exit(1)
