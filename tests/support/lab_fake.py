"""A station without a guest: it prints what xorriso 1.5.4 prints on a DVD-RW, and keeps a disc in mind.

The texts follow the interface facts of xorriso; the image sizes are those that the real program gave for the
walkthrough's payloads. So a plan can be tried, and each of its checks be shown to fail, without QEMU.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from burnlab.lab.expression import round_up, size_text
from burnlab.lab.matching import Transcript
from burnlab.lab.payload import describe
from burnlab.lab.plan import Case, Plan
from burnlab.lab.run import shape_of
from burnlab.lab.station import Address, CommandTimeout, Station, StationError

OVERALL = 2298496
GAPS = (28688, 6160)
BANNER = "xorriso 1.5.4 : RockRidge filesystem manipulator, libburnia project.\n\n"
IMAGES = {
    ("full", "old1"): 106696,
    ("full", "old2"): 108385,
    ("full", "old3"): 56202,
    ("full", "dao"): 52735,
    ("full", "lib"): 106646,
    ("full", "bin"): 53251,
    ("full", "sbin"): 16002,
    ("quick", "old1"): 1535,
    ("quick", "old2"): 1032,
    ("quick", "old3"): 534,
    ("quick", "dao"): 2037,
    ("quick", "lib"): 4050,
    ("quick", "bin"): 2059,
    ("quick", "sbin"): 1065,
}
"""Size and payload → blocks of the image that xorriso 1.5.4 makes of it; `dao` is `bin` alone on a disc."""

WORDS = {"-outdev": "-outdev", "-indev": "-indev", "-dev": "-dev"}


@dataclass
class FakeStation:
    """A drive `/dev/sr1` with one disc, and a burn program that tells what became of it.

    `change` may alter any transcript (command, transcript → transcript); `breaks` and `hangs` are parts of
    commands at which the lab breaks or the command never ends.
    """

    plan: Plan
    case: Case
    change: Callable[[str, Transcript], Transcript] = lambda _command, transcript: transcript
    breaks: str = ""
    hangs: str = ""
    sessions: list[tuple[int, int, int]] = field(default_factory=list)  # lba, sectors, image
    closed: bool = False
    closed_here: bool = False
    damaged: bool = False
    tray: str = "open"
    log: list[str] = field(default_factory=list)

    @property
    def address(self) -> Address:
        return Address("/dev/sr1", "xorriso", "/payload")

    def versions(self) -> Mapping[str, str]:
        return {"burnlab": "0", "xorriso": "1.5.4", "guest kernel": "6.1", "drive model": self.case.model}

    def traces(self) -> Sequence[Path]:
        return [Path("trace.jsonl")]

    def insert(self, medium: str) -> Mapping[str, object]:
        self.sessions, self.closed, self.damaged = [], False, False
        return self.load()

    def load(self) -> Mapping[str, object]:
        self.tray, self.closed_here = "closed", False
        return self.status()

    def eject(self) -> Mapping[str, object]:
        self.tray = "open"
        return self.status()

    def status(self) -> Mapping[str, object]:
        self.log.append("status")
        return {"tray": self.tray, "disc": {"type": "dvd-rw"}}

    def damage(self, lba: int) -> None:
        self.damaged = True

    def run(self, command: str, timeout: float) -> Transcript:
        self.log.append(command)
        if self.breaks and self.breaks in command:
            raise StationError("the guest doesn't answer", "look at its console")
        if self.hangs and self.hangs in command:
            raise CommandTimeout(
                timeout, Transcript("", "xorriso : UPDATE : Blanking  ( 1.0% done in 2 seconds )\n")
            )
        words = shlex.split(command)
        for key, answer in ANSWERS.items():
            if key in words:
                return self.change(command, answer(self, words))
        raise AssertionError(f"the fake doesn't know: {command}")

    # What xorriso says.

    def end(self) -> int:
        return sum(self.sessions[-1][:2]) if self.sessions else 0

    def next_address(self) -> int:
        return self.end() + GAPS[len(self.sessions) > 1] if self.sessions else 0

    def free(self) -> int:
        if not self.closed:
            return OVERALL - self.next_address()
        return OVERALL - self.end() - 6512 if self.closed_here else 0

    def summary(self) -> str:
        blocks = sum(sectors for _, sectors, _ in self.sessions)
        count = f"{len(self.sessions)} session{'' if len(self.sessions) == 1 else 's'}"
        data, free = size_text(blocks), size_text(self.free())
        return f"Media summary: {count}, {blocks} data blocks, {data:>5} data, {free:>5} free"

    def block(self, words: Sequence[str]) -> str:
        option = next(word for word in words if word in WORDS)
        status = (
            "is blank"
            if not self.sessions
            else f"is written , is {'closed' if self.closed else 'appendable'}"
        )
        volume = "" if not self.sessions or option == "-outdev" else "Volume id    : 'ISOIMAGE'\n"
        return (
            f"Drive current: {option} '/dev/sr1'\nMedia current: DVD-RW sequential recording\n"
            f"Media status : {status}\n{self.summary()}\n{volume}"
        )

    def blank(self, words: Sequence[str]) -> Transcript:
        before = self.block(words)
        self.sessions, self.closed, self.damaged = [], False, False
        return Transcript(
            "",
            f"{BANNER}{before}Beginning to blank medium in mode 'all'.\n"
            "xorriso : UPDATE : Blanking  ( 1.0% done in 1 seconds )\n"
            "xorriso : UPDATE : Blanking  ( 50.5% done in 2 seconds )\n"
            f"Blanking done\nxorriso : NOTE : Re-assessing -outdev '/dev/sr1'\n{self.block(words)}",
        )

    def write(self, words: Sequence[str]) -> Transcript:
        before = self.block(words)
        payload = words[words.index("-add") + 1].rpartition("/")[2]
        close = "-close" in words
        dao = close and not self.sessions
        image = IMAGES[self.case.size, "dao" if dao else payload]
        sectors = image + 150 if dao else round_up(image + 150, 16)
        lba = self.next_address()
        self.sessions.append((lba, sectors, image))
        self.closed, self.closed_here = close, close and not dao
        nodes = describe(shape_of(self.plan.payloads_for(self.case)[payload])).nodes
        return Transcript(
            "",
            f"{BANNER}{before}Added to ISO image: directory '/payload/{payload}'='/payload/{payload}'\n"
            f"xorriso : UPDATE : {nodes:7d} files added in 1 seconds\n"
            f"xorriso : UPDATE : Writing: {sectors:10d}s  100.0%   fifo   0%  buf  99%    3.9xD \n"
            f"ISO image produced: {image} sectors\nWritten to medium : {sectors} sectors at LBA {lba}\n"
            "Writing to '/dev/sr1' completed successfully.\n\n",
        )

    def check(self, words: Sequence[str]) -> Transcript:
        stderr = f"{BANNER}{self.block(words)}"
        if not self.damaged:
            return Transcript("File contents and their MD5 checksums match.\n", stderr)
        probe = describe(shape_of(self.plan.payloads_for(self.case)["bin"])).probe
        return Transcript(
            f"MD5 MISMATCH: '/payload/bin/{probe}'\n"
            "Mismatch detected between file contents and MD5 checksums.\n",
            f"{stderr}xorriso : SORRY : Event triggered by MD5 comparison mismatch\n"
            "xorriso : NOTE : Tolerated problem event of severity 'SORRY'\n"
            "xorriso : NOTE : -return_with SORRY 32 triggered by problem severity SORRY\n",
            exit_value=32,
        )

    def toc(self, words: Sequence[str]) -> Transcript:
        sessions = "".join(
            f"ISO session  : {number:3d} , {lba:9d} , {image:9d}s , ISOIMAGE\n"
            for number, (lba, _, image) in enumerate(self.sessions, 1)
        )
        return Transcript(
            "Drive current: -outdev '/dev/sr1'\nDrive access : exclusive:unrestricted\n"
            "Drive type   : vendor 'Optiarc' product 'BD RW BD-5300S' revision '1.04'\n"
            "Media current: DVD-RW sequential recording\nMedia product: RITEKW04 , Ritek Corp\n"
            f"Media status : is written , is closed\nMedia blocks : {self.end()} readable , 0 writable ,"
            f" {OVERALL} overall\nTOC layout   : Idx ,  sbsector ,       Size , Volume Id\n"
            f"{sessions}{self.summary()}\n",
            f"{BANNER}{self.block(words)}",
        )

    def devices(self, words: Sequence[str]) -> Transcript:
        return Transcript(
            "0  -dev '/dev/sr0' rwrw-- :  'QEMU    ' 'QEMU DVD-ROM' \n"
            "1  -dev '/dev/sr1' rwrw-- :  'Optiarc ' 'BD RW BD-5300S' \n",
            f"{BANNER}Beginning to scan for devices ...\nFull drive scan done\n",
        )

    def find(self, words: Sequence[str]) -> Transcript:
        path = words[words.index("-find") + 1]
        return Transcript(
            "Report layout: xt , Startlba ,   Blocks , Filesize , ISO image path\n"
            f"File data lba:  0 ,      104 ,        2 ,     2202 , '{path}'\n",
            BANNER,
        )

    def mount(self, words: Sequence[str]) -> Transcript:
        lines = []
        for name, payload in self.plan.payloads_for(self.case).items():
            facts = describe(shape_of(payload))
            lines += [
                f"{facts.probe_md5}  {path}\n"
                for path in words
                if f"/{name}/{facts.probe}" in path.rstrip(";")
            ]
        return Transcript("".join(lines).replace(";", ""), "")

    def eject_all(self, words: Sequence[str]) -> Transcript:
        stderr = f"{BANNER}{self.block(words)}"
        self.tray = "open"
        return Transcript("", stderr)


ANSWERS: dict[str, Callable[[FakeStation, Sequence[str]], Transcript]] = {
    "-devices": FakeStation.devices,
    "-toc": FakeStation.toc,
    "-blank": FakeStation.blank,
    "-add": FakeStation.write,
    "-check_md5_r": FakeStation.check,
    "-find": FakeStation.find,
    "mount": FakeStation.mount,
    "-eject": FakeStation.eject_all,
}


def opener(station: FakeStation) -> Callable[[], object]:
    """A station opener for `run_plan`."""

    @contextmanager
    def open_station() -> Iterator[Station]:
        yield station

    return open_station
