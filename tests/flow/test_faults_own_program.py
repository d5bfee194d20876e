"""Every kind of fault, met by our own burn program in this process: what it says, what the medium is then."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from burnlab.burn.drive import Drive
from burnlab.burn.mmc import MmcDrive
from burnlab.burn.patience import patience
from burnlab.disc.model import TrackState
from burnlab.recorder import ClockedUnit, FaultPlan, PromptUnit
from support.burning import DRIVE, Burner, Said
from support.faulty_recorder import fault

BLOCK = 2048
SEQUENTIAL = ("cd-r", "cd-rw", "dvd-r", "dvd-rw", "dvd+r", "bd-r")
OVERWRITABLE = ("dvd-rw-ovw", "dvd+rw", "dvd-ram", "bd-re")
GIVEN_UP = "xorriso : FAILURE : libburn indicates failure with writing."
KEPT = "burnlab : HINT : The medium has what it had before, and nothing new."


class Bench(Burner):
    """A burner whose faults are the recorder's own, and whose way to it is a new one each time."""

    def open_drive(self, address: str) -> Drive:
        """The recorder for its address; else files."""
        if address != DRIVE:
            return super().open_drive(address)
        unit = PromptUnit(ClockedUnit(self.recorder, self.clock.now), self.clock.sleep, patience)
        return MmcDrive(address, unit, self.clock.sleep)

    def burn(self, name: str, *settings: str) -> Said:
        """A session with one file."""
        return self.run(*settings, "-md5", "on", "-dev", DRIVE, "-add", name, "--")

    def check(self, *settings: str) -> Said:
        """Hold every file against its MD5."""
        return self.run(*settings, "-md5", "on", "-indev", DRIVE, "-check_md5_r", "sorry", "/", "--")

    def meets(self, kind: str, *words: str, hits: int | None = 1, **keys: Any) -> Said:
        """Run the program with a fault in its way, by default a second session; None: hits don't count."""
        mishaps = self.recorder.mishaps
        (name,) = mishaps.add(FaultPlan((fault(kind, **keys),)))
        said = self.run(*words) if words else self.burn("big")
        assert hits is None or mishaps.hits(name) == hits, said.err
        mishaps.clear()
        return said

    @property
    def tracks(self) -> list[TrackState]:
        """The states of the disc's tracks."""
        disc = self.recorder.disc
        assert disc is not None
        return [track.state for track in disc.state.tracks]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    (tmp_path / "small").write_bytes(b"s" * BLOCK * 300)
    (tmp_path / "big").write_bytes(b"b" * BLOCK * 1200)
    return Bench(tmp_path)


def insert(bench: Bench, kind: str) -> None:
    """A new disc with a good session."""
    bench.insert(kind)
    said = bench.burn("small")
    assert said.value == 0, said.err


def assert_failed(said: Said, *texts: str) -> None:
    assert said.value == 32, said.err
    for text in (*texts, GIVEN_UP):
        assert text in said.err, said.err
    assert "completed successfully" not in said.err


def assert_whole(bench: Bench, *settings: str) -> None:
    said = bench.check(*settings)
    assert said.value == 0, said.err
    assert "File contents and their MD5 checksums match." in said.out + said.err


FAILS = "libburn : FATAL : SCSI error on write: WRITE (10) failed with sense "
CLOSING_FAILS = "libburn : FAILURE : Track or session can't be closed: "
FATAL_FAULTS: dict[str, tuple[dict[str, Any], str]] = {
    "write-error": ({"after_blocks": 400}, f"{FAILS}3/0C/00 (medium error, write error)"),
    "opc-failure": ({}, f"{FAILS}3/73/03 (medium error, power calibration area error)"),
    "deferred-error": ({"nth": 20}, f"{FAILS}3/0C/00 (medium error, write error)"),
    "hang": (
        {"command": "write", "nth": 20},
        "libburn : FATAL : SCSI error on write: The drive didn't answer the command 2Ah within 200 s",
    ),
}


