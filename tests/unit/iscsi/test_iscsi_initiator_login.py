"""The initiator's login held against targets that answer oddly; what is agreed is what was offered."""

from __future__ import annotations

from dataclasses import replace

import pytest

from burnlab.iscsi.chap import ChapAuth, ChapCredentials, ChapError, ChapExchange, ChapProof, Step
from burnlab.iscsi.initiator_login import MAX_ROUNDS, InitiatorLogin, InitiatorTerms, LoginRejected
from burnlab.iscsi.keys import KEYS, KeyRefused, conclude, decode_text, encode_text
from burnlab.iscsi.pdu import CONTINUE, FINAL, LoginResponse

TERMS = InitiatorTerms("iqn.2024-01.test:me", "iqn.2024-01.test:disk", bytes.fromhex("800102030000"))
TO_OPERATIONAL = FINAL | 0 << 2 | 1
TO_FULL_FEATURE = FINAL | 1 << 2 | 3
CREDENTIALS = ChapCredentials("me", "one secret", "it", "other secret")


def response(flags: int, **fields: int) -> LoginResponse:
    return replace(LoginResponse(flags=flags, isid=TERMS.isid, tsih=1), **fields)


def asked(login: InitiatorLogin) -> tuple[int, dict[str, str]]:
    header, text = login.request(0)
    return header.flags, dict(decode_text(text))


def in_operational_stage() -> InitiatorLogin:
    login = InitiatorLogin(TERMS)
    asked(login)
    login.receive(response(TO_OPERATIONAL), b"")
    return login


def test_the_first_request_tells_who_wants_to_go_where() -> None:
    flags, keys = asked(InitiatorLogin(TERMS))
    assert flags == TO_OPERATIONAL
    assert keys == {
        "InitiatorName": TERMS.initiator,
        "SessionType": "Normal",
        "TargetName": TERMS.target,
        "AuthMethod": "None",
    }
    _, keys = asked(InitiatorLogin(replace(TERMS, target="")))
    assert (keys["SessionType"], "TargetName" in keys) == ("Discovery", False)


def test_a_long_answer_comes_in_parts() -> None:
    login = InitiatorLogin(TERMS)
    asked(login)
    login.receive(response(CONTINUE), b"TargetAl")
    assert asked(login) == (0, {})
    login.receive(response(0), b"ias=x\0")
    assert asked(login) == (TO_OPERATIONAL, {})


def test_what_the_target_offers_itself_is_answered() -> None:
    login = in_operational_stage()
    asked(login)
    login.receive(response(1 << 2), encode_text([("X-vendor", "1"), ("TaskReporting", "RFC3720")]))
    flags, keys = asked(login)
    assert flags == TO_FULL_FEATURE
    assert keys == {"X-vendor": "NotUnderstood", "TaskReporting": "RFC3720"}


def test_what_was_agreed_holds_and_the_rest_has_defaults() -> None:
    login = in_operational_stage()
    asked(login)
    agreed = {"MaxRecvDataSegmentLength": "0x1000", "InitialR2T": "Yes", "MaxBurstLength": "4096"}
    login.receive(response(TO_FULL_FEATURE), encode_text(agreed.items()))
    terms = login.parameters
    assert terms is not None
    assert (terms.max_send_bytes, terms.initial_r2t, terms.max_burst_bytes) == (4096, True, 4096)
    assert (terms.first_burst_bytes, terms.immediate_data, terms.header_digest) == (4096, True, False)


ODD = {
    "another stage": response(FINAL | 1 << 2 | 3),
    "a stage that wasn't asked for": response(FINAL | 3),
    "transit with more to come": response(TO_OPERATIONAL | CONTINUE),
    "another session": replace(response(TO_OPERATIONAL), isid=bytes(6)),
    "another version": response(TO_OPERATIONAL, version_active=1),
}


@pytest.mark.parametrize("name", ODD)
def test_answers_that_make_no_sense(name: str) -> None:
    login = InitiatorLogin(TERMS)
    asked(login)
    with pytest.raises(LoginRejected):
        login.receive(ODD[name], b"")


def test_a_session_needs_a_handle() -> None:
    login = in_operational_stage()
    asked(login)
    with pytest.raises(LoginRejected, match="no handle"):
        login.receive(response(TO_FULL_FEATURE, tsih=0), b"")


def test_an_endless_login_ends() -> None:
    login = InitiatorLogin(TERMS)
    with pytest.raises(LoginRejected, match="doesn't come to an end"):
        for _ in range(MAX_ROUNDS + 1):
            asked(login)
            login.receive(response(0), b"")


def test_redirection_is_told() -> None:
    login = InitiatorLogin(TERMS)
    asked(login)
    moved = replace(response(0), status_class=1, status_detail=1)
    with pytest.raises(LoginRejected, match=r"moved to 192\.0\.2\.9:3260,2") as caught:
        login.receive(moved, b"TargetAddress=192.0.2.9:3260,2\0")
    assert caught.value.moved_to == "192.0.2.9:3260"


