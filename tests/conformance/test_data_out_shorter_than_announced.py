"""Less data than the CDB announces: an error, and the medium is as it was."""

from __future__ import annotations

import pytest

from burnlab.scsi.commands import Write10, Write12, WriteAndVerify10
from burnlab.scsi.mmc.commands import SetStreaming
from burnlab.scsi.record import Cdb
from support.drive import Drive
from support.expect import GOOD, INVALID_FIELD_IN_CDB, PARAMETER_LIST_LENGTH_ERROR


@pytest.mark.parametrize(
    "cdb", [Write10(0, 16), Write12(0, 16), WriteAndVerify10(0, 16)], ids=lambda c: c.NAME
)
@pytest.mark.parametrize("length", [0, 1, 2048, 16 * 2048 - 1])
def test_write(drive: Drive, cdb: Cdb, length: int) -> None:
    drive.select()
    before = drive.state_bytes()
    assert drive.outcome(cdb, bytes(length)) in (INVALID_FIELD_IN_CDB, PARAMETER_LIST_LENGTH_ERROR)
    assert drive.state_bytes() == before
    assert drive.outcome(cdb, bytes(16 * 2048)) == GOOD


def test_more_than_announced_writes_what_was_announced(drive: Drive) -> None:
    drive.select()
    assert drive.outcome(Write10(0, 16), bytes(17 * 2048)) == GOOD
    assert drive.track(1).next_writable == 16


@pytest.mark.parametrize("length", [0, 27])
def test_set_streaming(drive: Drive, length: int) -> None:
    assert drive.outcome(SetStreaming(parameter_list_length=28), bytes(length)) == PARAMETER_LIST_LENGTH_ERROR


def test_set_streaming_announces_too_little(drive: Drive) -> None:
    assert drive.outcome(SetStreaming(parameter_list_length=8), bytes(28)) == PARAMETER_LIST_LENGTH_ERROR
