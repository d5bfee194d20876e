"""`burnlab recorder fault`: let things go wrong in a running recorder, and see what did."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from burnlab.cli.failing import Exit, fail
from burnlab.cli.panel import ControlOption, JsonOption, ask_panel

if TYPE_CHECKING:
    from collections.abc import Iterable

    from burnlab.recorder import FaultPlan

app = typer.Typer(no_args_is_help=True)

FILE_ENDING = ".toml"


def read_faults(path: Path) -> FaultPlan:
    """The faults of a file; says what is wrong with it and ends."""
    from burnlab.recorder import FaultError, FaultPlan

    try:
        return FaultPlan.from_toml(path.read_text(encoding="utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        fail(f"{path}: {reason}", "name a file of faults", Exit.USAGE)
    except FaultError as error:
        fail(error, error.hint, Exit.USAGE)


def _value(text: str) -> Any:
    """A value as TOML would read it; what it can't read is a text."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _fault(kind: str, settings: Iterable[str]) -> FaultPlan:
    from burnlab.recorder import Fault, FaultError, FaultPlan

    table: dict[str, Any] = {"kind": kind}
    for setting in settings:
        key, separator, value = setting.partition("=")
        if not separator:
            fail(f"'{setting}' is no KEY=VALUE", f"{setting}=... sets that key", Exit.USAGE)
        table[key] = _value(value)
    try:
        return FaultPlan((Fault.from_table(table),))
    except FaultError as error:
        fail(error, error.hint, Exit.USAGE)


@app.command()
def add(
    what: Annotated[str, typer.Argument(metavar="KIND|FILE.toml", help="A kind, or a file of faults.")],
    settings: Annotated[
        list[str] | None,
        typer.Argument(metavar="[KEY=VALUE]...", help="As in a file, such as lba=300..315 times=always."),
    ] = None,
    control: ControlOption = None,
    as_json: JsonOption = False,
) -> None:
    """Let faults lie in wait in a running recorder; prints their names."""
    if what.endswith(FILE_ENDING):
        if settings:
            fail("a file has its settings in itself", f"leave out {' '.join(settings)}", Exit.USAGE)
        plan = read_faults(Path(what))
    else:
        plan = _fault(what, settings or ())
    tables = [fault.as_table() for fault in plan.faults]
    answer = ask_panel(control, {"do": "add-faults", "faults": tables})
    typer.echo(json.dumps(answer, indent=2) if as_json else "\n".join(answer["added"]))


@app.command("list")
def list_faults(control: ControlOption = None, as_json: JsonOption = False) -> None:
    """List the faults of a running recorder, and how often each has struck."""
    answer = ask_panel(control, {"do": "list-faults"})
    if as_json:
        typer.echo(json.dumps(answer, indent=2))
        return
    for row in answer["faults"]:
        typer.echo(_line(row))


def _line(row: dict[str, Any]) -> str:
    table = dict(row["fault"])
    name, kind = table.pop("name"), table.pop("kind")
    settings = " ".join(f"{key}={_shown(value)}" for key, value in table.items())
    spent = ", spent" if row["spent"] else ""
    return f"{name}: {kind} {settings}".rstrip() + f" (struck {row['hits']} of {row['seen']}{spent})"


def _shown(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


@app.command()
def clear(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME]...", help="Which; all if none is named.")
    ] = None,
    control: ControlOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take faults away. A connection with a command that hangs ends: its initiator may come again."""
    answer = ask_panel(control, {"do": "clear-faults", "names": names or []})
    if as_json:
        typer.echo(json.dumps(answer, indent=2))
