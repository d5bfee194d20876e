"""A disc in the hands of several: who may write, what the others see meanwhile, and who is told what."""

from __future__ import annotations

import fcntl
import os
import shutil
import threading
from contextlib import closing
from pathlib import Path

import pytest

from burnlab.disc import Disc, WriteType
from burnlab.disc.errors import SurfaceFailure
from burnlab.disc.folder import FolderError, create, export_image, looked_at, open_disc
from burnlab.disc.holding import NOTE, PAUSE_SECONDS, is_held, read_note
from burnlab.disc.state_file import look_at_state
from support.drive import pattern

BLOCK = 2048


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A DVD-RW with one closed session of 64 blocks."""
    path = tmp_path / "a.disc"
    create(path, "dvd-rw")
    with closing(open_disc(path)) as disc:
        burn(disc, 64)
    return path


def burn(disc: Disc, blocks: int) -> None:
    start = disc.next_writable
    assert start is not None
    disc.write(start, pattern(start, blocks), WriteType.INCREMENTAL)
    disc.close_track(len(disc.state.tracks))
    disc.close_session(appendable=True)


# Who holds it.


def test_the_second_is_told_who_has_it(path: Path) -> None:
    with closing(open_disc(path, holder="the first one")):
        assert is_held(path)
        note = read_note(path)
        assert note is not None
        assert (note.process, note.holder) == (os.getpid(), "the first one")
        with pytest.raises(FolderError) as refusal:
            open_disc(path, holder="the second one")
        assert f"in use by another recorder: process {os.getpid()} (the first one)" in str(refusal.value)
        assert refusal.value.hint
        assert read_note(path) == note, "who was refused leaves no note"
    assert not is_held(path)
    assert not (path / NOTE).exists()


def test_another_host_is_named(path: Path) -> None:
    with closing(open_disc(path)):
        (path / NOTE).write_text('{"process": 7, "host": "far-away", "holder": "x"}')
        with pytest.raises(FolderError, match=r"process 7 on far-away \(x\)"):
            open_disc(path)


@pytest.mark.parametrize("note", ["", "nonsense", "[]", '{"process": "x"}', None])
def test_a_note_that_says_nothing(path: Path, note: str | None) -> None:
    with closing(open_disc(path)):
        (path / NOTE).unlink()
        if note is not None:
            (path / NOTE).write_text(note)
        with pytest.raises(FolderError, match="a process that left no note"):
            open_disc(path)


def test_whoever_only_asks_turns_no_recorder_away(path: Path) -> None:
    """Asking takes the lock for an instant; a recorder that comes then tries again."""
    fd = os.open(path / "surface", os.O_RDONLY)
    fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    threading.Timer(2 * PAUSE_SECONDS, os.close, (fd,)).start()
    open_disc(path).close()


def test_a_full_disk_keeps_no_note_but_the_disc_opens(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.open

    def no_note(name: object, *words: object, **options: object) -> int:
        if name == NOTE:
            raise OSError(28, "No space left on device")
        return real(name, *words, **options)  # type: ignore[arg-type]

    monkeypatch.setattr("burnlab.disc.holding.os.open", no_note)
    open_disc(path).close()


# A folder that is moved.


def test_a_state_never_goes_to_another_disc(path: Path, tmp_path: Path) -> None:
    """The folder is moved while a recorder has it, and another disc takes its name."""
    disc = open_disc(path)
    path.rename(tmp_path / "b.disc")
    create(path, "dvd-r")
    before = look_at_state(path)
    start = disc.next_writable
    assert start is not None
    with pytest.raises(SurfaceFailure, match="was moved or removed"):
        disc.write(start, pattern(start, 16), WriteType.INCREMENTAL)
    assert look_at_state(path) == before
    assert (path / "surface").stat().st_size == 0
    disc.surface.close()
    assert not (tmp_path / "b.disc" / NOTE).exists(), "the note goes from where the folder is now"
    open_disc(tmp_path / "b.disc").close()


def test_a_folder_that_is_gone(path: Path) -> None:
    disc = open_disc(path)
    shutil.rmtree(path)
    with pytest.raises(SurfaceFailure, match="was moved or removed"):
        disc.close_session(appendable=False)
    disc.surface.close()


# Looking while it is burnt.


def test_what_is_seen_during_a_burn(path: Path, tmp_path: Path) -> None:
    with closing(open_disc(path)) as disc:
        start = disc.next_writable
        assert start is not None
        disc.write(start, pattern(start, 32), WriteType.INCREMENTAL)
        with looked_at(path) as seen:
            assert [(s.start, s.blocks) for s in seen.session_views()] == [(0, 64)]
            assert seen.capacity_end == 64
            disc.write(start + 32, pattern(start + 32, 32), WriteType.INCREMENTAL)
            assert export_image(seen, tmp_path / "one.iso") == 64
            disc.close_track(2)
            disc.close_session(appendable=True)
            assert seen.read(0, 64) == pattern(0, 64)
        with looked_at(path) as seen:
            assert export_image(seen, tmp_path / "two.iso") == start + 64
    assert (tmp_path / "one.iso").read_bytes() == pattern(0, 64)
    assert (tmp_path / "two.iso").read_bytes()[start * BLOCK :] == pattern(start, 64)


def test_blanked_while_it_is_read(path: Path) -> None:
    with closing(open_disc(path)) as disc:
        with (
            pytest.raises(FolderError, match="was written while it was read") as refusal,
            looked_at(path) as seen,
        ):
            assert seen.read(0, 1) == pattern(0, 1)
            disc.blank(full=True)
            seen.read(1, 1)
            pytest.fail("zeros in the place of what was there")
        assert refusal.value.hint


def test_blanked_and_burnt_anew_while_it_is_read(path: Path) -> None:
    """Afterwards all looks as before: what was read in between would be a mixture."""
    with (
        closing(open_disc(path)) as disc,
        pytest.raises(FolderError, match="was written while it was read"),
        looked_at(path) as seen,
    ):
        seen.read(0, 1)
        disc.blank(full=True)
        burn(disc, 16)
        seen.read(1, 1)


def test_blanked_after_the_last_block_was_read(path: Path) -> None:
    with (
        closing(open_disc(path)) as disc,
        pytest.raises(FolderError, match="was written while it was read"),
        looked_at(path) as seen,
    ):
        assert seen.read(0, 64) == pattern(0, 64)
        disc.blank(full=True)


@pytest.mark.parametrize("writes", [False, True])
def test_overwritable_media(tmp_path: Path, writes: bool) -> None:
    """Their blocks change in place: whoever reads them meanwhile gets a mixture, and is told."""
    path = tmp_path / "o.disc"
    create(path, "dvd-ram")
    with closing(open_disc(path)) as disc:
        disc.write(0, pattern(0, 64), WriteType.PLAIN)
        if writes:
            with pytest.raises(FolderError, match="was written"), looked_at(path) as seen:
                seen.read(0, 32)
                disc.write(16, pattern(100, 32), WriteType.PLAIN)
                seen.read(32, 32)
        else:
            with looked_at(path) as seen:
                assert seen.read(0, 64) == pattern(0, 64)


def test_looking_while_a_recorder_never_rests(path: Path) -> None:
    """Burning, closing, blanking as fast as it goes: whoever looks sees a disc each time."""
    done = threading.Event()

    def work() -> None:
        with closing(open_disc(path)) as disc:
            while not done.is_set():
                burn(disc, 16)
                disc.blank(full=True)

    worker = threading.Thread(target=work)
    worker.start()
    try:
        seen = set()
        for _ in range(60):
            disc = open_disc(path, read_only=True)
            seen.add(len(disc.session_views()))
            disc.close()
    finally:
        done.set()
        worker.join()
    assert seen <= {0, 1, 2}
