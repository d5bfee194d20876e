"""READ DISC STRUCTURE: media id in 0Eh, overall size in 10h, book type in 00h, list in FFh."""

from __future__ import annotations

import pytest

from burnlab.disc import Disc
from burnlab.scsi.mmc.commands import ReadDiscStructure
from support.drive import Drive, MakeDrive, MakeRom
from support.expect import INVALID_FIELD_IN_CDB


def ask(drive: Drive, form: int, media_type: int = 0) -> bytes:
    raw = drive.run(ReadDiscStructure(media_type=media_type, format=form, allocation_length=4096))
    assert int.from_bytes(raw[0:2], "big") + 2 == len(raw)
    assert raw[2:4] == b"\0\0"
    return raw[4:]


@pytest.mark.parametrize("product", ["", "VERBATIM", "ABCDEFGHIJKL"])
def test_media_id_where_libburn_looks(make_drive: MakeDrive, product: str) -> None:
    payload = ask(make_drive(Disc.in_memory("dvd-rw", product)), 0x0E)
    assert len(payload) >= 31
    assert payload[16] == 3
    assert payload[24] == 4
    assert (payload[17:23] + payload[25:31]).rstrip(b"\0") == (product or "RITEKW04").encode()


def test_overall_blocks(drive: Drive) -> None:
    for _ in range(2):
        payload = ask(drive, 0x10)
        first, last = int.from_bytes(payload[5:8], "big"), int.from_bytes(payload[9:12], "big")
        assert first == 0x30000
        assert last - first + 1 == 2298496
        assert payload[0] >> 4 == 3, "book type of DVD-RW"
        drive.burn_session(32)


def test_physical_format_ends_where_the_data_ends(drive: Drive) -> None:
    drive.burn_session(32, close=True)
    payload = ask(drive, 0x00)
    assert int.from_bytes(payload[9:12], "big") == 0x30000 + 31
    assert len(payload) == 2048


def test_everything_listed_answers(drive: Drive, rom: Drive) -> None:
    for unit, forms in ((drive, {0x00, 0x01, 0x0E, 0x10}), (rom, {0x00, 0x01})):
        payload = ask(unit, 0xFF)
        rows = [payload[n : n + 4] for n in range(0, len(payload), 4)]
        assert {r[0] for r in rows} >= forms
        for row in rows:
            assert row[1] & 0x40, "readable"
            assert int.from_bytes(row[2:4], "big") == len(ask(unit, row[0])) + 4


def test_rom(rom: Drive) -> None:
    payload = ask(rom, 0x00)
    assert payload[0] >> 4 == 0, "book type of DVD-ROM"
    assert int.from_bytes(payload[9:12], "big") == 0x30000 + 999


@pytest.mark.parametrize(("media_type", "form"), [(0, 0x02), (0, 0x77), (1, 0x00), (1, 0x0A)])
def test_what_is_not_there(drive: Drive, media_type: int, form: int) -> None:
    cdb = ReadDiscStructure(media_type=media_type, format=form, allocation_length=4096)
    assert drive.outcome(cdb) == INVALID_FIELD_IN_CDB


def test_cd_has_none(make_drive: MakeDrive, make_rom: MakeRom) -> None:
    cdb = ReadDiscStructure(format=0, allocation_length=4096)
    assert make_drive(make_rom("cd-rom")).outcome(cdb) == INVALID_FIELD_IN_CDB
