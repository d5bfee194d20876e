"""A recorder in memory as a drive: what is found out, and which commands write each kind of medium."""

from __future__ import annotations

from dataclasses import replace

import pytest

from burnlab.burn.drive import Access, DriveError, FormatChoice, ReadFailed, Status, WriteRequest
from burnlab.burn.mmc import MmcDrive
from burnlab.disc import Disc
from burnlab.recorder import MODELS, ClockedUnit, EmulatedClock, Recorder
from burnlab.scsi import Asc, Reply, SenseKey, Task
from burnlab.scsi import Status as CommandStatus
from burnlab.scsi.mmc.structures import BufferCapacity
from support.faulty_unit import FaultyUnit, Trouble, refusal

BLOCK = 2048
NAMED = {
    0x04: "format", 0x2A: "write", 0xAA: "stream", 0x35: "sync", 0x53: "reserve", 0x55: "select",
    0x5B: "close", 0x5D: "cue", 0xA1: "blank",
}  # fmt: skip


class Recording:
    """A recorder with a disc in it, and the commands that it got, repeated ones once."""

    def __init__(self, kind: str, capacity: int = 0) -> None:
        self.clock = EmulatedClock()
        self.recorder = Recorder(MODELS["generic"])
        self.recorder.load(Disc.in_memory(kind, capacity_blocks=capacity), 0.0)
        self.unit = ClockedUnit(self.recorder, self.clock.now)
        self.said: list[str] = []
        self.pages: list[bytes] = []

    def execute(self, task: Task) -> Reply:
        name = NAMED.get(task.cdb[0])
        if name == "close":
            name = f"close {task.cdb[2]}"
        if name == "blank":
            name = f"blank {task.cdb[1] & 7}"
        if name == "select":
            self.pages.append(bytes(task.data_out[8:]))
        if name and (not self.said or self.said[-1] != name):
            self.said.append(name)
        return self.unit.execute(task)

    def drive(self) -> MmcDrive:
        return MmcDrive("disc:x", self, self.clock.sleep)


def nothing(_done: float | None) -> None:
    pass


