"""`burnlab disc`: make disc files, look into them, turn them into images and back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from burnlab.cli.failing import Exit, fail
from burnlab.disc.cd_export import export_bin_cue
from burnlab.disc.folder import FolderError, create, export_image, import_image, looked_at, open_disc
from burnlab.disc.holding import is_held, read_note
from burnlab.disc.media import Medium, medium_named
from burnlab.disc.mending import check, repair
from burnlab.disc.soundness import Report

app = typer.Typer(no_args_is_help=True)

PathArgument = Annotated[Path, typer.Argument(metavar="PATH", help="The disc folder, by habit NAME.disc.")]
JsonOption = Annotated[bool, typer.Option("--json", help="For programs: one JSON object.")]
ProductOption = Annotated[str, typer.Option(help="Medium product id, as the medium's maker recorded it.")]


def _medium(name: str) -> Medium:
    try:
        return medium_named(name)
    except KeyError as error:
        fail(error.args[0], "see: burnlab disc create --help", Exit.USAGE)


def _check_product(product: str) -> None:
    if len(product) > 12 or not product.isascii() or not product.isprintable():
        fail(f"product id '{product}' doesn't fit", "use at most 12 ASCII characters", Exit.USAGE)


@app.command("create")
def create_disc(
    path: PathArgument,
    type_: Annotated[str, typer.Option("--type", metavar="TYPE", help="Kind of medium, e.g. dvd-rw.")],
    product: ProductOption = "",
    blocks: Annotated[int, typer.Option(help="Capacity in blocks of 2048 bytes, if not the usual one.")] = 0,
) -> None:
    """Make a blank disc, as sold."""
    _medium(type_)
    _check_product(product)
    try:
        create(path, type_, product, blocks)
    except FolderError as error:
        fail(error, error.hint)


@app.command("import")
def import_(
    image: Annotated[Path, typer.Argument(metavar="FILE.iso", help="A plain image.")],
    path: PathArgument,
    type_: Annotated[str, typer.Option("--type", metavar="TYPE", help="Kind of medium.")] = "dvd-rom",
    product: ProductOption = "",
) -> None:
    """Make a closed disc with the content of an image."""
    medium = _medium(type_)
    _check_product(product)
    try:
        import_image(image, path, medium, product)
    except FolderError as error:
        fail(error, error.hint)


@app.command("export")
def export(
    path: PathArgument,
    image: Annotated[
        Path, typer.Argument(metavar="FILE.iso|FILE.cue", help="The image to write: it must not exist.")
    ],
) -> None:
    """Write the readable blocks of all closed sessions as a plain image, or a CD as FILE.bin and FILE.cue."""
    whole = image.suffix.lower() in (".cue", ".bin")
    names = [image.with_suffix(end) for end in (".bin", ".cue", ".cdt")] if whole else [image]
    new = [name for name in names if not name.exists()]
    try:
        with _without_halves(new), looked_at(path) as disc:
            blocks = export_bin_cue(disc, image) if whole else export_image(disc, image)
    except FolderError as error:
        fail(error, error.hint)
    except FileExistsError as error:
        fail(f"{error.filename or image} exists already", "choose another name, or remove it first")
    except OSError as error:
        fail(f"{image}: {error.strerror}", "see to the folder, its permissions and the free space")
    typer.echo(f"{blocks} blocks")


@contextmanager
def _without_halves(files: list[Path]) -> Iterator[None]:
    """Files that were begun and not finished go away."""
    try:
        yield
    except BaseException:
        for file in files:
            file.unlink(missing_ok=True)
        raise


@app.command("info")
def info(path: PathArgument, as_json: JsonOption = False) -> None:
    """Tell what is on a disc and what it still takes."""
    from burnlab.lab.serving import disc_report

    try:
        report = disc_report(open_disc(path, read_only=True))
    except FolderError as error:
        fail(error, error.hint)
    holder = read_note(path) if is_held(path) else None
    report["in_use"] = str(holder) if holder is not None else None
    typer.echo(json.dumps(report, indent=2) if as_json else _text(report))


@app.command("check")
def check_disc(path: PathArgument, as_json: JsonOption = False) -> None:
    """Say whether the folder is sound: its files, their lengths, the state. Exit value 1: it isn't.

    What is recorded isn't looked at: checksums tell of that (xorriso -check_media, -check_md5).
    """
    try:
        report = check(path)
    except FolderError as error:
        fail(error, error.hint)
    if as_json:
        typer.echo(json.dumps(_as_json(path, report), indent=2))
    else:
        _tell(path, report)
    raise typer.Exit(Exit.DONE if report.is_sound else Exit.FAILED)


@app.command("repair")
def repair_disc(
    path: PathArgument,
    yes: Annotated[bool, typer.Option("--yes", help="Do it. Without, only say what would be done.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Mend a folder that isn't sound, as far as that goes; what is recorded is never changed.

    Of what is changed a copy is kept in the folder. Exit value 1: it isn't sound, or not yet.
    """
    kept: Path | None = None
    try:
        before = check(path)
        if yes:
            before, kept = repair(path)
        after = check(path)
    except FolderError as error:
        fail(error, error.hint)
    if as_json:
        done = {"repaired": bool(yes and before.plan), "kept": str(kept) if kept is not None else None}
        typer.echo(json.dumps(_as_json(path, after) | done | {"found": _findings(before)}, indent=2))
    else:
        _tell(path, before, done=yes)
        if kept is not None:
            typer.echo(f"what was there before is kept in {kept}")
        if yes and before.plan:
            _tell(path, after)
        elif before.plan:
            typer.echo(f"to do it: burnlab disc repair {path} --yes")
    raise typer.Exit(Exit.DONE if after.is_sound else Exit.FAILED)


