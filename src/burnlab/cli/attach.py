"""`burnlab recorder attach` and `detach`: a served recorder as a drive of this Linux host."""

from __future__ import annotations

import dataclasses
import json
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from burnlab.cli.failing import Exit, fail
from burnlab.cli.panel import ControlOption, JsonOption, ask_panel

if TYPE_CHECKING:
    from burnlab.iscsi.chap import ChapCredentials
    from burnlab.iscsi.url import IscsiUrl

AddressArgument = Annotated[
    str,
    typer.Argument(
        metavar="ADDRESS",
        help="iscsi://HOST[:PORT]/IQN/LUN, or HOST[:PORT] with one target. [the recorder served here]",
        show_default=False,
    ),
]


def attach(  # noqa: PLR0917 - typer reads its options from here
    address: AddressArgument = "",
    chap_user: Annotated[str, typer.Option(help="The name to log in with.")] = "",
    chap_secret_file: Annotated[Path | None, typer.Option(help="File with that name's secret.")] = None,
    mutual_user: Annotated[str, typer.Option(help="The name by which the target proves itself.")] = "",
    mutual_secret_file: Annotated[Path | None, typer.Option(help="File with the target's secret.")] = None,
    control: ControlOption = None,
    as_json: JsonOption = False,
) -> None:
    """Log this host's open-iscsi in to a recorder, and print the drive's node, such as /dev/sr1.

    For Linux, as root. A drive that is attached already is printed, too.
    """
    from burnlab.lab.attaching import Attacher, AttachError

    named = _parsed(address) if address else None
    credentials = _credentials(chap_user, chap_secret_file, mutual_user, mutual_secret_file)
    try:
        # The obstacles of this host come before those of the way to the target.
        attacher = Attacher()
        attacher.check()
        url, credentials = _target(named or _served(control), credentials)
        drive = attacher.attach(url, credentials)
    except AttachError as error:
        fail(error, error.hint)
    if as_json:
        typer.echo(json.dumps(dataclasses.asdict(drive), indent=2))
        return
    typer.echo(drive.node)
    generic = f", {drive.generic}" if drive.generic else ""
    before = ", attached before" if drive.was_there else ""
    typer.echo(f"{drive.node}{generic}: '{drive.vendor}' '{drive.product}' at {drive.url}{before}", err=True)


def detach(address: AddressArgument = "", control: ControlOption = None, as_json: JsonOption = False) -> None:
    """Log this host's open-iscsi out of a recorder: the drive's nodes go."""
    from burnlab.lab.attaching import Attacher, AttachError

    named = _parsed(address) if address else None
    try:
        attacher = Attacher()
        attacher.check()
        url = named or _served(control)
        if not url.target:
            url = attacher.only_target_at(url)
        node = attacher.detach(url)
    except AttachError as error:
        fail(error, error.hint)
    if as_json:
        typer.echo(json.dumps({"url": str(url), "node": node}, indent=2))
    elif node:
        typer.echo(f"{node} is gone", err=True)


def _target(url: IscsiUrl, credentials: ChapCredentials | None) -> tuple[IscsiUrl, ChapCredentials | None]:
    """The logical unit that is meant, its portal asked if no target is named; and how to log in there."""
    from burnlab.iscsi.client import credentials_of, discover
    from burnlab.lab.attaching import only_target
    from burnlab.scsi.transport import TransportError

    try:
        credentials = credentials or credentials_of(url)
        if not url.target:
            url = only_target(url, discover(url, auth=credentials))
    except TransportError as error:
        fail(error.message, error.hint)
    return url, credentials


def _served(control: Path | None) -> IscsiUrl:
    from burnlab.iscsi.url import parse_url

    return parse_url(str(ask_panel(control, {"do": "status"})["url"]))


def _parsed(address: str) -> IscsiUrl:
    from burnlab.iscsi.url import SCHEME, parse_url

    try:
        url = parse_url(address if address.lower().startswith(SCHEME) else f"{SCHEME}{address}")
    except ValueError as error:
        fail(f"{address}: {error}", "Write iscsi://HOST[:PORT]/IQN/LUN, or HOST[:PORT]", Exit.USAGE)
    if url.secret or url.target_secret:
        fail(
            f"{url}: a secret in an address shows in the list of processes",
            "Put it into a file: --chap-secret-file FILE, and --mutual-secret-file FILE for the target's",
            Exit.USAGE,
        )
    return url


def _credentials(
    user: str, secret_file: Path | None, target_user: str, target_secret_file: Path | None
) -> ChapCredentials | None:
    from burnlab.iscsi.chap import ChapCredentials

    if bool(user) != bool(secret_file) or bool(target_user) != bool(target_secret_file):
        fail(
            "CHAP needs a name and a secret",
            "Give each --...-user with its --...-secret-file.",
            Exit.USAGE,
        )
    if secret_file is None:
        if target_user:
            fail("a target proves itself only to whom it knows", "Give --chap-user, too.", Exit.USAGE)
        return None
    target_secret = secret_of(target_secret_file) if target_secret_file else ""
    try:
        return ChapCredentials(user, secret_of(secret_file), target_user, target_secret)
    except ValueError as error:
        fail(error, "See the CHAP options: burnlab recorder attach --help", Exit.USAGE)


def secret_of(path: Path) -> str:
    """The secret in a file; warns if others can read it, ends if there is none."""
    try:
        secret = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        fail(f"{path}: {error}", "put the secret into a file of its own that only you can read", Exit.USAGE)
    if not secret:
        fail(f"{path} is empty", "put the secret into it, 12 to 16 characters", Exit.USAGE)
    if path.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH):
        typer.echo(f"burnlab: others can read the secret in {path}", err=True)
        typer.echo(f"  keep it yours: chmod 600 {path}", err=True)
    return secret
