"""Looking whether a disc folder is sound, and mending one: every way in which one is known to get damaged."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from burnlab.disc import Disc, TrackState, WriteType, cd
from burnlab.disc.cd_model import CdTrack, LeadIn, SectorForm, Wish
from burnlab.disc.folder import FolderError, create, export_image, import_image, open_disc
from burnlab.disc.media import MEDIA
from burnlab.disc.mending import check, repair
from burnlab.disc.model import Background, DiscState
from burnlab.disc.soundness import Report
from burnlab.disc.state_file import STATE, write_state
from support.drive import pattern

BLOCK, SECTOR = 2048, 2352
SESSIONS = ((0, 64), (64 + 2048, 48))
"""First block and blocks of the sessions on the test's DVD+R."""
END = 64 + 2048 + 48


def burn(disc: Disc, blocks: int, *, appendable: bool = True) -> None:
    start = disc.next_writable
    assert start is not None
    disc.write(start, pattern(start, blocks), WriteType.PLAIN)
    disc.close_track(len(disc.state.tracks))
    disc.close_session(appendable=appendable)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A DVD+R with two closed sessions that takes more."""
    path = tmp_path / "a.disc"
    create(path, "dvd+r")
    disc = open_disc(path)
    for _, blocks in SESSIONS:
        burn(disc, blocks)
    disc.close()
    return path


def make_audio(path: Path) -> None:
    """A CD-R with a data track and an audio track behind it."""
    create(path, "cd-r")
    disc = open_disc(path)
    disc.write(0, pattern(0, 320), WriteType.TRACK_AT_ONCE)
    disc.synchronize()
    disc.intend(Wish(CdTrack(SectorForm.AUDIO, 0), LeadIn()))
    start = disc.next_writable
    assert start is not None
    disc.write_sectors(start, b"\5" * (310 * SECTOR), WriteType.TRACK_AT_ONCE)
    disc.synchronize()
    disc.close_session(appendable=True)
    disc.close()


def codes(report: Report) -> list[str]:
    return [finding.code for finding in report.findings]


def bytes_of(path: Path) -> dict[str, bytes]:
    return {str(p.relative_to(path)): p.read_bytes() for p in sorted(path.rglob("*")) if p.is_file()}


def check_sessions(path: Path, sessions: tuple[tuple[int, int], ...] = SESSIONS) -> None:
    disc = open_disc(path, read_only=True)
    assert [(s.start, s.blocks) for s in disc.session_views()] == list(sessions)
    for start, blocks in sessions:
        assert disc.read(start, blocks) == pattern(start, blocks)
    disc.surface.close()


def go_on(path: Path) -> None:
    """Burn another session onto it, and read that one and those before it."""
    disc = open_disc(path)
    start = disc.next_writable
    assert start is not None
    before = [disc.read(s.start, s.blocks) for s in disc.session_views()]
    burn(disc, 32)
    after = [disc.read(s.start, s.blocks) for s in disc.session_views()]
    assert after == [*before, pattern(start, 32)]
    disc.close()
    assert check(path).is_sound


# Sound ones.


@pytest.mark.parametrize("kind", [n for n in MEDIA if not n.endswith("rom")] + ["dvd-rw-ovw"])
def test_a_new_disc_is_sound(tmp_path: Path, kind: str) -> None:
    create(tmp_path / "n.disc", kind)
    assert check(tmp_path / "n.disc").findings == ()
    open_disc(tmp_path / "n.disc").close()
    assert check(tmp_path / "n.disc").findings == ()


def test_a_pressed_disc_is_sound(tmp_path: Path) -> None:
    (tmp_path / "x.iso").write_bytes(pattern(0, 40))
    import_image(tmp_path / "x.iso", tmp_path / "x.disc", MEDIA["dvd-rom"])
    assert check(tmp_path / "x.disc").findings == ()


def test_a_burnt_disc_is_sound(path: Path) -> None:
    assert check(path).findings == ()
    assert repair(path) == (Report(), None)


def test_a_cd_is_sound_even_if_tracks_were_padded(tmp_path: Path) -> None:
    make_audio(tmp_path / "c.disc")
    assert check(tmp_path / "c.disc").findings == ()
    create(tmp_path / "d.disc", "cd-rw")
    disc = open_disc(tmp_path / "d.disc")
    disc.intend(Wish(CdTrack(SectorForm.AUDIO, 0), LeadIn()))
    disc.write_sectors(0, b"\5" * (20 * SECTOR), WriteType.TRACK_AT_ONCE)
    disc.close_session(appendable=True)
    disc.close()
    assert check(tmp_path / "d.disc").findings == ()
    assert (tmp_path / "d.disc" / "sectors").stat().st_size == cd.MINIMUM_TRACK_BLOCKS * SECTOR


def test_a_burn_that_was_cut_off_is_no_fault(path: Path) -> None:
    disc = open_disc(path)
    start = disc.next_writable
    assert start is not None
    disc.write(start, pattern(start, 100), WriteType.PLAIN)
    disc.surface.close()
    with (path / "surface").open("ab") as surface:
        surface.write(b"x" * 700)  # killed in the middle of a block
    before = bytes_of(path)
    report = check(path)
    assert report.is_sound
    assert codes(report) == ["cut-off"]
    assert "track 3 will be damaged, 101 blocks" in report.findings[0].text
    assert bytes_of(path) == before, "looking changes nothing"
    open_disc(path).close()
    assert check(path).findings == ()
    assert (path / "surface").stat().st_size % BLOCK == 0
    check_sessions(path)


@pytest.mark.parametrize("kind", ["dvd-rw", "cd-rw"])
def test_erasing_that_was_cut_off_is_no_fault(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "e.disc"
    create(path, kind)
    (path / "surface").write_bytes(b"\1" * (BLOCK * 50))
    report = check(path)
    assert (report.is_sound, codes(report)) == (True, ["erasing"])
    open_disc(path).close()
    assert check(path).findings == ()


def test_a_disc_in_use(path: Path) -> None:
    disc = open_disc(path, holder="a test")
    start = disc.next_writable
    assert start is not None
    disc.write(start, pattern(start, 32), WriteType.PLAIN)
    report = check(path)
    assert (report.is_sound, codes(report)) == (True, ["in-use"])
    assert f"process {os.getpid()} (a test)" in report.findings[0].text
    assert repair(path)[1] is None, "there is nothing to repair"
    disc.close()
    assert check(path).findings == ()
    assert not (path / "in-use").exists()


def test_a_note_of_a_killed_process_means_nothing(path: Path) -> None:
    (path / "in-use").write_text('{"process": 1, "host": "x", "holder": "y"}')
    assert check(path).findings == ()


def test_a_transaction_that_was_cut_off(path: Path, tmp_path: Path) -> None:
    """The journal of a change as it lies there while the change is written: whoever reads goes back."""
    database = sqlite3.connect(path / STATE, isolation_level=None)
    database.execute("PRAGMA cache_spill = 1")
    database.execute("PRAGMA cache_size = 1")
    database.execute("BEGIN IMMEDIATE")
    database.execute("UPDATE state SET document = ?", ("x" * 200_000,))
    assert (path / (STATE + "-journal")).stat().st_size > 0
    shutil.copytree(path, tmp_path / "killed.disc")
    database.execute("ROLLBACK")
    database.close()
    killed = tmp_path / "killed.disc"
    before = bytes_of(killed)
    report = check(killed)
    assert (report.is_sound, codes(report)) == (True, ["journal"])
    check_sessions(killed)
    assert bytes_of(killed) == before, "looking changes nothing"
    go_on(killed)


# Damaged ones, and what mending makes of them.


@dataclass(frozen=True)
class Case:
    """A way to spoil the DVD+R with two sessions."""

    spoil: Callable[[Path], None]
    codes: tuple[str, ...]
    left: tuple[tuple[int, int], ...] | None
    """The closed sessions after the repair; None where nothing can be mended."""
    damaged: int = 0
    """Blocks of a damaged track after the repair."""


def cut_surface(size: int) -> Callable[[Path], None]:
    return lambda path: os.truncate(path / "surface", size)


def grow_surface(data: bytes, hole: int = 0) -> Callable[[Path], None]:
    def grow(path: Path) -> None:
        with (path / "surface").open("r+b") as surface:
            surface.seek(hole, os.SEEK_END)
            surface.write(data)

    return grow


def patch_state(at: int, data: bytes) -> Callable[[Path], None]:
    def patch(path: Path) -> None:
        with (path / STATE).open("r+b") as state:
            state.seek(at)
            state.write(data)

    return patch


def change_state(change: Callable[[DiscState], DiscState]) -> Callable[[Path], None]:
    def apply(path: Path) -> None:
        with closing(sqlite3.connect(path / STATE)) as database, database:
            (text,) = database.execute("SELECT document FROM state").fetchone()
            changed = change(DiscState.from_json(text)).to_json()
            database.execute("UPDATE state SET document = ?", (changed,))

    return apply


def sql(text: str) -> Callable[[Path], None]:
    def run(path: Path) -> None:
        with closing(sqlite3.connect(path / STATE)) as database, database:
            database.execute(text)

    return run


def remove(name: str) -> Callable[[Path], None]:
    return lambda path: (path / name).unlink()


CASES = {
    "surface cut inside the last session": Case(
        cut_surface((END - 20) * BLOCK), ("surface-short",), SESSIONS[:1], 28
    ),
    "surface cut inside its last block": Case(
        cut_surface(END * BLOCK - 1), ("surface-short", "surface-tail"), SESSIONS[:1], 47
    ),
    "surface cut between the sessions": Case(
        cut_surface(1000 * BLOCK), ("surface-short", "surface-tail"), SESSIONS[:1]
    ),
    "surface cut inside the first session": Case(cut_surface(10 * BLOCK), ("surface-short",), (), 10),
    "surface empty": Case(cut_surface(0), ("surface-short",), None),
    "surface missing": Case(remove("surface"), ("surface-missing",), None),
    "garbage behind the surface": Case(grow_surface(b"junk" * 5000), ("surface-tail",), SESSIONS),
    "a part of a block behind it": Case(grow_surface(b"j"), ("surface-tail",), SESSIONS),
    "a hole behind it": Case(grow_surface(b"\0", 2 << 20), ("surface-tail",), SESSIONS),
    "state without its head": Case(patch_state(0, b"\xff" * 100), ("state-damaged",), SESSIONS),
    "state with a page of zeros": Case(patch_state(0, bytes(4096)), ("state-damaged",), SESSIONS),
    "state with a broken tree": Case(patch_state(4096 + 1, b"\xff\xff"), ("state-damaged",), SESSIONS),
    "state with its page gone": Case(patch_state(4096, bytes(4096)), ("state-unreadable",), None),
    "state cut": Case(lambda path: os.truncate(path / STATE, 5000), ("state-unreadable",), None),
    "state empty": Case(lambda path: os.truncate(path / STATE, 0), ("state-unreadable",), None),
    "state missing": Case(remove(STATE), ("state-missing",), None),
    "state of nonsense": Case(sql("UPDATE state SET document = 'nonsense'"), ("state-unreadable",), None),
    "state of a newer burnlab": Case(sql("PRAGMA user_version = 99"), ("state-newer",), None),
    "state without a version": Case(sql("PRAGMA user_version = 0"), ("state-version",), SESSIONS),
    "a session too many": Case(
        change_state(lambda s: replace(s, closed_sessions=3)), ("state-contradiction",), SESSIONS
    ),
    "a session too few": Case(
        change_state(lambda s: replace(s, closed_sessions=0)), ("state-contradiction",), SESSIONS[:1]
    ),
    "a session less than none": Case(
        change_state(lambda s: replace(s, closed_sessions=-7)), ("state-contradiction",), SESSIONS[:1]
    ),
    "a closed disc with an open session": Case(
        change_state(lambda s: replace(s, closed_sessions=1, finalized=True)),
        ("state-contradiction",),
        SESSIONS[:1],
    ),
    "tracks that are numbered wrongly": Case(
        change_state(lambda s: replace(s, tracks=(replace(s.tracks[0], number=9), s.tracks[1]))),
        ("state-contradiction",),
        SESSIONS,
    ),
    "formatting what can't be overwritten": Case(
        change_state(lambda s: replace(s, growing=True, spare_blocks=-1, background=Background.RUNNING)),
        ("state-contradiction",),
        SESSIONS,
    ),
    "a damaged track with a session behind it": Case(
        change_state(
            lambda s: replace(s, tracks=(replace(s.tracks[0], state=TrackState.DAMAGED), s.tracks[1]))
        ),
        ("state-contradiction",),
        SESSIONS,
    ),
    "tracks that overlap": Case(
        change_state(lambda s: replace(s, tracks=(s.tracks[0], replace(s.tracks[1], start=10)))),
        ("state-contradiction",),
        None,
    ),
    "a track beyond the medium": Case(
        change_state(lambda s: replace(s, capacity_blocks=1000)), ("state-contradiction",), None
    ),
    "an open track in a closed session": Case(
        change_state(lambda s: replace(s, tracks=(s.tracks[0], replace(s.tracks[1], state=TrackState.OPEN)))),
        ("state-contradiction",),
        SESSIONS[:1],
    ),
    "tracks that can be overwritten": Case(
        change_state(lambda s: replace(s, overwritable=True)), ("state-contradiction",), None
    ),
    "blocks that are no number": Case(
        change_state(lambda s: replace(s, tracks=(replace(s.tracks[0], blocks="64"), s.tracks[1]))),  # type: ignore[arg-type]
        ("state-contradiction",),
        None,
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_what_is_damaged_is_found_and_mended(path: Path, name: str) -> None:
    case = CASES[name]
    case.spoil(path)
    before = bytes_of(path)
    report = check(path)
    assert not report.is_sound
    assert tuple(dict.fromkeys(codes(report))) == case.codes
    assert bytes_of(path) == before, "looking changes nothing"

    found, kept = repair(path)
    assert codes(found) == codes(report)
    if case.left is None:
        assert kept is None
        assert {n: d for n, d in bytes_of(path).items() if n != "in-use"} == before
        assert not any(f.remedy for f in found.findings)
        return
    assert kept is not None
    surface, old = (path / "surface").read_bytes(), before["surface"]
    assert surface == old[: len(surface)], "recorded data isn't touched"
    again = check(path)
    assert (again.is_sound, [c for c in codes(again) if c != "foreign-file"]) == (True, [])
    check_sessions(path, case.left)
    disc = open_disc(path)
    damaged = [t for t in disc.state.tracks if t.state is TrackState.DAMAGED]
    assert [t.blocks for t in damaged] == [case.damaged] * bool(case.damaged)
    for track in damaged:
        assert disc.read(track.start, track.blocks) == pattern(track.start, track.blocks)
    for track in disc.state.tracks:
        if track.session > disc.state.closed_sessions:
            disc.close_track(track.number)
    disc.close_session(appendable=True)
    disc.close()
    go_on(path)


@pytest.mark.parametrize("name", [n for n, c in CASES.items() if c.left is not None])
def test_copies_are_kept_of_what_is_changed(path: Path, name: str) -> None:
    CASES[name].spoil(path)
    before = bytes_of(path)
    _, kept = repair(path)
    assert kept == path / "before-repair-1"
    assert json.loads((kept / "findings.json").read_text())[0]["code"] == CASES[name].codes[0]
    surface = (path / "surface").read_bytes()
    for tail in kept.glob("surface-from-byte-*"):
        assert int(tail.name.rpartition("-")[2]) == len(surface)
        surface += tail.read_bytes()
    assert surface == before["surface"]
    if (path / STATE).read_bytes() != before[STATE]:
        assert (kept / STATE).read_bytes() == before[STATE]


def test_a_second_repair_keeps_copies_of_its_own(path: Path) -> None:
    for number in (1, 2):
        grow_surface(b"junk")(path)
        assert repair(path)[1] == path / f"before-repair-{number}"


def test_a_large_state_is_salvaged(tmp_path: Path) -> None:
    """So many sessions that the document goes on in further pages."""
    path = tmp_path / "l.disc"
    create(path, "dvd+r")
    disc = Disc.in_memory("dvd+r")
    for _ in range(70):
        start = disc.next_writable
        assert start is not None
        disc.write(start, pattern(start, 16), WriteType.PLAIN)
        disc.close_track(len(disc.state.tracks))
        disc.close_session(appendable=True)
    state = disc.state
    change_state(lambda _: state)(path)
    os.truncate(path / "surface", disc.surface.blocks * BLOCK)
    assert (path / STATE).stat().st_size > 3 * 4096
    patch_state(0, bytes(4096))(path)
    assert codes(check(path)) == ["state-damaged"]
    repair(path)
    assert open_disc(path, read_only=True).state == state


def test_a_blank_disc_without_its_surface(tmp_path: Path) -> None:
    path = tmp_path / "b.disc"
    create(path, "dvd-r")
    remove("surface")(path)
    assert codes(check(path)) == ["surface-missing"]
    found, kept = repair(path)
    assert (codes(found), kept) == (["surface-missing"], None)
    assert check(path).findings == ()
    open_disc(path).close()


def test_an_overwritable_disc_without_its_surface(tmp_path: Path) -> None:
    """It may never have been written; but that can't be known."""
    path = tmp_path / "b.disc"
    create(path, "dvd-ram")
    remove("surface")(path)
    assert codes(check(path)) == ["surface-missing"]
    assert repair(path)[1] is None
    assert not (path / "surface").exists()


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (remove("sectors"), "sectors-missing"),
        (lambda path: os.truncate(path / "sectors", 500 * SECTOR), "sectors-short"),
    ],
)
def test_lost_sectors(tmp_path: Path, spoil: Callable[[Path], None], code: str) -> None:
    path = tmp_path / "c.disc"
    make_audio(path)
    spoil(path)
    assert code in codes(check(path))
    with pytest.raises(FolderError, match="the sectors ends at sector"):
        open_disc(path)
    repair(path)
    disc = open_disc(path)
    assert disc.state.tracks[0].blocks == 320
    assert disc.read(0, 320) == pattern(0, 320)
    assert disc.state.closed_sessions == 0
    if code == "sectors-short":
        track = disc.state.tracks[1]
        assert (track.state, track.end) == (TrackState.DAMAGED, 500)
        disc.close_track(2)
    disc.close_session(appendable=True)
    disc.close()
    assert check(path).is_sound


