"""READ TRACK INFORMATION of the invisible track: blank, NWA valid, free and size are what remains."""

from __future__ import annotations

from support.drive import Drive


def test_blank_disc_bit_by_bit(drive: Drive) -> None:
    raw = drive.run(bytes.fromhex("52010000000100002400"))
    assert len(raw) == 36
    assert raw[0:2] == b"\x00\x22"
    assert (raw[2], raw[3], raw[32], raw[33]) == (1, 1, 0, 0)
    assert raw[5] & 0x20 == 0, "no damage"
    assert raw[5] & 0x0F == 5, "incremental"
    assert raw[6] & 0x40, "blank"
    assert raw[6] & 0x20, "packet"
    assert not raw[6] & 0x10, "growisofs stops at fixed packets on 14h"
    assert raw[6] & 0x0F in (1, 0x0F)
    assert raw[7] & 3 == 1, "NWA valid, LRA not"
    assert raw[8:16] == bytes(8)
    assert int.from_bytes(raw[16:20], "big") == 2298496
    assert int.from_bytes(raw[20:24], "big") == 16
    assert int.from_bytes(raw[24:28], "big") == 2298496


def test_behind_closed_sessions(drive: Drive) -> None:
    drive.burn_session(160)
    track = drive.track(2)
    start = 160 + 28688
    assert (track.track, track.session, track.blank, track.nwa_valid) == (2, 2, True, True)
    assert (track.start, track.next_writable) == (start, start)
    assert track.free_blocks == track.size == 2298496 - start
    assert not track.last_recorded_valid


def test_numbers_agree_with_disc_information(drive: Drive) -> None:
    for _ in range(3):
        drive.burn_session(32)
        information = drive.disc_information()
        track = drive.track(information.last_track_in_last_session)
        assert track.session == information.sessions
        assert track.blank
