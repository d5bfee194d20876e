"""`burnlab recorder`: serve an emulated recorder over iSCSI, and operate a running one."""

from __future__ import annotations

import ipaddress
import json
import signal
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from burnlab.cli import fault
from burnlab.cli.attach import attach, detach, secret_of
from burnlab.cli.failing import Exit, fail
from burnlab.cli.fault import read_faults
from burnlab.cli.panel import ControlOption, JsonOption, ask_panel, default_control

if TYPE_CHECKING:
    from burnlab.iscsi.server import TargetConfig

app = typer.Typer(no_args_is_help=True)
app.add_typer(fault.app, name="fault", help="Let things go wrong in a running recorder.")

app.command()(attach)
app.command()(detach)

DEFAULT_PORT = 3260


def _listen_address(listen: str) -> tuple[str, int]:
    host, separator, port = listen.rpartition(":")
    if not separator:
        host, port = listen, str(DEFAULT_PORT)
    if not port.isdecimal() or int(port) > 65535:
        fail(
            f"--listen {listen}: '{port}' is no port", "write HOST:PORT; port 0 picks a free one", Exit.USAGE
        )
    return host.strip("[]") or "127.0.0.1", int(port)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _target(
    listen: str,
    iqn: str,
    chap: tuple[str, Path | None],
    mutual: tuple[str, Path | None],
    *,
    no_auth: bool,
    announce: str,
) -> TargetConfig:
    from burnlab.iscsi.chap import ChapAuth
    from burnlab.iscsi.server import DEFAULT_IQN, TargetConfig

    host, port = _listen_address(listen)
    (user, secret_file), (target_user, target_secret_file) = chap, mutual
    if bool(user) != bool(secret_file) or bool(target_user) != bool(target_secret_file):
        fail("CHAP needs a user and a secret", "give --chap-user and --chap-secret-file", Exit.USAGE)
    auth = None
    if secret_file is not None:
        try:
            auth = ChapAuth(
                user,
                secret_of(secret_file),
                target_user,
                secret_of(target_secret_file) if target_secret_file else "",
            )
        except ValueError as error:
            fail(error, "see the CHAP options: burnlab recorder serve --help", Exit.USAGE)
    elif not _is_loopback(host) and not no_auth:
        fail(
            f"--listen {listen} would let anybody on the network write to the disc",
            "give --chap-user and --chap-secret-file, or say --no-auth if that is what you want",
            Exit.USAGE,
        )
    return TargetConfig(iqn or DEFAULT_IQN, auth, host, port, announce=_announced(announce))


def _announced(announce: str) -> str:
    from burnlab.iscsi.url import split_address

    try:
        split_address(announce or "localhost")
    except ValueError as error:
        fail(f"--announce {announce}: {error}", "write HOST, or HOST:PORT", Exit.USAGE)
    return announce


def _speed(text: str) -> float | None:
    if text == "max":
        return None
    try:
        speed = float(text.removesuffix("x"))
    except ValueError:
        speed = 0.0
    if not 0 < speed <= 1000:
        fail(f"--speed {text} is no speed", "give a multiple of the medium's 1x, or max", Exit.USAGE)
    return speed


