"""MODE SENSE page 2Ah: a writer of everything, with speeds, whatever lies in the tray."""

from __future__ import annotations

import pytest

from burnlab.scsi.commands import ModeSense10
from support.drive import Drive, MakeDrive, MakeRom


def page(drive: Drive) -> bytes:
    return drive.run(ModeSense10(page_code=0x2A, allocation_length=0xFFFF))[8:]


@pytest.mark.parametrize("medium", ["dvd-rw", None, "rom"])
@pytest.mark.parametrize("model", ["generic", "bd-5300s"])
def test_what_libburn_reads(make_drive: MakeDrive, make_rom: MakeRom, medium: str | None, model: str) -> None:
    data = page(make_drive(make_rom() if medium == "rom" else medium, model=model))
    assert data[0] & 0x3F == 0x2A
    assert data[1] >= 18
    assert data[1] == len(data) - 2
    assert data[2] & 0x3B == 0x3B, "reads RAM, DVD-R, DVD-ROM, CD-RW, CD-R"
    assert data[3] & 0x37 == 0x37, "writes RAM, DVD-R, CD-RW, CD-R, and test writing"
    assert data[4] & 0x80, "buffer underrun free"
    assert int.from_bytes(data[8:10], "big") > 0
    assert int.from_bytes(data[12:14], "big") > 0
    assert int.from_bytes(data[18:20], "big") > 0
    assert data[1] >= 30
    count = int.from_bytes(data[30:32], "big")
    assert count >= 1
    assert 32 + 4 * count <= data[1] + 2, "libburn calls it malformed otherwise"
    speeds = [int.from_bytes(data[34 + 4 * n : 36 + 4 * n], "big") for n in range(count)]
    assert speeds == sorted(speeds, reverse=True)
    assert speeds[0] == int.from_bytes(data[18:20], "big")


def test_lock_state_follows_prevent(drive: Drive) -> None:
    assert not page(drive)[6] & 0x02
    drive.lock()
    assert page(drive)[6] & 0x02
    drive.lock(False)
    assert not page(drive)[6] & 0x02


def test_changeable_mask_has_the_same_length(drive: Drive) -> None:
    mask = drive.run(ModeSense10(page_code=0x2A, page_control=1, allocation_length=0xFFFF))[8:]
    assert mask[0:2] == page(drive)[0:2]
    assert not any(mask[2:])
