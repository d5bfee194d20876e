"""A fault of the kind `spare-exhausted`: 3/32/00 where there are spare areas; READ DISC STRUCTURE says so."""

from __future__ import annotations

import pytest

from burnlab.scsi.mmc.commands import FormatUnit, ReadDiscStructure
from support.drive import Drive, MakeDrive
from support.expect import GOOD, Outcome
from support.faulty_recorder import lie_in_wait, recorder_of

NO_DEFECT_SPARE_LOCATION = Outcome(3, 0x32, 0x00)


def formatted_bd_re(make_drive: MakeDrive, descriptor: str) -> Drive:
    drive = make_drive("bd-re")
    drive.run(FormatUnit(format_data=True, format_code=1), bytes.fromhex("00820008" + descriptor))
    drive.wait_ready()
    return drive


WITH_SPARES, WITHOUT_SPARES = "00b4740000003000", "00ba7400c4000800"
"""Formats 00h with 393216 spare blocks, and 31h with none."""


def spares(drive: Drive) -> tuple[int, int]:
    raw = drive.run(ReadDiscStructure(media_type=1, format=0x0A, allocation_length=100))
    return int.from_bytes(raw[8:12], "big"), int.from_bytes(raw[12:16], "big")


def test_bd_re(make_drive: MakeDrive) -> None:
    drive = formatted_bd_re(make_drive, WITH_SPARES)
    assert spares(drive) == (393216, 393216)
    struck = lie_in_wait(drive, "spare-exhausted", lba="1000..1031")
    assert spares(drive) == (0, 393216)
    assert drive.write_outcome(960, 32) == GOOD
    for _ in range(2):
        assert drive.write_outcome(992, 32) == NO_DEFECT_SPARE_LOCATION
    assert struck() == 2
    recorder_of(drive).mishaps.clear()
    assert spares(drive) == (393216, 393216)
    assert drive.write_outcome(992, 32) == GOOD


def test_dvd_ram(make_drive: MakeDrive) -> None:
    drive = make_drive("dvd-ram")
    lie_in_wait(drive, "spare-exhausted", nth=2, times=1)
    drive.write(32, 16)
    assert drive.write_outcome(48) == NO_DEFECT_SPARE_LOCATION
    drive.write(48, 16)


def test_bd_re_without_spares(make_drive: MakeDrive) -> None:
    drive = formatted_bd_re(make_drive, WITHOUT_SPARES)
    struck = lie_in_wait(drive, "spare-exhausted")
    drive.write(0, 64, 32)
    assert (struck(), spares(drive)) == (0, (0, 0))


@pytest.mark.parametrize("medium", ["dvd+rw", "dvd-rw", "cd-rw"])
def test_media_that_know_no_spares(make_drive: MakeDrive, medium: str) -> None:
    drive = make_drive(medium)
    struck = lie_in_wait(drive, "spare-exhausted")
    if medium == "dvd+rw":
        drive.run(FormatUnit(format_data=True, format_code=1), bytes.fromhex("00020008ffffffff98000000"))
        drive.wait_ready()
    else:
        drive.select(1 if medium == "cd-rw" else 0)
    drive.write(0, 64)
    assert struck() == 0
