"""Text and negotiation: each row of the table against what RFC 7143, 13 says comes out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from burnlab.iscsi import keys
from burnlab.iscsi.keys import FULL_FEATURE, OPERATIONAL, SECURITY, Parameters, TextError, negotiate

# fmt: off
ANSWERS = [
    ("HeaderDigest", "None", "None"),
    ("HeaderDigest", "CRC32C,None", "CRC32C"),
    ("HeaderDigest", "None,CRC32C", "None"),
    ("HeaderDigest", "X-other,CRC32C", "CRC32C"),
    ("HeaderDigest", "X-other", "Reject"),
    ("DataDigest", "CRC32C", "CRC32C"),
    ("MaxConnections", "8", "1"),
    ("MaxConnections", "0", "Reject"),
    ("InitialR2T", "No", "No"),
    ("InitialR2T", "Yes", "Yes"),
    ("InitialR2T", "yes", "Reject"),
    ("ImmediateData", "No", "No"),
    ("ImmediateData", "Yes", "Yes"),
    ("MaxBurstLength", "262144", "262144"),
    ("MaxBurstLength", "0x40000", "262144"),
    ("MaxBurstLength", "511", "Reject"),
    ("MaxBurstLength", "16777216", "Reject"),
    ("MaxBurstLength", "", "Reject"),
    ("MaxBurstLength", "-5", "Reject"),
    ("MaxBurstLength", "1e4", "Reject"),
    ("FirstBurstLength", "1048576", "262144"),
    ("DefaultTime2Wait", "2", "2"),
    ("DefaultTime2Retain", "20", "0"),
    ("MaxOutstandingR2T", "1", "1"),
    ("MaxOutstandingR2T", "100", "8"),
    ("DataPDUInOrder", "No", "Yes"),
    ("DataSequenceInOrder", "No", "Yes"),
    ("ErrorRecoveryLevel", "2", "0"),
    ("ErrorRecoveryLevel", "3", "Reject"),
    ("TaskReporting", "FastAbort,RFC3720", "RFC3720"),
    ("iSCSIProtocolLevel", "2", "1"),
    ("IFMarker", "Yes", "No"),
    ("OFMarker", "No", "No"),
    ("IFMarkInt", "2048~8192", "Reject"),
    ("MaxRecvDataSegmentLength", "8192", None),
    ("MaxRecvDataSegmentLength", "100", "Reject"),
    ("InitiatorAlias", "somebody", None),
    ("X-com.example.key", "1", "NotUnderstood"),
    ("MaxBurstLength", "Reject", None),
]
# fmt: on


@pytest.mark.parametrize(("name", "offer", "answer"), ANSWERS)
def test_answer(name: str, offer: str, answer: str | None) -> None:
    assert negotiate(name, offer, OPERATIONAL).answer == answer


def test_every_row_is_tested() -> None:
    tested = {name for name, _offer, _answer in ANSWERS}
    assert {"InitiatorName", "TargetName", "SessionType", "OFMarkInt"} == set(keys.KEYS) - tested


@pytest.mark.parametrize("name", ["HeaderDigest", "MaxBurstLength", "InitialR2T"])
@pytest.mark.parametrize("stage", [SECURITY, FULL_FEATURE])
def test_operational_keys_have_their_stage(name: str, stage: int) -> None:
    assert negotiate(name, "Yes", stage).answer == "Reject"


def test_a_discovery_session_has_no_use_for_keys_of_data() -> None:
    assert negotiate("InitialR2T", "No", OPERATIONAL, discovery=True).answer == "Irrelevant"
    assert negotiate("HeaderDigest", "None", OPERATIONAL, discovery=True).answer == "None"


@given(st.sampled_from(sorted(keys.KEYS)), st.text(max_size=30))
def test_no_offer_raises(name: str, offer: str) -> None:
    outcome = negotiate(name, offer, OPERATIONAL)
    assert outcome.answer is None or isinstance(outcome.answer, str)


def test_parameters() -> None:
    assert Parameters.from_values({}) == Parameters()
    agreed = {
        "MaxBurstLength": "4096",
        "FirstBurstLength": "65536",
        "InitialR2T": "No",
        "HeaderDigest": "CRC32C",
    }
    assert Parameters.from_values(agreed) == Parameters(
        header_digest=True, initial_r2t=False, max_burst_bytes=4096, first_burst_bytes=4096
    )


PAIRS = st.lists(
    st.tuples(
        st.text("abcXYZ019.-", min_size=1, max_size=63),
        st.text(st.characters(blacklist_characters="\0", blacklist_categories=["Cs"]), max_size=200),
    ),
    max_size=8,
)


@given(PAIRS)
def test_text_round_trip(pairs: list[tuple[str, str]]) -> None:
    assert keys.decode_text(keys.encode_text(pairs)) == pairs


def test_text_may_lack_its_last_nul_and_have_empty_items() -> None:
    assert keys.decode_text(b"a=1\0\0b=2=3") == [("a", "1"), ("b", "2=3")]


@pytest.mark.parametrize("text", [b"a\0", b"=1\0", b"a=\xff\0", b"k" * 64 + b"=1", b"a=" + b"v" * 8193])
def test_bad_text(text: bytes) -> None:
    with pytest.raises(TextError):
        keys.decode_text(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [("0", 0), ("0x1F", 31), ("0X1f", 31), ("12", 12), ("٣", None), ("0x", None), ("9" * 40, None)],
)
def test_number(text: str, value: int | None) -> None:
    assert keys.number(text) == value
