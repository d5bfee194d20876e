"""`burnlab conformance`: hold a unit against the MMC standard, case by case."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from burnlab.cli.failing import Exit, fail

if TYPE_CHECKING:
    from collections.abc import Sequence

    from burnlab.cli.units import OpenUnit
    from burnlab.conformance.case import Case, Result
    from burnlab.conformance.runner import Summary, Terms

app = typer.Typer(add_completion=False, rich_markup_mode=None)

_ADDRESSES = "iscsi://HOST:PORT/IQN/LUN, /dev/srN, /dev/sgN, or disc:FOLDER"


@app.callback(
    invoke_without_command=True, subcommand_metavar="", context_settings={"allow_interspersed_args": True}
)
def conformance(
    address: Annotated[str, typer.Argument(metavar="UNIT", help=f"{_ADDRESSES}.", show_default=False)] = "",
    *,
    allow_dataloss: Annotated[
        bool,
        typer.Option("--allow-dataloss", help="Run what blanks, formats and writes: the medium is lost."),
    ] = False,
    keep_tray: Annotated[
        bool, typer.Option("--keep-tray", help="Run nothing that opens and closes the tray.")
    ] = False,
    only: Annotated[
        list[str] | None,
        typer.Option("--only", metavar="NAME", help="A case, a chapter or a pattern; may be given again."),
    ] = None,
    as_list: Annotated[bool, typer.Option("--list", help="Say what the cases are, and run none.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print a report for programs to read.")] = False,
) -> None:
    """Run the MMC conformance suite against a unit, whatever it is.

    Each case passes, fails, or doesn't apply, and then says why. Exit value 0 if none failed, 1 if one did,
    3 if the unit can't be tested at all.
    """
    from burnlab.conformance.runner import Terms, choose
    from burnlab.conformance.suite import CASES

    try:
        cases = choose(CASES, only or [])
    except ValueError as error:
        fail(error, "see which there are: burnlab conformance --list", Exit.USAGE)
    if as_list:
        _list(cases, as_json=as_json)
        return
    if not address:
        fail("the unit is missing", f"name one: {_ADDRESSES}", Exit.USAGE)
    summary = _run(_open(address), address, cases, Terms(allow_dataloss, keep_tray), as_json=as_json)
    _finish(summary, as_json=as_json)


def _list(cases: Sequence[Case], *, as_json: bool) -> None:
    from burnlab.conformance.report import case_json, case_line

    if as_json:
        typer.echo(json.dumps([case_json(case) for case in cases], indent=1))
        return
    for case in cases:
        typer.echo(case_line(case))


def _open(address: str) -> OpenUnit:
    from burnlab.burn.drive import DriveError
    from burnlab.cli.units import open_unit

    try:
        return open_unit(address)
    except DriveError as error:
        hints = [event.text for event in error.events if event.severity == "HINT"]
        fail(error, " ".join(hints) or f"name a unit: {_ADDRESSES}", Exit.BROKEN)


def _run(opened: OpenUnit, address: str, cases: Sequence[Case], terms: Terms, *, as_json: bool) -> Summary:
    from burnlab.conformance.report import lines
    from burnlab.conformance.runner import NotMmcError, run
    from burnlab.scsi.transport import TransportError

    def tell(result: Result) -> None:
        if not as_json:
            for line in lines(result):
                typer.echo(line)

    try:
        return run(opened.unit, opened.sleep, cases, terms, tell=tell)
    except NotMmcError as error:
        fail(f"{address} can't be tested: {error}", "see what it is: burnlab doctor, lsscsi", Exit.BROKEN)
    except TransportError as error:
        fail(error.message, error.hint, Exit.BROKEN)
    finally:
        opened.release()


def _finish(summary: Summary, *, as_json: bool) -> None:
    from burnlab.conformance.case import Verdict
    from burnlab.conformance.report import as_json as report_of
    from burnlab.conformance.report import title, total

    if as_json:
        typer.echo(json.dumps(report_of(summary), indent=1))
    else:
        typer.echo(f"{title(summary.subject)}: {total(summary)}")
    if summary.count(Verdict.FAILED):
        raise typer.Exit(Exit.FAILED)
