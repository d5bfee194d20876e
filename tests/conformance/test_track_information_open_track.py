"""READ TRACK INFORMATION of an open track: the NWA follows the writing, free blocks shrink."""

from __future__ import annotations

from support.drive import Drive


def test_while_writing(drive: Drive) -> None:
    drive.select()
    for written in (16, 32, 48):
        drive.write(written - 16, 16)
        track = drive.track(1)
        assert (track.nwa_valid, track.next_writable) == (True, written)
        assert track.free_blocks == 2298496 - written
        assert not track.blank
        assert track.last_recorded_valid
        assert track.last_recorded == written - 1
