"""A fault of the kind `error`: a command ends with any sense, and isn't carried out."""

from __future__ import annotations

from burnlab.scsi import commands
from burnlab.scsi.commands import ReadCapacity10
from burnlab.scsi.mmc.commands import CloseTrackSession
from support.drive import Drive
from support.expect import GOOD, OPERATION_IN_PROGRESS, POWER_ON_OR_RESET, Outcome
from support.faulty_recorder import lie_in_wait, recorder_of

SESSION_FIXATION_ERROR = Outcome(3, 0x72, 0x00)


def test_a_track_that_cannot_be_closed(drive: Drive) -> None:
    drive.select()
    drive.write(0, 32)
    drive.synchronize()
    lie_in_wait(drive, "error", command="CLOSE TRACK/SESSION", sense="3/72/00")
    close = CloseTrackSession(immed=True, function=1, track=1)
    assert drive.outcome(close) == SESSION_FIXATION_ERROR
    assert drive.track(1).nwa_valid, "the track is still open"
    assert drive.outcome(close) == GOOD


def test_the_nth_of_several(drive: Drive) -> None:
    struck = lie_in_wait(drive, "error", command="25h", sense="4/44/00", nth=3, times=2)
    outcomes = [drive.outcome(ReadCapacity10()) for _ in range(6)]
    assert [str(o) for o in outcomes] == ["GOOD", "GOOD", "4/44/00", "4/44/00", "GOOD", "GOOD"]
    assert struck() == 2


def test_what_is_pending_is_told_first(drive: Drive) -> None:
    drive.bench.reset()
    struck = lie_in_wait(drive, "error", command="TEST UNIT READY", sense="4/44/00")
    assert drive.ready().asc == POWER_ON_OR_RESET.asc
    drive.run(bytes.fromhex("a11100000000000000000000"))
    assert drive.ready() == OPERATION_IN_PROGRESS
    assert struck() == 0
    drive.clock.advance(60)
    assert str(drive.ready()) == "4/44/00"


def test_an_opcode_that_the_drive_does_not_know(drive: Drive) -> None:
    lie_in_wait(drive, "error", command="3Ch", sense="4/44/00")
    assert str(drive.outcome(bytes.fromhex("3c000000000000000000"))) == "4/44/00"
    assert str(drive.outcome(bytes.fromhex("3c000000000000000000"))) == "5/20/00"


def test_sporadic_errors_come_again_with_the_same_seed(drive: Drive) -> None:
    def pattern_of(seed: int) -> str:
        recorder_of(drive).mishaps.clear()
        lie_in_wait(
            drive,
            "error",
            command="TEST UNIT READY",
            sense="B/44/00",
            probability=0.2,
            seed=seed,
            times="always",
        )
        return "".join(".x"[drive.outcome(commands.TestUnitReady()) != GOOD] for _ in range(200))

    first = pattern_of(7)
    assert pattern_of(7) == first
    assert pattern_of(8) != first
    assert 20 < first.count("x") < 60
