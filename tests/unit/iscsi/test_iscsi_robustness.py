"""Whatever bytes come: nothing raises, memory stays bounded, and what is sent stays well-formed."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from burnlab.iscsi.chap import ChapAuth
from burnlab.iscsi.connection import State
from burnlab.iscsi.keys import encode_text
from burnlab.iscsi.limits import Limits
from burnlab.iscsi.login import LoginTerms
from burnlab.iscsi.pdu import (
    FINAL,
    DataOut,
    LoginRequest,
    LogoutRequest,
    NopOut,
    Request,
    ScsiCommand,
    TaskManagementRequest,
    TextRequest,
)
from support.iscsi_headers import HEADERS
from support.iscsi_initiator import IQN, ISID, Pair, pdu, read10, write10
from support.iscsi_stub import MemoryUnit

LIMITS = Limits(queue_depth=8, receive_bytes=8192, transfer_bytes=65536, text_bytes=4096)
MANY = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])

GOOD_PDUS = [
    pdu(NopOut(itt=1, cmd_sn=1), b"ping"),
    pdu(ScsiCommand(flags=0xC0, itt=2, edtl=4096, cmd_sn=1, cdb=read10(0, 2))),
    pdu(ScsiCommand(flags=0xA0, itt=3, edtl=2048, cmd_sn=1, cdb=write10(0, 1)), bytes(2048)),
    pdu(ScsiCommand(flags=0x20, itt=4, edtl=8192, cmd_sn=2, cdb=write10(0, 4)), bytes(512)),
    pdu(ScsiCommand(flags=0xA0, itt=5, edtl=8192, cmd_sn=1, cdb=write10(0, 4))),
    pdu(DataOut(flags=FINAL, itt=5, ttt=0), bytes(8192)),
    pdu(DataOut(itt=4, offset=512), bytes(512)),
    pdu(TaskManagementRequest(immediate=True, flags=FINAL | 1, itt=6, referenced_tag=5)),
    pdu(TaskManagementRequest(immediate=True, flags=FINAL | 5, itt=7)),
    pdu(TextRequest(itt=8, cmd_sn=1), b"SendTargets=\0"),
    pdu(LogoutRequest(flags=FINAL | 1, itt=9, cid=3, cmd_sn=1)),
]


def new_pair(*, auth: bool = False) -> Pair:
    terms = LoginTerms(IQN, ChapAuth("user", "secret") if auth else None)
    return Pair(MemoryUnit(64).execute, terms=terms, limits=LIMITS)


def check(pair: Pair) -> None:
    """What must hold whatever came in."""
    pair.collect()
    commands = pair.target._commands
    if commands is not None:
        tasks = commands.tasks
        assert len(tasks.commands) <= LIMITS.queue_depth + LIMITS.immediate_commands
        assert set(tasks.running) <= {command.handle for command in tasks.commands.values()}
        assert 0 <= pair.target._window.outstanding <= LIMITS.queue_depth
        assert all(command.itt in tasks.commands for command in tasks.waiting)
    assert len(pair.target._window.early) <= 16
    assert pair.target._reader._held <= LIMITS.receive_bytes + 2048 or pair.target.state is State.CLOSED


@MANY
@given(st.lists(st.binary(max_size=300), max_size=10), st.booleans())
def test_random_bytes_before_login(portions: list[bytes], auth: bool) -> None:
    pair = new_pair(auth=auth)
    for portion in portions:
        pair.feed(portion)
    check(pair)


@MANY
@given(st.lists(st.binary(max_size=300), max_size=10))
def test_random_bytes_after_login(portions: list[bytes]) -> None:
    pair = new_pair()
    pair.login()
    for portion in portions:
        pair.feed(portion)
    check(pair)


@MANY
@given(
    st.lists(
        st.tuples(
            st.sampled_from(GOOD_PDUS),
            st.lists(st.tuples(st.integers(0, 47), st.integers(0, 255)), max_size=3),
        ),
        max_size=12,
    ),
    st.booleans(),
)
def test_mutated_pdus(choice: list[tuple[bytes, list[tuple[int, int]]]], answer: bool) -> None:
    pair = new_pair()
    if not answer:
        pair.execute = None
    pair.login()
    for raw, mutations in choice:
        changed = bytearray(raw)
        for position, value in mutations:
            changed[position] = value
        pair.feed(bytes(changed))
        check(pair)
    pair.target.abort_tasks()
    check(pair)
    if pair.target.state is State.FULL_FEATURE:
        assert pair.target._window.outstanding == 0


REQUESTS = sorted((cls for cls in HEADERS.values() if issubclass(cls, Request)), key=lambda cls: cls.OPCODE)


@MANY
@given(
    st.lists(
        st.tuples(st.sampled_from(REQUESTS), st.binary(min_size=48, max_size=48), st.binary(max_size=40)),
        max_size=15,
    ),
    st.booleans(),
)
def test_known_opcodes_with_random_fields(
    choice: list[tuple[type[Request], bytes, bytes]], immediate: bool
) -> None:
    pair = new_pair()
    pair.login()
    for cls, fields, data in choice:
        raw = bytearray(pdu(cls.unpack(fields), data))
        raw[0] = cls.OPCODE | (0x40 if immediate else 0)
        if not immediate:
            raw[24:28] = pair.target._window.expected.to_bytes(4, "big")
        pair.feed(bytes(raw))
        check(pair)


@MANY
@given(
    st.lists(
        st.tuples(
            st.integers(0, 255),
            st.one_of(
                st.binary(max_size=60),
                st.dictionaries(
                    st.sampled_from(
                        [
                            "InitiatorName",
                            "TargetName",
                            "SessionType",
                            "AuthMethod",
                            "CHAP_A",
                            "CHAP_N",
                            "CHAP_R",
                            "CHAP_I",
                            "CHAP_C",
                            "HeaderDigest",
                            "MaxBurstLength",
                            "MaxRecvDataSegmentLength",
                        ]
                    ),
                    st.sampled_from(
                        ["a", IQN, "Discovery", "CHAP", "None", "CHAP,None", "5", "0x0a", "CRC32C", "Reject"]
                    ),
                ).map(lambda keys: encode_text(keys.items())),
            ),
        ),
        max_size=8,
    ),
    st.booleans(),
)
def test_random_logins(steps: list[tuple[int, bytes]], auth: bool) -> None:
    pair = new_pair(auth=auth)
    for flags, text in steps:
        pair.feed(pdu(LoginRequest(flags=flags, isid=ISID, itt=1), text))
        check(pair)
    if auth:
        assert pair.target.state is not State.FULL_FEATURE


def test_a_flood_of_writes_is_held_to_the_limits() -> None:
    pair = new_pair()
    pair.execute = None
    pair.login({"FirstBurstLength": "8192", "MaxOutstandingR2T": "8"})
    for number in range(1, 500):
        pair.feed(
            pdu(
                ScsiCommand(flags=0x20, itt=number, edtl=65536, cmd_sn=number, cdb=write10(0, 32)),
                bytes(8192),
            )
        )
    check(pair)
    assert pair.target._commands is not None
    assert len(pair.target._commands.tasks.commands) == LIMITS.queue_depth
