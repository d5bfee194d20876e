"""REQUEST SENSE while BLANK runs: key 2 with progress in bytes 16 and 17, byte 0 exactly 70h."""

from __future__ import annotations

from burnlab.scsi.commands import RequestSense
from burnlab.scsi.mmc.commands import Blank
from support.drive import Drive


def test_progress_is_told(drive: Drive) -> None:
    drive.burn_session(16)
    drive.run(Blank(immed=True, blanking_type=0))
    answer = drive.run(RequestSense(allocation_length=18))
    assert answer[0] == 0x70
    assert answer[2] & 0x0F == 2
    assert answer[12:14] == b"\x04\x07"
    assert answer[15] & 0x80
    assert int.from_bytes(answer[16:18], "big") >= 1


def test_no_medium_is_told(empty: Drive) -> None:
    answer = empty.run(RequestSense(allocation_length=18))
    assert answer[0] == 0x70
    assert (answer[2] & 0x0F, answer[12], answer[13]) == (2, 0x3A, 0x01)
