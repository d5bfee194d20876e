"""The login phase: stages, identity, authentication, continuation, and each status it can fail with."""

from __future__ import annotations

import hashlib

import pytest

from burnlab.iscsi.chap import ChapAuth
from burnlab.iscsi.connection import State
from burnlab.iscsi.events import Closed, LoggedIn
from burnlab.iscsi.keys import decode_text, encode_text
from burnlab.iscsi.limits import Limits
from burnlab.iscsi.login import LoginTerms
from burnlab.iscsi.pdu import CONTINUE, FINAL, LoginRequest, LoginResponse, NopOut
from burnlab.scsi.task import Nexus
from support.iscsi_initiator import INITIATOR, IQN, ISID, Pair, one, pdu

WHO = {"InitiatorName": INITIATOR, "TargetName": IQN}
AUTH = ChapAuth("user", "secret", "target", "other secret")


def secured() -> Pair:
    return Pair(terms=LoginTerms(IQN, AUTH, tsih=5))


def refused(pair: Pair, response: LoginResponse) -> tuple[int, int]:
    """The status of a refused login, which ends the connection."""
    assert pair.target.state is State.CLOSED
    assert isinstance(pair.events[-1], Closed)
    return response.status_class, response.status_detail


def test_straight_to_full_feature() -> None:
    pair = Pair(terms=LoginTerms(IQN, tsih=77))
    response, keys = pair.login_step({**WHO, "ImmediateData": "Yes", "InitialR2T": "No"}, 1, 3)
    assert response.tsih == 77
    assert keys["TargetPortalGroupTag"] == "1"
    assert keys["ImmediateData"] == "Yes"
    assert keys["MaxRecvDataSegmentLength"] == "262144"
    assert pair.events == [LoggedIn(Nexus(INITIATOR, ISID.hex()), False)]


def test_three_stages_in_order() -> None:
    pair = Pair()
    response, keys = pair.login_step({**WHO, "AuthMethod": "CHAP,None"}, 0, 1)
    assert (response.flags, keys["AuthMethod"], response.tsih) == (FINAL | 1, "None", 0)
    response, keys = pair.login_step({"HeaderDigest": "CRC32C,None"}, 1, None)
    assert (response.flags, keys["HeaderDigest"]) == (1 << 2, "CRC32C")
    assert not pair.events
    response, keys = pair.login_step({}, 1, 3)
    assert (response.flags, keys) == (FINAL | 1 << 2 | 3, {})
    assert pair.target.state is State.FULL_FEATURE


def test_numbers() -> None:
    pair = Pair(cmd_sn=1000)
    first, _keys = pair.login_step({**WHO, "AuthMethod": "None"}, 0, 1)
    second, _keys = pair.login_step({}, 1, 3)
    assert (first.exp_cmd_sn, second.exp_cmd_sn) == (1000, 1000)
    assert second.stat_sn == first.stat_sn + 1
    assert second.max_cmd_sn - second.exp_cmd_sn + 1 == pair.limits.queue_depth


def test_target_name_ignores_case() -> None:
    response, _keys = Pair().login_step({**WHO, "TargetName": IQN.upper()}, 1, 3)
    assert response.status_class == 0


# fmt: off
REFUSALS = [
    ({"TargetName": IQN}, {}, (2, 0x07)),
    ({"InitiatorName": INITIATOR}, {}, (2, 0x07)),
    ({**WHO, "TargetName": "iqn.2024-01.test:other"}, {}, (2, 0x03)),
    ({**WHO, "SessionType": "Strange"}, {}, (2, 0x09)),
    (WHO, {"version_min": 1, "version_max": 1}, (2, 0x05)),
    (WHO, {"tsih": 9}, (2, 0x0A)),
    (WHO, {"tsih": 4}, (2, 0x06)),
    (WHO, {"flags": FINAL | CONTINUE | 1 << 2 | 3}, (2, 0x00)),
    (WHO, {"flags": FINAL | 1 << 2 | 2}, (2, 0x00)),
    (WHO, {"flags": FINAL | 1 << 2 | 1}, (2, 0x00)),
    (WHO, {"flags": 3 << 2}, (2, 0x00)),
    (WHO, {"flags": 2 << 2}, (2, 0x00)),
    (b"nonsense\0", {}, (2, 0x00)),
    (encode_text([*WHO.items(), ("MaxConnections", "1"), ("MaxConnections", "1")]), {}, (2, 0x00)),
    ({**WHO, "CHAP_A": "5"}, {}, (2, 0x01)),
]
# fmt: on


