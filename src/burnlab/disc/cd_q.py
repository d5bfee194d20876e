"""The Q sub-channel of recorded sectors: position, and now and then catalogue number and ISRC.

Source: ECMA-130, 22.3; the codes of ADR 2 and 3 after IEC 60908.
"""

from __future__ import annotations

from burnlab.disc import cd
from burnlab.disc.cd_regions import Region
from burnlab.disc.cd_sector import bcd, msf_of
from burnlab.disc.model import DiscState

Q_BYTES = 12
CODE_PERIOD = 100
"""Among so many sectors one tells the catalogue number, and one the ISRC."""
ISRC_PHASE = 50
CLEAR_SECTORS = 4
"""At the start of a track, pause or INDEX positions come first, so that it is found where it is."""


def _crc(data: bytes) -> bytes:
    value = 0
    for byte in data:
        value ^= byte << 8
        for _ in range(8):
            value = (value << 1 ^ 0x1021 if value & 0x8000 else value << 1) & 0xFFFF
    return (value ^ 0xFFFF).to_bytes(2, "big")


def _bcd_msf(blocks: int) -> bytes:
    minute, rest = divmod(blocks, 4500)
    return bytes((bcd(minute), bcd(rest // 75), bcd(rest % 75)))


def relative(region: Region, lba: int) -> int:
    """Blocks since the track's start; in the pause before it, blocks that are left of the pause."""
    return lba - region.track.start if region.index else region.track.start - 1 - lba


def position(region: Region, lba: int) -> bytes:
    """Q with ADR 1: 10 bytes without CRC."""
    numbers = bytes((region.cd.control << 4 | 1, bcd(region.track.number), bcd(region.index)))
    absolute = bytes(map(bcd, msf_of(lba)))
    return numbers + _bcd_msf(relative(region, lba)) + b"\0" + absolute


def _catalog(control: int, mcn: str, frame: int) -> bytes:
    return bytes((control << 4 | 2,)) + bytes.fromhex(mcn + "000") + bytes((bcd(frame),))


def _isrc(control: int, isrc: str, frame: int) -> bytes:
    letters = 0
    for character in isrc[:5]:
        letters = letters << 6 | ord(character) - 0x30
    code = (letters << 2).to_bytes(4, "big") + bytes.fromhex(isrc[5:] + "0")
    return bytes((control << 4 | 3,)) + code + bytes((bcd(frame),))


def q(state: DiscState, region: Region, lba: int) -> bytes:
    """The 12 bytes of Q in one sector, with their CRC."""
    mcn = cd.lead_in(state, region.track.session).mcn
    frame = msf_of(lba)[2]
    isrc = region.cd.isrc.upper()
    if lba - region.start < CLEAR_SECTORS:
        body = position(region, lba)
    elif mcn and lba % CODE_PERIOD == 0:
        body = _catalog(region.cd.control, mcn, frame)
    elif isrc and isrc[5:].isdigit() and region.index and lba % CODE_PERIOD == ISRC_PHASE:
        body = _isrc(region.cd.control, isrc, frame)
    else:
        body = position(region, lba)
    return body + _crc(body)


def in_pause(region: Region) -> bool:
    """The P sub-channel: set in a pause."""
    return region.index == 0


def raw_p_to_w(state: DiscState, region: Region, lba: int) -> bytes:
    """All sub-channels of one sector, 96 bytes with P in bit 7 and Q in bit 6; R to W are empty."""
    bits = int.from_bytes(q(state, region, lba), "big")
    p = 0x80 if in_pause(region) else 0
    return bytes(p | (bits >> shift & 1) << 6 for shift in range(95, -1, -1))
