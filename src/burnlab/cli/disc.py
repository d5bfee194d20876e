"""`burnlab disc`: make disc files, look into them, turn them into images and back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from burnlab.cli.failing import Exit, fail
from burnlab.disc.cd_export import export_bin_cue
from burnlab.disc.folder import FolderError, create, export_image, import_image, open_disc
from burnlab.disc.media import Medium, medium_named

app = typer.Typer(no_args_is_help=True)

PathArgument = Annotated[Path, typer.Argument(metavar="PATH", help="The disc folder, by habit NAME.disc.")]
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
    try:
        disc = open_disc(path, read_only=True)
        whole = image.suffix.lower() in (".cue", ".bin")
        blocks = export_bin_cue(disc, image) if whole else export_image(disc, image)
    except FolderError as error:
        fail(error, error.hint)
    except FileExistsError as error:
        fail(f"{error.filename or image} exists already", "choose another name, or remove it first")
    except OSError as error:
        fail(f"{image}: {error.strerror}", "see to the folder, its permissions and the free space")
    typer.echo(f"{blocks} blocks")


@app.command("info")
def info(
    path: PathArgument,
    as_json: Annotated[bool, typer.Option("--json", help="For programs: one JSON object.")] = False,
) -> None:
    """Tell what is on a disc and what it still takes."""
    from burnlab.lab.serving import disc_report

    try:
        report = disc_report(open_disc(path, read_only=True))
    except FolderError as error:
        fail(error, error.hint)
    typer.echo(json.dumps(report, indent=2) if as_json else _text(report))


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
    return "\n".join(lines)