@pytest.mark.parametrize(("keys", "fields", "status"), REFUSALS)
def test_refusal(keys: dict[str, str] | bytes, fields: dict[str, object], status: tuple[int, int]) -> None:
    pair = Pair(terms=LoginTerms(IQN, knows_session=lambda tsih: tsih == 4))
    response, _answer = pair.login_step(keys, 1, 3, **fields)
    assert refused(pair, response) == status


def test_a_stage_that_is_over_does_not_come_back() -> None:
    pair = Pair()
    pair.login_step({**WHO, "AuthMethod": "None"}, 0, 1)
    response, _keys = pair.login_step({}, 0, 1)
    assert refused(pair, response) == (2, 0)


def test_a_key_is_negotiated_once() -> None:
    pair = Pair()
    pair.login_step({**WHO, "MaxConnections": "1"}, 1, None)
    response, _keys = pair.login_step({"MaxConnections": "1"}, 1, 3)
    assert refused(pair, response) == (2, 0)


def test_another_isid_in_the_middle() -> None:
    pair = Pair()
    pair.login_step(WHO, 1, None)
    response, _keys = pair.login_step({}, 1, 3, isid=bytes(6))
    assert refused(pair, response) == (2, 0)


def test_something_else_than_a_login_ends_it() -> None:
    pair = Pair()
    response, _data = one(pair.send(NopOut(itt=1)), LoginResponse)
    assert refused(pair, response) == (2, 0x0B)
    assert pair.send(NopOut(itt=1)) == []


def test_login_in_the_full_feature_phase_is_rejected() -> None:
    pair = Pair()
    pair.login()
    ((header, _data),) = pair.send(LoginRequest(itt=1))
    assert header.OPCODE == 0x3F
    assert pair.target.state is State.FULL_FEATURE


def test_login_takes_too_long() -> None:
    pair = Pair(limits=Limits(login_seconds=15))
    pair.login_step(WHO, 1, None)
    assert pair.target.get_timer() == 15
    assert pair.tick(14.9) == [] and pair.target.state is State.LOGIN
    pair.tick(0.2)
    assert pair.target.state is State.CLOSED
    assert pair.events == [Closed("the login took too long")]


def test_text_over_several_requests() -> None:
    pair = Pair()
    text = encode_text({**WHO, "MaxBurstLength": "4096"}.items())
    for piece in (text[:20], text[20:40]):
        response, keys = pair.login_step(piece, 1, None, flags=CONTINUE | 1 << 2)
        assert (response.flags, keys) == (1 << 2, {})
    response, keys = pair.login_step(text[40:], 1, 3)
    assert response.flags == FINAL | 1 << 2 | 3
    assert keys["MaxBurstLength"] == "4096"


def test_text_without_end() -> None:
    pair = Pair(limits=Limits(text_bytes=10000))
    pair.login_step(b"x" * 8000, 1, None, flags=CONTINUE | 1 << 2)
    response, _keys = pair.login_step(b"x" * 8000, 1, None, flags=CONTINUE | 1 << 2)
    assert refused(pair, response) == (3, 0x02)


def test_long_answer_over_several_responses() -> None:
    pair = Pair()
    unknown = {f"X-com.example.{index:040d}": "1" for index in range(250)}
    request = LoginRequest(flags=FINAL | 1 << 2 | 3, isid=ISID, itt=1)
    text = b""
    answer, data = one(pair.send(request, encode_text({**WHO, **unknown}.items())), LoginResponse)
    while answer.flags & CONTINUE:
        assert not answer.flags & FINAL
        text += data
        answer, data = one(pair.send(request), LoginResponse)
    assert answer.flags == FINAL | 1 << 2 | 3
    keys = dict(decode_text(text + data))
    assert all(keys[name] == "NotUnderstood" for name in unknown)


