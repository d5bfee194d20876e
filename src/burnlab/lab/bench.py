"""The wiring: disc → recorder → iSCSI target in this process → guest → burn program.

One guest serves all cases of a run: discs change in the tray of the one recorder it has.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TextIO, cast

from burnlab import __version__
from burnlab.disc import DiscError
from burnlab.disc.folder import FolderError, create, export_image, import_image, open_disc
from burnlab.disc.media import medium_named
from burnlab.iscsi.server import TargetConfig
from burnlab.recorder import MODELS
from burnlab.vm.accel import qemu_version
from burnlab.vm.errors import CommandTimeout as GuestTimeout
from burnlab.vm.errors import VmError
from burnlab.vm.guest import MicroGuest, micro_guest
from burnlab.vm.images.recipes import PROGRAM_SETS
from burnlab.vm.spec import Share

from .matching import Transcript
from .payload import BLOCK_BYTES, PayloadError, write_payload
from .plan import Payload
from .run import Job, StationOpener, shape_of
from .serving import PanelError, ServedRecorder
from .station import Address, CommandTimeout, RefusedError, Station, StationError

DRIVE = "/dev/sr1"
GUEST = "micro"
SHARE = "payload"
PAYLOADS = "/payload"
FLIP = bytes(0xFF for _ in range(16))
PREPARE_SECONDS = 60.0

Say = Callable[[str], None]


class GuestStation:
    """A micro guest whose `/dev/sr1` is a recorder that this process serves."""

    def __init__(
        self,
        served: ServedRecorder,
        guest: MicroGuest,
        discs: Path,
        trace: TraceFile,
        programs: Sequence[str] = (),
    ) -> None:
        self._served = served
        self._guest = guest
        self._discs = discs
        self._trace = trace
        self._programs = programs
        self._disc: Path | None = None
        self._inserted = 0

    @property
    def address(self) -> Address:
        """As the scenario names them."""
        return Address(DRIVE, "xorriso", PAYLOADS)

    def run(self, command: str, timeout: float) -> Transcript:
        """Run a shell command in the guest."""
        try:
            result = self._guest.run(command, timeout=timeout)
        except GuestTimeout as error:
            said = Transcript(_text(error.stdout), _text(error.stderr), seconds=error.seconds)
            raise CommandTimeout(error.seconds, said) from error
        except VmError as error:
            raise StationError(error.message, error.hint) from error
        return Transcript(
            _text(result.stdout_bytes), _text(result.stderr_bytes), result.exit_code, result.seconds
        )

    def insert(self, medium: str) -> Mapping[str, object]:
        """Make a new disc and put it in; commands are traced into a file of its own from now on."""
        disc = self._next_disc(medium)
        with _lab_faults():
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
        with _lab_faults():
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
        with _lab_faults():
            return self._served.load(self._disc)

    def eject(self) -> Mapping[str, object]:
        """Take the disc out."""
        with _lab_faults():
            return self._served.eject()

    def status(self) -> Mapping[str, object]:
        """Read the panel."""
        return self._served.status()

    def damage(self, lba: int) -> None:
        """Flip bits at the beginning of a block in the disc's surface file."""
        if self._disc is None:
            raise RefusedError("there is no disc to damage: none was inserted yet")
        with _lab_faults(), (self._disc / "surface").open("r+b") as surface:
            surface.seek(lba * BLOCK_BYTES)
            old = surface.read(len(FLIP))
            surface.seek(lba * BLOCK_BYTES)
            surface.write(bytes(byte ^ flip for byte, flip in zip(old, FLIP, strict=False)))

    def versions(self) -> Mapping[str, str]:
        """Everything that takes part."""
        argv = self._guest.machine.argv
        packages = {
            name: self._guest.packages.get(name, "unknown")
            for program in self._programs
            for name in PROGRAM_SETS[program].packages
            if name != "xorriso"
        }
        with _lab_faults():
            return {
                "burnlab": __version__,
                "QEMU": f"{qemu_version()}, {_option(argv, '-accel').partition(',')[0]}",
                "guest": f"{GUEST}, {_digest(_option(argv, '-kernel'), _option(argv, '-initrd'))}",
                "guest kernel": self._guest.facts.get("kernel", "unknown"),
                "xorriso": self._guest.xorriso_version or "none",
                "drive model": self._served.recorder.model.name,
                **packages,
            }

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


def guest_station(
    job: Job,
    *,
    traces: Path | None = None,
    keep: bool = False,
    programs: Sequence[str] = (),
    say: Say = lambda _text: None,
) -> StationOpener:
    """How to open a station for a job: payloads, recorder, target and guest.

    The guest has the sets of programs that the plan asks for, and `programs` too: so several jobs can do with
    one image. Traces go to the folder `traces`; without one there are none. With `keep` the discs stay, and
    `say` is told where.
    """

    @contextmanager
    def open_station() -> Iterator[Station]:
        with ExitStack() as stack, _lab_faults():
            work = Path(tempfile.mkdtemp(prefix="burnlab-lab-"))
            stack.callback(_leave, work, keep, say)
            for folder in (work / "discs", work / "payload", *([traces] if traces else [])):
                folder.mkdir(parents=True, exist_ok=True)
            say("writing the payloads")
            for payload in _payloads(job):
                write_payload(shape_of(payload), work / "payload" / payload.place)
            trace = TraceFile(traces)
            stack.callback(trace.close)
            served = _serve(job, trace)
            stack.callback(served.close)
            served.target.start()
            say("starting the guest")
            shares = [Share(work / "payload", SHARE)]
            guest = stack.enter_context(
                micro_guest(
                    recorder=served.url,
                    shares=shares,
                    programs=sorted({*job.loaded.plan.guest, *programs}),
                    progress=say,
                    name="lab",
                )
            )
            _bind_payloads(guest)
            yield GuestStation(served, guest, work / "discs", trace, job.loaded.plan.guest)

    return open_station


def _serve(job: Job, trace: TraceFile) -> ServedRecorder:
    model = job.cases[0].model
    if model not in MODELS:
        raise StationError(f"the plan wants the drive model {model!r}", f"There are {', '.join(MODELS)}.")
    return ServedRecorder(MODELS[model], TargetConfig(port=0), trace=cast(TextIO, trace))


def _payloads(job: Job) -> list[Payload]:
    """Every payload that a case of the job uses, each folder once."""
    found = {
        payload.place: payload
        for case in job.cases
        for payload in job.loaded.plan.payloads_for(case).values()
    }
    return list(found.values())


def _bind_payloads(guest: MicroGuest) -> None:
    command = f"mkdir -p {PAYLOADS} && mount -o bind /mnt/{SHARE} {PAYLOADS}"
    result = guest.run(command, timeout=PREPARE_SECONDS)
    if result.exit_code:
        raise StationError(
            f"the guest can't show the payloads at {PAYLOADS}: {_text(result.stderr_bytes).strip()}"
        )


def _leave(work: Path, keep: bool, say: Say) -> None:
    if keep:
        say(f"the discs are kept in {work / 'discs'}")
        shutil.rmtree(work / "payload", ignore_errors=True)
    else:
        shutil.rmtree(work, ignore_errors=True)


@contextmanager
def _lab_faults() -> Iterator[None]:
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


def _option(argv: Sequence[str], name: str) -> str:
    return argv[argv.index(name) + 1] if name in argv else ""


def _digest(*paths: str) -> str:
    digest = hashlib.sha256()
    for path in paths:
        with Path(path).open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()[:16]


def _text(data: bytes) -> str:
    return data.decode(errors="backslashreplace")
