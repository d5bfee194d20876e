"""READ TRACK INFORMATION where more tracks are recorded than a byte can count: FFh is a number, too."""

from __future__ import annotations

import pytest

from burnlab.burn.mmc import MmcDrive
from burnlab.disc import Disc, WriteType
from burnlab.recorder import MODELS, ClockedUnit, EmulatedClock, PromptUnit, Recorder
from burnlab.scsi import Reply, Task
from burnlab.scsi.mmc.commands import ReadTrackInformation
from burnlab.scsi.mmc.disc_info import TrackInformation

UNIT_BLOCKS = 32
FFH = 0xFF


def unit_with(sessions: int) -> PromptUnit:
    """A recorder with a BD-R of so many sessions."""
    disc = Disc.in_memory("bd-r")
    for number in range(1, sessions + 1):
        disc.write((number - 1) * UNIT_BLOCKS, bytes(UNIT_BLOCKS * 2048), WriteType.PLAIN)
        disc.close_track(number)
        disc.close_session(appendable=True)
    recorder, clock = Recorder(MODELS["generic"]), EmulatedClock()
    recorder.load(disc, clock.now())
    return PromptUnit(ClockedUnit(recorder, clock.now), clock.sleep)


def track(unit: PromptUnit, number: int) -> TrackInformation:
    cdb = ReadTrackInformation(address_type=1, address=number, allocation_length=36)
    return TrackInformation.unpack(unit.execute(Task(cdb.pack(), data_in_bytes=36)).data_in)


@pytest.mark.parametrize(
    ("sessions", "number", "is_blank"), [(3, 4, True), (253, 254, True), (254, FFH, True), (255, FFH, False)]
)
def test_ffh(sessions: int, number: int, is_blank: bool) -> None:
    """The track that is written next, unless there is one with this number."""
    unit = unit_with(sessions)
    MmcDrive("", unit, lambda _seconds: None)
    found = track(unit, FFH)
    assert (found.track, found.session, found.blank) == (number, number, is_blank)


def test_all_have_their_numbers() -> None:
    unit = unit_with(300)
    MmcDrive("", unit, lambda _seconds: None)
    for number in (1, 254, FFH, 256, 257, 300, 301):
        found = track(unit, number)
        assert (found.track, found.start) == (number, (number - 1) * UNIT_BLOCKS)
        assert found.blank == (number == 301)


class Strict:
    """Answers FFh always with the track that is written next, as the standard can be read."""

    def __init__(self, unit: PromptUnit, last: int) -> None:
        self.unit = unit
        self.last = last

    def execute(self, task: Task) -> Reply:
        """Carry the task out."""
        if task.cdb[:6] == bytes((0x52, 1, 0, 0, 0, FFH)):
            task = Task(task.cdb[:2] + self.last.to_bytes(4, "big") + task.cdb[6:], b"", task.data_in_bytes)
        return self.unit.execute(task)


@pytest.mark.parametrize("is_strict", [False, True])
def test_our_burn_program_finds_all_of_them(is_strict: bool) -> None:
    unit = unit_with(300)
    drive = MmcDrive("", Strict(unit, 301) if is_strict else unit, lambda _seconds: None)
    medium = drive.medium()
    assert [found.number for found in medium.tracks] == [*range(1, 301)]
    assert [found.start for found in medium.tracks] == [*range(0, 300 * UNIT_BLOCKS, UNIT_BLOCKS)]
    assert medium.next_writable == 300 * UNIT_BLOCKS