@pytest.mark.parametrize(
    ("status", "words"),
    [((2, 3), "no such target"), ((3, 1), "out of service"), ((2, 0x77), r"status 0277h")],
)
def test_refusals_in_words(status: tuple[int, int], words: str) -> None:
    login = InitiatorLogin(TERMS)
    asked(login)
    with pytest.raises(LoginRejected, match=words):
        login.receive(replace(response(0), status_class=status[0], status_detail=status[1]), b"")


@pytest.mark.parametrize("method", ["CHAP", "KRB5", "Reject"])
def test_a_method_that_was_not_offered(method: str) -> None:
    login = InitiatorLogin(TERMS)
    asked(login)
    with pytest.raises(LoginRejected) as caught:
        login.receive(response(0), f"AuthMethod={method}\0".encode())
    assert caught.value.denied


def test_a_target_that_skips_its_proof() -> None:
    login = InitiatorLogin(replace(TERMS, auth=CREDENTIALS))
    _, keys = asked(login)
    assert keys["AuthMethod"] == "CHAP"
    login.receive(response(0), b"AuthMethod=CHAP\0")
    asked(login)
    login.receive(response(0), b"CHAP_A=5\0CHAP_I=1\0CHAP_C=0x0102\0")
    assert asked(login)[0] == TO_OPERATIONAL
    with pytest.raises(LoginRejected, match="didn't prove"):
        login.receive(response(TO_OPERATIONAL), b"")


# Keys


AGREED = [
    ("HeaderDigest", "CRC32C,None", "CRC32C", "CRC32C"),
    ("HeaderDigest", "CRC32C,None", "Reject", "None"),
    ("MaxBurstLength", "65536", "0x200", "512"),
    ("FirstBurstLength", "65536", "65536", "65536"),
    ("DefaultTime2Wait", "2", "5", "5"),
    ("InitialR2T", "No", "No", "No"),
    ("InitialR2T", "No", "Yes", "Yes"),
    ("ImmediateData", "Yes", "No", "No"),
    ("MaxConnections", "1", "Irrelevant", "1"),
    ("MaxRecvDataSegmentLength", "8192", "262144", "262144"),
]
NOT_AGREED = [
    ("HeaderDigest", "CRC32C", "None"),
    ("HeaderDigest", "CRC32C", "Reject"),
    ("MaxBurstLength", "65536", "65537"),
    ("MaxBurstLength", "65536", "17"),
    ("MaxBurstLength", "65536", "many"),
    ("DefaultTime2Wait", "2", "1"),
    ("InitialR2T", "Yes", "No"),
    ("ImmediateData", "No", "Yes"),
    ("ImmediateData", "Yes", "Perhaps"),
    ("MaxRecvDataSegmentLength", "8192", "0"),
]


@pytest.mark.parametrize(("name", "offer", "answer", "value"), AGREED)
def test_answers_that_fit(name: str, offer: str, answer: str, value: str) -> None:
    assert conclude(name, offer, answer) == value


@pytest.mark.parametrize(("name", "offer", "answer"), NOT_AGREED)
def test_answers_that_do_not_fit(name: str, offer: str, answer: str) -> None:
    with pytest.raises(KeyRefused):
        conclude(name, offer, answer)


def test_what_is_offered_is_what_the_table_knows() -> None:
    assert {name for name, _ in TERMS.offers.pairs(discovery=False)} <= set(KEYS)


# CHAP


def test_both_ends_of_chap_agree() -> None:
    target = ChapExchange(ChapAuth("me", "one secret", "it", "other secret"))
    proof = ChapProof(CREDENTIALS)
    challenge = dict(target.answer(dict(proof.offer())))
    theirs = dict(target.answer(dict(proof.answer(challenge))))
    assert proof.answer(theirs) == []
    assert proof.step is Step.DONE


BAD_CHALLENGES = [
    {},
    {"CHAP_A": "7", "CHAP_I": "1", "CHAP_C": "0x01"},
    {"CHAP_A": "5", "CHAP_I": "256", "CHAP_C": "0x01"},
    {"CHAP_A": "5", "CHAP_I": "x", "CHAP_C": "0x01"},
    {"CHAP_A": "5", "CHAP_I": "1", "CHAP_C": "0x"},
    {"CHAP_A": "5", "CHAP_I": "1", "CHAP_C": "zz"},
    {"CHAP_A": "5", "CHAP_I": "1"},
]


@pytest.mark.parametrize("keys", BAD_CHALLENGES)
def test_challenges_that_cannot_be_read(keys: dict[str, str]) -> None:
    with pytest.raises(ChapError):
        ChapProof(CREDENTIALS).answer(keys)


def test_the_targets_challenge_never_goes_back() -> None:
    numbers = iter([b"\x05", bytes(16), bytes(16), b"\x01" * 16])
    proof = ChapProof(CREDENTIALS, random_bytes=lambda _count: next(numbers))
    answer = dict(proof.answer({"CHAP_A": "5", "CHAP_I": "1", "CHAP_C": "0x" + "00" * 16}))
    assert answer["CHAP_C"] == "0x" + "01" * 16
