"""A fault of the kind `opc-failure`: SEND OPC, or the first WRITE of a burn, ends with 3/73/03."""

from __future__ import annotations

from burnlab.scsi.mmc.commands import SendOpcInformation
from support.drive import Drive, MakeDrive
from support.expect import CANNOT_WRITE_INCOMPATIBLE_MEDIUM, GOOD, Outcome
from support.faulty_recorder import lie_in_wait

POWER_CALIBRATION_AREA_ERROR = Outcome(3, 0x73, 0x03)
POWER_CALIBRATION_AREA_FULL = Outcome(3, 0x73, 0x02)
DO_OPC = SendOpcInformation(do_opc=True)


def test_when_asked_to(drive: Drive) -> None:
    lie_in_wait(drive, "opc-failure")
    assert drive.outcome(DO_OPC) == POWER_CALIBRATION_AREA_ERROR
    assert drive.outcome(DO_OPC) == GOOD, "it struck once"


def test_before_the_first_write(drive: Drive) -> None:
    struck = lie_in_wait(drive, "opc-failure", times="always")
    drive.select()
    assert drive.write_outcome(0) == POWER_CALIBRATION_AREA_ERROR
    assert drive.last_track().next_writable == 0
    assert drive.write_outcome(0) == POWER_CALIBRATION_AREA_ERROR
    assert struck() == 2


def test_not_in_the_middle_of_writing(drive: Drive) -> None:
    drive.select()
    drive.write(0, 16)
    struck = lie_in_wait(drive, "opc-failure", sense="3/73/02")
    drive.write(16, 64)
    drive.synchronize()
    assert struck() == 0
    assert drive.write_outcome(80) == POWER_CALIBRATION_AREA_FULL


def test_once_calibrated_writing_goes_on(drive: Drive) -> None:
    drive.select()
    drive.run(DO_OPC)
    struck = lie_in_wait(drive, "opc-failure", command="WRITE (10)")
    drive.write(0, 64)
    assert struck() == 0


def test_a_rom_is_no_matter_of_power(make_drive: MakeDrive, rom: Drive) -> None:
    struck = lie_in_wait(rom, "opc-failure")
    assert rom.outcome(DO_OPC) == CANNOT_WRITE_INCOMPATIBLE_MEDIUM
    assert struck() == 0