@app.command()
def serve(  # noqa: PLR0917 - typer reads its options from here
    disc: Annotated[Path | None, typer.Option(metavar="PATH", help="The disc to begin with.")] = None,
    listen: Annotated[str, typer.Option(metavar="HOST:PORT", help="Port 0 picks a free one.")] = (
        f"127.0.0.1:{DEFAULT_PORT}"
    ),
    iqn: Annotated[str, typer.Option(help="Name of the target.")] = "",
    announce: Annotated[
        str, typer.Option(metavar="HOST[:PORT]", help="What discovery tells, behind a forwarded port.")
    ] = "",
    model: Annotated[str, typer.Option(metavar="NAME", help="See: burnlab recorder models.")] = "generic",
    speed: Annotated[str, typer.Option(metavar="X|max", help="Behave like an Xx drive.")] = "max",
    control: ControlOption = None,
    trace: Annotated[Path | None, typer.Option(metavar="FILE.jsonl", help="A line per command.")] = None,
    faults: Annotated[Path | None, typer.Option(metavar="FILE.toml", help="What shall go wrong.")] = None,
    chap_user: Annotated[str, typer.Option(help="Initiators must log in as this user.")] = "",
    chap_secret_file: Annotated[Path | None, typer.Option(help="File with that user's secret.")] = None,
    mutual_user: Annotated[str, typer.Option(help="The target proves itself as this user.")] = "",
    mutual_secret_file: Annotated[Path | None, typer.Option(help="File with the target's secret.")] = None,
    no_auth: Annotated[bool, typer.Option("--no-auth", help="Beyond loopback without CHAP.")] = False,
) -> None:
    """Serve a recorder until SIGTERM or SIGINT; prints `ready iscsi://HOST:PORT/IQN/LUN` once it answers."""
    from burnlab.lab.control import PanelServer
    from burnlab.lab.serving import FolderError, PanelError, ServedRecorder
    from burnlab.recorder import MODELS, FaultPlan

    if model not in MODELS:
        fail(f"unknown model '{model}'", f"use one of {', '.join(MODELS)}", Exit.USAGE)
    chap, mutual = (chap_user, chap_secret_file), (mutual_user, mutual_secret_file)
    config = _target(listen, iqn, chap, mutual, no_auth=no_auth, announce=announce)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        trace_file = trace.open("a", encoding="utf-8") if trace is not None else None
    except OSError as error:
        fail(f"{trace}: {error.strerror}", "name a file that can be written", Exit.USAGE)
    plan = read_faults(faults) if faults is not None else FaultPlan()
    served = ServedRecorder(MODELS[model], config, speed=_speed(speed), trace=trace_file, faults=plan)
    panel = None
    try:
        socket = control or default_control()
        served.holder = f"burnlab recorder serve --control {socket}"
        served.target.start()
        if disc is not None:
            served.load(disc)
        panel = PanelServer(served, socket)
        typer.echo(f"ready {served.url}")
        stop.wait()
    except (FolderError, PanelError) as error:
        fail(error, error.hint)
    except OSError as error:
        fail(error.strerror or error, "choose another port, 0 for a free one: --listen HOST:PORT")
    finally:
        if panel is not None:
            panel.close()
        served.close()


@app.command()
def models() -> None:
    """List the drive models."""
    from burnlab.recorder import MODELS

    for model in MODELS.values():
        typer.echo(f"{model.name:18} '{model.vendor}' '{model.product}' '{model.revision}': {model.title}")


def _ask(control: Path | None, request: dict[str, Any], *, as_json: bool) -> None:
    status = ask_panel(control, request)
    if as_json:
        typer.echo(json.dumps(status, indent=2))
        return
    medium = status["medium"]
    typer.echo(f"{status['url']}  model {status['model']}, tray {status['tray']}", nl=False)
    typer.echo(
        f"{', locked' if status['locked'] else ''}{', busy: ' + status['busy'] if status['busy'] else ''}"
    )
    if medium is not None:
        typer.echo(
            f"{status['disc']}: {medium['type']}, {medium['state']}, {medium['free_blocks']} blocks free"
        )


@app.command()
def load(
    path: Annotated[Path, typer.Argument(metavar="PATH", help="The disc folder.")],
    control: ControlOption = None,
    as_json: JsonOption = False,
) -> None:
    """Put a disc into the tray of a running recorder."""
    _ask(control, {"do": "load", "path": str(path.absolute())}, as_json=as_json)


@app.command()
def eject(
    control: ControlOption = None,
    force: Annotated[bool, typer.Option("--force", help="Even if a guest has locked the tray.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Take the disc out of a running recorder."""
    _ask(control, {"do": "eject", "force": force}, as_json=as_json)


@app.command()
def status(control: ControlOption = None, as_json: JsonOption = False) -> None:
    """Tell what a running recorder does and what is in its tray."""
    _ask(control, {"do": "status"}, as_json=as_json)
