"""The entry point: sub-commands are loaded only when they are called."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence

import click
import typer

ROOMS = {
    "doctor": ("burnlab.cli.doctor", "Say what this host can do, and the command that mends what it can't."),
    "disc": ("burnlab.cli.disc", "Make disc files, look into them, turn them into images and back."),
    "recorder": ("burnlab.cli.recorder", "Serve an emulated recorder, and operate a running one."),
    "vm": ("burnlab.cli.vm", "Guests that have a recorder."),
    "lab": ("burnlab.cli.lab", "Run a plan from end to end and report what was proven."),
}
"""Command → (module with a typer app called `app`, one line of help)."""


class LazyGroup(typer.core.TyperGroup):
    """A group that imports a sub-command's module when it is called, not before: start-up time counts."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every command, in the order of the table."""
        return list(ROOMS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the room's module and hand out its typer app as a click command."""
        if cmd_name not in ROOMS:
            return None
        module, summary = ROOMS[cmd_name]
        command = typer.main.get_command(importlib.import_module(module).app)
        command.short_help = summary
        return command
