"""READ TRACK INFORMATION of closed tracks: recorded size, last recorded address, no NWA."""

from __future__ import annotations

from support.drive import Drive


def test_fields(drive: Drive) -> None:
    starts = [drive.burn_session(160), drive.burn_session(40), drive.burn_session(16)]
    for number, (start, size) in enumerate(zip(starts, (160, 48, 16), strict=True), start=1):
        track = drive.track(number)
        assert (track.track, track.session, track.start, track.size) == (number, number, start, size)
        assert (track.blank, track.nwa_valid, track.last_recorded_valid) == (False, False, True)
        assert track.last_recorded == start + size - 1
        assert track.free_blocks == 0
        assert not track.damage


def test_sum_of_the_tracks_is_what_xorriso_prints(drive: Drive) -> None:
    for blocks in (160, 40):
        drive.burn_session(blocks)
    drive.burn_session(16, close=True)
    last = drive.disc_information().last_track_in_last_session
    assert sum(drive.track(n).size for n in range(1, last + 1)) == 160 + 48 + 16
