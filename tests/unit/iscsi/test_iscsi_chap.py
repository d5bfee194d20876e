"""CHAP: digests worked out with hashlib by hand, both directions, and every way to fail."""

from __future__ import annotations

import base64
import hashlib
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from burnlab.iscsi.chap import (
    ChapAuth,
    ChapError,
    ChapExchange,
    Step,
    chap_response,
    decode_binary,
    encode_binary,
)

SECRET = "correct horse"
AUTH = ChapAuth("user", SECRET)
MUTUAL = ChapAuth("user", SECRET, "target", "battery staple")


def begin(auth: ChapAuth = AUTH, algorithm: str = "5") -> tuple[ChapExchange, dict[str, str]]:
    exchange = ChapExchange(auth)
    return exchange, dict(exchange.answer({"CHAP_A": algorithm}))


def response(challenge: dict[str, str], secret: str = SECRET, name: str = "user") -> dict[str, str]:
    digest = {"5": hashlib.md5, "6": hashlib.sha1, "7": hashlib.sha256}[challenge["CHAP_A"]]
    identifier = bytes((int(challenge["CHAP_I"]),))
    value = digest(identifier + secret.encode() + bytes.fromhex(challenge["CHAP_C"][2:])).hexdigest()
    return {"CHAP_N": name, "CHAP_R": "0x" + value}


def test_vector() -> None:
    # printf '\x01secret\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f' | md5sum
    assert chap_response("5", 1, "secret", bytes(range(16))).hex() == "740e86463bda3a4d7017d6e0fba0699d"


@pytest.mark.parametrize("algorithm", ["5", "6", "7"])
def test_right_response(algorithm: str) -> None:
    exchange, challenge = begin(algorithm=algorithm)
    assert exchange.answer(response(challenge)) == []
    assert exchange.step is Step.DONE


def test_the_initiators_favourite_algorithm_is_taken() -> None:
    assert begin(algorithm="8,7,5")[1]["CHAP_A"] == "7"


def test_base64_response() -> None:
    exchange, challenge = begin()
    keys = response(challenge)
    keys["CHAP_R"] = "0b" + base64.b64encode(bytes.fromhex(keys["CHAP_R"][2:])).decode()
    exchange.answer(keys)
    assert exchange.step is Step.DONE


def test_each_challenge_is_another() -> None:
    assert begin()[1]["CHAP_C"] != begin()[1]["CHAP_C"]


def test_mutual() -> None:
    exchange, challenge = begin(MUTUAL)
    answer = dict(exchange.answer({**response(challenge), "CHAP_I": "7", "CHAP_C": "0x0102"}))
    expected = hashlib.md5(b"\x07battery staple\x01\x02").hexdigest()
    assert answer == {"CHAP_N": "target", "CHAP_R": "0x" + expected}


WRONG = [
    {"CHAP_N": "other"},
    {"CHAP_R": "0x" + "00" * 16},
    {"CHAP_R": ""},
    {"CHAP_R": "0xzz"},
    {"CHAP_R": "0b!!"},
    {"CHAP_R": "0x" + "00" * 2000},
    {"CHAP_I": "7"},
    {"CHAP_C": "0x01"},
    {"CHAP_I": "256", "CHAP_C": "0x01"},
    {"CHAP_I": "x", "CHAP_C": "0x01"},
    {"CHAP_I": "7", "CHAP_C": ""},
]


@pytest.mark.parametrize("changes", WRONG)
def test_wrong_response(changes: dict[str, str]) -> None:
    exchange, challenge = begin(MUTUAL)
    with pytest.raises(ChapError):
        exchange.answer(response(challenge) | changes)
    assert exchange.step is not Step.DONE


def test_wrong_secret() -> None:
    exchange, challenge = begin()
    with pytest.raises(ChapError):
        exchange.answer(response(challenge, secret="correct house"))


def test_a_reflected_challenge_is_refused() -> None:
    exchange, challenge = begin(MUTUAL)
    with pytest.raises(ChapError, match="own challenge"):
        exchange.answer({**response(challenge), "CHAP_I": "7", "CHAP_C": challenge["CHAP_C"]})


def test_mutual_that_is_not_set_up() -> None:
    exchange, challenge = begin()
    with pytest.raises(ChapError, match="not set up"):
        exchange.answer({**response(challenge), "CHAP_I": "7", "CHAP_C": "0x01"})


@pytest.mark.parametrize(
    "keys", [{"CHAP_A": "8"}, {"CHAP_A": ""}, {"CHAP_N": "user"}, {"CHAP_A": "5", "CHAP_N": "u"}]
)
def test_no_common_algorithm(keys: dict[str, str]) -> None:
    with pytest.raises(ChapError):
        ChapExchange(AUTH).answer(keys)


def test_keys_after_the_end() -> None:
    exchange, challenge = begin()
    exchange.answer(response(challenge))
    with pytest.raises(ChapError):
        exchange.answer(response(challenge))


def test_secrets_are_in_no_repr() -> None:
    exchange, _challenge = begin(MUTUAL)
    shown = repr(MUTUAL) + repr(exchange)
    assert SECRET not in shown and "battery" not in shown


@pytest.mark.parametrize(
    "arguments", [("", "s"), ("u", ""), ("u", "s", "t", ""), ("u", "s", "", "x"), ("u", "s", "t", "s")]
)
def test_bad_configuration(arguments: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="CHAP needs"):
        ChapAuth(*arguments)


@given(st.binary(max_size=200))
def test_binary_round_trip(data: bytes) -> None:
    assert decode_binary(encode_binary(data)) == data


@given(
    st.dictionaries(st.sampled_from(["CHAP_A", "CHAP_N", "CHAP_R", "CHAP_I", "CHAP_C"]), st.text(max_size=20))
)
def test_any_keys_lead_to_an_answer_or_a_refusal(keys: dict[str, str]) -> None:
    exchange, _challenge = begin(MUTUAL)
    with suppress(ChapError):
        exchange.answer(keys)
    assert exchange.step is not Step.DONE