@pytest.mark.parametrize("kind", FATAL_FAULTS)
@pytest.mark.parametrize("medium", SEQUENTIAL)
def test_a_session_that_is_cut_off_is_ended(medium: str, kind: str, bench: Bench) -> None:
    keys, told = FATAL_FAULTS[kind]
    insert(bench, medium)
    assert_failed(bench.meets(kind, **keys), told)
    assert not bench.recorder.removal_prevented
    assert set(bench.tracks) == {TrackState.CLOSED}
    assert_whole(bench, "-load", "session", "1")
    said = bench.burn("big", "-load", "session", "1")
    assert said.value == 0, said.err
    assert_whole(bench)


@pytest.mark.parametrize("kind", FATAL_FAULTS)
@pytest.mark.parametrize("medium", OVERWRITABLE)
def test_overwritable_media_keep_what_they_had(medium: str, kind: str, bench: Bench) -> None:
    keys, told = FATAL_FAULTS[kind]
    insert(bench, medium)
    assert_failed(bench.meets(kind, **keys), told, KEPT)
    assert_whole(bench)
    assert bench.burn("big").value == 0
    assert_whole(bench)


@pytest.mark.parametrize("medium", ["dvd-ram", "bd-re"])
def test_no_spare_area_left(medium: str, bench: Bench) -> None:
    insert(bench, medium)
    said = bench.meets("spare-exhausted", lba=600)
    assert_failed(said, f"{FAILS}3/32/00 (medium error, no defect spare location)", KEPT)
    assert_whole(bench)


# The power goes.

POWER_FAULTS: dict[str, tuple[dict[str, Any], str]] = {
    "at a write": ({"command": "write", "nth": 20}, f"{FAILS}6/29/00 (unit attention, power on or reset)"),
    "at the flush": (
        {"command": "synchronize cache"},
        "SYNCHRONIZE CACHE (10) failed with sense 6/29/00",
    ),
    "while it is asked for its buffer": (
        {"command": "read buffer capacity", "nth": 2},
        f"{FAILS}6/29/00 (unit attention, power on or reset)",
    ),
}


@pytest.mark.parametrize("when", POWER_FAULTS)
@pytest.mark.parametrize("medium", SEQUENTIAL)
def test_power_loss_leaves_a_damaged_track_that_can_be_closed(medium: str, when: str, bench: Bench) -> None:
    keys, told = POWER_FAULTS[when]
    insert(bench, medium)
    assert_failed(bench.meets("power-loss", buffer_blocks=40, **keys), told)
    disc = bench.recorder.disc
    assert disc is not None and not disc.state.finalized, "a drive that forgot how to close closes for good"
    assert bench.tracks == [TrackState.CLOSED, TrackState.DAMAGED]
    assert_whole(bench, "-load", "session", "1")
    assert bench.run("-outdev", DRIVE, "-close_damaged", "as_needed").value == 0
    said = bench.burn("big", "-load", "session", "1")
    assert said.value == 0, said.err
    assert_whole(bench)


@pytest.mark.parametrize("when", POWER_FAULTS)
@pytest.mark.parametrize("medium", OVERWRITABLE)
def test_power_loss_is_noticed_on_overwritable_media(medium: str, when: str, bench: Bench) -> None:
    # Sent again after 6/29 the WRITE would succeed, and what was in the buffer would be missing.
    keys, told = POWER_FAULTS[when]
    insert(bench, medium)
    assert_failed(bench.meets("power-loss", buffer_blocks=40, **keys), told)
    assert_whole(bench)


def test_power_loss_before_anything_is_written_is_no_loss(bench: Bench) -> None:
    insert(bench, "dvd+r")
    said = bench.meets("power-loss", command="reserve track", hits=None)
    assert said.value == 0, said.err
    assert bench.meets("power-loss", command="read disc information").value == 0
    assert_whole(bench)