def _as_json(path: Path, report: Report) -> dict[str, Any]:
    return {"disc": str(path), "sound": report.is_sound, "findings": _findings(report)}


def _findings(report: Report) -> list[dict[str, Any]]:
    return [asdict(finding) | {"remedy": finding.remedy or None} for finding in report.findings]


def _tell(path: Path, report: Report, *, done: bool = False) -> None:
    typer.echo(f"{path}: {'sound' if report.is_sound else 'not sound'}")
    nexts = [*(found.remedy for found in report.findings[1:]), ""]
    for finding, following in zip(report.findings, nexts, strict=False):
        typer.echo(f"  {'fault' if finding.fault else 'note'}: {finding.text}")
        if finding.remedy and finding.remedy == following:
            continue  # one change mends both
        if finding.remedy:
            typer.echo(f"    {'repaired' if done else 'repair'}: {finding.remedy}")
        elif finding.fault:
            typer.echo(f"    this can't be repaired: {_instead(path)}")


def _instead(path: Path) -> str:
    surface = path / "surface"
    if not surface.is_file() or not surface.stat().st_size:
        return "copy the folder from where it came"
    return f"use a copy, or save what is recorded by: burnlab disc import {surface} NEW.disc"


def _text(report: dict[str, Any]) -> str:
    lines = [
        f"Type      : {report['type']}, profile {report['profile']}, product {report['product'] or '-'}",
        f"State     : {report['state']}",
        f"Blocks    : {report['capacity_blocks']} in all, {report['free_blocks']} free",
    ]
    if report["next_writable_address"] is not None:
        lines.append(f"Next write: LBA {report['next_writable_address']}")
    for session in report["sessions"]:
        lines.append(
            f"Session {session['number']:2}: LBA {session['start_lba']}, {session['blocks']} blocks, "
            f"{session['tracks']} track{'s' * (session['tracks'] != 1)}"
        )
    for number in report["damaged_tracks"]:
        lines.append(f"Track {number:4}: damaged: close it (xorriso -close_damaged) or blank the disc")
    if report["in_use"]:
        lines.append(f"In use    : by {report['in_use']}; what isn't noted down yet isn't told")
    return "\n".join(lines)