def chap_response(keys: dict[str, str], secret: str) -> str:
    message = bytes((int(keys["CHAP_I"]),)) + secret.encode() + bytes.fromhex(keys["CHAP_C"][2:])
    return "0x" + hashlib.md5(message).hexdigest()


def test_chap_mutual() -> None:
    pair = secured()
    response, keys = pair.login_step({**WHO, "AuthMethod": "CHAP,None"}, 0, 1)
    assert (response.flags, keys["AuthMethod"]) == (0, "CHAP")
    response, keys = pair.login_step({"CHAP_A": "5"}, 0, None)
    answer = {"CHAP_N": "user", "CHAP_R": chap_response(keys, "secret"), "CHAP_I": "9", "CHAP_C": "0x0a0b"}
    response, keys = pair.login_step(answer, 0, 1)
    assert response.flags == FINAL | 1
    expected = hashlib.md5(b"\x09other secret\x0a\x0b").hexdigest()
    assert keys == {"CHAP_N": "target", "CHAP_R": "0x" + expected}
    response, keys = pair.login_step({}, 1, 3)
    assert response.tsih == 5
    assert pair.target.state is State.FULL_FEATURE


def test_chap_wrong_secret() -> None:
    pair = secured()
    pair.login_step({**WHO, "AuthMethod": "CHAP"}, 0, None)
    _response, keys = pair.login_step({"CHAP_A": "5"}, 0, None)
    answer = {"CHAP_N": "user", "CHAP_R": chap_response(keys, "wrong")}
    response, _keys = pair.login_step(answer, 0, 1)
    assert refused(pair, response) == (2, 1)
    assert "secret" not in str(pair.events)


@pytest.mark.parametrize(
    ("keys", "current", "following"),
    [
        (WHO, 1, 3),
        (WHO, 1, None),
        (WHO, 0, 1),
        (WHO, 0, 3),
        ({**WHO, "AuthMethod": "None"}, 0, 1),
        ({**WHO, "AuthMethod": "KRB5"}, 0, 1),
        ({**WHO, "CHAP_A": "5"}, 0, None),
    ],
)
def test_nobody_comes_in_without_chap(keys: dict[str, str], current: int, following: int | None) -> None:
    pair = secured()
    response, _answer = pair.login_step(keys, current, following)
    assert refused(pair, response) == (2, 1)


def test_asking_for_transit_does_not_skip_chap() -> None:
    pair = secured()
    for keys in ({**WHO, "AuthMethod": "CHAP"}, {"CHAP_A": "5"}, {}, {}):
        response, _answer = pair.login_step(keys, 0, 3)
        assert (response.flags, response.status_class) == (0, 0)
    assert pair.target.state is State.LOGIN


def test_only_chap_offered_to_a_target_without() -> None:
    pair = Pair()
    response, _answer = pair.login_step({**WHO, "AuthMethod": "CHAP"}, 0, 1)
    assert refused(pair, response) == (2, 1)


def test_discovery_needs_no_target_name() -> None:
    pair = Pair()
    keys = pair.login({"InitialR2T": "No"}, discovery=True)
    assert keys["InitialR2T"] == "Irrelevant"
    assert "TargetPortalGroupTag" not in keys
    assert pair.events == [LoggedIn(Nexus(INITIATOR, ISID.hex()), True)]


def test_the_first_command_may_come_with_the_login() -> None:
    pair = Pair()
    request = LoginRequest(flags=FINAL | 1 << 2 | 3, isid=ISID, itt=1, cmd_sn=1)
    answers = pair.feed(pdu(request, encode_text(WHO.items())) + pdu(NopOut(immediate=True, itt=2, cmd_sn=1)))
    assert [header.OPCODE for header, _data in answers] == [0x23, 0x20]