# The way breaks.


@pytest.mark.parametrize("carried_out", [False, True])
def test_the_connection_is_lost(bench: Bench, carried_out: bool) -> None:
    insert(bench, "dvd+r")
    said = bench.meets("lost-connection", command="write", nth=20, carried_out=carried_out)
    assert_failed(
        said,
        "libburn : FATAL : SCSI error on write: The connection to the drive is lost",
        "burnlab : HINT : Whether its last command was carried out isn't known.",
        "burnlab : NOTE : State of the medium is not known",
    )
    assert not bench.recorder.removal_prevented
    assert_whole(bench, "-load", "session", "1")


# What is only slow.


def test_slow_and_busy_cost_nothing_but_time(bench: Bench) -> None:
    insert(bench, "dvd+r")
    bench.recorder.mishaps.add(
        FaultPlan((fault("busy", command="write", nth=20, seconds=100, sense="2/04/08"),))
    )
    began = bench.clock.now()
    said = bench.meets("slow", command="write", seconds=2, hits=None)
    assert said.value == 0, said.err
    assert bench.clock.now() - began > 250
    assert_whole(bench)


def test_busy_for_too_long(bench: Bench) -> None:
    insert(bench, "dvd+r")
    said = bench.meets("busy", command="write", nth=20, seconds=300, sense="2/04/08")
    assert_failed(said, f"{FAILS}2/04/08 (not ready, long write in progress)")


# Closing, blanking.


def test_a_track_that_cannot_be_closed(bench: Bench) -> None:
    insert(bench, "dvd+r")
    said = bench.meets("error", command="close track/session", sense="3/72/00")
    assert_failed(
        said, f"{CLOSING_FAILS}CLOSE TRACK/SESSION failed with sense 3/72/00 (medium error, session fixation"
    )
    assert_whole(bench, "-load", "session", "1")


def test_a_flush_that_fails_later(bench: Bench) -> None:
    insert(bench, "dvd+r")
    said = bench.meets("deferred-error", command="synchronize cache")
    assert_failed(said, f"{CLOSING_FAILS}TEST UNIT READY failed with sense 3/0C/00")


@pytest.mark.parametrize("kind", ["error", "deferred-error"])
def test_blanking_fails(bench: Bench, kind: str) -> None:
    insert(bench, "cd-rw")
    said = bench.meets(kind, "-outdev", DRIVE, "-blank", "as_needed", command="blank", sense="3/51/00")
    assert said.value == 5
    assert "failed with sense 3/51/00 (medium error, erase failure)" in said.err, said.err
    assert "xorriso : FAILURE : Blanking failed." in said.err
    assert_whole(bench)
    assert bench.run("-outdev", DRIVE, "-blank", "as_needed").value == 0


# Reading.


def test_unreadable_blocks(bench: Bench) -> None:
    insert(bench, "dvd+r")
    said = bench.meets(
        "unreadable",
        *("-md5", "on", "-indev", DRIVE, "-check_md5_r", "sorry", "/", "--"),
        lba="100..101",
        hits=None,
    )
    assert said.value == 32
    assert "NOT READABLE: '/small'" in said.out


def test_check_media_finds_the_range(bench: Bench) -> None:
    insert(bench, "dvd+r")
    said = bench.meets("unreadable", "-indev", DRIVE, "-check_media", "--", lba="100..101", hits=None)
    assert said.value == 32
    assert "Media region :         96 ,         32 , - unreadable\n" in said.out, said.out


def test_sporadic_errors_are_read_over(bench: Bench) -> None:
    insert(bench, "dvd+r")
    words = ("-md5", "on", "-indev", DRIVE, "-check_md5_r", "sorry", "/", "--")
    said = bench.meets("unreadable", *words, lba="0..400", probability=0.05, seed=1, hits=None)
    assert said.value == 0, said.err
