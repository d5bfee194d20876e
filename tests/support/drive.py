"""A recorder to test with: commands through the door, hands that load and eject, and a clock that jumps.

A `Bench` is the recorder behind some transport. Tests see it through a `Drive`, one for each initiator, which
sends command descriptor blocks as values or as literal bytes. Time passes only in the clock: a reply that is
held back moves it on, `wait_ready` moves it on as a burn program sleeps between two questions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

from burnlab.disc import Disc
from burnlab.recorder import MODELS, ClockedUnit, Recorder
from burnlab.scsi import Nexus, Reply, Task
from burnlab.scsi.commands import (
    ModeSelect10,
    PreventAllowMediumRemoval,
    Read10,
    ReadCapacity10,
    StartStopUnit,
    SynchronizeCache10,
    TestUnitReady,
    Write10,
)
from burnlab.scsi.mmc.commands import (
    Blank,
    CloseTrackSession,
    GetConfiguration,
    GetEventStatusNotification,
    ReadDiscInformation,
    ReadTrackInformation,
    ReserveTrack,
)
from burnlab.scsi.mmc.disc_info import DiscInformation, TrackInformation
from burnlab.scsi.mmc.features import Configuration
from burnlab.scsi.record import Cdb
from burnlab.scsi.task import Data
from support.expect import GOOD, Outcome, outcome_of

BLOCK_BYTES = 2048
UNIT_BLOCKS = 16
"""What libburn writes to a DVD with one command."""

INCREMENTAL, DISC_AT_ONCE = 0, 2
MULTI, LAST = 0b11, 0b00

INITIATOR = "iqn.2024-01.test:first"
OTHER_INITIATOR = "iqn.2024-01.test:second"
QEMU_INITIATOR = "iqn.2008-11.org.linux-kvm:guest"


@dataclass
class FakeClock:
    """Seconds that pass when a test says so."""

    now: float = 1000.0

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        assert seconds >= 0
        self.now += seconds


class Bench(Protocol):
    """A recorder behind a transport, and the hands in front of it."""

    clock: FakeClock

    def execute(self, task: Task) -> Reply:
        """The door."""
        ...

    def connect(self, nexus: Nexus) -> None:
        """An initiator logs in."""
        ...

    def disconnect(self, nexus: Nexus) -> None:
        """An initiator is lost."""
        ...

    def reset(self) -> None:
        """LOGICAL UNIT RESET."""
        ...

    def load(self, disc: Disc) -> None:
        """A hand puts a disc in and closes the tray."""
        ...

    def remove(self) -> Disc | None:
        """A hand opens the tray and takes the disc out."""
        ...


class MemoryBench:
    """No transport: tasks go straight into the recorder."""

    def __init__(self, model: str = "generic", speed: float | None = None) -> None:
        self.clock = FakeClock()
        self.recorder = Recorder(MODELS[model], speed=speed)
        self._unit = ClockedUnit(self.recorder, self.clock)

    def execute(self, task: Task) -> Reply:
        """Carry out one task."""
        return self._unit.execute(task)

    def connect(self, nexus: Nexus) -> None:
        """Announce an initiator."""
        self._unit.open_nexus(nexus)

    def disconnect(self, nexus: Nexus) -> None:
        """Forget an initiator."""
        self._unit.close_nexus(nexus)

    def reset(self) -> None:
        """Reset the unit."""
        self._unit.reset()

    def load(self, disc: Disc) -> None:
        """Put a disc in."""
        self.recorder.load(disc, self.clock())

    def remove(self) -> Disc | None:
        """Take the disc out."""
        return self.recorder.remove()


TRANSPORTS: dict[str, Callable[[str, float | None], Bench]] = {"memory": MemoryBench}
"""Transport name → bench; a bench over TCP takes its place beside the other."""


def write_parameters(
    write_type: int = INCREMENTAL, multi: int = MULTI, *, test: bool = False
) -> tuple[ModeSelect10, bytes]:
    """MODE SELECT of page 05h as libburn sends it for DVD-RW: literal bytes, not our own codec.

    After the table in the recorder's contract: BUFE, LS_V and FP only with incremental writing, link size and
    packet size 16.
    """
    page = bytearray(52)
    page[0:2] = b"\x05\x32"
    if write_type == INCREMENTAL:
        page[2] = 0x60 | test << 4
        page[3] = multi << 6 | 0x25
        page[4], page[5], page[13] = 8, 16, 16
    else:
        page[2] = 0x40 | test << 4 | write_type
        page[3], page[4] = multi << 6 | 0x05, 8
    return ModeSelect10(page_format=True, parameter_list_length=60), bytes(8) + bytes(page)


def pattern(lba: int, count: int) -> bytes:
    """Blocks that tell their own address, so a block in a wrong place is seen."""
    return b"".join((n & 0xFFFFFFFF).to_bytes(4, "big") * (BLOCK_BYTES // 4) for n in range(lba, lba + count))


@dataclass
class Drive:
    """The bench as one initiator sees it."""

    bench: Bench
    nexus: Nexus = field(default_factory=lambda: Nexus(INITIATOR))

    @property
    def clock(self) -> FakeClock:
        """The bench's clock."""
        return self.bench.clock

    def other(self, initiator: str = OTHER_INITIATOR, session: str = "", *, settled: bool = True) -> Drive:
        """Another initiator at the same bench; `settled` takes its unit attentions and events off."""
        drive = Drive(self.bench, Nexus(initiator, session))
        self.bench.connect(drive.nexus)
        if settled:
            drive.settle()
        return drive

    def settle(self) -> None:
        """Take what is pending: unit attentions, media events, a disc that is being read in."""
        self.wait_ready()
        while self.media_event() != 0:
            pass

    def send(self, cdb: Cdb | bytes, data_out: Data = b"", data_in: int = 65536) -> Reply:
        """One command; the clock moves on by what the reply is held back."""
        raw = cdb.pack() if isinstance(cdb, Cdb) else cdb
        reply = self.bench.execute(Task(raw, data_out, data_in, self.nexus))
        self.clock.advance(reply.seconds)
        return reply

    def outcome(self, cdb: Cdb | bytes, data_out: Data = b"", data_in: int = 65536) -> Outcome:
        """Send a command and tell how it ended."""
        return outcome_of(self.send(cdb, data_out, data_in))

    def run(self, cdb: Cdb | bytes, data_out: Data = b"", data_in: int = 65536) -> bytes:
        """Send a command that must succeed; returns its data."""
        reply = self.send(cdb, data_out, data_in)
        name = cdb.NAME if isinstance(cdb, Cdb) else cdb.hex()
        assert outcome_of(reply) == GOOD, f"{name}: {outcome_of(reply)}"
        return bytes(reply.data_in)

    def ready(self) -> Outcome:
        """What TEST UNIT READY says."""
        return self.outcome(TestUnitReady())

    def wait_ready(self, step: float = 0.5, limit: float = 40000.0) -> list[int]:
        """Poll TEST UNIT READY until it is GOOD, as libburn does; returns the progress values seen.

        A unit attention is passed over; no medium ends the wait, as it does for a burn program.
        """
        seen: list[int] = []
        until = self.clock.now + limit
        while self.clock.now < until:
            reply = self.send(TestUnitReady())
            outcome = outcome_of(reply)
            if outcome == GOOD or outcome.asc == 0x3A:
                return seen
            if outcome.key == 6:
                continue
            assert outcome.key == 2 and outcome.asc == 0x04, str(outcome)
            if reply.sense[15] & 0x80:
                seen.append(int.from_bytes(reply.sense[16:18], "big"))
            self.clock.advance(step)
        raise AssertionError("the drive never became ready")

    # What a program asks, as values.

    def disc_information(self) -> DiscInformation:
        """READ DISC INFORMATION."""
        return DiscInformation.unpack(self.run(ReadDiscInformation(allocation_length=34)))

    def track(self, number: int) -> TrackInformation:
        """READ TRACK INFORMATION of a track by its number."""
        raw = self.run(ReadTrackInformation(address_type=1, address=number, allocation_length=36))
        return TrackInformation.unpack(raw)

    def last_track(self) -> TrackInformation:
        """READ TRACK INFORMATION of the last track that READ DISC INFORMATION tells of."""
        return self.track(self.disc_information().last_track_in_last_session)

    def capacity(self) -> int:
        """The last LBA that READ CAPACITY tells."""
        return int.from_bytes(self.run(ReadCapacity10())[0:4], "big")

    def configuration(self) -> Configuration:
        """GET CONFIGURATION, all features."""
        return Configuration.unpack(self.run(GetConfiguration(allocation_length=0xFFFF)))

    def current_features(self) -> set[int]:
        """Codes of the features that are current."""
        return {f.code for f in self.configuration().features if f.current}

    def media_event(self) -> int:
        """The next media event code; 0 where nothing happened."""
        answer = self.run(GetEventStatusNotification(polled=True, class_request=0x10, allocation_length=8))
        assert len(answer) == 8 and answer[2] & 0x87 == 0x04
        return answer[4] & 0x0F

    def media_events(self) -> list[int]:
        """All media events that are pending."""
        return list(self._events())

    def _events(self) -> Iterator[int]:
        while event := self.media_event():
            yield event

    def state_bytes(self) -> tuple[bytes, ...]:
        """Raw answers that together tell a medium's state: 51h, 52h of every track, 46h, 25h."""
        information = self.run(ReadDiscInformation(allocation_length=0xFFFF))
        tracks = range(1, DiscInformation.unpack(information).last_track_in_last_session + 1)
        return (
            information,
            *(
                self.run(ReadTrackInformation(address_type=1, address=n, allocation_length=0xFFFF))
                for n in tracks
            ),
            self.run(GetConfiguration(allocation_length=0xFFFF)),
            self.run(ReadCapacity10()),
        )

    # What a burn program does.

    def select(self, write_type: int = INCREMENTAL, multi: int = MULTI, *, test: bool = False) -> None:
        """Set the write parameters."""
        cdb, data = write_parameters(write_type, multi, test=test)
        self.run(cdb, data)

    def write(self, lba: int, blocks: int, unit: int = UNIT_BLOCKS) -> None:
        """Write blocks of `pattern` in pieces of `unit`."""
        end = lba + blocks
        while lba < end:
            count = min(unit, end - lba)
            self.run(Write10(lba, count), pattern(lba, count))
            lba += count

    def write_outcome(self, lba: int, blocks: int = UNIT_BLOCKS) -> Outcome:
        """Write once and tell how it ended."""
        return self.outcome(Write10(lba, blocks), pattern(lba, blocks))

    def read(self, lba: int, blocks: int) -> bytes:
        """Read blocks that must be readable."""
        return self.run(Read10(lba, blocks), data_in=blocks * BLOCK_BYTES)

    def synchronize(self) -> None:
        """SYNCHRONIZE CACHE with Immed, then wait."""
        self.run(SynchronizeCache10(immed=True))
        self.wait_ready()

    def close_track(self, number: int) -> None:
        """CLOSE TRACK with Immed, then wait."""
        self.run(CloseTrackSession(immed=True, function=1, track=number))
        self.wait_ready()

    def close_session(self) -> None:
        """CLOSE SESSION with Immed, then wait."""
        self.run(CloseTrackSession(immed=True, function=2))
        self.wait_ready()

    def burn_session(self, blocks: int, *, close: bool = False, unit: int = UNIT_BLOCKS) -> int:
        """Write one incremental session of `blocks` blocks at the next writable address, and close it.

        `close` leaves the disc finalized. Returns the session's first block.
        """
        self.select(INCREMENTAL, LAST if close else MULTI)
        track = self.last_track()
        assert track.nwa_valid
        self.write(track.next_writable, blocks, unit)
        self.synchronize()
        self.close_track(track.track)
        self.close_session()
        return track.next_writable

    def burn_at_once(self, blocks: int) -> None:
        """Write a blank disc at once, with exactly `blocks` blocks."""
        self.select(DISC_AT_ONCE, LAST)
        self.run(ReserveTrack(size=blocks))
        self.write(0, blocks)
        self.synchronize()

    def blank(self, *, minimal: bool = False) -> list[int]:
        """BLANK with Immed; returns the progress values that were seen."""
        self.run(Blank(immed=True, blanking_type=int(minimal)))
        return self.wait_ready()

    def lock(self, prevent: bool = True) -> None:
        """PREVENT ALLOW MEDIUM REMOVAL."""
        self.run(PreventAllowMediumRemoval(prevent=prevent))

    def eject(self) -> Outcome:
        """START STOP UNIT that opens the tray."""
        return self.outcome(StartStopUnit(load_eject=True))

    def load_tray(self) -> Outcome:
        """START STOP UNIT that closes the tray."""
        return self.outcome(StartStopUnit(load_eject=True, start=True))


MakeDrive = Callable[..., Drive]
"""The fixture `make_drive`: a medium's name, a disc, or None for an empty tray; model and speed by name."""

MakeRom = Callable[..., Disc]
"""The fixture `make_rom`: a pressed disc of a type and a number of blocks."""
