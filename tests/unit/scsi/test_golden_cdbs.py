"""CDBs as real programs send them, so that packing and parsing can't err alike.

The bytes are those of libburn, growisofs, dvd+rw-format, QEMU, SeaBIOS and Linux, as the recorder's contract
and the traces of these programs have them.
"""

from __future__ import annotations

import pytest

from burnlab.scsi import commands as spc
from burnlab.scsi.mmc import commands as mmc
from burnlab.scsi.record import Cdb

GOLDEN: list[tuple[str, Cdb]] = [
    ("000000000000", spc.TestUnitReady()),
    ("030000001200", spc.RequestSense(allocation_length=18)),
    ("120000002400", spc.Inquiry(allocation_length=36)),
    ("12018300fa00", spc.Inquiry(evpd=True, page_code=0x83, allocation_length=250)),
    ("1a083f00ff00", spc.ModeSense6(dbd=True, page_code=0x3F, allocation_length=255)),
    ("1a002a008000", spc.ModeSense6(page_code=0x2A, allocation_length=128)),
    ("1b0000000300", spc.StartStopUnit(load_eject=True, start=True)),
    ("1b0000000200", spc.StartStopUnit(load_eject=True)),
    ("1b0100000100", spc.StartStopUnit(immed=True, start=True)),
    ("1b0100000000", spc.StartStopUnit(immed=True)),
    ("1e0000000100", spc.PreventAllowMediumRemoval(prevent=True)),
    ("1e0000000000", spc.PreventAllowMediumRemoval()),
    ("25000000000000000000", spc.ReadCapacity10()),
    ("28000002f9f000002000", spc.Read10(195056, 32)),
    ("28000000001100000100", spc.Read10(17, 1)),
    ("2a0000021140000010" + "00", spc.Write10(135488, 16)),
    ("2a00ffffff6a00001000", spc.Write10(-150, 16)),
    ("35020000000000000000", spc.SynchronizeCache10(immed=True)),
    ("35000000000000000000", spc.SynchronizeCache10()),
    ("55100000000000003c00", spc.ModeSelect10(page_format=True, parameter_list_length=60)),
    ("5a002a00000000001e00", spc.ModeSense10(page_code=0x2A, allocation_length=30)),
    ("5a080500000000000c00", spc.ModeSense10(dbd=True, page_code=0x05, allocation_length=12)),
    ("5a00bf0000000000ff00", spc.ModeSense10(page_control=2, page_code=0x3F, allocation_length=255)),
    ("23000000000000002400", mmc.ReadFormatCapacities(allocation_length=36)),
    ("43000000000000000c40", mmc.ReadTocPmaAtip(allocation_length=12, old_format=1)),
    ("430200000000aa000c00", mmc.ReadTocPmaAtip(msf=True, track=0xAA, allocation_length=12)),
    ("43020200000000000400", mmc.ReadTocPmaAtip(msf=True, format=2, allocation_length=4)),
    ("46000000000000000800", mmc.GetConfiguration(allocation_length=8)),
    ("46000028000000001000", mmc.GetConfiguration(starting_feature=0x28, allocation_length=16)),
    ("46020021000000001000", mmc.GetConfiguration(rt=2, starting_feature=0x21, allocation_length=16)),
    (
        "4a010000100000000800",
        mmc.GetEventStatusNotification(polled=True, class_request=0x10, allocation_length=8),
    ),
    ("51000000000000002200", mmc.ReadDiscInformation(allocation_length=34)),
    ("52010000000400002200", mmc.ReadTrackInformation(address_type=1, address=4, allocation_length=34)),
    ("52010000000100001400", mmc.ReadTrackInformation(address_type=1, address=1, allocation_length=20)),
    ("53000000000000ce9500", mmc.ReserveTrack(size=52885)),
    ("54010000000000000000", mmc.SendOpcInformation(do_opc=True)),
    ("5b010100000200000000", mmc.CloseTrackSession(immed=True, function=1, track=2)),
    ("5b010200000000000000", mmc.CloseTrackSession(immed=True, function=2)),
    ("5b000200000000000000", mmc.CloseTrackSession(function=2)),
    ("5c000000000000000c00", mmc.ReadBufferCapacity(allocation_length=12)),
    ("a11100000000000000000000", mmc.Blank(immed=True, blanking_type=1)),
    ("a11000000000000000000000", mmc.Blank(immed=True)),
    ("ac0000000000000000040300", mmc.GetPerformance(maximum_descriptors=4, type=3)),
    ("ac1000000000000000010000", mmc.GetPerformance(tolerance=2, maximum_descriptors=1)),
    ("ac0400000000000000010000", mmc.GetPerformance(write=True, maximum_descriptors=1)),
    ("ad0000000000000e002c0000", mmc.ReadDiscStructure(format=0x0E, allocation_length=44)),
    ("ad0000000000001008040000", mmc.ReadDiscStructure(format=0x10, allocation_length=2052)),
    ("b60000000000000000001c00", mmc.SetStreaming(parameter_list_length=28)),
    ("bb00ffffffff000000000000", mmc.SetCdSpeed(0xFFFF, 0xFFFF)),
    # From the text of the standards, where no trace has them.
    ("150000000c00", spc.ModeSelect6(parameter_list_length=12)),
    ("2b000000100000000000", spc.Seek10(0x1000)),
    ("2e000000001000001000", spc.WriteAndVerify10(16, 16)),
    ("2f020000001000001000", spc.Verify10(16, 16, bytchk=True)),
    ("a00000000000000001000000", spc.ReportLuns(allocation_length=256)),
    ("a80000000010000000200000", spc.Read12(16, 32)),
    ("aa0000000010000000100080"[:20] + "8000", spc.Write12(16, 16, streaming=True)),
    ("bd0000000000000000080000", mmc.MechanismStatus(allocation_length=8)),
    (
        "be0000000010000001f80000",
        mmc.ReadCd(lba=16, length=1, user_data=True, sync=True, header_codes=3, edc_ecc=True),
    ),
    ("041100000000", mmc.FormatUnit(format_data=True, format_code=1)),
    ("041900000000", mmc.FormatUnit(format_data=True, complete_list=True, format_code=1)),
]


@pytest.mark.parametrize(("raw", "cdb"), GOLDEN, ids=[f"{c.NAME} {raw}" for raw, c in GOLDEN])
def test_both_directions(raw: str, cdb: Cdb) -> None:
    data = bytes.fromhex(raw)
    assert len(data) == cdb.LENGTH
    assert cdb.pack() == data
    assert type(cdb).parse(data) == cdb


def test_every_command_has_golden_bytes() -> None:
    known = {type(cdb) for _, cdb in GOLDEN}
    for module in (spc, mmc):
        for kind in vars(module).values():
            if isinstance(kind, type) and issubclass(kind, Cdb) and kind.NAME:
                assert kind in known, f"{kind.__name__} has no golden bytes"
