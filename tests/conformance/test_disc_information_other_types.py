"""READ DISC INFORMATION of another data type: 5/24/00."""

from __future__ import annotations

import pytest

from burnlab.scsi.mmc.commands import ReadDiscInformation
from support.drive import Drive
from support.expect import INVALID_FIELD_IN_CDB


@pytest.mark.parametrize("data_type", range(1, 8))
def test_refused(drive: Drive, data_type: int) -> None:
    cdb = ReadDiscInformation(data_type=data_type, allocation_length=34)
    assert drive.outcome(cdb) == INVALID_FIELD_IN_CDB
