"""Standard INQUIRY: a removable CD/DVD device, with the model's names."""

from __future__ import annotations

import pytest

from support.drive import Drive, MakeDrive


def standard(drive: Drive) -> bytes:
    # 12 00 00 00 24 00: libburn at scan, QEMU's scsi-block, the kernel.
    return drive.run(bytes.fromhex("12000000240000000000000000000000"))


@pytest.mark.parametrize("medium", ["dvd-rw", None])
@pytest.mark.parametrize("model", ["generic", "bd-5300s"])
def test_fixed_part(make_drive: MakeDrive, model: str, medium: str | None) -> None:
    answer = standard(make_drive(medium, model=model))
    assert len(answer) == 36
    assert answer[0] == 0x05
    assert answer[1] == 0x80
    assert answer[3] & 0x0F == 2
    assert answer[4] == 31
    assert all(0x20 <= c < 0x7F for c in answer[8:36])


def test_the_scenarios_drive(make_drive: MakeDrive) -> None:
    answer = standard(make_drive(model="bd-5300s"))
    assert answer[8:36] == b"Optiarc BD RW BD-5300S  1.04"
