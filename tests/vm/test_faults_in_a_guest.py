"""Faults that the real xorriso in a guest meets, and what it says and does then: every kind, in one guest.

What it must do is what the contract of libburn's commands says of each sense code. Sizes are small, since the
guest has no processor of its own.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from burnlab.api import ImageOptions, open_disc_drive
from burnlab.disc.folder import create
from burnlab.lab.control import ask
from burnlab.vm.command import CommandResult
from burnlab.vm.guest import MicroGuest, micro_guest
from support.served import ServedProcess

pytestmark = pytest.mark.vm

BURN = "xorriso -md5 on -dev /dev/sr1 -add /p --"
CHECK = "xorriso -md5 on -indev /dev/sr1 -check_md5_r sorry / --"
GAVE_UP = "xorriso : FAILURE : libburn indicates failure with writing."
MATCH = "File contents and their MD5 checksums match."
TOLERATED = 32


@dataclass
class Lab:
    """A guest, and the panel of its recorder."""

    guest: MicroGuest
    served: ServedProcess
    folder: Path
    discs: int = 0

    def insert(self, kind: str) -> None:
        """A new disc in the place of the one in the tray."""
        self.discs += 1
        path = self.folder / f"{self.discs}.disc"
        create(path, kind)
        self.insert_this(path)

    def insert_this(self, path: Path) -> None:
        """A disc that is there already."""
        ask(self.served.control, {"do": "eject", "force": True})
        ask(self.served.control, {"do": "load", "path": str(path)})

    def lie_in_wait(self, kind: str, **keys: Any) -> None:
        """Let only this fault lie in wait."""
        ask(self.served.control, {"do": "clear-faults"})
        ask(self.served.control, {"do": "add-faults", "faults": [{"kind": kind, "name": kind, **keys}]})

    def hits(self) -> int:
        """How often it has struck."""
        (row,) = ask(self.served.control, {"do": "list-faults"})["faults"]
        return int(row["hits"])

    def run(self, command: str) -> CommandResult:
        """Run a command in the guest."""
        return self.guest.run(command, timeout=300)

    def meets(self, kind: str, program: str = BURN, *, hits: int = 1, **keys: Any) -> CommandResult:
        """Run a program that meets a fault so many times."""
        self.lie_in_wait(kind, **keys)
        result = self.run(program)
        assert self.hits() == hits, result.stderr
        ask(self.served.control, {"do": "clear-faults"})
        return result


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    folder = tmp_path_factory.mktemp("faults")
    create(folder / "0.disc", "dvd+r")
    words = ("--trace", str(folder / "trace.jsonl"))
    with (
        ServedProcess(folder, folder / "0.disc", *words) as served,
        micro_guest(recorder=served.url) as guest,
    ):
        made = guest.run("mkdir /p && head -c 1300000 /dev/urandom >/p/f")
        assert made.exit_code == 0, made.stderr
        yield Lab(guest, served, folder)


def assert_given_up(result: CommandResult, *told: str) -> None:
    """The burn has failed, and says so."""
    assert result.exit_code == TOLERATED, result.stderr
    for text in (*told, GAVE_UP):
        assert text in result.stderr, result.stderr


def test_write_error(lab: Lab) -> None:
    lab.insert("dvd+r")
    result = lab.meets("write-error", after_blocks=200)
    assert_given_up(
        result, "libburn : FATAL : SCSI error on write(192,16): [3 0C 00] Medium error. Write error."
    )
    lines = [json.loads(line) for line in (lab.folder / "trace.jsonl").read_text().splitlines()]
    hit = [line for line in lines if "fault" in line][-1]
    assert (hit["name"], hit["fault"], hit["sense"]["code"]) == ("WRITE (10)", "write-error", "3/0C/00")


def test_calibration_fails(lab: Lab) -> None:
    lab.insert("dvd+r")
    result = lab.meets("opc-failure")
    assert_given_up(result, "write(0,16): [3 73 03] Medium error. Power calibration area error.")


def test_deferred_error(lab: Lab) -> None:
    lab.insert("dvd+r")
    result = lab.meets("deferred-error", nth=10)
    assert_given_up(
        result, "libburn : FATAL : SCSI error on write(160,16): [3 0C 00] Medium error. Write error."
    )


def test_a_track_that_cannot_be_closed(lab: Lab) -> None:
    lab.insert("dvd+r")
    result = lab.meets("error", command="CLOSE TRACK/SESSION", sense="3/72/00")
    assert_given_up(result, "libburn : FAILURE : Failed to close track (1). SCSI error : [3 72 00]")


def test_no_spare_area_left(lab: Lab) -> None:
    lab.insert("dvd-ram")
    result = lab.meets("spare-exhausted", lba=300)
    assert_given_up(result, "write(288,16): [3 32 00] Medium error. No defect spare location available.")


def test_power_loss_on_sequential_media(lab: Lab) -> None:
    lab.insert("dvd+r")
    result = lab.meets("power-loss", command="WRITE (10)", nth=20, buffer_blocks=40)
    assert_given_up(result, "write(304,16): [5 21 02] Illegal request.", "#2,[6 29 00]")
    toc = lab.run("xorriso -outdev /dev/sr1 -toc")
    assert "libburn : WARNING : Upcoming track: Damaged, not closed and not writable" in toc.stderr, (
        toc.stderr
    )


def test_power_loss_on_overwritable_media_goes_unnoticed(lab: Lab) -> None:
    # xorriso sends the WRITE again after 6/29 and goes on: only a check finds that blocks are missing.
    lab.insert("dvd-ram")
    result = lab.meets("power-loss", command="WRITE (10)", nth=20, buffer_blocks=40)
    assert result.exit_code == 0, result.stderr
    assert "libburn : NOTE : WRITE command repetition happened 1 times" in result.stderr
    checked = lab.run(CHECK)
    assert checked.exit_code == TOLERATED
    assert "MD5 MISMATCH: '/p/f'" in checked.stdout, checked.stdout


def test_the_connection_is_lost_behind_a_write(lab: Lab) -> None:
    # QEMU connects again and sends it again: it is on the disc already.
    lab.insert("dvd+r")
    result = lab.meets("lost-connection", command="WRITE (10)", nth=5, carried_out=True)
    assert_given_up(result, "write(64,16): [5 21 02] Illegal request. Invalid address for write.")


def test_the_connection_is_lost_before_a_write_and_blocks_are_unreadable(lab: Lab) -> None:
    # QEMU connects again, and the burn goes on as if nothing had happened.
    lab.insert("dvd+r")
    result = lab.meets("lost-connection", command="WRITE (10)", nth=5)
    assert result.exit_code == 0, result.stderr
    good = lab.meets("unreadable", CHECK, lba="0..600", probability=0.5, times=1)
    assert good.exit_code == 0, good.stderr
    assert good.stdout.endswith(f"{MATCH}\n"), "a block that can be read at another try is no loss"
    bad = lab.meets("unreadable", CHECK, hits=4, lba="300..301")
    assert "libburn : SORRY : SCSI error on read_10(300,1): [3 11 05] Medium error." in bad.stderr, bad.stderr
    assert "NOT READABLE: '/p/f'" in bad.stdout


def test_a_drive_that_is_busy_slow_and_hangs(lab: Lab) -> None:
    lab.insert("dvd+r")
    lab.lie_in_wait("busy", command="WRITE (10)", nth=5, seconds=1.0, sense="2/04/08")
    faults: list[dict[str, Any]] = [
        {"kind": "slow", "name": "slow", "command": "WRITE (10)", "seconds": 0.2, "nth": 10, "times": 3},
        {"kind": "hang", "name": "hang", "command": "CLOSE TRACK/SESSION"},
    ]
    ask(lab.served.control, {"do": "add-faults", "faults": faults})

    def struck() -> list[int]:
        return [row["hits"] for row in ask(lab.served.control, {"do": "list-faults"})["faults"]]

    results: list[CommandResult] = []
    thread = threading.Thread(target=lambda: results.append(lab.run(BURN)))
    thread.start()
    try:
        while thread.is_alive() and struck()[2] == 0:
            time.sleep(0.1)
        assert struck() == [1, 3, 1]
        thread.join(2.0)
        assert thread.is_alive(), "the guest waits for ever, as virtio-scsi has no time limit"
    finally:
        ask(lab.served.control, {"do": "clear-faults"})
        thread.join(300)
    (result,) = results
    assert result.exit_code == 0, result.stderr
    assert "libburn : NOTE : WRITE command repetition happened " in result.stderr


def test_blanking_fails(lab: Lab) -> None:
    written = lab.folder / "written.disc"
    create(written, "cd-rw")
    (lab.folder / "tree").mkdir()
    with open_disc_drive(f"disc:{written}") as drive:
        drive.burn(str(lab.folder / "tree"), ImageOptions(now=1_700_000_000))
    lab.insert_this(written)
    keys = {"command": "BLANK", "sense": "3/51/00"}
    result = lab.meets("deferred-error", "xorriso -outdev /dev/sr1 -blank as_needed", **keys)
    assert result.exit_code == 5, result.stderr
    assert (
        "libburn : FAILURE : Asynchronous SCSI error : [3 51 00] Medium error. Erase failure."
        in result.stderr
    )
    assert "xorriso : FAILURE : Blanking failed." in result.stderr
    ask(lab.served.control, {"do": "eject", "force": True})
    with open_disc_drive(f"disc:{written}") as drive:
        assert drive.medium().sessions == 1, "what couldn't be erased is still there"
