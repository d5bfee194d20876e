"""MODE SENSE of a page that is not there: 5/24/00; saved values: 5/39/00."""

from __future__ import annotations

import pytest

from burnlab.scsi.commands import ModeSense6, ModeSense10
from support.drive import Drive
from support.expect import GOOD, INVALID_FIELD_IN_CDB, SAVING_NOT_SUPPORTED


@pytest.mark.parametrize("code", [0x30, 0x0E, 0x3E])
def test_unknown(drive: Drive, code: int) -> None:
    # 30h is what wodim asks for; it goes on after 5/24/00.
    assert drive.outcome(ModeSense10(page_code=code, allocation_length=255)) == INVALID_FIELD_IN_CDB
    assert drive.outcome(ModeSense6(page_code=code, allocation_length=255)) == INVALID_FIELD_IN_CDB


def test_saved(drive: Drive) -> None:
    assert (
        drive.outcome(ModeSense10(page_code=5, page_control=3, allocation_length=255)) == SAVING_NOT_SUPPORTED
    )


def test_all_pages_with_every_control_of_wodim(drive: Drive) -> None:
    # 3Fh, and BFh: page control 2, default values.
    for second in (0x3F, 0xBF):
        assert drive.outcome(bytes((0x5A, 0, second, 0, 0, 0, 0, 0, 255, 0))) == GOOD
