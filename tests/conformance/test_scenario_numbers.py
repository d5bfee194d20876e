"""The scenario's sessions on a DVD-RW: where they land, and what is free, closed or not."""

from __future__ import annotations

import pytest

from burnlab.disc import Disc
from burnlab.disc.surface import NoSurface
from burnlab.scsi.commands import Write10
from support.drive import LAST, MULTI, Drive, MakeDrive

SESSIONS = ((106800, 0), (53408, 135488), (16160, 195056))


def burn_all(make_drive: MakeDrive, model: str) -> Drive:
    drive = make_drive(Disc(Disc.in_memory("dvd-rw").state, NoSurface()), model=model)
    for number, (blocks, start) in enumerate(SESSIONS, start=1):
        drive.select(0, LAST if number == 3 else MULTI)
        assert drive.last_track().next_writable == start
        for lba in range(start, start + blocks, 4096):
            count = min(4096, start + blocks - lba)
            drive.run(Write10(lba, count), bytes(count * 2048))
        drive.synchronize()
        drive.close_track(number)
        drive.close_session()
    return drive


@pytest.mark.parametrize("model", ["generic", "bd-5300s"])
def test_three_sessions(make_drive: MakeDrive, model: str) -> None:
    drive = burn_all(make_drive, model)
    tracks = [drive.track(n) for n in (1, 2, 3)]
    assert [(t.start, t.size) for t in tracks] == [(0, 106800), (135488, 53408), (195056, 16160)]
    assert sum(t.size for t in tracks) == 176368
    assert drive.capacity() + 1 == 211216
    assert drive.disc_information().status == 2


def test_ordinary_drive_counts_nothing_free(make_drive: MakeDrive) -> None:
    information = burn_all(make_drive, "generic").disc_information()
    assert (information.last_session_state, information.sessions) == (3, 3)
    assert information.last_track_in_last_session == 3


def test_the_scenarios_drive_goes_on_counting(make_drive: MakeDrive) -> None:
    drive = burn_all(make_drive, "bd-5300s")
    information = drive.disc_information()
    assert (information.status, information.last_session_state) == (2, 0)
    assert (information.sessions, information.last_track_in_last_session) == (4, 4)
    track = drive.track(4)
    assert (track.session, track.blank, track.nwa_valid) == (4, True, True)
    assert track.free_blocks == 2080768
    assert 2080512 <= track.free_blocks <= 2081023, "what xorriso prints as 4064m"


def test_until_the_disc_is_loaded_again(make_drive: MakeDrive) -> None:
    drive = burn_all(make_drive, "bd-5300s")
    drive.eject()
    drive.load_tray()
    drive.settle()
    information = drive.disc_information()
    assert (information.last_session_state, information.sessions) == (3, 3)


def test_the_seeds_first_toc() -> None:
    disc = Disc(Disc.in_memory("dvd-rw").state, NoSurface())
    for number, blocks in enumerate((106848, 108544, 56352), start=1):
        disc.write(disc.next_writable or 0, bytes(blocks * 2048), "incremental")  # type: ignore[arg-type]
        disc.close_track(number)
        disc.close_session(appendable=number < 3)
    assert [s.start for s in disc.session_views()] == [0, 135536, 250240]
    assert disc.capacity_end == 306592
    assert sum(s.blocks for s in disc.session_views()) == 271744