def test_sectors_with_a_tail(tmp_path: Path) -> None:
    path = tmp_path / "c.disc"
    make_audio(path)
    whole = (path / "sectors").read_bytes()
    with (path / "sectors").open("ab") as sectors:
        sectors.write(b"tail")
    assert codes(check(path)) == ["sectors-tail"]
    _, kept = repair(path)
    assert kept is not None
    assert (path / "sectors").read_bytes() == whole
    assert (kept / f"sectors-from-byte-{len(whole)}").read_bytes() == b"tail"


def test_a_pressed_disc_that_lost_its_end(tmp_path: Path) -> None:
    (tmp_path / "x.iso").write_bytes(pattern(0, 40))
    path = tmp_path / "x.disc"
    import_image(tmp_path / "x.iso", path, MEDIA["dvd-rom"])
    os.truncate(path / "surface", 30 * BLOCK)
    repair(path)
    disc = open_disc(path)
    assert (disc.state.finalized, disc.capacity_end) == (True, 30)
    assert export_image(disc, tmp_path / "out.iso") == 30
    disc.close()
    assert (tmp_path / "out.iso").read_bytes() == pattern(0, 30)


def test_garbage_would_have_looked_like_damage(path: Path) -> None:
    """Why a tail is a fault: the next track would seem to have been cut off in it."""
    grow_surface(b"junk", 6 << 20)(path)
    repair(path)
    disc = open_disc(path)
    start = disc.next_writable
    assert start is not None
    disc.write(start, pattern(start, 16), WriteType.PLAIN)
    disc.close()
    disc = open_disc(path)
    assert disc.next_writable == start + 16
    disc.close()


