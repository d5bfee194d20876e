"""Tracks of mode 2: forms with and without their sub-headers, sector by sector."""

from __future__ import annotations

import random

import pytest

from burnlab.scsi.commands import Write10
from support.cd import TAO, lba_pattern, read_cd, select
from support.drive import Drive, MakeDrive

FORM_1 = bytes((1, 2, 0x08, 4)) * 2
FORM_2 = bytes((1, 2, 0x20, 4)) * 2


@pytest.fixture
def cd_r(make_drive: MakeDrive) -> Drive:
    """A blank CD-R."""
    return make_drive("cd-r")


def burn(drive: Drive, block_type: int, blocks: list[bytes]) -> None:
    select(drive, TAO, block_type=block_type, session_format=0x20)
    for lba, block in enumerate(blocks):
        drive.run(Write10(lba, 1), block)
    drive.synchronize()
    drive.close_session()


def noise(length: int, seed: int) -> bytes:
    return random.Random(seed).randbytes(length)


def test_form_1(cd_r: Drive) -> None:
    select(cd_r, TAO, block_type=10, session_format=0x20)
    cd_r.write(0, 300)
    cd_r.synchronize()
    cd_r.close_session()
    assert cd_r.read(0, 300) == lba_pattern(0, 300)
    sector = read_cd(cd_r, 5, 1)
    assert (sector[15], sector[18]) == (2, 8)
    assert sector[24:2072] == lba_pattern(5, 1)
    assert cd_r.track(1).data_mode == 2
    assert cd_r.disc_information().disc_type == 0x20
    assert read_cd(cd_r, 5, 1, 0x40) == sector[16:24]
    assert read_cd(cd_r, 5, 1, 0x58) == sector[16:]


def test_form_1_with_sub_header(cd_r: Drive) -> None:
    blocks = [FORM_1 + noise(2048, n) for n in range(300)]
    burn(cd_r, 11, blocks)
    assert read_cd(cd_r, 9, 1, 0x50) == blocks[9]
    assert cd_r.read(9, 1) == blocks[9][8:]


def test_form_2(cd_r: Drive) -> None:
    blocks = [noise(2324, n) for n in range(300)]
    burn(cd_r, 12, blocks)
    assert read_cd(cd_r, 9, 1, 0x10, kind=5) == blocks[9]


def test_forms_mixed(cd_r: Drive) -> None:
    blocks = [(FORM_2 if n % 2 else FORM_1) + noise(2324, n) for n in range(300)]
    burn(cd_r, 13, blocks)
    assert read_cd(cd_r, 8, 1, 0x10, kind=4) == blocks[8][8:2056]
    assert read_cd(cd_r, 9, 1, 0x50, kind=5) == blocks[9]


def test_formless(cd_r: Drive) -> None:
    blocks = [bytes((n & 0xFF, 1, 2, 3)) + noise(2332, n) for n in range(300)]
    burn(cd_r, 9, blocks)
    assert read_cd(cd_r, 9, 1, 0x10, kind=3) == blocks[9]


def test_whole(cd_r: Drive) -> None:
    blocks = [b"\0" + b"\xff" * 10 + b"\0" + noise(3, n) + b"\x02" + noise(2336, n) for n in range(300)]
    burn(cd_r, 0, blocks)
    assert read_cd(cd_r, 9, 2) == blocks[9] + blocks[10]
