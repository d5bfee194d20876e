"""Whole sectors: EDC and ECC against an independent checker's verdict, addresses, Q and its CRC."""

from __future__ import annotations

import hashlib

import pytest

from burnlab.disc import cd_sector

CHECKED_SHA256 = "d7499d065036f1609011d235874f9bdaa93976f3695e2c6648a18d57f0e76e28"
"""Of 20 sectors each of mode 1, form 1 and form 2 that `edccchk` 1.27 found free of errors."""


def content(seed: int, length: int) -> bytes:
    """What those sectors held."""
    return bytes((n * seed + n // 7) & 0xFF for n in range(length))


def test_sectors_that_an_independent_checker_has_passed() -> None:
    sectors = [
        *(cd_sector.mode_1(n, content(n, 2048)) for n in range(20)),
        *(cd_sector.form_1(20 + n, content(n, 2048)) for n in range(20)),
        *(cd_sector.form_2(40 + n, content(n, 2324)) for n in range(20)),
    ]
    assert {len(s) for s in sectors} == {2352}
    assert hashlib.sha256(b"".join(sectors)).hexdigest() == CHECKED_SHA256


def test_nothing_has_no_code() -> None:
    assert cd_sector.edc(bytes(2064)) == bytes(4)
    assert cd_sector.ecc(bytes(2064)) == bytes(276)


def times(a: int, b: int) -> int:
    """Product in GF(2^8) with the polynomial 11Dh."""
    product = 0
    while b:
        product ^= a * (b & 1)
        a = a << 1 ^ (0x11D if a & 0x80 else 0)
        b >>= 1
    return product


def alpha(power: int) -> int:
    """A power of the field's generator."""
    value = 1
    for _ in range(power):
        value = times(value, 2)
    return value


def checks(word: bytes) -> tuple[int, int]:
    """Both checks of a word, each 0 where it is right."""
    plain = weighted = 0
    for n, byte in enumerate(word):
        plain ^= byte
        weighted ^= times(byte, alpha(len(word) - 1 - n))
    return plain, weighted


@pytest.mark.parametrize("word", [0, 1, 42, 85])
def test_every_p_word_meets_its_checks(word: int) -> None:
    body = cd_sector.mode_1(1234, content(77, 2048))[12:]
    assert checks(bytes(body[word + 86 * row] for row in range(26))) == (0, 0)


@pytest.mark.parametrize("word", [0, 1, 25, 51])
def test_every_q_word_meets_its_checks(word: int) -> None:
    body = cd_sector.mode_1(1234, content(77, 2048))[12:]
    number, half = divmod(word, 2)
    places = [(44 * m + 43 * number) % 1118 for m in range(43)] + [1118 + number, 1144 + number]
    assert checks(bytes(body[2 * p + half] for p in places)) == (0, 0)


@pytest.mark.parametrize(
    ("lba", "address"),
    [
        (0, (0, 2, 0)),
        (-150, (0, 0, 0)),
        (-151, (99, 59, 74)),
        (-11640, (97, 26, 60)),
        (359849, (79, 59, 74)),
        (404849, (89, 59, 74)),
    ],
)
def test_addresses(lba: int, address: tuple[int, int, int]) -> None:
    assert cd_sector.msf_of(lba) == address


def test_header_is_decimal() -> None:
    assert cd_sector.header(359848, 1).hex() == "79597301"


def test_pieces_of_form_1() -> None:
    user = content(3, 2048)
    data = cd_sector.mode_1(0, user) + cd_sector.form_1(1, user) + cd_sector.form_2(2, bytes(2324))
    assert list(cd_sector.form_1_pieces(data + bytes(2352))) == [(1, user)]
