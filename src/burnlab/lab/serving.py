"""A recorder at work: disc files in the tray, a panel for hands from outside, an iSCSI target in front."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, TextIO

from burnlab.disc import Disc, DiscError
from burnlab.disc.folder import FolderError, open_disc
from burnlab.iscsi.server import TargetConfig, TargetServer
from burnlab.recorder import ClockedUnit, FaultPlan, Model, Recorder
from burnlab.recorder.faults import NO_FAULTS
from burnlab.recorder.recorder import RemovalPreventedError
from burnlab.recorder.trace import TracedUnit
from burnlab.scsi import SharedUnit


class PanelError(Exception):
    """The hands from outside can't do that now; `hint` says what to do."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


class HandledRecorder:
    """One recorder and its panel. Whoever is in this process sends commands to `unit`.

    `trace` gets a JSON line per command, `now` is the recorder's clock, `faults` lie in wait from the
    beginning. `close` ends everything with the disc safe.
    """

    def __init__(
        self,
        model: Model,
        *,
        speed: float | None = None,
        trace: TextIO | None = None,
        now: Callable[[], float] = time.monotonic,
        faults: FaultPlan = NO_FAULTS,
    ) -> None:
        self.recorder = Recorder(model, speed=speed, faults=faults)
        self.disc_path: Path | None = None
        self.holder = "a recorder in memory"
        """What others are told of who has the disc in hand."""
        self._now = now
        self._lock = threading.RLock()  # commands and the panel never meet inside the recorder
        self._trace = trace
        self.unit: SharedUnit = ClockedUnit(self.recorder, now)
        if trace is not None:
            self.unit = TracedUnit(self.unit, self._write_trace, now)

    def _write_trace(self, line: dict[str, Any]) -> None:
        trace = self._trace
        if trace is None:
            return
        try:
            trace.write(json.dumps(line, separators=(",", ":")) + "\n")
            trace.flush()
        except (OSError, ValueError):
            # A full disk must not end a burn: the trace ends instead.
            self._trace = None

    @property
    def url(self) -> str:
        """Where the recorder is reached."""
        return "memory"

    def load(self, path: Path) -> dict[str, Any]:
        """Put the disc of a folder into the tray, which must be empty; FolderError, PanelError."""
        with self._lock:
            if self.recorder.disc_in_tray is not None:
                if not self.recorder.tray_open:
                    raise PanelError(
                        f"{self.disc_path} is in the tray", "eject it first: burnlab recorder eject"
                    )
                self._take_out()
            disc = open_disc(path, holder=self.holder)
            self.recorder.load(disc, self._now())
            self.disc_path = path
        return self.status()

    def eject(self, *, force: bool = False) -> dict[str, Any]:
        """Open the tray and take the disc out; PanelError while an initiator has locked it."""
        with self._lock:
            if force:
                self.recorder.unlock()
            self.recorder.settle(self._now())
            self._take_out()
        return self.status()

    def close_tray(self) -> dict[str, Any]:
        """Push the tray in again, with the disc that a guest has ejected still in it."""
        with self._lock:
            self.recorder.close_tray(self._now())
        return self.status()

    def _take_out(self) -> None:
        try:
            disc = self.recorder.remove()
        except RemovalPreventedError as error:
            busy = self.recorder.operation is not None
            hint = "wait until it is done" if busy else "let the guest eject it, or force it: --force"
            raise PanelError(str(error), hint) from None
        self.disc_path = None
        if disc is not None:
            disc.close()

    def status(self) -> dict[str, Any]:
        """What a panel would show; keys are stable."""
        with self._lock:
            recorder = self.recorder
            disc = recorder.disc_in_tray
            recorder.settle(self._now())
            operation = recorder.operation
            return {
                "url": self.url,
                "model": recorder.model.name,
                "tray": "open" if recorder.tray_open else "closed",
                "locked": recorder.removal_prevented,
                "busy": operation.work.name.lower() if operation is not None else None,
                "disc": str(self.disc_path) if self.disc_path is not None else None,
                "medium": disc_report(disc) if disc is not None else None,
            }

    def add_faults(self, plan: FaultPlan) -> list[str]:
        """Let faults lie in wait from now on; returns their names. FaultError if a name is taken."""
        with self._lock:
            return self.recorder.mishaps.add(plan)

    def faults(self) -> list[dict[str, Any]]:
        """Every fault with what it has met; keys are stable."""
        with self._lock:
            return self.recorder.mishaps.status()

    def clear_faults(self, names: Sequence[str] = ()) -> None:
        """Take faults away, those named or all. FaultError if there is none of that name."""
        with self._lock:
            self.recorder.mishaps.clear(names)

    def close(self) -> None:
        """Write the disc's state down and let go of it."""
        with self._lock:
            disc = self.recorder.disc_in_tray
            if disc is not None:
                with suppress(DiscError):
                    disc.close()
        if self._trace is not None:
            self._trace.flush()


class ServedRecorder(HandledRecorder):
    """A recorder with its iSCSI target."""

    def __init__(
        self,
        model: Model,
        target: TargetConfig,
        *,
        speed: float | None = None,
        trace: TextIO | None = None,
        faults: FaultPlan = NO_FAULTS,
    ) -> None:
        super().__init__(model, speed=speed, trace=trace, faults=faults)
        self.target = TargetServer(self.unit, target, lock=self._lock)

    @property
    def url(self) -> str:
        """Where the recorder is reached: `iscsi://HOST:PORT/IQN/LUN`."""
        return self.target.url

    def clear_faults(self, names: Sequence[str] = ()) -> None:
        """Take faults away. Connections end whose commands hang: who comes again may send them again."""
        super().clear_faults(names)
        self.target.end_hanging()

    def close(self) -> None:
        """End the target, then write the disc's state down and let go of it."""
        self.target.close()
        super().close()


def disc_condition(disc: Disc) -> str:
    """One word for the state of a disc."""
    if disc.state.overwritable:
        return "formatted"
    return "blank" if disc.is_blank else "appendable" if disc.is_appendable else "closed"


def disc_report(disc: Disc) -> dict[str, Any]:
    """A disc as `disc info --json` and the panel tell of it; keys are stable."""
    state = disc.state
    condition = disc_condition(disc)
    return {
        "type": disc.type_name,
        "profile": f"0x{disc.profile:04X}",
        "state": condition,
        "capacity_blocks": state.capacity_blocks,
        "free_blocks": disc.free_blocks,
        "next_writable_address": disc.next_writable,
        "sessions": [
            {
                "number": s.number,
                "start_lba": s.start,
                "blocks": s.blocks,
                "tracks": s.last_track - s.first_track + 1,
            }
            for s in disc.session_views()
        ],
        "formatted_blocks": state.formatted_blocks,
        "spare_blocks": state.spare_blocks,
        "product": state.product,
        "damaged_tracks": [v.number for v in disc.track_views() if v.damaged],
    }


__all__ = ["FolderError", "HandledRecorder", "PanelError", "ServedRecorder", "disc_report"]
