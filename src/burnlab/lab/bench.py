"""The wiring: disc → recorder → iSCSI target in this process → guest → burn program.

One micro guest serves all cases of a run: discs change in the tray of the one recorder it has. Where
burnlab's own burn program takes part it has Python, and this burnlab as a shared folder.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Protocol, TextIO, cast

from burnlab import __version__
from burnlab.iscsi.server import TargetConfig
from burnlab.vm.accel import qemu_version
from burnlab.vm.command import CommandResult
from burnlab.vm.errors import CommandTimeout as GuestTimeout
from burnlab.vm.errors import VmError
from burnlab.vm.guest import micro_guest
from burnlab.vm.images.recipes import PROGRAM_SETS
from burnlab.vm.machine import Machine
from burnlab.vm.spec import Share

from .matching import Transcript
from .plan import Reading
from .run import Job, StationOpener
from .serving import ServedRecorder
from .station import Address, CommandTimeout, NotApplicableError, Station, StationError
from .tray import DiscChanger, Say, Workplace, lab_faults, model_of, workplace

DRIVE = "/dev/sr1"
SHARE = "payload"
PAYLOADS = "/payload"
PREPARE_SECONDS = 60.0
OWN = "burnlab"
"""The program, and the set of programs, that is burnlab's own."""
WORDS = {"xorriso": "xorriso", OWN: "bxorriso"}
"""A program as plans know it → its command word in a guest."""


def words_of(program: str) -> tuple[str, str]:
    """The command words of a program, and of the one that it is compared with."""
    return WORDS[program], next(word for name, word in WORDS.items() if name != program)


class Guest(Protocol):
    """What the station needs of a guest: commands are run as root."""

    @property
    def machine(self) -> Machine:
        """The machine that runs it."""
        ...

    @property
    def facts(self) -> Mapping[str, str]:
        """What the guest tells of itself."""
        ...

    @property
    def packages(self) -> Mapping[str, str]:
        """Debian packages that it was made of, with their versions."""
        ...

    @property
    def xorriso_version(self) -> str | None:
        """The real program's version; None if it isn't there."""
        ...

    def run(self, command: str, *, timeout: float) -> CommandResult:
        """Run a shell command to its end."""
        ...


class GuestStation(DiscChanger):
    """A guest whose `/dev/sr1` is a recorder that this process serves."""

    def __init__(self, served: ServedRecorder, guest: Guest, place: Workplace, job: Job) -> None:
        super().__init__(served, place.discs, place.trace)
        self._guest = guest
        self._programs = job.loaded.plan.guest
        self._words = words_of(job.cases[0].program)

    @property
    def address(self) -> Address:
        """As the scenario names them."""
        word, other = self._words
        return Address(DRIVE, word, PAYLOADS, other=other)

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

    def read(self, reading: Reading) -> Transcript:
        """Nothing stands in for a shell where there is one."""
        raise NotApplicableError(f"the guest's own commands show {reading.show}")

    def versions(self) -> Mapping[str, str]:
        """Everything that takes part."""
        argv = self._guest.machine.argv
        packages = {
            name: self._guest.packages.get(name, "unknown")
            for program in self._programs
            if program in PROGRAM_SETS
            for name in PROGRAM_SETS[program].packages
            if name != "xorriso"
        }
        with lab_faults():
            return {
                "burnlab": __version__,
                "QEMU": f"{qemu_version()}, {_option(argv, '-accel').partition(',')[0]}",
                "guest": f"micro, {_digest(_option(argv, '-kernel'), _option(argv, '-initrd'))}",
                "guest kernel": self._guest.facts.get("kernel", "unknown"),
                "xorriso": self._guest.xorriso_version or "none",
                "drive model": self._served.recorder.model.name,
                **packages,
            }


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
    one image. `burnlab` isn't a set, but burnlab's own program with Python: a guest has it if its own plan or
    case asks for it. Traces go to the folder `traces`; without one there are none. With `keep` the discs
    stay, and `say` is told where.
    """

    @contextmanager
    def open_station() -> Iterator[Station]:
        with ExitStack() as stack, lab_faults():
            place = stack.enter_context(workplace(job, traces, keep, say))
            served = ServedRecorder(model_of(job), TargetConfig(port=0), trace=cast(TextIO, place.trace))
            stack.callback(served.close)
            served.target.start()
            say("starting the guest")
            share = Share(place.payloads, SHARE)
            # What others need is there so that one image does for all; but Python is for those who use it.
            sets = {*job.loaded.plan.guest, *programs} - {OWN}
            own = OWN in {*job.loaded.plan.guest, *(case.program for case in job.cases)}
            guest = stack.enter_context(
                micro_guest(
                    recorder=served.url,
                    shares=[share],
                    programs=sorted(sets),
                    progress=say,
                    name="lab",
                    own_program=own,
                )
            )
            _bind_payloads(guest)
            yield GuestStation(served, guest, place, job)

    return open_station


def _bind_payloads(guest: Guest) -> None:
    command = f"mkdir -p {PAYLOADS} && mount -o bind /mnt/{SHARE} {PAYLOADS}"
    result = guest.run(command, timeout=PREPARE_SECONDS)
    if result.exit_code:
        raise StationError(
            f"the guest can't show the payloads at {PAYLOADS}: {_text(result.stderr_bytes).strip()}"
        )


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
