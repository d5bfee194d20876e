"""READ DISC INFORMATION in every state of DVD-RW, with the invisible track counted."""

from __future__ import annotations

from support.drive import Drive


def state(drive: Drive) -> tuple[int, int, int, int]:
    """Disc status, state of the last session, sessions, last track."""
    raw = drive.run(bytes.fromhex("51000000000000002200"))
    assert raw[0:2] == b"\x00\x20"
    assert raw[3] == 1
    assert raw[7] & 3 == 0, "no background format"
    assert raw[2] >> 4 & 1, "erasable"
    return raw[2] & 3, raw[2] >> 2 & 3, raw[4] | raw[9] << 8, raw[6] | raw[11] << 8


def test_life_of_a_disc(drive: Drive) -> None:
    assert state(drive) == (0, 0, 1, 1)
    drive.select()
    drive.write(0, 32)
    drive.synchronize()
    assert state(drive) == (1, 1, 1, 1)
    drive.close_track(1)
    assert state(drive) == (1, 1, 1, 2)
    drive.close_session()
    assert state(drive) == (1, 0, 2, 2)
    drive.write(drive.last_track().next_writable, 16)
    drive.synchronize()
    assert state(drive) == (1, 1, 2, 2)
    drive.close_track(2)
    drive.close_session()
    assert state(drive) == (1, 0, 3, 3)
    drive.burn_session(16, close=True)
    assert state(drive) == (2, 3, 3, 3)
    drive.blank()
    assert state(drive) == (0, 0, 1, 1)


def test_addresses_of_lead_in_and_lead_out(drive: Drive) -> None:
    information = drive.disc_information()
    assert (information.last_lead_in_start, information.last_possible_lead_out) == (0, 2298496)
    drive.burn_session(16, close=True)
    information = drive.disc_information()
    assert (information.last_lead_in_start, information.last_possible_lead_out) == (0xFFFFFFFF, 0xFFFFFFFF)


def test_many_sessions_use_the_high_bytes(drive: Drive) -> None:
    for _ in range(257):
        drive.burn_session(16)
    assert state(drive) == (1, 0, 258, 258)
    track = drive.track(258)
    assert (track.track, track.session) == (258, 258)
    assert drive.track(257).session == 257
