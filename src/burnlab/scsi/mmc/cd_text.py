"""CD-TEXT: packs of 18 bytes, in the R to W sub-channels of a lead-in.

Source: MMC-5, annex on CD-TEXT; READ TOC/PMA/ATIP, format 0101b.
"""

from __future__ import annotations

from burnlab.scsi.task import Data

PACK_BYTES = 18
LEAD_IN_BLOCK_BYTES = 96
"""The sub-channels R to W of one sector: 4 packs of 24 symbols of 6 bits."""
PACK_SYMBOLS = 24
MOST_PACKS = 2048


def packs_in(block: Data) -> list[bytes]:
    """The packs of one lead-in block."""
    packs = []
    for at in range(0, LEAD_IN_BLOCK_BYTES, PACK_SYMBOLS):
        value = 0
        for symbol in bytes(block[at : at + PACK_SYMBOLS]):
            value = value << 6 | symbol & 0x3F
        packs.append(value.to_bytes(PACK_BYTES, "big"))
    return packs


def lead_in_blocks(packs: bytes, count: int) -> bytes:
    """`count` blocks of 96 bytes with the packs in them over and over."""
    size = len(packs) // PACK_BYTES
    out = bytearray()
    for n in range(4 * count):
        at = n % size * PACK_BYTES
        value = int.from_bytes(packs[at : at + PACK_BYTES], "big")
        out += bytes(value >> shift & 0x3F for shift in range(138, -1, -6))
    return bytes(out)


def packs_of(blocks: Data, known: bytes = b"") -> bytes:
    """`known` packs and those of more lead-in blocks, up to where the first one comes again."""
    seen = {known[n : n + PACK_BYTES] for n in range(0, len(known), PACK_BYTES)}
    packs = bytearray(known)
    for at in range(0, len(blocks), LEAD_IN_BLOCK_BYTES):
        fresh = [p for p in packs_in(blocks[at : at + LEAD_IN_BLOCK_BYTES]) if any(p)]
        for pack in fresh:
            if pack in seen or len(seen) >= MOST_PACKS:
                return bytes(packs)
            seen.add(pack)
            packs += pack
    return bytes(packs)


def cd_text_answer(packs: bytes) -> bytes:
    """READ TOC/PMA/ATIP, format 5: header, then the packs as they are in the lead-in."""
    return (len(packs) + 2).to_bytes(2, "big") + b"\0\0" + packs


def crc(data: Data) -> bytes:
    """CRC of a pack and of Q, two bytes, inverted: x^16 + x^12 + x^5 + 1.    Source: ECMA-130, 22.3.4."""
    value = 0
    for byte in bytes(data):
        value ^= byte << 8
        for _ in range(8):
            value = (value << 1 ^ 0x1021 if value & 0x8000 else value << 1) & 0xFFFF
    return (value ^ 0xFFFF).to_bytes(2, "big")
