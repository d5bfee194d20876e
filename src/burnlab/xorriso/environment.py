"""What the program gets from outside: streams, clocks, variables, drives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from burnlab.xorriso.messages import Streams

if TYPE_CHECKING:
    from burnlab.burn.drive import OpenDrive, ScannedDrive


@dataclass(frozen=True, slots=True)
class Environment:
    """The world as the program sees it.

    `clock` tells seconds since 1970, `monotonic` seconds that never jump; `sleep` lets some pass.
    `read_line` gives a line of standard input with its newline, "" at the end; `input_is_terminal` whether a
    human types it. `claim_stdout` keeps standard output free for an image: from then on results go to
    standard error. `scan_drives` lists recorders; `open_shared` opens one that others may use, too.
    `handle_signals` takes one of `on`, `off`, `sig_dfl`, `sig_ign`.
    """

    streams: Streams
    directory: str
    variables: Mapping[str, str]
    clock: Callable[[], float]
    monotonic: Callable[[], float]
    sleep: Callable[[float], None]
    read_line: Callable[[], str]
    open_drive: OpenDrive
    input_is_terminal: bool = False
    claim_stdout: Callable[[], None] = lambda: None
    scan_drives: Callable[[], list[ScannedDrive]] = list
    handle_signals: Callable[[str], None] = lambda _mode: None
    open_shared: OpenDrive | None = None
