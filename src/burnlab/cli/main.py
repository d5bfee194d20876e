"""The entry point. A room's commands are imported only when that room is called: start-up time counts.

The burn program reads its words itself: it is called before anything that parses a command line is imported.
"""

from __future__ import annotations

import importlib
import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import typer

ROOMS = {
    "doctor": ("burnlab.cli.doctor", "Say what this host can do, and the command that mends what it can't."),
    "disc": ("burnlab.cli.disc", "Make disc files, look into them, turn them into images and back."),
    "recorder": ("burnlab.cli.recorder", "Serve an emulated recorder, and operate a running one."),
    "vm": ("burnlab.cli.vm", "Guests that have a recorder."),
    "conformance": ("burnlab.cli.conformance", "Hold any optical drive against the MMC standard."),
    "lab": ("burnlab.cli.lab", "Run a plan from end to end and report what was proven."),
}
"""Command → (module with a typer app called `app`, one line of help)."""
BURN_PROGRAM = "xorriso"
BURN_PROGRAM_HELP = "Make, grow, check and extract ISO 9660 images: xorriso's commands, on files and discs."

INTERRUPTED = 130


def _version(wanted: bool) -> None:
    if wanted:
        import typer

        from burnlab import __version__

        typer.echo(f"burnlab {__version__}")
        raise typer.Exit


def _application(called: str | None) -> typer.Typer:
    """The whole application, of which only the room that is called is real; the others stand for help."""
    import typer

    application = typer.Typer(
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        help="An emulated optical recorder that real burn programs accept, and the lab around it.",
    )

    @application.callback()
    def options(
        version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Say which."),
    ) -> None:
        """Options that come before the command."""

    for name, (module, summary) in ROOMS.items():
        room = importlib.import_module(module).app if name == called else typer.Typer()
        if name != called:
            room.callback()(lambda: None)
        application.add_typer(room, name=name, help=summary)
    application.command(BURN_PROGRAM, help=BURN_PROGRAM_HELP)(lambda: None)
    return application


def main() -> None:
    """Run the command line."""
    if sys.argv[1:2] == [BURN_PROGRAM]:
        from burnlab.cli.xorriso import main as burn_program

        del sys.argv[1]
        burn_program()
    called = next((word for word in sys.argv[1:] if not word.startswith("-")), None)
    try:
        _application(called)()
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        # Whoever read our output has gone: there is nobody left to tell.
        sys.stderr.close()
        sys.exit(1)
    except Exception as error:
        # Whatever nobody foresaw is our mistake; a user gets a sentence, a developer asks for more.
        if os.environ.get("BURNLAB_DEBUG"):
            raise
        sys.stderr.write(f"burnlab: internal error: {type(error).__name__}: {error}\n")
        sys.stderr.write("  please report it with what `BURNLAB_DEBUG=1 burnlab ...` prints\n")
        sys.exit(3)
