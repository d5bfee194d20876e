"""Whole sectors of a CD, 2352 bytes: sync, header, sub-header, user data, EDC and ECC.

Source: ECMA-130, 14 (sectors) and annex A (ECC); sub-headers and forms after ISO/IEC 10149 with CD-ROM XA.
"""

from __future__ import annotations

from collections.abc import Iterator
from operator import itemgetter

from burnlab.disc.surface import BLOCK_BYTES, Data

SECTOR_BYTES = 2352
SYNC = b"\0" + b"\xff" * 10 + b"\0"
HEADER_END = 16
SUB_HEADER_END = 24
FORM_2_BYTES = 2324

FORM_2 = 0x20
"""Bit of the sub-mode, third byte of the sub-header: the sector is of form 2."""
FORM_1_DATA = bytes((0, 0, 0x08, 0)) * 2
"""Sub-header of plain data of form 1."""
FORM_2_DATA = bytes((0, 0, FORM_2, 0)) * 2
SUBMODE = HEADER_END + 2

FIRST_LEAD_IN_LBA = -151
"""Addresses up to here have minutes from 90 on: they count down from 100 minutes."""


def bcd(value: int) -> int:
    """Two decimal digits in one byte."""
    return value // 10 << 4 | value % 10


def msf_of(lba: int) -> tuple[int, int, int]:
    """Minute, second, frame of a LBA.    Source: MMC-5, 4.2.3."""
    frames = lba + (150 if lba > FIRST_LEAD_IN_LBA else 450150)
    return frames // 4500, frames // 75 % 60, frames % 75


def header(lba: int, mode: int) -> bytes:
    """The four bytes behind the sync: the address as BCD, and the mode.    Source: ECMA-130, 14.2."""
    return bytes((*map(bcd, msf_of(lba)), mode))


# Error detection: a CRC of 32 bits, lowest bit first.    Source: ECMA-130, 14.3.

_EDC_POLYNOMIAL = 0xD8018001
"""(x^16 + x^15 + x^2 + 1)(x^16 + x^2 + x + 1), bits reversed."""


def _edc_table() -> list[int]:
    table = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (_EDC_POLYNOMIAL if value & 1 else 0)
        table.append(value)
    return table


_EDC = _edc_table()


def edc(data: Data) -> bytes:
    """The four bytes of error detection code over `data`."""
    crc = 0
    table = _EDC
    for byte in bytes(data):
        crc = table[(crc ^ byte) & 0xFF] ^ crc >> 8
    return crc.to_bytes(4, "little")


# Error correction: Reed-Solomon codes with two parity bytes over GF(2^8).    Source: ECMA-130, annex A.
#
# Both parities of a word d[0..n-1] follow from its two checks: the sum of all n + 2 bytes is 0, and so is the
# sum of each byte times alpha to the power of its distance from the end. All words are worked on at once: one
# row holds the bytes that have the same place in every word.

_FIELD_POLYNOMIAL = 0x11D


def _times_alpha(value: int) -> int:
    value <<= 1
    return value ^ _FIELD_POLYNOMIAL if value & 0x100 else value


_TIMES_ALPHA = bytes(_times_alpha(v) for v in range(256))
_PLUS_ALPHA = [v ^ _TIMES_ALPHA[v] for v in range(256)]
_OVER_ALPHA_PLUS_1 = bytes(_PLUS_ALPHA.index(v) for v in range(256))
"""Division by alpha + 1."""

_P_WORDS, _P_ROWS = 86, 24
_Q_WORDS, _Q_ROWS = 52, 43


def _diagonals() -> Iterator[int]:
    """Where the bytes of the Q words lie, row by row, counted from the header on."""
    for row in range(_Q_ROWS):
        for word in range(_Q_WORDS // 2):
            place = (44 * row + 43 * word) % 1118
            yield 2 * place
            yield 2 * place + 1


_pick_diagonals = itemgetter(*_diagonals())


def _parities(rows: bytes, width: int) -> bytes:
    """Two rows of parity bytes for words that lie in the columns of `rows`."""
    weighted = plain = 0
    for offset in range(0, len(rows), width):
        row = int.from_bytes(rows[offset : offset + width], "big")
        plain ^= row
        weighted = int.from_bytes((weighted ^ row).to_bytes(width, "big").translate(_TIMES_ALPHA), "big")
    weighted = int.from_bytes(weighted.to_bytes(width, "big").translate(_TIMES_ALPHA), "big")
    first = (weighted ^ plain).to_bytes(width, "big").translate(_OVER_ALPHA_PLUS_1)
    second = int.from_bytes(first, "big") ^ plain
    return first + second.to_bytes(width, "big")


def ecc(data: Data) -> bytes:
    """P and Q parity, 172 and 104 bytes, over the 2064 bytes from the header to the end of the EDC's part."""
    p = _parities(bytes(data), _P_WORDS)
    return p + _parities(bytes(_pick_diagonals(bytes(data) + p)), _Q_WORDS)


# Whole sectors.


def mode_1(lba: int, user: Data) -> bytes:
    """A sector of mode 1 with 2048 bytes of user data."""
    body = header(lba, 1) + bytes(user)
    protected = body + edc(SYNC + body) + bytes(8)
    return SYNC + protected + ecc(protected)


def form_1(lba: int, user: Data, sub_header: bytes = FORM_1_DATA) -> bytes:
    """A sector of mode 2 form 1: the header counts as zeros in its ECC."""
    body = sub_header + bytes(user)
    body += edc(body)
    return SYNC + header(lba, 2) + body + ecc(bytes(4) + body)


def form_2(lba: int, user: Data, sub_header: bytes = FORM_2_DATA) -> bytes:
    """A sector of mode 2 form 2: 2324 bytes of user data and an EDC."""
    body = sub_header + bytes(user)
    return SYNC + header(lba, 2) + body + edc(body)


def mixed(lba: int, body: Data) -> bytes:
    """A sector of mode 2 whose sub-header tells its form; `body` is sub-header and 2324 bytes."""
    sub_header, user = bytes(body[:8]), body[8:]
    if sub_header[2] & FORM_2:
        return form_2(lba, user, sub_header)
    return form_1(lba, user[:BLOCK_BYTES], sub_header)


def formless(lba: int, body: Data) -> bytes:
    """A sector of mode 2 with 2336 bytes as they come."""
    return SYNC + header(lba, 2) + bytes(body)


def is_form_1(sector: Data) -> bool:
    """Whether a whole sector holds 2048 bytes of user data behind a sub-header."""
    return (
        bytes(sector[:12]) == SYNC
        and sector[15] == 2
        and bytes(sector[16:20]) == bytes(sector[20:24])
        and not sector[SUBMODE] & FORM_2
    )


def form_1_pieces(data: Data) -> Iterator[tuple[int, bytes]]:
    """The user data of the form 1 sectors in `data`, each with the number of its sector."""
    for n in range(len(data) // SECTOR_BYTES):
        sector = data[n * SECTOR_BYTES : (n + 1) * SECTOR_BYTES]
        if is_form_1(sector):
            yield n, bytes(sector[SUB_HEADER_END : SUB_HEADER_END + BLOCK_BYTES])
