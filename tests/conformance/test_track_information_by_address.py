"""READ TRACK INFORMATION by LBA, by session, by FFh; what is not there: 5/24/00."""

from __future__ import annotations

import pytest

from burnlab.scsi.mmc.commands import ReadTrackInformation
from burnlab.scsi.mmc.disc_info import TrackInformation
from support.drive import Drive
from support.expect import INVALID_FIELD_IN_CDB


def find(drive: Drive, address_type: int, address: int) -> TrackInformation:
    cdb = ReadTrackInformation(address_type=address_type, address=address, allocation_length=36)
    return TrackInformation.unpack(drive.run(cdb))


def test_found(drive: Drive) -> None:
    first, second = drive.burn_session(160), drive.burn_session(32)
    assert find(drive, 0, first).track == 1
    assert find(drive, 0, first + 159).track == 1
    assert find(drive, 0, second + 5).track == 2
    assert find(drive, 0, second + 32 + 6160).track == 3
    assert [find(drive, 2, n).track for n in (1, 2, 3)] == [1, 2, 3]
    assert find(drive, 1, 0xFF).track == 3


def test_wodim_asks_by_lba_0_and_ffh_on_blank(drive: Drive) -> None:
    assert find(drive, 0, 0).track == 1
    assert find(drive, 1, 0xFF).track == 1


@pytest.mark.parametrize(
    ("address_type", "address"),
    [(1, 0), (1, 4), (1, 0xFFFFFFFF), (2, 0), (2, 4), (0, 160), (0, 0xFFFFFFFF), (3, 1)],
)
def test_not_there(drive: Drive, address_type: int, address: int) -> None:
    drive.burn_session(160)
    drive.burn_session(32)
    cdb = ReadTrackInformation(address_type=address_type, address=address, allocation_length=36)
    assert drive.outcome(cdb) == INVALID_FIELD_IN_CDB


def test_no_track_to_write_on_a_closed_disc(drive: Drive) -> None:
    drive.burn_session(16, close=True)
    cdb = ReadTrackInformation(address_type=1, address=0xFF, allocation_length=36)
    assert drive.outcome(cdb) == INVALID_FIELD_IN_CDB
