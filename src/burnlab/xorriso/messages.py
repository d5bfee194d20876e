"""Events and texts: what is shown, where it goes, and what the worst so far was.

Three channels carry text: R (results, standard output), I (information, standard error) and M (marks,
both). An event is a line of information with a severity. It raises two registers: `current`, which every
command begins anew, and `eternal`. Packet output and JSON output bundle all channels on standard output.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple, TextIO

from burnlab.xorriso.severity import Severity

Write = Callable[[str], None]

CHANNELS: Final = {"R": "result", "I": "info", "M": "mark"}
ERASE_LINE: Final = "\r\x1b[K"
BAR_CELLS: Final = 20


class Streams(NamedTuple):
    """Where text leaves the program. `is_terminal` says whether `err` is one."""

    out: Write
    err: Write
    is_terminal: bool = False


class Messages:
    """The program's voice.

    `report_about` is the least severity that is shown, `abort_on` the one that ends the program; what
    aborts is shown too.
    """

    def __init__(self, streams: Streams) -> None:
        self._out = streams.out
        self._err = streams.err
        self.is_terminal = streams.is_terminal
        self.report_about = Severity.UPDATE
        self.abort_on = Severity.FAILURE
        self.current = Severity.ALL
        self.eternal = Severity.ALL
        self.packets = False
        self.json = False
        self.command = ""
        self._copies: dict[str, TextIO] = {}
        self.encode: Callable[[str], str] | None = None
        """Changes text before it is written (`-backslash_codes encode_output`)."""
        self._has_progress = False

    # Channels.

    def result(self, text: str, data: Mapping[str, object] | None = None) -> None:
        """Text on the result channel; `data` is what JSON output adds to it."""
        self._send("R", text, data=data)

    def content(self, data: bytes) -> None:
        """Bytes of a file on the result channel, as they are."""
        self._write("R", data.decode("utf-8", "surrogateescape"))

    def info(self, text: str) -> None:
        """Text without prefix on the info channel; it is shown where a NOTE would be."""
        if self.shows(Severity.NOTE):
            self._send("I", text, severity="NOTE")

    def mark(self, text: str) -> None:
        """Text on the mark channel."""
        self._send("M", text)

    def event(self, severity: Severity, text: str, origin: str = "xorriso", cause: str = "") -> None:
        """Something happened: `origin : SEVERITY : text[ : cause]`. It raises registers, nothing else."""
        self.register(severity)
        if self.shows(severity):
            if cause:
                text = f"{text} : {cause}"
            self._send("I", text, severity=severity.name, origin=origin)

    def raw(self, text: str) -> None:
        """Text on standard error that no threshold, packet or JSON mode touches: the banner."""
        self._end_progress()
        self._err(text)

    def result_bytes(self, data: bytes) -> None:
        """Content of files, on standard output as it is."""
        self._end_progress()
        self._out(data.decode("utf-8", "surrogateescape"))

    def echo(self, text: str) -> None:
        """Typed input, on standard output as it is."""
        self._out(text)

    def prompt(self, text: str) -> None:
        """Text on the info channel that is shown whatever the threshold; no newline is added to it."""
        if self.packets or self.json:
            self._send("I", text)
        else:
            self._write("I", text)

    def progress(self, text: str, share: float | None = None) -> None:
        """Like an UPDATE event, but on a terminal the next one takes its line.

        `share` is how much of the job is done, 0 to 1, if that is known: a terminal gets a bar then.
        """
        self.register(Severity.UPDATE)
        if not self.shows(Severity.UPDATE):
            return
        if self.is_terminal and not self.packets and not self.json:
            bar = "" if share is None else _bar(share)
            self._err(f"{ERASE_LINE}{bar}{text.strip()}")
            self._has_progress = True
        else:
            self._send("I", text, severity="UPDATE", origin="xorriso")

    def copy_to(self, channel: str, file: TextIO | None) -> None:
        """Copy what a channel (`R`, `I`, `M`, or `.` for all as packets) sends into a file, or no longer."""
        before = self._copies.pop(channel, None)
        if before is not None:
            before.close()
        if file is not None:
            self._copies[channel] = file

    # Registers.

    def begin_command(self, command: str) -> None:
        """Reset the current register; what follows is said by `command`."""
        self.command = command
        self.current = Severity.ALL

    def shows(self, severity: Severity) -> bool:
        """Whether an event of that severity is visible."""
        return severity >= self.report_about or severity >= self.abort_on

    def register(self, severity: Severity) -> None:
        """Raise both registers to at least that severity."""
        if severity > self.current:
            self.current = severity
            self.eternal = max(self.eternal, severity)

    def must_abort(self) -> bool:
        """Look at what the last command left in the register, say what follows from it, and tell whether to
        give up.
        """
        if self.current == Severity.ALL:
            return False
        if self.current >= self.abort_on:
            self.remark(f"-abort_on '{self.abort_on.name}' encountered '{self.current.name}'", "aborting")
            return True
        if self.current >= Severity.SORRY:
            self.remark(f"Tolerated problem event of severity '{self.current.name}'")
        return False

    def remark(self, text: str, kind: str = "NOTE") -> None:
        """A line about an event, in the form of one, but without being one."""
        if self.shows(Severity.NOTE):
            self._send("I", text, severity=kind, origin="xorriso")

    # Writing.

    def _send(
        self,
        channel: str,
        text: str,
        severity: str = "",
        origin: str = "",
        data: Mapping[str, object] | None = None,
    ) -> None:
        if self.json:
            self._write(channel, self._as_json(channel, text, severity, origin, data))
            return
        if origin:
            text = f"{origin:8}: {severity} : {text}\n"
        elif self.encode is not None:
            text = self.encode(text)
        if not text.endswith("\n") and not (self.packets and channel == "M"):
            text += "\n"
        self._write(channel, _as_packets(channel, text) if self.packets else text)

    def _write(self, channel: str, text: str) -> None:
        if self._has_progress:
            self._end_progress()
        if self._copies:
            self._copy(channel, text)
        if self.packets or self.json:
            self._out(text)
            return
        if channel != "I":
            self._out(text)
        if channel != "R":
            self._err(text)

    def _copy(self, channel: str, text: str) -> None:
        if channel in self._copies:
            self._copies[channel].write(text)
        if "." in self._copies:
            self._copies["."].write(text if self.packets or self.json else _as_packets(channel, text))

    def _end_progress(self) -> None:
        if self._has_progress:
            self._err(ERASE_LINE)
            self._has_progress = False

    def _as_json(
        self, channel: str, text: str, severity: str, origin: str, data: Mapping[str, object] | None
    ) -> str:
        import json

        known = {"severity": severity, "origin": origin, "text": text.rstrip("\n"), "command": self.command}
        line = {"channel": CHANNELS[channel] if not origin else "message"}
        line.update((key, value) for key, value in known.items() if value or key == "text")
        return json.dumps(line | ({"data": data} if data is not None else {}), ensure_ascii=True) + "\n"


def _bar(share: float) -> str:
    full = round(min(max(share, 0.0), 1.0) * BAR_CELLS)
    return f"[{'#' * full}{'.' * (BAR_CELLS - full)}] "


def _as_packets(channel: str, text: str) -> str:
    """Every line with `CHANNEL:1: ` before it; a last line without newline has 0."""
    lines = text.split("\n")
    last = lines.pop()
    packets = [f"{channel}:1: {line}\n" for line in lines]
    if last:
        packets.append(f"{channel}:0: {last}\n")
    return "".join(packets)
