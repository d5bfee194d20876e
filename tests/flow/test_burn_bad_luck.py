"""Bad luck while burning: what is said, with which exit value, in which state the medium is, what helps."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path

import pytest

from burnlab.burn.drive import WriteRequest
from burnlab.burn.fifo import Fifo
from burnlab.burn.mmc import MmcDrive
from burnlab.scsi import Reply, Task
from burnlab.scsi.transport import Fault, TransportError
from burnlab.xorriso import writing
from burnlab.xorriso.program import Signalled
from support.burning import DRIVE, Burner, Said, at_write
from support.faulty_unit import UNREADABLE, WRITE_ERROR, Trouble

BLOCK = 2048
SECOND_SESSION = 384
"""Where `small` is followed by another session on overwritable media: 32 + 323, in whole units."""
SEQUENTIAL = ("cd-rw", "dvd-rw", "dvd+r", "bd-r")
OVERWRITABLE = ("dvd-rw-ovw", "dvd+rw", "dvd-ram", "bd-re")
LOST = TransportError(Fault.LOST, "The connection to 192.0.2.1 is lost", "Connect again")
HANGS = TransportError(Fault.TIMEOUT, "The drive has not answered WRITE (10) for 200 seconds")
READ, WRITE, SYNC, MODE_SELECT, CLOSE = 0x28, 0x2A, 0x35, 0x55, 0x5B
MIDDLE = 20
"""The WRITE in the middle of `big`."""


@pytest.fixture
def burner(tmp_path: Path) -> Burner:
    (tmp_path / "small").write_bytes(b"s" * BLOCK * 300)
    (tmp_path / "big").write_bytes(b"b" * BLOCK * 1200)
    return Burner(tmp_path)


def burn(burner: Burner, name: str, *settings: str) -> Said:
    return burner.run(*settings, "-md5", "on", "-dev", DRIVE, "-add", name, "--")


def insert(burner: Burner, kind: str, *, sessions: int = 1, capacity: int = 0) -> None:
    """A new disc, with a good session on it."""
    burner.insert(kind, capacity)
    for _ in range(sessions):
        said = burn(burner, "small")
        assert said.value == 0, said.err


def assert_failed(said: Said, *texts: str, severity: str = "FATAL") -> None:
    assert said.value == 32, said.err
    for text in (*texts, f"triggered by problem severity {severity}"):
        assert text in said.err, said.err
    assert "completed successfully" not in said.err


def check(burner: Burner, *settings: str) -> Said:
    return burner.run(*settings, "-md5", "on", "-indev", DRIVE, "-check_md5_r", "sorry", "/", "--")


def assert_good(burner: Burner, *settings: str) -> None:
    said = check(burner, *settings)
    assert said.value == 0, said.err
    assert "File contents and their MD5 checksums match." in said.out + said.err


# Nothing to write on.


def test_no_medium(burner: Burner) -> None:
    said = burn(burner, "small")
    assert said.value == 5
    for text in (
        "Media status : is not present",
        "xorriso : FAILURE : Disc status not blank and unsuitable for reading",
        "burnlab : HINT : There is no medium in the drive: put one in",
        "xorriso : aborting : -abort_on 'FAILURE' encountered 'FAILURE'",
    ):
        assert text in said.err, said.err
    said = burner.run("-outdev", DRIVE, "-add", "small", "--")
    assert_failed(
        said,
        "Media status : is not present",
        "xorriso : FAILURE : -indev differs from -outdev and -outdev media is not blank",
        "burnlab : HINT : There is no medium in the drive: put one in that can be written",
        severity="FAILURE",
    )
    assert not burner.unit.count(WRITE)


def test_closed_medium(burner: Burner) -> None:
    burner.insert("dvd+r")
    assert burn(burner, "small", "-close", "on").value == 0
    said = burn(burner, "big")
    assert_failed(said, "Media status : is written , is closed", severity="FAILURE")
    assert not burner.unit.count(WRITE)


TOO_LARGE = re.compile(r"xorriso : FAILURE : Image size (\d+)s exceeds free space on media (\d+)s")


@pytest.mark.parametrize("kind", [*SEQUENTIAL, *OVERWRITABLE])
def test_larger_than_the_medium(kind: str, burner: Burner) -> None:
    insert(burner, kind)
    medium = burner.open_drive(DRIVE).medium()
    free = medium.free_blocks - (SECOND_SESSION if medium.is_overwritable else 0)
    # Full of holes, and nothing of it is read.
    os.truncate(burner.folder / "big", free * BLOCK)
    said = burn(burner, "big")
    assert_failed(said, severity="FAILURE")
    found = TOO_LARGE.search(said.err)
    assert found, said.err
    assert int(found[2]) == free
    assert free < int(found[1]) < free + 1000
    assert not burner.unit.count(WRITE)
    os.truncate(burner.folder / "big", 0)
    assert burn(burner, "big").value == 0


# In the middle.


@pytest.mark.parametrize("kind", SEQUENTIAL)
@pytest.mark.parametrize(
    ("effect", "told"),
    [
        (WRITE_ERROR, "WRITE (10) failed with sense 3/0C/00 (medium error, write error)"),
        (HANGS, "The drive has not answered WRITE (10) for 200 seconds"),
    ],
    ids=["write error", "hangs"],
)
def test_cut_off_on_sequential_media(
    kind: str, effect: Reply | TransportError, told: str, burner: Burner
) -> None:
    insert(burner, kind)
    burner.trouble(Trouble(WRITE, MIDDLE, effect))
    said = burn(burner, "big")
    assert_failed(
        said,
        f"libburn : FATAL : SCSI error on write: {told}",
        "xorriso : FAILURE : -abort_on 'FAILURE' encountered 'FATAL' during image writing",
        "xorriso : FAILURE : libburn indicates failure with writing.",
        "burnlab : NOTE : The session was given up. Media status is written , is appendable",
        "burnlab : HINT : What was there before is found with -load session 1",
    )
    # Whatever was there already is written down, and the drive is out of the middle of a session.
    assert burner.unit.count(SYNC) >= 1
    assert not burner.recorder.removal_prevented
    burner.trouble()
    assert_good(burner, "-load", "session", "1")


def test_first_session_cut_off(burner: Burner) -> None:
    burner.insert("dvd-r")
    burner.trouble(Trouble(WRITE, MIDDLE, WRITE_ERROR))
    advice = "-abort_on FATAL -error_behavior image_loading best_effort -dev ..."
    assert_failed(burn(burner, "big"), f"burnlab : HINT : There was none before. {advice}")
    burner.trouble()
    assert burn(burner, "small").value == 5
    words = ("-md5", "on", *advice.split()[:-1], DRIVE, "-rm", "/big", "--", "-add", "small", "--")
    said = burner.run(*words)
    assert "completed successfully" in said.err
    assert_good(burner)


@pytest.mark.parametrize("kind", OVERWRITABLE)
def test_cut_off_on_overwritable_media(kind: str, burner: Burner) -> None:
    insert(burner, kind)
    burner.trouble(Trouble(WRITE, MIDDLE, WRITE_ERROR))
    said = burn(burner, "big")
    assert_failed(said, "burnlab : HINT : The medium has what it had before, and nothing new.")
    burner.trouble()
    assert_good(burner)
    assert burn(burner, "big").value == 0
    assert_good(burner)


UNCHANGED = "The medium is as it was before: nothing was written"
REPLACED = (
    "What was written so far is in the place of what was on the medium before. The image can be written again"
)
IMAGE_WORDS = ("-as", "cdrecord", "-v", f"dev={DRIVE}", "padsize=0")


@pytest.mark.parametrize("kind", OVERWRITABLE)
def test_an_image_over_what_was_there_is_cut_off(kind: str, burner: Burner) -> None:
    insert(burner, kind)
    burner.trouble(Trouble(WRITE, MIDDLE, WRITE_ERROR))
    said = burner.run(*IMAGE_WORDS, str(burner.folder / "big"))
    assert said.value == 5
    assert f"burnlab : HINT : {REPLACED}" in said.err
    assert "The medium has what it had before" not in said.err
    burner.trouble()
    # Which is true: nothing of the old session can be loaded any more, and the image can be written.
    drive = burner.open_drive(DRIVE)
    drive.medium()
    assert drive.read(0, 32) == b"b" * BLOCK * 32
    drive.close()
    assert burner.run(*IMAGE_WORDS, str(burner.folder / "big")).value == 0


def test_an_image_that_got_nowhere(burner: Burner) -> None:
    insert(burner, "dvd-rw-ovw")
    burner.trouble(Trouble(MODE_SELECT, 1, LOST))
    said = burner.run(*IMAGE_WORDS, str(burner.folder / "big"))
    assert said.value == 5
    assert f"burnlab : HINT : {UNCHANGED}" in said.err
    burner.trouble()
    assert_good(burner)


@pytest.mark.parametrize("kind", ["dvd+r", "bd-r", "bd-re", "dvd-ram"])
def test_a_refused_simulation_changes_nothing(kind: str, burner: Burner) -> None:
    insert(burner, kind)
    said = burn(burner, "big", "-dummy", "on")
    assert_failed(said, f"burnlab : HINT : {UNCHANGED}", severity="FAILURE")
    assert "lacks files" not in said.err
    assert not burner.unit.count(WRITE)
    assert_good(burner)


def test_a_simulation_that_fails_changes_nothing(burner: Burner) -> None:
    insert(burner, "cd-rw")
    burner.trouble(Trouble(WRITE, MIDDLE, WRITE_ERROR))
    said = burn(burner, "big", "-dummy", "on")
    assert_failed(said, f"burnlab : HINT : {UNCHANGED}")
    burner.trouble()
    assert_good(burner)


def test_disc_at_once_is_synchronized_when_it_is_given_up(burner: Burner) -> None:
    burner.insert("cd-rw")
    burner.trouble(Trouble(WRITE, MIDDLE, WRITE_ERROR))
    said = burn(burner, "big")
    assert_failed(said, "burnlab : HINT : -blank as_needed makes the medium usable again")
    assert burner.unit.count(SYNC) == 1
    burner.trouble()
    assert burner.run("-outdev", DRIVE, "-blank", "as_needed").value == 0
    assert burn(burner, "big").value == 0
    assert_good(burner)


@pytest.mark.parametrize("kind", ["dvd-rw", "bd-re"])
def test_medium_removed(kind: str, burner: Burner) -> None:
    insert(burner, kind)

    def take_out() -> None:
        burner.recorder.unlock()
        burner.recorder.remove()

    burner.trouble(at_write(MIDDLE, take_out))
    said = burn(burner, "big")
    assert_failed(
        said,
        "sense 2/3A/02 (not ready, medium not present tray open)",
        "burnlab : NOTE : The session was given up. Media status is not present",
        "burnlab : HINT : There is no medium in the drive any more.",
    )


def broken_from(burner: Burner, nth: int) -> None:
    """The connection breaks at the n-th WRITE, and stays broken."""
    broken: list[Task] = []

    def breaks(task: Task) -> None:
        broken.append(task)
        raise LOST

    def is_gone(_task: Task) -> None:
        if broken:
            raise LOST

    others = (0x00, 0x12, 0x1B, 0x1E, 0x46, 0x51, 0x52, SYNC, CLOSE)
    burner.trouble(
        Trouble(WRITE, nth, breaks, times=0), *(Trouble(code, 1, is_gone, times=0) for code in others)
    )


@pytest.mark.parametrize("kind", [*SEQUENTIAL, *OVERWRITABLE])
def test_connection_lost(kind: str, burner: Burner) -> None:
    insert(burner, kind)
    broken_from(burner, MIDDLE)
    said = burn(burner, "big")
    assert_failed(
        said,
        "libburn : FATAL : SCSI error on write: The connection to 192.0.2.1 is lost",
        "burnlab : HINT : Connect again",
        "burnlab : NOTE : State of the medium is not known",
        "burnlab : HINT : Switch the drive off and on, or connect to it again.",
    )


def power_cycle(burner: Burner) -> None:
    """All trouble is over, and the drive has forgotten what it was told."""
    burner.trouble()
    burner.power_cycle()


@pytest.mark.parametrize("kind", SEQUENTIAL)
def test_power_lost_then_closed(kind: str, burner: Burner) -> None:
    insert(burner, kind)
    broken_from(burner, MIDDLE)
    assert burn(burner, "big").value == 32
    power_cycle(burner)
    refused = burn(burner, "big")
    assert_failed(
        refused,
        "burnlab : FAILURE : The last session on the medium was cut off.",
        'burnlab : HINT : -close_damaged "force" ends it',
        severity="FAILURE",
    )
    assert burner.run("-outdev", DRIVE, "-close_damaged", "force").value == 0
    assert_good(burner, "-load", "session", "1")
    said = burner.run("-md5", "on", "-load", "session", "1", "-dev", DRIVE, "-add", "big", "--")
    assert said.value == 0, said.err
    assert_good(burner)


@pytest.mark.parametrize("kind", ["cd-rw", "dvd-rw"])
def test_power_lost_then_blanked(kind: str, burner: Burner) -> None:
    insert(burner, kind)
    broken_from(burner, MIDDLE)
    assert burn(burner, "big").value == 32
    power_cycle(burner)
    said = burner.run("-outdev", DRIVE, "-blank", "as_needed")
    assert said.value == 0, said.err
    assert burn(burner, "big").value == 0
    assert_good(burner)


@pytest.mark.parametrize("kind", OVERWRITABLE)
def test_power_lost_on_overwritable_media(kind: str, burner: Burner) -> None:
    insert(burner, kind)
    broken_from(burner, MIDDLE)
    assert burn(burner, "big").value == 32
    power_cycle(burner)
    assert_good(burner)
    assert burn(burner, "big").value == 0
    assert_good(burner)


# The producer.


def filled_fifos(monkeypatch: pytest.MonkeyPatch) -> list[Fifo]:
    """All that are made from now on."""
    made: list[Fifo] = []

    def make(size: int) -> Fifo:
        made.append(Fifo(size))
        return made[-1]

    monkeypatch.setattr(writing, "Fifo", make)
    return made


def test_the_fifo_fills_while_the_drive_is_slow(burner: Burner, monkeypatch: pytest.MonkeyPatch) -> None:
    made = filled_fifos(monkeypatch)
    burner.insert("bd-re")

    def is_slow() -> None:
        # As long as it takes to fill it: all but what was taken out of it last.
        while made[-1].percent < 75:
            time.sleep(0.001)
        burner.clock.sleep(2.0)

    burner.trouble(at_write(MIDDLE, is_slow))
    said = burn(burner, "big", "-fs", "512k")
    assert said.value == 0, said.err
    assert made[-1].size == 512 << 10
    lines = re.findall(r"UPDATE : Writing: .*s +[0-9.]+%   fifo +(\d+)%  buf +(\d+)%", said.err)
    assert lines and int(lines[0][0]) >= 75, said.err
    assert 0 <= int(lines[0][1]) <= 100
    assert made[-1].percent == 0
    assert_good(burner)


def test_a_file_that_got_shorter_is_told_once_and_the_rest_is_written(burner: Burner) -> None:
    burner.insert("dvd+r")

    def shorten() -> None:
        os.truncate(burner.folder / "last", 100 * BLOCK)

    (burner.folder / "last").write_bytes(b"l" * BLOCK * 4000)
    (burner.folder / "a").write_bytes(b"a" * BLOCK * 4000)
    burner.trouble(at_write(1, shorten))
    said = burner.run("-fs", "64k", "-dev", DRIVE, "-add", "a", "last", "--")
    shorter = f'File "{burner.folder}/last" is {3900 * BLOCK} bytes shorter than expected. Filling with 0s.'
    assert said.err.count(f"libisofs: MISHAP : {shorter}") == 1, said.err
    assert "completed successfully" in said.err
    drive = burner.open_drive(DRIVE)
    assert drive.medium().readable_blocks > 8000


# Signals.


def test_a_signal_ends_the_session_in_order(burner: Burner) -> None:
    insert(burner, "dvd+r")
    burner.trouble(Trouble(WRITE, MIDDLE, Signalled("SIGINT")))
    said = burn(burner, "big")
    assert said.value == 1
    for text in (
        "UNIX-SIGNAL:  SIGINT  errno= 0",
        "xorriso : ABORT : Trying to shut down busy drives",
        "burnlab : NOTE : The session was given up. Media status is written , is appendable",
        "burnlab : HINT : What was there before is found with -load session 1",
        "xorriso : ABORT : Program done. Even if you do not see a shell prompt.",
    ):
        assert text in said.err, said.err
    assert said.err.index("UNIX-SIGNAL") < said.err.index("The session was given up")
    assert burner.unit.count(CLOSE) == 2
    assert not burner.recorder.removal_prevented


def test_a_second_signal_stops_at_once(burner: Burner) -> None:
    insert(burner, "dvd+r")
    burner.trouble(Trouble(WRITE, MIDDLE, Signalled("SIGINT")), Trouble(SYNC, 1, Signalled("SIGINT")))
    said = burn(burner, "big")
    assert said.value == 1
    assert "burnlab : ABORT : Stopped at once. What was being written is not ended" in said.err
    assert "The session was given up" not in said.err
    assert burner.unit.count(CLOSE) == 0
    assert not burner.recorder.removal_prevented


# Reading.


def bad_block(burner: Burner, block: int, *, only_large: bool = False) -> None:
    """READs fail that include a block, or that include it among others."""

    def strike(task: Task) -> Reply | None:
        start, count = int.from_bytes(task.cdb[2:6], "big"), int.from_bytes(task.cdb[7:9], "big")
        is_hit = start <= block < start + count
        return UNREADABLE if is_hit and not (only_large and count == 1) else None

    burner.trouble(Trouble(READ, 1, strike, times=0))


def test_what_single_blocks_can_read_is_read(burner: Burner) -> None:
    insert(burner, "dvd+r")
    bad_block(burner, 300, only_large=True)
    assert_good(burner)


def test_an_unreadable_block_is_tried_again_and_told(burner: Burner) -> None:
    insert(burner, "dvd+r")
    drive = burner.open_drive(DRIVE)
    drive.medium()
    bad_block(burner, 300)
    burner.unit.tasks.clear()
    with pytest.raises(OSError, match=r"sense 3/11/00 \(medium error, unrecovered read error\)"):
        drive.read(288, 32)
    sizes = [int.from_bytes(task.cdb[7:9], "big") for task, _ in burner.unit.tasks if task.cdb[0] == READ]
    assert sizes == [32, 16, *[1] * 14]
    assert len(drive.read(0, 288)) == 288 * BLOCK
    assert len(drive.read(301, 3)) == 3 * BLOCK


def test_a_drive_without_medium_is_not_asked_again(burner: Burner) -> None:
    insert(burner, "dvd+r")
    drive = burner.open_drive(DRIVE)
    drive.medium()
    burner.recorder.open_tray()
    burner.unit.tasks.clear()
    with pytest.raises(OSError, match="medium not present"):
        drive.read(288, 32)
    assert burner.unit.count(READ) == 1


def test_giving_up_twice_does_nothing(burner: Burner) -> None:
    burner.insert("dvd+r")
    drive = burner.open_drive(DRIVE)
    assert isinstance(drive, MmcDrive)
    drive.medium()
    drive.begin(WriteRequest(0, 64))
    drive.write(bytes(16 * BLOCK))
    drive.abort()
    count = len(burner.unit.tasks)
    drive.abort()
    assert len(burner.unit.tasks) == count
