"""GET PERFORMANCE: all descriptors announced, as many sent as were asked for."""

from __future__ import annotations

import pytest

from burnlab.scsi.mmc.commands import GetPerformance
from support.drive import Drive, MakeDrive
from support.expect import INVALID_FIELD_IN_CDB


def speeds(raw: bytes) -> list[int]:
    return [int.from_bytes(raw[n + 12 : n + 16], "big") for n in range(8, len(raw), 16)]


@pytest.mark.parametrize("kind", ["ac0000000000000000{:02x}0300", "ac1000000000000000{:02x}0000"])
def test_two_steps_of_libburn(drive: Drive, kind: str) -> None:
    head = drive.run(bytes.fromhex(kind.format(0)))
    assert len(head) == 8
    count = (int.from_bytes(head[0:4], "big") - 4) // 16
    assert count >= 1
    for asked in range(count + 3):
        raw = drive.run(bytes.fromhex(kind.format(asked)))
        assert raw[0:4] == head[0:4]
        assert len(raw) == 8 + 16 * min(asked, count)


def test_write_speeds(drive: Drive) -> None:
    raw = drive.run(GetPerformance(type=3, maximum_descriptors=32))
    assert speeds(raw) == sorted(speeds(raw), reverse=True)
    assert int.from_bytes(raw[12:16], "big") == 2298495, "end LBA"
    assert all(int.from_bytes(raw[n + 8 : n + 12], "big") for n in range(8, len(raw), 16))


def test_nominal_performance_of_writing(drive: Drive) -> None:
    # AC 04: growisofs.
    raw = drive.run(bytes.fromhex("ac0400000000000000010000"))
    assert raw[4] & 0x02, "write"
    assert len(raw) == 24
    assert int.from_bytes(raw[16:20], "big") == 2298495


def test_limited_speed_is_on_the_list(make_drive: MakeDrive) -> None:
    found = speeds(make_drive(speed=4).run(GetPerformance(type=3, maximum_descriptors=32)))
    assert found[0] == 5540
    assert all(s <= 5540 for s in found)


@pytest.mark.parametrize("kind", [1, 2, 4, 5, 0x80])
def test_other_types(drive: Drive, kind: int) -> None:
    assert drive.outcome(GetPerformance(type=kind, maximum_descriptors=1)) == INVALID_FIELD_IN_CDB
