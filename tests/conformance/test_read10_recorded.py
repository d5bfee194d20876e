"""READ of recorded blocks: each at its own address, whole or as little as the initiator takes."""

from __future__ import annotations

from burnlab.scsi.commands import Read10, Read12
from support.drive import Drive, pattern
from support.expect import LBA_OUT_OF_RANGE


def test_every_session_at_its_place(drive: Drive) -> None:
    starts = [drive.burn_session(160), drive.burn_session(48), drive.burn_session(32, close=True)]
    for start, blocks in zip(starts, (160, 48, 32), strict=True):
        assert drive.read(start, blocks) == pattern(start, blocks)
        assert drive.run(Read12(start, blocks), data_in=1 << 20) == pattern(start, blocks)


def test_written_blocks_of_an_open_session(drive: Drive) -> None:
    drive.select()
    drive.write(0, 32)
    assert drive.read(0, 32) == pattern(0, 32)
    assert drive.outcome(Read10(0, 33)) == LBA_OUT_OF_RANGE


def test_padding_of_a_closed_track_reads_as_zeros(drive: Drive) -> None:
    drive.burn_session(5)
    assert drive.capacity() == 15
    assert drive.read(0, 16) == pattern(0, 5) + bytes(11 * 2048)


def test_the_initiator_takes_less(drive: Drive) -> None:
    drive.burn_session(16)
    assert drive.run(Read10(0, 2), data_in=2048) == pattern(0, 1)


def test_tracks_of_one_session_read_in_one_piece(drive: Drive) -> None:
    drive.select()
    drive.write(0, 16)
    drive.close_track(1)
    drive.write(16, 16)
    drive.close_track(2)
    drive.close_session()
    assert drive.read(0, 32) == pattern(0, 32)