def write(drive: MmcDrive, blocks: int, *, lba: int | None = None, seed: int = 1, **how: object) -> bytes:
    """A session of numbered blocks; what was written."""
    medium = drive.medium()
    data = b"".join((seed * 1_000_000 + n).to_bytes(8, "big") * (BLOCK // 8) for n in range(blocks))
    at = medium.next_writable if lba is None else lba
    assert at is not None
    drive.begin(WriteRequest(at, blocks, **how))  # type: ignore[arg-type]
    drive.write(data[: 7 * BLOCK])
    drive.write(memoryview(data)[7 * BLOCK :])
    drive.finish(nothing)
    drive.medium()
    assert drive.read(at, blocks) == data
    return data


APPENDED = "write sync close 1 close 2"
INCREMENTAL = "select write sync close 1 close 2"
RESTARTED = "format sync write sync close 2"
SEQUENCES = {
    "cd-r": ("select cue write sync", "select write sync close 2", "select write sync close 2"),
    "dvd-r": (INCREMENTAL, INCREMENTAL, INCREMENTAL),
    "dvd+r": (f"reserve {APPENDED}", APPENDED, "write sync close 1 close 5"),
    "dvd+r-dl": (f"reserve {APPENDED}", APPENDED, "write sync close 1 close 5"),
    "bd-r": (f"reserve {APPENDED}", APPENDED, "write sync close 1 close 6"),
    "dvd-ram": ("write sync", "write sync", "write sync"),
    "dvd+rw": (RESTARTED, RESTARTED, RESTARTED),
    "dvd-rw-ovw": ("select write sync", "select write sync", "select write sync"),
}
"""Kind of medium → commands of its first, second and last session."""


@pytest.mark.parametrize("kind", SEQUENCES)
def test_commands_of_three_sessions(kind: str) -> None:
    recording = Recording(kind)
    drive = recording.drive()
    for number, expected in enumerate(SEQUENCES[kind]):
        recording.said.clear()
        lba = 32 + 512 * number if drive.medium().is_overwritable else None
        write(drive, 400, lba=lba, seed=number + 1, close=number == 2)
        assert " ".join(recording.said) == expected
    if not drive.medium().is_overwritable:
        assert drive.medium().status is Status.CLOSED
        assert [t.session for t in drive.medium().tracks] == [1, 2, 3]


def test_a_dvd_that_is_closed_at_once() -> None:
    recording = Recording("dvd-rw")
    drive = recording.drive()
    write(drive, 401, close=True)
    assert recording.said == ["select", "reserve", "write", "sync"]
    assert recording.pages[-1][2] & 0x0F == 2
    assert drive.medium().tracks[0].blocks == 401
    assert drive.medium().status is Status.CLOSED


def test_incremental_sessions_are_filled_up() -> None:
    drive = Recording("dvd-rw").drive()
    write(drive, 401)
    assert drive.medium().tracks[0].blocks == 416
    assert drive.medium().status is Status.APPENDABLE


def test_test_writing_says_so_in_the_write_parameters() -> None:
    recording = Recording("dvd-r")
    drive = recording.drive()
    drive.medium()
    drive.begin(WriteRequest(0, 32, dummy=True))
    drive.write(bytes(32 * BLOCK))
    drive.finish(nothing)
    assert recording.pages[-1][2] & 0x10
    assert drive.medium().status is Status.BLANK


class Buffered(Recording):
    """A recorder that tells as told how full its buffer is; `asked` has the block it was asked before."""

    def __init__(self, kind: str, answer: Reply | None) -> None:
        super().__init__(kind)
        self.answer = answer
        self.asked: list[int] = []
        self.at = 0

    def execute(self, task: Task) -> Reply:
        if task.cdb[0] == 0x2A:
            self.at += int.from_bytes(task.cdb[7:9], "big")
        if task.cdb[0] != 0x5C:
            return super().execute(task)
        self.asked.append(self.at)
        return self.answer or super().execute(task)


def capacity(size: int, free: int) -> Reply:
    return Reply(CommandStatus.GOOD, BufferCapacity(size, free).pack())


@pytest.mark.parametrize(
    ("answer", "percent"),
    [
        (capacity(1000, 250), 75),
        (capacity(1000, 1000), 0),
        (capacity(1000, 0), 100),
        (capacity(1000, 1001), 50),
        (capacity(0, 0), 50),
        (Reply(CommandStatus.GOOD, bytes(8)), 50),
        (refusal(SenseKey.ILLEGAL_REQUEST, Asc.INVALID_FIELD_IN_CDB), 50),
    ],
)
def test_how_full_the_buffer_is(answer: Reply, percent: int) -> None:
    drive = Buffered("dvd-ram", answer).drive()
    assert drive.buffer_percent == 50
    drive.medium()
    drive.begin(WriteRequest(32, 64))
    drive.write(bytes(32 * BLOCK))
    assert drive.buffer_percent == percent
    drive.write(bytes(32 * BLOCK))
    drive.finish(nothing)
    assert drive.buffer_percent == 50


@pytest.mark.parametrize(("kind", "each"), [("dvd+r", 1024), ("bd-r", 1024), ("cd-rw", 64)])
def test_the_buffer_is_asked_for_now_and_then(kind: str, each: int) -> None:
    recording = Buffered(kind, None)
    write(recording.drive(), 3000, mode="tao")
    assert recording.asked == list(range(0, 3000, each))


@pytest.mark.parametrize("kind", ["dvd+r", "bd-re", "dvd-ram"])
def test_media_that_cannot_simulate(kind: str) -> None:
    drive = Recording(kind).drive()
    drive.medium()
    with pytest.raises(DriveError, match="no suitable write mode"):
        drive.begin(WriteRequest(32, 32, dummy=True))


def test_stream_recording_uses_the_longer_command() -> None:
    recording = Recording("dvd-ram")
    drive = recording.drive()
    write(drive, 64, lba=32, stream_recording=True)
    assert recording.said == ["stream", "sync"]


def test_after_minimal_blanking_only_at_once() -> None:
    recording = Recording("dvd-rw")
    drive = recording.drive()
    write(drive, 64)
    drive.blank("deformat_quickest", nothing)
    assert recording.said[-1] == "blank 1"
    medium = drive.medium()
    assert medium.needs_close
    assert medium.flaws == (" , but will need -close on",)
    with pytest.raises(DriveError):
        drive.begin(WriteRequest(0, 64))
    write(drive, 64, close=True)
    drive.blank("all", nothing)
    assert not drive.medium().needs_close


def test_an_unformatted_bd_re() -> None:
    drive = Recording("bd-re").drive()
    medium = drive.medium()
    assert medium.needs_format
    assert medium.spares == (0, 0)
    formats = drive.formats()
    assert (formats.state, formats.blocks) == ("unformatted", 12219392)
    drive.format(formats.choices[4], nothing)
    medium = drive.medium()
    assert (medium.needs_format, medium.free_blocks, medium.spares) == (False, 12088320, (0, 131072))


def test_a_quick_format_grows_by_writing() -> None:
    recording = Recording("dvd-rw")
    drive = recording.drive()
    drive.medium()
    drive.format(None, nothing, True)
    assert drive.medium().readable_blocks == 65536
    assert drive.medium().access is Access.OVERWRITABLE
    write(drive, 64, lba=32)
    assert drive.read(0, 1) == bytes(BLOCK)


def test_reading_ends_with_the_medium() -> None:
    drive = Recording("dvd-ram", 4000).drive()
    end = drive.medium().readable_blocks
    drive.write_at(0, b"x" * 32 * BLOCK)
    assert drive.read(0, 40) == b"x" * 32 * BLOCK + bytes(8 * BLOCK)
    assert len(drive.read(end - 3, 10)) == 3 * BLOCK
    assert drive.read(end, 1) == b""


def test_what_is_lost_between_sessions_cannot_be_read() -> None:
    drive = Recording("dvd-r").drive()
    write(drive, 64)
    write(drive, 64, seed=2)
    with pytest.raises(OSError, match="READ"):
        drive.read(64, 16)


def test_an_abandoned_session_leaves_the_medium_usable() -> None:
    drive = Recording("dvd+r").drive()
    first = write(drive, 64)
    medium = drive.medium()
    assert medium.next_writable is not None
    drive.begin(WriteRequest(medium.next_writable, 640))
    drive.write(bytes(64 * BLOCK))
    drive.abort()
    assert drive.medium().status is Status.APPENDABLE
    write(drive, 64, seed=3)
    assert drive.read(0, 64) == first


def test_an_ejected_disc_is_gone_until_it_is_loaded_again() -> None:
    recording = Recording("cd-rw")
    drive = recording.drive()
    assert drive.medium().status is Status.BLANK
    assert drive.eject()
    assert drive.medium().status is Status.ABSENT
    drive.close()
    assert recording.drive().medium().status is Status.BLANK


def test_identity_profiles_and_speeds() -> None:
    drive = Recording("bd-r").drive()
    assert (drive.identity.vendor, drive.identity.serial) == ("burnlab", "BURNLAB00001")
    assert (0x41, True) in drive.profiles()
    assert (0x43, False) in drive.profiles()
    assert drive.speeds()[0].write_kb == 35965
    assert drive.medium().speed_unit == ("B", 4_495_625)


class Talkative(Recording):
    """A recorder whose product name would clear a terminal."""

    def execute(self, task: Task) -> Reply:
        reply = super().execute(task)
        if task.cdb[0] == 0x12:
            data, product = bytes(reply.data_in), b"\x1b[2J\xff\0\n".ljust(16, b"\0")
            return replace(reply, data_in=data[:16] + product + data[32:])
        return reply


def test_a_drive_cannot_speak_to_the_terminal() -> None:
    drive = Talkative("bd-r").drive()
    assert drive.identity.product == "?[2J???"


@pytest.mark.parametrize(("kind", "command"), [("bd-r", "stream"), ("dvd+rw", "write"), ("dvd-rw", "write")])
def test_stream_recording_is_for_some_media(kind: str, command: str) -> None:
    recording = Recording(kind)
    drive = recording.drive()
    write(drive, 64, stream_recording=True)
    assert {"stream", "write"} & set(recording.said) == {command}
    assert drive.medium().can_stream == (command == "stream")


def test_a_drive_that_reserves_no_tracks() -> None:
    recording = Recording("dvd+r")
    unit = FaultyUnit(recording, [Trouble(0x53, 1, refusal(SenseKey.ILLEGAL_REQUEST, Asc.INVALID_OPCODE), 0)])
    drive = MmcDrive("disc:x", unit, recording.clock.sleep)
    with pytest.raises(DriveError, match="RESERVE TRACK failed"):
        write(drive, 32, mode="sao")
    drive.abort()
    data = write(drive, 32)
    assert drive.read(0, 32) == data


def test_blocks_that_cannot_be_read_at_once() -> None:
    recording = Recording("dvd-rw")
    drive = recording.drive()
    write(drive, 48)
    assert drive.read_once(32, 16) == drive.read(32, 16)
    with pytest.raises(ReadFailed) as caught:
        drive.read_once(32, 32)
    text = "SCSI error on read_10(32,32): [5 21 00] Illegal request. Lba out of range."
    assert caught.value.event == ("SORRY", text, "libburn")


@pytest.mark.parametrize(
    ("kind", "steps"), [("cd-r", [(2, 0)]), ("dvd-r", [(1, 2), (2, 0)]), ("bd-r", [(1, 2), (2, 0)])]
)
def test_what_closes_a_damaged_track(kind: str, steps: list[tuple[int, int]]) -> None:
    recording = Recording(kind)
    drive = recording.drive()
    write(drive, 320)
    drive.medium()
    drive.begin(WriteRequest(drive.facts.medium.next_writable or 0, 320, mode="tao"))
    drive.write(bytes(320 * BLOCK))
    # The program ends here, and the drive is switched off: it doesn't know any more how it was written.
    disc = recording.recorder.disc
    assert disc is not None
    recording.recorder = Recorder(MODELS["generic"])
    recording.recorder.load(disc, recording.clock.now())
    recording.unit = ClockedUnit(recording.recorder, recording.clock.now)
    unit = FaultyUnit(recording)
    drive = MmcDrive("disc:x", unit, recording.clock.sleep)
    drive.medium()
    drive.close_damaged(nothing)
    closed = [(task.cdb[2], task.cdb[5]) for task, _ in unit.tasks if task.cdb[0] == 0x5B]
    assert closed == steps
    assert drive.medium().status is Status.APPENDABLE


@pytest.mark.parametrize("kind", ["dvd+rw", "bd-re"])
def test_nothing_is_damaged_where_there_are_no_sessions(kind: str) -> None:
    with pytest.raises(DriveError, match="Cannot close damaged track on given media type"):
        Recording(kind).drive().close_damaged(nothing)


def test_how_media_are_formatted() -> None:
    asked = {
        "bd-re": [(None, False, "0082", "c2003000"), (None, True, "0082", "00000800")],
        "dvd-ram": [(None, False, "0082", "00000800"), (None, True, "00a2", "00000800")],
        "dvd-rw": [
            (None, False, "0002", "00000800"),
            (FormatChoice(0x10, 2297888, 16), False, "0082", "40000010"),
        ],
    }
    for kind, rows in asked.items():
        for choice, quick, options, tail in rows:
            unit = FaultyUnit(recording := Recording(kind))
            drive = MmcDrive("disc:x", unit, recording.clock.sleep)
            drive.medium()
            drive.format(choice, nothing, quick)
            lists = [bytes(task.data_out).hex() for task, _ in unit.tasks if task.cdb[0] == 0x04]
            assert [(each[:4], each[16:]) for each in lists] == [(options, tail)], kind
