"""READ (12) can ask for a whole disc at once: no more of it is read than can be carried."""

from __future__ import annotations

import tracemalloc

from burnlab.scsi.commands import Read12
from support.drive import MakeDrive
from support.expect import GOOD, LBA_OUT_OF_RANGE

WHOLE = 2236704
"""Blocks of a DVD-RAM as sold."""


def test_no_more_is_read_than_can_be_carried(make_drive: MakeDrive) -> None:
    drive = make_drive("dvd-ram")
    tracemalloc.start()
    try:
        data = drive.run(Read12(0, WHOLE), data_in=65536)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert data == bytes(65536)
    assert peak < 64 << 20, "a transport may carry 16 MiB; the disc has 4 GiB"
    assert drive.outcome(Read12(0, WHOLE), data_in=0) == GOOD


def test_all_of_it_must_be_there(make_drive: MakeDrive) -> None:
    drive = make_drive("dvd-ram")
    assert drive.outcome(Read12(1, WHOLE), data_in=65536) == LBA_OUT_OF_RANGE
    assert drive.outcome(Read12(0, 0xFFFFFFFF), data_in=65536) == LBA_OUT_OF_RANGE
