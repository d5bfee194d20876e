"""MODE SELECT of a header and a block descriptor, as wodim sends it: accepted, nothing changes."""

from __future__ import annotations

from burnlab.scsi.commands import ModeSelect6, ModeSelect10, ModeSense10
from support.drive import Drive
from support.expect import GOOD


def test_ten(drive: Drive) -> None:
    before = drive.run(ModeSense10(page_code=5, allocation_length=255))
    data = bytes.fromhex("0000000000000008" + "0000000000000800")
    assert drive.outcome(ModeSelect10(page_format=True, parameter_list_length=16), data) == GOOD
    assert drive.run(ModeSense10(page_code=5, allocation_length=255)) == before


def test_six(drive: Drive) -> None:
    data = bytes.fromhex("00000008" + "0000000000000800")
    assert drive.outcome(ModeSelect6(page_format=True, parameter_list_length=12), data) == GOOD


def test_empty_list(drive: Drive) -> None:
    assert drive.outcome(ModeSelect10(page_format=True, parameter_list_length=0)) == GOOD
