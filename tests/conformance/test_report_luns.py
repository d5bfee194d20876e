"""REPORT LUNS: one unit, number 0."""

from __future__ import annotations

import pytest

from burnlab.scsi.commands import ReportLuns
from support.drive import Drive
from support.expect import INVALID_FIELD_IN_CDB


def test_one_unit(drive: Drive, empty: Drive) -> None:
    for unit in (drive, empty):
        assert unit.run(ReportLuns(allocation_length=256)) == bytes.fromhex("00000008" + 12 * "00")


@pytest.mark.parametrize("length", [0, 4, 8, 15])
def test_too_short_an_allocation_length(drive: Drive, length: int) -> None:
    assert drive.outcome(ReportLuns(allocation_length=length)) == INVALID_FIELD_IN_CDB
