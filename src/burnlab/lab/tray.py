"""The tray of a station's recorder, as the lab's own hands use it; and the place where a run's files lie."""

from __future__ import annotations

import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from burnlab.disc import DiscError
from burnlab.disc.folder import FolderError, create, export_image, import_image, open_disc
from burnlab.disc.media import medium_named
from burnlab.recorder import MODELS, FaultError, FaultPlan, Model
from burnlab.vm.errors import VmError

from .payload import BLOCK_BYTES, PayloadError, write_payload
from .plan import Payload
from .run import Job, shape_of
from .serving import HandledRecorder, PanelError
from .station import RefusedError, StationError

FLIP = bytes(0xFF for _ in range(16))

Say = Callable[[str], None]


class DiscChanger:
    """Hands at a recorder's tray: new discs, pressed ones, damage, and a trace for each disc."""

    def __init__(self, served: HandledRecorder, discs: Path, trace: TraceFile) -> None:
        self._served = served
        self._discs = discs
        self._trace = trace
        self._disc: Path | None = None
        self._inserted = 0

    def insert(self, medium: str) -> Mapping[str, object]:
        """Make a new disc and put it in; commands are traced into a file of its own from now on."""
        disc = self._next_disc(medium)
        with lab_faults():
            try:
                create(disc, medium)
            except KeyError as error:
                raise StationError(str(error.args[0]), "Change the plan.") from error
            return self._put_in(disc)

    def press(self, medium: str) -> Mapping[str, object]:
        """Make a ROM of the disc at hand and put it in."""
        if self._disc is None:
            raise RefusedError("there is no disc to press a ROM from: none was inserted yet")
        pressed, image = self._next_disc(medium), self._discs / "pressed.iso"
        with lab_faults():
            self._take_out()
            source = open_disc(self._disc, read_only=True)
            try:
                export_image(source, image)
            finally:
                source.close()
            import_image(image, pressed, medium_named(medium))
            image.unlink()
            return self._put_in(pressed)

    def _next_disc(self, medium: str) -> Path:
        self._inserted += 1
        return self._discs / f"{self._inserted}-{medium}.disc"

    def _put_in(self, disc: Path) -> Mapping[str, object]:
        self._take_out()
        self._trace.go_on_in(f"trace-{disc.stem}.jsonl")
        self._disc = disc
        return self._served.load(disc)

    def _take_out(self) -> None:
        if self._served.disc_path is not None:
            self._served.eject()

    def load(self) -> Mapping[str, object]:
        """Put the disc in again."""
        if self._disc is None:
            raise RefusedError("there is no disc to load: none was inserted yet")
        with lab_faults():
            return self._served.load(self._disc)

    def eject(self) -> Mapping[str, object]:
        """Take the disc out."""
        with lab_faults():
            return self._served.eject()

    def status(self) -> Mapping[str, object]:
        """Read the panel."""
        return self._served.status()

    def add_faults(self, plan: FaultPlan) -> Sequence[str]:
        """Let faults lie in wait."""
        try:
            return self._served.add_faults(plan)
        except FaultError as error:
            raise StationError(str(error), "Change the plan.") from error

    def clear_faults(self, names: Sequence[str]) -> Mapping[str, int]:
        """Take faults away, with how often each has struck."""
        rows = {row["fault"]["name"]: row["hits"] for row in self._served.faults()}
        self._served.clear_faults(names)
        return {name: rows[name] for name in names}

    def damage(self, lba: int) -> None:
        """Flip bits at the beginning of a block in the disc's surface file."""
        if self._disc is None:
            raise RefusedError("there is no disc to damage: none was inserted yet")
        with lab_faults(), (self._disc / "surface").open("r+b") as surface:
            surface.seek(lba * BLOCK_BYTES)
            old = surface.read(len(FLIP))
            surface.seek(lba * BLOCK_BYTES)
            surface.write(bytes(byte ^ flip for byte, flip in zip(old, FLIP, strict=False)))

    def traces(self) -> Sequence[Path]:
        """One file per disc."""
        return tuple(self._trace.paths)


class TraceFile:
    """What the recorder writes its trace to: a file per disc, so that a report has one for each.

    Without a folder nothing is written.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._file: TextIO | None = None
        self.paths: list[Path] = []

    def go_on_in(self, name: str) -> None:
        """End the file at hand, and begin another one."""
        with self._lock:
            self._end()
            if self._folder is not None:
                path = self._folder / name
                self._file = path.open("w", encoding="utf-8", buffering=1 << 16)
                self.paths.append(path)

    def write(self, text: str) -> int:
        """Write; before the first disc there is nowhere to."""
        with self._lock:
            return self._file.write(text) if self._file is not None else 0

    def flush(self) -> None:
        """Do nothing: a flush per command would cost more than a trace that lacks its end is worth."""

    def close(self) -> None:
        """End the file at hand."""
        with self._lock:
            self._end()

    def _end(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


@dataclass(frozen=True, slots=True)
class Workplace:
    """Folders of a run, filled with its payloads, and the file that the recorder's trace goes to."""

    discs: Path
    payloads: Path
    scratch: Path
    trace: TraceFile


@contextmanager
def workplace(job: Job, traces: Path | None, keep: bool, say: Say) -> Iterator[Workplace]:
    """Make the place for a job, and tidy it up. With `keep` the discs stay, and `say` is told where."""
    with ExitStack() as stack:
        work = Path(tempfile.mkdtemp(prefix="burnlab-lab-"))
        stack.callback(_leave, work, keep, say)
        folders = (work / "discs", work / "payload", work / "scratch")
        for folder in (*folders, *([traces] if traces else [])):
            folder.mkdir(parents=True, exist_ok=True)
        say("writing the payloads")
        for payload in _payloads(job):
            write_payload(shape_of(payload), work / "payload" / payload.place)
        trace = TraceFile(traces)
        stack.callback(trace.close)
        yield Workplace(*folders, trace)


def model_of(job: Job) -> Model:
    """The drive model that a job wants. Raises StationError."""
    model = job.cases[0].model
    if model not in MODELS:
        raise StationError(f"the plan wants the drive model {model!r}", f"There are {', '.join(MODELS)}.")
    return MODELS[model]


def _payloads(job: Job) -> list[Payload]:
    """Every payload that a case of the job uses, each folder once."""
    found = {
        payload.place: payload
        for case in job.cases
        for payload in job.loaded.plan.payloads_for(case).values()
    }
    return list(found.values())


def _leave(work: Path, keep: bool, say: Say) -> None:
    if keep:
        say(f"the discs are kept in {work / 'discs'}")
        for name in ("payload", "scratch"):
            shutil.rmtree(work / name, ignore_errors=True)
    else:
        shutil.rmtree(work, ignore_errors=True)


@contextmanager
def lab_faults() -> Iterator[None]:
    """Whatever the parts of the lab complain of becomes the lab's own words."""
    try:
        yield
    except PanelError as error:
        raise RefusedError(f"{error}; {error.hint}") from error
    except VmError as error:
        raise StationError(error.message, error.hint) from error
    except FolderError as error:
        raise StationError(str(error), error.hint) from error
    except PayloadError as error:
        raise StationError(str(error), "Change the payload in the plan.") from error
    except DiscError as error:
        raise StationError(
            f"the disc can't be kept: {error}", "Look for room where the discs lie."
        ) from error
    except OSError as error:
        raise StationError(f"the host refuses: {error}", "Look for room and permissions.") from error
