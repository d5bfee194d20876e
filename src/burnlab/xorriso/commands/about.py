"""Commands that tell about the program: help, version, features, severities."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from burnlab.xorriso.commands.control import refuse
from burnlab.xorriso.severity import Severity

if TYPE_CHECKING:
    from burnlab.xorriso.command import Command
    from burnlab.xorriso.program import Program

HELP_HEAD: Final = """
usage: {program} [command [parameters]] ...

Makes, grows, lists, checks and extracts ISO 9660 images with Rock Ridge, on files and on emulated discs.
Commands run from the left to the right; changes are written at the end, or by -commit. A command word
may have one dash, two or none. A list of parameters ends at the word {delimiter}, or at the end of the line.

"""
HELP_FOOT: Final = """
Commands with (-) behind their name are known, but not built: they fail.
Exit values: 0 good, 32 a problem was met (-return_with), 5 given up (-abort_on), 6 given up in the
dialog, 1 a signal, 2 no arguments. The manual is docs/manual/xorriso.md of burnlab.
"""
FEATURES: Final = (
    ("Local ACL", "-acl", "yes"),
    ("Local xattr", "-xattr", "yes"),
    ("Jigdo files", "-jigdo", "no"),
    ("zisofs", "-zisofs", "no"),
    ("Ext. filters", "-external_filter", "no"),
    ("DVD obs 64 kB", "-dvd_obs", "no"),
    ("Readline", "-use_readline", "yes"),
)
VERSION: Final = """\
burnlab {version}
ISO 9660 Rock Ridge manipulator of burnlab, with the command language of xorriso 1.5.4
Apache License 2.0. This is not the xorriso of the libburnia project, and has no code of it.
xorriso version   :  1.5.4
Version timestamp :  2021.01.30.150001
Build timestamp   :  -none-given-
libisofs   in use :  none (burnlab.iso9660 in its place)
libjte     in use :  none
libburn    in use :  none (burnlab.burn in its place)
libburn OS adapter:  none (plain files and emulated drives)
libisoburn in use :  none (burnlab.xorriso in its place)
Provided under the Apache License, version 2.0.
There is NO WARRANTY, to the extent permitted by law.
"""


def version(program: Program, words: list[str]) -> None:
    """Tell who this is; the line `xorriso version` is the one that programs look for."""
    from burnlab import __version__

    text = VERSION.format(version=__version__)
    program.messages.result(text, {"program": "burnlab", "version": __version__, "language": "xorriso 1.5.4"})


def help_(program: Program, words: list[str]) -> None:
    """Print all commands with a line of summary each."""
    from burnlab.xorriso.table import COMMANDS, OWN_COMMANDS, handler_of

    head = HELP_HEAD.format(program=program.settings.program_name, delimiter=program.settings.list_delimiter)
    lines = []
    for command in sorted((*COMMANDS, *OWN_COMMANDS), key=lambda command: command.name):
        sign = "" if handler_of(command) else " (-)"
        lines.append(f"  {_usage(command) + sign:32} {command.summary}\n")
    program.messages.result(head + "".join(lines) + HELP_FOOT)


def _usage(command: Command) -> str:
    words = ["word"] * (command.arity if command.arity > 0 else command.leading)
    if command.arity < 0:
        words.append("words --")
    return " ".join([f"-{command.name}", *words])


def prog(program: Program, words: list[str]) -> None:
    """Set the name that the program calls itself by."""
    program.settings.program_name = words[0]


def prog_help(program: Program, words: list[str]) -> None:
    """Set the program's name and print the help."""
    prog(program, words)
    help_(program, words)


def list_extras(program: Program, words: list[str]) -> None:
    """Tell which optional features there are: `all`, `codes`, or one code with or without dash."""
    code = words[0]
    lines = []
    if code == "all":
        lines.append("List of xorriso extra features. yes = enabled , no = disabled")
    elif code == "codes":
        lines.append("List of xorriso extra feature codes. Usable with or without dash.")
    for name, command, state in FEATURES:
        if code == "codes":
            lines.append(f"{name:13}: {command}")
        elif code == "all" or f"-{code.removeprefix('-')}" == command:
            lines.append(f"{name:13}: {state}")
    for line in lines:
        program.messages.result(line)


def list_arg_sorting(program: Program, words: list[str]) -> None:
    """Print all commands in the order that `-x` gives them."""
    from burnlab.xorriso.table_rows import ROWS

    program.messages.result("# Execution order of program arguments with option -x:")
    for line in ROWS.strip().splitlines():
        if line.startswith("#"):
            program.messages.result(line)
        else:
            name, _, _ = line.partition(" | ")
            program.messages.result("-" + name.split(",")[0])


def msg_op(program: Program, words: list[str]) -> None:
    """Operations for programs that read messages: `list_sev` and `compare_sev`."""
    operation, text = words
    if operation == "list_sev":
        program.messages.result(" ".join(severity.name for severity in Severity))
    elif operation == "compare_sev":
        program.messages.result(str(_compare(program, text)))
    else:
        refuse(program, f"-msg_op: unknown operation '{operation}'", Severity.SORRY)


def _compare(program: Program, text: str) -> int:
    from burnlab.xorriso.severity import find_severity

    first, comma, second = text.partition(",")
    left, right = find_severity(first), find_severity(second)
    if not comma or left is None or right is None:
        refuse(program, f"-msg_op cmp_sev: malformed severity pair '{text}'", Severity.SORRY)
    return (left > right) - (left < right)
