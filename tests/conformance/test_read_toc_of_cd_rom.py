"""READ TOC of a CD-ROM: format 2 with points A0, A1, A2 and the track, addresses as MSF."""

from __future__ import annotations

from support.drive import MakeDrive, MakeRom
from support.expect import INVALID_FIELD_IN_CDB


def test_raw_toc_as_libburn_reads_it(make_drive: MakeDrive, make_rom: MakeRom) -> None:
    drive = make_drive(make_rom("cd-rom", 1000))
    # 43 02 02: MSF, format 2; 4 bytes first, then all.
    head = drive.run(bytes.fromhex("43020200000000000400"))
    total = int.from_bytes(head[0:2], "big") + 2
    raw = drive.run(bytes.fromhex("43020200000000") + total.to_bytes(2, "big") + b"\0")
    assert len(raw) == total == 4 + 4 * 11
    assert raw[2:4] == b"\x01\x01"
    items = {raw[n + 3]: raw[n : n + 11] for n in range(4, total, 11)}
    assert set(items) == {0xA0, 0xA1, 0xA2, 1}
    assert all(item[0] == 1 and item[1] == 0x14 and item[2] == 0 for item in items.values())
    assert items[0xA0][8] == 1
    assert items[0xA1][8] == 1
    assert items[0xA2][8:11] == bytes((0, 15, 25)), "1000 + 150 frames"
    assert items[1][8:11] == bytes((0, 2, 0))


def test_format_0_and_other_formats(make_drive: MakeDrive, make_rom: MakeRom) -> None:
    drive = make_drive(make_rom("cd-rom", 1000))
    assert int.from_bytes(drive.run(bytes.fromhex("4300000000000000ff00"))[16:20], "big") == 1000
    assert drive.outcome(bytes.fromhex("43020300000000000400")) == INVALID_FIELD_IN_CDB
