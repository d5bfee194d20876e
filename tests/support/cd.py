"""What burn programs send to a CD: literal bytes of mode page 05h and of cue sheets, and whole burns."""

from __future__ import annotations

import random
from collections.abc import Sequence

from burnlab.disc.cd_sector import SECTOR_BYTES
from burnlab.scsi.commands import ModeSelect10, Write10
from burnlab.scsi.mmc.commands import ReadCd, ReadTocPmaAtip
from burnlab.scsi.mmc.cue_sheet import SendCueSheet
from support.drive import Drive, pattern

TAO, SAO = 1, 2
DATA, AUDIO = 4, 0
RUN_OUT, PAUSE = 2, 150


def page_05h(
    write_type: int,
    *,
    multi: bool = True,
    test: bool = False,
    mode: int = DATA,
    block_type: int = 8,
    isrc: str = "",
    mcn: str = "",
    session_format: int = 0,
) -> tuple[ModeSelect10, bytes]:
    """MODE SELECT of page 05h as libburn sends it for CD."""
    page = bytearray(52)
    page[0:2] = b"\x05\x32"
    page[2] = 0x40 | test << 4 | write_type
    page[3] = (0xC0 if multi else 0) | mode
    page[4], page[8], page[15] = block_type, session_format, 150
    if mcn:
        page[16:30] = b"\x80" + mcn.encode()
    if isrc:
        page[32:45] = b"\x80" + isrc.encode()
    return ModeSelect10(page_format=True, parameter_list_length=60), bytes(8) + bytes(page)


def select(drive: Drive, write_type: int, **options: object) -> None:
    """Send it."""
    cdb, data = page_05h(write_type, **options)  # type: ignore[arg-type]
    drive.run(cdb, data)


def msf(lba: int) -> bytes:
    """Minute, second, frame in binary."""
    frames = lba + 150
    return bytes((frames // 4500, frames // 75 % 60, frames % 75))


def data_sheet(blocks: int) -> bytes:
    """The cue sheet that libburn sends for one data track of `blocks` blocks."""
    return (
        bytes.fromhex("41000014000000004101001000000000")
        + bytes.fromhex("41010110000002004 1aa0114 00".replace(" ", ""))
        + msf(blocks)
    )


def audio_sheet(
    lengths: Sequence[int],
    *,
    pregaps: Sequence[int] = (),
    gap_form: int = 0,
    mcn: str = "",
    isrc: dict[int, str] | None = None,
    lead_in_form: int = 1,
    index_2: dict[int, int] | None = None,
) -> bytes:
    """A cue sheet for audio tracks of so many blocks; pre-gaps of track 2 and on lie between them."""
    sheet = bytearray()
    if mcn:
        code = mcn.encode().ljust(14, b"\0")
        sheet += b"\x02" + code[:7] + b"\x02" + code[7:]
    sheet += bytes((1, 0, 0, lead_in_form, 0, 0, 0, 0))
    lba = -150
    for number, blocks in enumerate(lengths, 1):
        gap = 150 if number == 1 else (pregaps[number - 2] if pregaps else 0)
        code = (isrc or {}).get(number, "").encode()
        if code:
            sheet += bytes((3, number)) + code[:6] + bytes((3, number)) + code[6:]
        if gap:
            sheet += bytes((1, number, 0, gap_form, 0)) + msf(lba)
            lba += gap
        sheet += bytes((1, number, 1, 0, 0)) + msf(lba)
        if index_2 and number in index_2:
            sheet += bytes((1, number, 2, 0, 0)) + msf(lba + index_2[number])
        lba += blocks
    return bytes(sheet + bytes((1, 0xAA, 1, 1, 0)) + msf(lba))


def announce(drive: Drive, sheet: bytes) -> None:
    """SEND CUE SHEET."""
    drive.run(SendCueSheet(cue_sheet_size=len(sheet)), sheet)


def samples(blocks: int, seed: int = 0) -> bytes:
    """Noise: no two sectors are alike."""
    return random.Random(seed).randbytes(blocks * SECTOR_BYTES)


def write_audio(drive: Drive, lba: int, data: bytes, unit: int = 13) -> None:
    """Write samples in pieces of `unit` sectors."""
    for at in range(0, len(data) // SECTOR_BYTES, unit):
        piece = data[at * SECTOR_BYTES : (at + unit) * SECTOR_BYTES]
        drive.run(Write10(lba + at, len(piece) // SECTOR_BYTES), piece)


def burn_data_at_once(drive: Drive, blocks: int, *, multi: bool = True, test: bool = False) -> None:
    """A first session as xorriso writes it: pre-gap from -150 on, then data."""
    select(drive, SAO, multi=multi, test=test, mode=0, block_type=0)
    announce(drive, data_sheet(blocks))
    for lba in range(-150, 0, 16):
        count = min(16, -lba)
        drive.run(Write10(lba, count), bytes(count * 2048))
    drive.write(0, blocks)
    drive.synchronize()


def burn_data_track(drive: Drive, blocks: int, *, multi: bool = True, close: bool = True) -> int:
    """A data track at the next writable address; returns its first block."""
    select(drive, TAO, multi=multi)
    start = drive.track(0xFF).next_writable
    drive.write(start, blocks)
    drive.synchronize()
    if close:
        drive.close_session()
    return start


def burn_audio_track(drive: Drive, data: bytes, *, isrc: str = "", mcn: str = "", test: bool = False) -> int:
    """An audio track at the next writable address; returns its first block."""
    select(drive, TAO, test=test, mode=AUDIO, block_type=0, isrc=isrc, mcn=mcn)
    start = drive.track(0xFF).next_writable
    write_audio(drive, start, data)
    drive.synchronize()
    return start


def toc(drive: Drive, form: int, *, as_msf: bool = False, track: int = 0) -> bytes:
    """READ TOC/PMA/ATIP, whose length field must be right."""
    answer = drive.run(ReadTocPmaAtip(msf=as_msf, format=form, track=track, allocation_length=0xFFFF))
    assert len(answer) == int.from_bytes(answer[:2], "big") + 2
    return answer


def raw_entries(answer: bytes) -> dict[tuple[int, int], bytes]:
    """The entries of a raw TOC by session and POINT."""
    rows = [answer[n : n + 11] for n in range(4, len(answer), 11)]
    return {(r[0], r[3]): r for r in rows}


def read_cd(
    drive: Drive, lba: int, count: int, parts: int = 0xF8, *, sub_channel: int = 0, kind: int = 0
) -> bytes:
    """READ CD with byte 9 as it stands."""
    cdb = bytearray(ReadCd(sector_type=kind, lba=lba, length=count, sub_channel=sub_channel).pack())
    cdb[9] = parts
    return drive.run(bytes(cdb), data_in=count * 2752)


def lba_pattern(lba: int, count: int) -> bytes:
    """What `Drive.write` has written."""
    return pattern(lba, count)
