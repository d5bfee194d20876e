"""Files, pipes and descriptors as drives, and which address leads to which of them."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from burnlab.burn.drive import (
    SYNC_AT_END,
    SYNC_BYTES,
    SYNC_NEVER,
    Access,
    DriveError,
    Status,
    WriteRequest,
)
from burnlab.burn.opener import open_stdio
from burnlab.burn.stdio import FileDrive
from burnlab.burn.stream import ENDLESS_BLOCKS, StreamDrive

BLOCK = 2048


def nothing(_done: float | None) -> None:
    pass


def test_a_file_that_does_not_exist_yet(tmp_path: Path) -> None:
    drive = FileDrive("x", str(tmp_path / "x"))
    medium = drive.medium()
    assert (medium.status, medium.access, medium.readable_blocks) == (Status.BLANK, Access.OVERWRITABLE, 0)
    assert not (tmp_path / "x").exists()
    drive.begin(WriteRequest(32, 2))
    drive.write(b"a" * BLOCK)
    drive.write(memoryview(b"b" * BLOCK))
    drive.finish(nothing)
    drive.write_at(0, b"h" * BLOCK)
    drive.close()
    assert (tmp_path / "x").read_bytes() == b"h" * BLOCK + bytes(31 * BLOCK) + b"a" * BLOCK + b"b" * BLOCK


def test_free_is_what_the_file_has_and_what_the_file_system_has(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(os.urandom(1 << 20))
    medium = FileDrive("x", str(path)).medium()
    place = os.statvfs(path)
    free = (place.f_bavail * place.f_frsize + path.stat().st_blocks * 512) // BLOCK
    assert abs(medium.free_blocks - free) < 100_000
    assert medium.readable_blocks == 512


def test_reading_stops_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(bytes(3000))
    drive = FileDrive("x", str(path))
    assert len(drive.read(0, 5)) == 3000
    assert drive.read(7, 1) == b""
    drive.close()


def test_a_dummy_run_leaves_an_empty_file(tmp_path: Path) -> None:
    drive = FileDrive("x", str(tmp_path / "x"))
    drive.begin(WriteRequest(0, 1, dummy=True))
    drive.write(b"a" * BLOCK)
    drive.finish(nothing)
    assert (tmp_path / "x").read_bytes() == b""


@pytest.mark.parametrize("refused", [False, True])
def test_what_was_written_is_handed_over_early(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refused: bool
) -> None:
    def advise(_: int, offset: int, count: int, advice: int) -> None:
        assert advice == os.POSIX_FADV_DONTNEED
        told.append((offset, count))
        if refused:
            raise OSError(22, "Invalid argument")

    told: list[tuple[int, int]] = []
    monkeypatch.setattr(os, "posix_fadvise", advise)
    drive = FileDrive("x", str(tmp_path / "x"))
    piece = memoryview(bytes(SYNC_BYTES * 3 // 8))
    drive.begin(WriteRequest(32, None))
    for _ in range(7):
        drive.write(piece)
    drive.finish(nothing)
    drive.close()
    assert told == [(at * 3 * len(piece) + 32 * BLOCK, 3 * len(piece)) for at in range(2)]
    assert (tmp_path / "x").stat().st_size == 32 * BLOCK + 7 * len(piece)


@pytest.mark.parametrize(
    ("sync_bytes", "handed_over", "synced"),
    [(SYNC_BYTES, 1, 1), (1 << 20, 16, 1), (SYNC_AT_END, 0, 1), (SYNC_NEVER, 0, 0)],
)
def test_when_a_file_is_brought_to_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sync_bytes: int, handed_over: int, synced: int
) -> None:
    told: list[str] = []
    monkeypatch.setattr(os, "posix_fadvise", lambda *_: told.append("advice"))
    monkeypatch.setattr(os, "fsync", lambda _: told.append("sync"))
    drive = FileDrive("x", str(tmp_path / "x"))
    drive.begin(WriteRequest(0, None, sync_bytes=sync_bytes))
    for _ in range(16):
        drive.write(bytes(1 << 20))
    drive.finish(nothing)
    drive.close()
    assert (told.count("advice"), told.count("sync")) == (handed_over, synced)


def test_a_full_target() -> None:
    drive = StreamDrive("stdio:/dev/full", "/dev/full")
    drive.begin(WriteRequest(0, 1))
    with pytest.raises(DriveError) as caught:
        drive.write(bytes(BLOCK))
    text = "Cannot write desired amount of 32768 bytes. write(2) returned -1. : No space left on device"
    assert [(e.severity, e.text, e.origin) for e in caught.value.events] == [("SORRY", text, "libburn")]


def test_a_directory_cannot_be_written(tmp_path: Path) -> None:
    drive = open_stdio(str(tmp_path))
    assert drive.medium().access is Access.SEQUENTIAL
    with pytest.raises(DriveError, match="pseudo-drive\\) : Is a directory"):
        drive.begin(WriteRequest(0, 1))


def test_a_pipe(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    got: list[bytes] = []
    reader = threading.Thread(target=lambda: got.append((tmp_path / "pipe").read_bytes()))
    reader.start()
    drive = open_stdio(str(tmp_path / "pipe"))
    medium = drive.medium()
    assert (medium.next_writable, medium.free_blocks) == (0, ENDLESS_BLOCKS)
    assert drive.read(0, 1) == b""
    drive.begin(WriteRequest(0, None))
    drive.write(b"p" * 3 * BLOCK)
    drive.finish(nothing)
    reader.join(10)
    assert got == [b"p" * 3 * BLOCK]


def test_a_given_descriptor_stays_open() -> None:
    reading, writing = os.pipe()
    drive = open_stdio("-", writing)
    assert drive.address == "stdio:/dev/fd/1"
    for text in (b"one", b"two"):
        drive.begin(WriteRequest(0, None))
        drive.write(text)
        drive.finish(nothing)
    os.close(writing)
    assert os.read(reading, 100) == b"onetwo"
    os.close(reading)


def test_standard_output_has_to_be_claimed() -> None:
    with pytest.raises(DriveError, match="was not a start argument"):
        open_stdio("-")


REFUSED = {
    "stdio:": ["FAILURE No suitable path given by device address 'stdio:'"],
    "mmc:/tmp/x": ["FAILURE Cannot access '/tmp/x' as SG_IO CDROM drive"],
    "/dev/sr31": [
        "FAILURE File object '/dev/sr31' not found",
        "FAILURE Cannot access '/dev/sr31' as SG_IO CDROM drive",
    ],
    "/dev/null": [
        "FAILURE Drive address '/dev/null' rejected because: not MMC and -drive_class 'caution' '/dev'",
        'HINT If the address is a legitimate target, prepend "stdio:"',
    ],
    "/no/such/file": ["SORRY Neither stdio-path nor its directory exist"],
}


@pytest.mark.parametrize("address", REFUSED)
def test_addresses_that_lead_nowhere(address: str) -> None:
    with pytest.raises(DriveError) as caught:
        open_stdio(address)
    assert [f"{event.severity} {event.text}" for event in caught.value.events] == REFUSED[address]


def test_precious_paths_are_taken_by_name_of_their_kind() -> None:
    assert isinstance(open_stdio("stdio:/dev/null"), StreamDrive)


def test_files_know_no_mmc(tmp_path: Path) -> None:
    drive = open_stdio(str(tmp_path / "x"))
    assert not drive.is_mmc
    assert (drive.speeds(), drive.profiles(), drive.eject()) == ((), (), False)
    for deed in (lambda: drive.blank("all", nothing), lambda: drive.format(None, nothing)):
        with pytest.raises(DriveError, match="not an MMC drive"):
            deed()
