"""The panel of a running recorder, as commands reach it."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Annotated, Any

import typer

from burnlab.cli.failing import fail

ControlOption = Annotated[
    Path | None, typer.Option(metavar="SOCKET", help="The recorder's control socket, if not the usual one.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="For programs: one JSON object.")]


def default_control() -> Path:
    """The usual control socket: in the user's run-time folder, or in a private temporary one."""
    base = os.environ.get("XDG_RUNTIME_DIR")
    folder = Path(base) / "burnlab" if base else Path(tempfile.gettempdir()) / f"burnlab-{os.getuid()}"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if folder.stat().st_uid != os.getuid():
        fail(f"{folder} belongs to someone else", "name a socket: --control SOCKET")
    return folder / "recorder.sock"


def ask_panel(control: Path | None, request: dict[str, Any]) -> dict[str, Any]:
    """What a running recorder answers; says why and ends if it refuses or isn't there."""
    from burnlab.lab.control import ask
    from burnlab.lab.serving import PanelError

    try:
        return ask(control or default_control(), request)
    except PanelError as error:
        fail(error, error.hint)
