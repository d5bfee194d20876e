"""The disc folder: making, importing, exporting, opening, and everything that can be wrong with one."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from burnlab.disc import Disc, TrackState, WriteType, folder, state_file
from burnlab.disc.folder import FolderError, create, export_image, import_image, open_disc
from burnlab.disc.media import MEDIA
from burnlab.disc.surface import BLOCK_BYTES
from support.drive import pattern

INCREMENTAL = WriteType.INCREMENTAL


def burn(disc: Disc, blocks: int, *, appendable: bool = True) -> int:
    start = disc.next_writable
    assert start is not None
    disc.write(start, pattern(start, blocks), INCREMENTAL)
    disc.synchronize()
    disc.close_track(len(disc.state.tracks))
    disc.close_session(appendable=appendable)
    return start


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A new blank DVD-RW."""
    path = tmp_path / "a.disc"
    create(path, "dvd-rw")
    return path


def used_bytes(path: Path) -> int:
    return sum(p.stat().st_blocks * 512 for p in path.rglob("*"))


def test_a_blank_disc_costs_kilobytes(path: Path) -> None:
    assert used_bytes(path) < 64 * 1024
    disc = open_disc(path)
    assert disc.is_blank
    assert disc.free_blocks == 2298496
    disc.close()


def test_a_full_one_costs_what_was_written(path: Path) -> None:
    disc = open_disc(path)
    burn(disc, 160)
    burn(disc, 16)
    disc.close()
    assert used_bytes(path) < 1 << 20
    assert (path / "surface").stat().st_size == (160 + 28688 + 16) * BLOCK_BYTES


def test_state_and_data_come_back(path: Path) -> None:
    disc = open_disc(path)
    starts = [burn(disc, 160), burn(disc, 32)]
    state = disc.state
    disc.close()
    disc = open_disc(path)
    assert disc.state == state
    for start, blocks in zip(starts, (160, 32), strict=True):
        assert disc.read(start, blocks) == pattern(start, blocks)
    disc.close()


