"""REPORT LUNS: one unit, number 0."""

from __future__ import annotations

from burnlab.scsi.commands import ReportLuns
from support.drive import Drive


def test_one_unit(drive: Drive, empty: Drive) -> None:
    for unit in (drive, empty):
        assert unit.run(ReportLuns(allocation_length=256)) == bytes.fromhex("00000008" + 12 * "00")
