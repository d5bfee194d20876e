"""A pressed disc: complete, not erasable, one track, and the drive stays a writer."""

from __future__ import annotations

import pytest

from support.drive import Drive, MakeDrive, MakeRom


@pytest.mark.parametrize(("medium", "profile"), [("dvd-rom", 0x10), ("cd-rom", 0x08)])
def test_state(make_drive: MakeDrive, make_rom: MakeRom, medium: str, profile: int) -> None:
    drive = make_drive(make_rom(medium))
    assert drive.configuration().current_profile == profile
    information = drive.disc_information()
    assert (information.status, information.last_session_state) == (2, 3)
    assert (information.sessions, information.last_track_in_last_session) == (1, 1)
    assert not information.erasable
    track = drive.track(1)
    assert (track.start, track.size, track.session) == (0, 1000, 1)
    assert not track.nwa_valid
    assert not track.blank
    assert drive.current_features() & {0x10, 0x1E, 0x1F} == {0x10, 0x1E if medium == "cd-rom" else 0x1F}
    assert not drive.current_features() & {0x21, 0x23, 0x2F}


def test_profile_list_is_the_drives(rom: Drive) -> None:
    data = next(f for f in rom.configuration().features if f.code == 0).data
    rows = [(int.from_bytes(data[n : n + 2], "big"), data[n + 2] & 1) for n in range(0, len(data), 4)]
    assert [p for p, current in rows if current] == [0x10]
    assert {0x09, 0x0A, 0x11, 0x13, 0x14, 0x1A, 0x1B, 0x41, 0x43} <= {p for p, _ in rows}