@pytest.mark.parametrize("blocks", [1, 15, 16, 17])
def test_padding_is_on_the_surface(path: Path, blocks: int) -> None:
    disc = open_disc(path)
    burn(disc, blocks)
    disc.close()
    assert (path / "surface").stat().st_size == -(-blocks // 16) * 16 * BLOCK_BYTES
    disc = open_disc(path)
    assert disc.read(blocks - 1, 1) == pattern(blocks - 1, 1)
    disc.close()


def test_the_surface_is_a_plain_image_as_it_lies(path: Path) -> None:
    disc = open_disc(path)
    burn(disc, 64)
    disc.close()
    assert (path / "surface").read_bytes() == pattern(0, 64)


def test_product_and_capacity(tmp_path: Path) -> None:
    create(tmp_path / "x.disc", "dvd-rw", "VERBATIM", 1600)
    disc = open_disc(tmp_path / "x.disc")
    assert (disc.state.product, disc.state.capacity_blocks) == ("VERBATIM", 1600)
    disc.close()


# Making.


def test_never_over_something_that_is_there(path: Path, tmp_path: Path) -> None:
    with pytest.raises(FolderError, match="exists already"):
        create(path, "dvd-rw")
    (tmp_path / "file").write_text("mine")
    with pytest.raises(FolderError, match="exists already"):
        create(tmp_path / "file", "dvd-rw")
    assert (tmp_path / "file").read_text() == "mine"


def test_no_folder_above_it(tmp_path: Path) -> None:
    with pytest.raises(FolderError) as refusal:
        create(tmp_path / "none" / "a.disc", "dvd-rw")
    assert refusal.value.hint


def test_pressed_media_are_not_made_blank(tmp_path: Path) -> None:
    with pytest.raises(FolderError, match="can't be blank"):
        create(tmp_path / "a.disc", "dvd-rom")


def test_unknown_type_tells_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(KeyError, match="dvd-rw"):
        create(tmp_path / "a.disc", "floppy")


@pytest.mark.parametrize("blocks", [-1, 1 << 40])
def test_blocks_out_of_range(tmp_path: Path, blocks: int) -> None:
    with pytest.raises(FolderError, match="out of range"):
        create(tmp_path / "a.disc", "dvd-rw", capacity_blocks=blocks)


def test_a_failure_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(folder, "write_state", fail)
    with pytest.raises(FolderError, match="No space left"):
        create(tmp_path / "a.disc", "dvd-rw")
    assert list(tmp_path.iterdir()) == []


# Importing and exporting.


@pytest.mark.parametrize("size", [1, 2047, 2048, 2049, 1 << 20, (1 << 20) + 5])
def test_import_pads_the_last_block(tmp_path: Path, size: int) -> None:
    content = os.urandom(size)
    (tmp_path / "a.iso").write_bytes(content)
    blocks = import_image(tmp_path / "a.iso", tmp_path / "a.disc", MEDIA["dvd-rom"])
    assert blocks == -(-size // BLOCK_BYTES)
    disc = open_disc(tmp_path / "a.disc")
    assert disc.read(0, blocks) == content.ljust(blocks * BLOCK_BYTES, b"\0")
    assert disc.state.finalized
    assert [(v.number, v.start, v.size) for v in disc.track_views()] == [(1, 0, blocks)]
    disc.close()


def test_import_keeps_holes(tmp_path: Path) -> None:
    with (tmp_path / "a.iso").open("wb") as image:
        image.truncate(64 << 20)
    import_image(tmp_path / "a.iso", tmp_path / "a.disc", MEDIA["dvd-rom"])
    assert used_bytes(tmp_path / "a.disc") < 1 << 20


@pytest.mark.parametrize("kind", ["missing", "folder", "empty"])
def test_import_of_what_is_no_image(tmp_path: Path, kind: str) -> None:
    image = tmp_path / "a.iso"
    if kind == "folder":
        image.mkdir()
    elif kind == "empty":
        image.touch()
    with pytest.raises(FolderError) as refusal:
        import_image(image, tmp_path / "a.disc", MEDIA["dvd-rom"])
    assert refusal.value.hint
    assert not (tmp_path / "a.disc").exists()
    assert not [p for p in tmp_path.iterdir() if p.name != "a.iso"]


def test_import_larger_than_the_medium(tmp_path: Path) -> None:
    with (tmp_path / "a.iso").open("wb") as image:
        image.truncate(101 * BLOCK_BYTES)
    small = replace(MEDIA["dvd-rw"], capacity_blocks=100)
    with pytest.raises(FolderError, match="101 blocks"):
        import_image(tmp_path / "a.iso", tmp_path / "a.disc", small)
    assert not (tmp_path / "a.disc").exists()


def test_export_holds_closed_sessions_and_zeros_between(path: Path, tmp_path: Path) -> None:
    disc = open_disc(path)
    burn(disc, 20)
    start = burn(disc, 16)
    disc.write(disc.next_writable or 0, pattern(0, 16), INCREMENTAL)
    end = start + 16
    assert export_image(disc, tmp_path / "out.iso") == end
    disc.close()
    image = (tmp_path / "out.iso").read_bytes()
    assert len(image) == end * BLOCK_BYTES
    assert image[: 20 * BLOCK_BYTES] == pattern(0, 20)
    assert not any(image[20 * BLOCK_BYTES : start * BLOCK_BYTES])
    assert image[start * BLOCK_BYTES :] == pattern(start, 16)
    assert (tmp_path / "out.iso").stat().st_blocks * 512 < 8 << 20, "gaps are holes"


def test_export_never_over_a_file(path: Path, tmp_path: Path) -> None:
    (tmp_path / "out.iso").write_text("mine")
    disc = open_disc(path)
    with pytest.raises(FileExistsError):
        export_image(disc, tmp_path / "out.iso")
    disc.close()
    assert (tmp_path / "out.iso").read_text() == "mine"


# Opening what is broken.


def spoil(path: Path, how: str) -> None:
    state = path / "state.sqlite"
    match how:
        case "missing":
            shutil.rmtree(path)
        case "empty folder":
            shutil.rmtree(path)
            path.mkdir()
        case "file":
            shutil.rmtree(path)
            path.write_text("x")
        case "no surface":
            (path / "surface").unlink()
        case "no state":
            state.unlink()
        case "state empty":
            state.write_bytes(b"")
        case "state text":
            state.write_text("not a database, but long enough to be looked at as one" * 100)
        case "state cut":
            state.write_bytes(state.read_bytes()[:100])
        case "state half":
            state.write_bytes(state.read_bytes()[: state.stat().st_size // 2])
        case "foreign database":
            state.unlink()
            with closing(sqlite3.connect(state)) as database, database:
                database.execute("CREATE TABLE customers (name TEXT)")
        case _:
            with closing(sqlite3.connect(state)) as database, database:
                database.execute("UPDATE state SET document = ?", (how,))


BROKEN = [
    "missing",
    "empty folder",
    "file",
    "no surface",
    "no state",
    "state empty",
    "state text",
    "state cut",
    "state half",
    "foreign database",
    "",
    "{}",
    "[1]",
    '{"medium":"floppy","product":"","capacity_blocks":1,"tracks":[]}',
    '{"medium":"dvd-rw","product":"","capacity_blocks":1,"tracks":[{}]}',
    '{"medium":"dvd-rw","product":"","capacity_blocks":1,"tracks":null}',
]


@pytest.mark.parametrize("read_only", [False, True])
@pytest.mark.parametrize("how", BROKEN)
def test_a_clear_error_with_a_hint(path: Path, how: str, read_only: bool) -> None:
    spoil(path, how)
    with pytest.raises(FolderError) as refusal:
        open_disc(path, read_only=read_only)
    assert str(path) in str(refusal.value)
    assert refusal.value.hint


def test_no_row_of_state(path: Path) -> None:
    with closing(sqlite3.connect(path / "state.sqlite")) as database, database:
        database.execute("DELETE FROM state")
    with pytest.raises(FolderError, match="no disc state"):
        open_disc(path)


def test_a_newer_layout(path: Path) -> None:
    with closing(sqlite3.connect(path / "state.sqlite")) as database, database:
        database.execute(f"PRAGMA user_version = {state_file.FORMAT + 1}")
    with pytest.raises(FolderError, match=f"layout {state_file.FORMAT + 1}") as refusal:
        open_disc(path)
    assert "newer" in refusal.value.hint


def test_a_surface_that_is_too_short(path: Path) -> None:
    disc = open_disc(path)
    burn(disc, 160)
    disc.close()
    os.truncate(path / "surface", 100 * BLOCK_BYTES)
    with pytest.raises(FolderError, match="ends at block 100"):
        open_disc(path)


def test_in_use(path: Path) -> None:
    disc = open_disc(path)
    with pytest.raises(FolderError, match="in use"):
        open_disc(path)
    looked_at = open_disc(path, read_only=True)
    assert looked_at.is_blank
    looked_at.close()
    disc.close()
    open_disc(path).close()


def test_in_use_by_another_process(path: Path) -> None:
    code = (
        f"from pathlib import Path\nfrom burnlab.disc.folder import open_disc\nopen_disc(Path({str(path)!r}))"
    )
    disc = open_disc(path)
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert run.returncode != 0
    assert "in use by another recorder" in run.stderr
    disc.close()
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_an_error_lets_go_of_the_lock(path: Path) -> None:
    text = (path / "state.sqlite").read_bytes()
    spoil(path, "{}")
    for _ in range(2):
        with pytest.raises(FolderError, match="no disc state"):
            open_disc(path)
    (path / "state.sqlite").write_bytes(text)
    open_disc(path).close()


def test_looking_changes_nothing(path: Path) -> None:
    disc = open_disc(path)
    disc.write(0, pattern(0, 16), INCREMENTAL)
    disc.close()
    with (path / "surface").open("ab") as surface:
        surface.write(bytes(BLOCK_BYTES))
    before = {p.name: p.read_bytes() for p in path.iterdir()}
    open_disc(path, read_only=True).close()
    assert {p.name: p.read_bytes() for p in path.iterdir()} == before


# What an interruption left behind.


def test_synchronized_track_can_go_on(path: Path) -> None:
    disc = open_disc(path)
    disc.write(0, pattern(0, 32), INCREMENTAL)
    disc.synchronize()
    disc.surface.close()
    disc = open_disc(path)
    assert disc.state.tracks[0].state is TrackState.OPEN
    assert disc.next_writable == 32
    disc.close()


def test_cut_off_track_is_damaged_until_it_is_closed(path: Path) -> None:
    disc = open_disc(path)
    disc.write(0, pattern(0, 32), INCREMENTAL)
    disc.surface.close()
    disc = open_disc(path)
    assert disc.state.tracks[0].state is TrackState.DAMAGED
    assert disc.next_writable is None
    disc.close()
    disc = open_disc(path)
    assert disc.state.tracks[0].state is TrackState.DAMAGED, "it was noted down"
    disc.close_track(1)
    disc.close_session(appendable=True)
    assert disc.read(0, 32) == pattern(0, 32)
    assert disc.next_writable == 32 + 28688
    disc.close()


def test_a_full_filesystem_does_not_damage(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    disc = open_disc(path)
    disc.write(0, pattern(0, 16), INCREMENTAL)
    real = os.pwrite

    def pwrite(fd: int, data: bytes, offset: int) -> int:
        if offset >= 20 * BLOCK_BYTES:
            raise OSError(28, "No space left on device")
        return real(fd, memoryview(data)[: 4 * BLOCK_BYTES], offset)

    monkeypatch.setattr("burnlab.disc.surface.os.pwrite", pwrite)
    with pytest.raises(Exception, match="space"):
        disc.write(16, pattern(16, 16), INCREMENTAL)
    monkeypatch.undo()
    disc.synchronize()
    disc.close()
    disc = open_disc(path)
    assert disc.state.tracks[0].state is TrackState.OPEN
    assert disc.next_writable == 16
    disc.close()


def test_blanking_that_was_cut_off_before_the_surface(path: Path) -> None:
    disc = open_disc(path)
    burn(disc, 32)
    disc.surface.resize = lambda _blocks: None  # type: ignore[method-assign]
    disc.blank(full=True)
    disc.surface.close()
    disc = open_disc(path)
    assert disc.is_blank
    assert disc.surface.blocks == 0
    disc.close()


def test_state_that_cannot_be_stored(path: Path) -> None:
    disc = open_disc(path)
    disc.write(0, pattern(0, 16), INCREMENTAL)
    before = disc.state
    (path / "state.sqlite").rename(path / "elsewhere")
    (path / "state.sqlite").mkdir()
    with pytest.raises(Exception, match="unable to open"):
        disc.close_track(1)
    assert disc.state == before
    (path / "state.sqlite").rmdir()
    (path / "elsewhere").rename(path / "state.sqlite")
    disc.close_track(1)
    disc.close()
