"""GET EVENT STATUS NOTIFICATION, device busy class: busy with progress while BLANK runs."""

from __future__ import annotations

from burnlab.scsi.mmc.commands import Blank, GetEventStatusNotification
from support.drive import Drive

ASK = GetEventStatusNotification(polled=True, class_request=0x40, allocation_length=8)


def test_idle_and_busy(drive: Drive) -> None:
    drive.burn_session(16)
    drive.media_events()
    answer = drive.run(ASK)
    assert answer[2] & 0x87 == 0x06
    assert answer[5] == 0
    drive.run(Blank(immed=True))
    answer = drive.run(ASK)
    assert answer[5] == 1
    assert int.from_bytes(answer[6:8], "big") >= 1
    drive.wait_ready()
    assert drive.run(ASK)[5] == 0
