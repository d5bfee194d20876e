"""CD-TEXT: packs in the lead-in of a session at once, and back by READ TOC/PMA/ATIP format 5."""

from __future__ import annotations

import random

import pytest

from burnlab.scsi.commands import Write10
from burnlab.scsi.mmc.cd_text import PACK_BYTES, crc, lead_in_blocks
from support.cd import AUDIO, SAO, announce, audio_sheet, samples, select, toc, write_audio
from support.drive import MakeDrive
from support.expect import INVALID_ADDRESS_FOR_WRITE

LEAD_IN = -11640


def packs(count: int) -> bytes:
    made = bytearray()
    for n in range(count):
        body = bytes((0x80, 0, n, 0)) + random.Random(n).randbytes(12)
        made += body + crc(body)
    return bytes(made)


@pytest.mark.parametrize("count", [1, 3, 4, 5, 33, 255])
def test_round_trip(make_drive: MakeDrive, count: int) -> None:
    drive = make_drive("cd-r")
    select(drive, SAO, multi=False, mode=AUDIO, block_type=0)
    announce(drive, audio_sheet([300], lead_in_form=0x41))
    text = lead_in_blocks(packs(count), 300)
    for at in range(0, 300, 50):
        drive.run(Write10(LEAD_IN + at, 50), text[at * 96 : (at + 50) * 96])
    write_audio(drive, -150, samples(450))
    drive.synchronize()
    answer = toc(drive, 5)
    assert answer[4:] == packs(count)
    assert len(answer) == 4 + count * PACK_BYTES


def test_only_in_the_lead_in(make_drive: MakeDrive) -> None:
    drive = make_drive("cd-r")
    select(drive, SAO, mode=AUDIO, block_type=0)
    announce(drive, audio_sheet([300], lead_in_form=0x41))
    for lba in (LEAD_IN - 1, -151):
        assert drive.outcome(Write10(lba, 2), bytes(192)) == INVALID_ADDRESS_FOR_WRITE
    assert drive.disc_information().status == 0


def test_crc_of_a_pack() -> None:
    # The check value of this CRC over these digits is 31C3h; here it is inverted.
    assert crc(b"123456789") == bytes.fromhex("ce3c")
