"""A CD in its folder: what is kept beside the surface, and what an interrupted burn leaves."""

from __future__ import annotations

from pathlib import Path

import pytest

from burnlab.disc import Disc, WriteType, cd
from burnlab.disc.cd_export import export_bin_cue
from burnlab.disc.cd_model import CdTrack, LeadIn, Plan, PlannedTrack, SectorForm, Span, Wish
from burnlab.disc.cd_read import sectors
from burnlab.disc.disc import state_as_sold
from burnlab.disc.folder import FolderError, create, export_image, open_disc
from burnlab.disc.model import DiscState, TrackState

SECTOR = 2352
AUDIO = CdTrack(SectorForm.AUDIO, 0, isrc="XYBLG1101234")
AUDIO_WISH = Wish(AUDIO, LeadIn("1234567890123"))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A blank CD-RW."""
    path = tmp_path / "x.disc"
    create(path, "cd-rw")
    return path


def write_audio(disc: Disc, count: int, fill: int) -> None:
    """An audio track that is not yet closed."""
    disc.intend(AUDIO_WISH)
    lba = disc.next_writable
    assert lba is not None
    disc.write_sectors(lba, bytes((fill,)) * (count * SECTOR), WriteType.TRACK_AT_ONCE)


def plan(blocks: int) -> Plan:
    """One data track at once."""
    spans = (Span(-150, blocks, SectorForm.MODE_1, 2048),)
    return cd.planned(Plan(spans, (PlannedTrack(1, 0, blocks, CdTrack()),)))


def test_state_survives(path: Path) -> None:
    disc = open_disc(path)
    write_audio(disc, 300, 1)
    disc.synchronize()
    disc.close_session(appendable=True)
    state = disc.state
    disc.close()
    again = open_disc(path, read_only=True)
    assert again.state == state
    assert again.state.tracks[0].cd is not None
    assert again.state.tracks[0].cd.isrc == "XYBLG1101234"
    assert next(sectors(again, 299, 1))[2] == b"\1" * SECTOR
    assert (path / "surface").stat().st_size == 300 * 2048
    assert (path / "surface").stat().st_blocks == 0


def test_plan_and_text_survive_as_json() -> None:
    state = state_as_sold("cd-r")
    announced = cd.announce(Disc.in_memory("cd-r").medium, state, plan(300))
    assert DiscState.from_json(announced.to_json()) == announced


def test_a_state_without_a_word_on_cds_can_still_be_read() -> None:
    text = '{"medium":"dvd-r","product":"","capacity_blocks":5,"tracks":[{"number":1,"session":1,"start":0,'
    text += '"blocks":5,"state":"closed","write_type":"incremental","reserved_blocks":0}]}'
    assert DiscState.from_json(text).tracks[0].cd is None


def interrupt(disc: Disc) -> None:
    """The process is gone: nothing is written down any more."""
    disc.surface.close()
    disc.sectors.close()


def test_cut_off_in_an_audio_track(path: Path) -> None:
    disc = open_disc(path)
    write_audio(disc, 400, 1)
    disc.synchronize()
    write_audio(disc, 50, 2)
    interrupt(disc)
    again = open_disc(path)
    assert [t.state for t in again.state.tracks] == [TrackState.CLOSED, TrackState.DAMAGED]
    assert again.next_writable is None
    again.close_track(2)
    again.close_session(appendable=True)
    assert next(sectors(again, 0, 1))[2] == b"\1" * SECTOR
    assert next(sectors(again, 552 + 49, 1))[2] == b"\2" * SECTOR
    again.close()


def test_cut_off_in_a_session_at_once(path: Path) -> None:
    disc = open_disc(path)
    disc.announce(plan(500))
    disc.write_pause(-150, 150, WriteType.DISC_AT_ONCE)
    disc.write(0, b"\3" * (2048 * 200), WriteType.DISC_AT_ONCE)
    interrupt(disc)
    again = open_disc(path)
    assert [(t.blocks, t.state) for t in again.state.tracks] == [(200, TrackState.DAMAGED)]
    assert again.is_appendable
    assert again.next_writable is None
    again.close_track(1)
    again.close_session(appendable=False)
    assert again.read(0, 200) == b"\3" * (2048 * 200)
    again.blank(full=False)
    assert (path / "surface").stat().st_size == 0
    again.close()


def test_cut_off_before_the_first_block(path: Path) -> None:
    disc = open_disc(path)
    disc.announce(plan(500))
    interrupt(disc)
    again = open_disc(path)
    assert again.is_blank and again.state.cd.plan is None
    again.close()


def test_blank_forgets_the_sectors(path: Path) -> None:
    disc = open_disc(path)
    write_audio(disc, 300, 1)
    disc.close_session(appendable=True)
    disc.blank(full=True)
    assert (path / "sectors").stat().st_size == 0
    disc.close()


def test_other_media_have_no_such_file(tmp_path: Path) -> None:
    create(tmp_path / "d.disc", "dvd-r")
    open_disc(tmp_path / "d.disc").close()
    assert not (tmp_path / "d.disc" / "sectors").exists()


def test_bin_and_cue(path: Path, tmp_path: Path) -> None:
    disc = open_disc(path)
    disc.write(0, b"\7" * (2048 * 300), WriteType.TRACK_AT_ONCE)
    disc.synchronize()
    write_audio(disc, 300, 1)
    disc.synchronize()
    disc.close_session(appendable=True)
    write_audio(disc, 310, 2)
    disc.close_session(appendable=False)
    assert export_bin_cue(disc, tmp_path / "x.bin") == 300 + 152 + 302 + 312
    image = (tmp_path / "x.bin").read_bytes()
    assert image[452 * SECTOR : 752 * SECTOR] == b"\1" * (300 * SECTOR)
    assert image[754 * SECTOR : 1064 * SECTOR] == b"\2" * (310 * SECTOR)
    assert image[16:2064] == b"\7" * 2048
    assert (tmp_path / "x.cue").read_text().split("\n") == [
        "CATALOG 1234567890123",
        'FILE "x.bin" BINARY',
        "  REM SESSION 01",
        "  TRACK 01 MODE1/2352",
        "    INDEX 01 00:00:00",
        "  TRACK 02 AUDIO",
        "    ISRC XYBLG1101234",
        "    INDEX 00 00:04:02",
        "    INDEX 01 00:06:02",
        "  REM SESSION 02",
        "  TRACK 03 AUDIO",
        "    ISRC XYBLG1101234",
        "    INDEX 01 00:10:04",
        "",
    ]
    with pytest.raises(FileExistsError):
        export_bin_cue(disc, tmp_path / "x.cue")
    disc.close()


def test_exports_that_make_no_sense(path: Path, tmp_path: Path) -> None:
    disc = open_disc(path)
    with pytest.raises(FolderError):
        export_bin_cue(disc, tmp_path / "x.cue")
    write_audio(disc, 300, 1)
    disc.close_session(appendable=True)
    with pytest.raises(FolderError):
        export_image(disc, tmp_path / "x.iso")
    assert not list(tmp_path.glob("x.[bci][iuns]*"))
    disc.close()
    dvd = Disc.in_memory("dvd-r")
    with pytest.raises(FolderError):
        export_bin_cue(dvd, tmp_path / "y.cue")
