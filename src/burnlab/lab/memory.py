"""A station without a guest: burnlab's own burn program in this process, on a recorder in memory.

The program gets the words of a step as its arguments, and finds the recorder at the address that it has in a
guest. All time is emulated: what takes a drive an hour is over at once, and the program sees an hour pass.
"""

from __future__ import annotations

import shlex
import time
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TextIO, cast

from burnlab import __version__
from burnlab.burn.drive import Drive, ScannedDrive
from burnlab.burn.mmc import MmcDrive
from burnlab.burn.opener import open_stdio
from burnlab.burn.patience import patience
from burnlab.recorder import EmulatedClock, PromptUnit
from burnlab.xorriso.environment import Environment
from burnlab.xorriso.messages import Streams
from burnlab.xorriso.program import Program

from .bench import DRIVE, OWN, PAYLOADS, words_of
from .disc_reading import read_disc
from .matching import Transcript
from .plan import Reading
from .run import Job, StationOpener
from .serving import HandledRecorder
from .station import Address, CommandTimeout, NotApplicableError, Station
from .tray import DiscChanger, Say, Workplace, lab_faults, model_of, workplace

SHELL = frozenset({";", "&&", "||", "|", "&", "(", ")", "<", ">"})
ADD, LIST_END = "-add", "--"
CRASHED = 1


class OutOfTime(BaseException):
    """A command has taken more emulated time than its step allows; nothing may catch it but the station."""


class StepClock(EmulatedClock):
    """Emulated time with a bound, lest a wait that never ends go on for ever."""

    limit: float | None = None

    def sleep(self, seconds: float) -> None:
        """Let time pass. Raises OutOfTime."""
        super().sleep(seconds)
        if self.limit is not None and self.now() > self.limit:
            self.limit = None
            raise OutOfTime


class MemoryStation(DiscChanger):
    """A recorder in memory, and the burn program as the only command that there is."""

    def __init__(self, recorder: HandledRecorder, clock: StepClock, place: Workplace) -> None:
        super().__init__(recorder, place.discs, place.trace)
        self._clock = clock
        self._began = time.time()
        self._place = place

    @property
    def address(self) -> Address:
        """As a guest names them, but for the folder for files."""
        word, other = words_of(OWN)
        return Address(DRIVE, word, PAYLOADS, str(self._place.scratch), other)

    def run(self, command: str, timeout: float) -> Transcript:
        """Run the burn program. Nothing else runs here."""
        words = self._words_of(command)
        out: list[str] = []
        err: list[str] = []
        value, start = CRASHED, time.monotonic()
        emulated = self._clock.now()
        self._clock.limit = emulated + timeout
        try:
            value = Program(self._environment(out, err)).run(words)
        except OutOfTime:
            said = Transcript("".join(out), "".join(err), CRASHED, self._clock.now() - emulated)
            raise CommandTimeout(timeout, said) from None
        except Exception:
            # What ends a process ends a step, and not the lab.
            err.append(traceback.format_exc())
        finally:
            self._clock.limit = None
        return Transcript("".join(out), "".join(err), value, time.monotonic() - start)

    def read(self, reading: Reading) -> Transcript:
        """Read the disc as the guest's system would."""
        drive = self._open_drive(DRIVE)
        try:
            return read_disc(drive, reading)
        finally:
            drive.close()

    def versions(self) -> Mapping[str, str]:
        """Everything that takes part."""
        return {"burnlab": __version__, "drive model": self._served.recorder.model.name}

    def _words_of(self, command: str) -> list[str]:
        scanner = shlex.shlex(command, posix=True, punctuation_chars=True)
        scanner.whitespace_split = True
        words = list(scanner)
        if not words or words[0] != self.address.program:
            raise NotApplicableError("it needs a guest: only the burn program itself runs in memory")
        if SHELL & set(words):
            raise NotApplicableError("it needs a guest: there is no shell in memory")
        return relative_payloads(words[1:])

    def _environment(self, out: list[str], err: list[str]) -> Environment:
        return Environment(
            streams=Streams(out.append, err.append),
            directory=str(self._place.payloads.parent),
            variables={},
            clock=lambda: self._began + self._clock.now(),
            monotonic=self._clock.now,
            sleep=self._clock.sleep,
            read_line=lambda: "",
            open_drive=self._open_drive,
            scan_drives=self._scan_drives,
        )

    def _scan_drives(self) -> list[ScannedDrive]:
        model = self._served.recorder.model
        return [ScannedDrive(DRIVE, model.vendor, model.product)]

    def _open_drive(self, address: str) -> Drive:
        """The recorder for its address; else files."""
        if address.removeprefix("mmc:") == DRIVE:
            # A way of its own for each: one that is lost stays lost.
            unit = PromptUnit(self._served.unit, self._clock.sleep, patience)
            return MmcDrive(address, unit, self._clock.sleep)
        return open_stdio(address)


def relative_payloads(words: Sequence[str]) -> list[str]:
    """Words with the disk paths of payloads made relative: they lie below the program's directory.

    So the image has the same paths as in a guest, wherever the payloads are on this host.
    """
    changed: list[str] = []
    is_list = False
    for word in words:
        is_list = word == ADD or (is_list and word != LIST_END)
        is_payload = is_list and Path(word).is_relative_to(PAYLOADS)
        changed.append(word.removeprefix("/") if is_payload else word)
    return changed


def memory_station(
    job: Job, *, traces: Path | None = None, keep: bool = False, say: Say = lambda _text: None
) -> StationOpener:
    """How to open a station for a job: payloads and a recorder. Options as those of `guest_station`."""

    @contextmanager
    def open_station() -> Iterator[Station]:
        with ExitStack() as stack, lab_faults():
            place = stack.enter_context(workplace(job, traces, keep, say))
            clock = StepClock()
            trace = cast(TextIO, place.trace) if traces is not None else None
            recorder = HandledRecorder(model_of(job), trace=trace, now=clock.now)
            stack.callback(recorder.close)
            yield MemoryStation(recorder, clock, place)

    return open_station