def test_files_that_belong_to_nobody(path: Path) -> None:
    (path / "notes.txt").write_text("mine")
    report = check(path)
    assert (report.is_sound, codes(report)) == (True, ["foreign-file"])
    assert "notes.txt" in report.findings[0].text


@pytest.mark.parametrize("make", ["missing", "file", "empty folder"])
def test_what_is_no_disc_folder(tmp_path: Path, make: str) -> None:
    path = tmp_path / "x"
    if make == "file":
        path.write_text("x")
    elif make == "empty folder":
        path.mkdir()
    for look in (check, repair):
        with pytest.raises(FolderError) as refusal:
            look(path)
        assert refusal.value.hint


def test_a_disc_in_use_is_not_repaired(path: Path) -> None:
    disc = open_disc(path)
    cut_surface(10 * BLOCK)(path)
    with pytest.raises(FolderError, match="is in use"):
        repair(path)
    disc.surface.close()


def test_a_state_that_was_never_written_out(tmp_path: Path) -> None:
    """A table without a row."""
    path = tmp_path / "x.disc"
    create(path, "dvd-r")
    (path / STATE).unlink()
    write_state(path, open_state := Disc.in_memory("dvd-r").state)
    sql("DELETE FROM state")(path)
    report = check(path)
    assert codes(report) == ["state-unreadable"]
    assert open_state.medium == "dvd-r"
