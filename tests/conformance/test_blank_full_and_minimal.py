"""BLANK: full gives 14h with feature 21h, minimal without it; the data is gone; the disc is blank."""

from __future__ import annotations

import pytest

from burnlab.scsi.commands import Read10
from burnlab.scsi.mmc.commands import Blank
from support.drive import Drive
from support.expect import INVALID_FIELD_IN_CDB, LBA_OUT_OF_RANGE

# A1 10 / A1 11: libburn sets Immed.
FULL = bytes.fromhex("a11000000000000000000000")
MINIMAL = bytes.fromhex("a11100000000000000000000")


@pytest.mark.parametrize("cdb", [FULL, MINIMAL])
@pytest.mark.parametrize("before", ["blank", "open track", "appendable", "closed", "at once", "closed track"])
def test_from_every_state(drive: Drive, cdb: bytes, before: str) -> None:
    if before == "open track":
        drive.select()
        drive.write(0, 32)
    elif before in ("appendable", "closed"):
        drive.burn_session(32, close=before == "closed")
    elif before == "at once":
        drive.burn_at_once(35)
    elif before == "closed track":
        drive.select()
        drive.write(0, 32)
        drive.synchronize()
        drive.close_track(1)
    drive.run(cdb)
    drive.wait_ready()
    information = drive.disc_information()
    assert (information.status, information.last_session_state) == (0, 0)
    assert (information.sessions, information.last_track_in_last_session) == (1, 1)
    track = drive.track(1)
    assert (track.start, track.next_writable, track.free_blocks) == (0, 0, 2298496)
    assert track.blank
    assert track.nwa_valid
    assert drive.capacity() == 0
    assert drive.outcome(Read10(0, 1)) == LBA_OUT_OF_RANGE
    assert drive.configuration().current_profile == 0x14
    assert (0x21 in drive.current_features()) == (cdb == FULL)


def test_old_data_does_not_come_back(drive: Drive) -> None:
    drive.burn_session(64)
    drive.blank()
    drive.select()
    drive.burn_session(5)
    assert drive.read(5, 11) == bytes(11 * 2048)


@pytest.mark.parametrize("kind", [2, 3, 4, 5, 6, 7])
def test_other_types(drive: Drive, kind: int) -> None:
    drive.burn_session(16)
    before = drive.state_bytes()
    assert drive.outcome(Blank(immed=True, blanking_type=kind)) == INVALID_FIELD_IN_CDB
    assert drive.state_bytes() == before
