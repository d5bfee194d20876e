"""Task management, logout, NOP, text, and the Rejects of the full feature phase."""

from __future__ import annotations

import pytest

from burnlab.iscsi.connection import State
from burnlab.iscsi.events import Closed, LoggedOut, LogicalUnitReset, TargetReset, TaskAborted, TaskSetCleared
from burnlab.iscsi.keys import decode_text, encode_text
from burnlab.iscsi.limits import Limits
from burnlab.iscsi.pdu import (
    CONTINUE,
    FINAL,
    DataOut,
    Header,
    LogoutRequest,
    LogoutResponse,
    NopIn,
    NopOut,
    Reject,
    ScsiCommand,
    SnackRequest,
    TaskManagementRequest,
    TaskManagementResponse,
    TextRequest,
    TextResponse,
)
from burnlab.scsi.task import Reply
from support.iscsi_initiator import IQN, TEST_UNIT_READY, Pair, one, pdu, write10

WRITE = FINAL | ScsiCommand.WRITE


def logged_in(
    keys: dict[str, str] | None = None, *, discovery: bool = False, limits: Limits | None = None
) -> Pair:
    pair = Pair(limits=limits or Limits())
    pair.login(keys, discovery=discovery)
    pair.events.clear()
    return pair


def manage(pair: Pair, function: int, **fields: int) -> int:
    """The response code of a task management function."""
    answers = pair.request(TaskManagementRequest(immediate=True, flags=FINAL | function, **fields))
    found = [header.response for header, _data in answers if isinstance(header, TaskManagementResponse)]
    assert len(found) == 1, answers
    return found[0]


# Task management


def test_abort_task_that_the_unit_has() -> None:
    pair = logged_in()
    pair.command(TEST_UNIT_READY)
    handle = pair.ready[0].handle
    assert manage(pair, 1, referenced_tag=pair.itt) == 0
    assert TaskAborted(handle) in pair.events
    pair.target.complete(handle, Reply(), 0)
    assert pair.collect() == []


def test_abort_task_whose_answer_is_held_back() -> None:
    pair = logged_in()
    pair.command(TEST_UNIT_READY)
    pair.target.complete(pair.ready[0].handle, Reply(seconds=5), 0)
    assert manage(pair, 1, referenced_tag=pair.itt) == 0
    assert pair.target.get_timer() is None
    assert pair.tick(10) == []


def test_abort_task_that_waits_for_data() -> None:
    pair = logged_in()
    pair.command(write10(0, 1), 2048, flags=WRITE)
    slow = pair.itt
    pair.command(TEST_UNIT_READY)
    assert manage(pair, 1, referenced_tag=slow) == 0
    assert [event.task.cdb[0] for event in pair.ready] == [0]
    assert pair.send(DataOut(flags=FINAL, itt=slow, ttt=0), bytes(2048)) == []


def test_abort_frees_the_window() -> None:
    pair = logged_in(limits=Limits(queue_depth=1))
    pair.command(TEST_UNIT_READY)
    assert manage(pair, 1, referenced_tag=pair.itt) == 0
    pair.command(TEST_UNIT_READY)
    assert len(pair.ready) == 2


@pytest.mark.parametrize(
    ("function", "fields", "response"),
    [
        (1, {"referenced_tag": 4711}, 1),
        (2, {"lun": 1 << 48}, 2),
        (3, {}, 5),
        (4, {"lun": 1 << 48}, 2),
        (5, {"lun": 1 << 48}, 2),
        (8, {"referenced_tag": 1}, 4),
        (9, {}, 255),
        (0, {}, 255),
    ],
)
def test_what_can_not_be_done(function: int, fields: dict[str, int], response: int) -> None:
    pair = logged_in()
    assert manage(pair, function, **fields) == response
    assert not pair.events


@pytest.mark.parametrize(
    ("function", "event"),
    [
        (2, None),
        (4, TaskSetCleared()),
        (5, LogicalUnitReset()),
        (6, TargetReset(cold=False)),
        (7, TargetReset(cold=True)),
    ],
)
def test_functions_that_end_all_tasks(function: int, event: object) -> None:
    pair = logged_in()
    pair.command(TEST_UNIT_READY)
    pair.command(write10(0, 1), 2048, flags=WRITE)
    pair.command(TEST_UNIT_READY)
    handed_out = pair.ready[0].handle
    pair.events.clear()
    assert manage(pair, function) == 0
    assert pair.events == [TaskAborted(handed_out), *([event] if event else [])]
    assert len(pair.ready) == 1


def test_another_session_aborts_everything() -> None:
    pair = logged_in()
    pair.command(TEST_UNIT_READY)
    pair.target.abort_tasks()
    pair.target.complete(pair.ready[0].handle, Reply(), 0)
    assert pair.collect() == []


# Logout, NOP, Reject


@pytest.mark.parametrize(("reason", "cid"), [(0, 0), (1, 1)])
def test_logout(reason: int, cid: int) -> None:
    pair = logged_in()
    header, _data = one(pair.request(LogoutRequest(flags=FINAL | reason, cid=cid)), LogoutResponse)
    assert header.response == 0
    assert pair.events == [LoggedOut(), Closed("logged out")]
    assert pair.send(NopOut(immediate=True, itt=5)) == []


@pytest.mark.parametrize(("reason", "cid", "response"), [(1, 9, 1), (2, 1, 2)])
def test_logout_that_is_not_possible(reason: int, cid: int, response: int) -> None:
    pair = logged_in()
    header, _data = one(pair.request(LogoutRequest(flags=FINAL | reason, cid=cid)), LogoutResponse)
    assert header.response == response
    assert pair.target.state is State.FULL_FEATURE


def test_nop() -> None:
    pair = logged_in({"MaxRecvDataSegmentLength": "512"})
    header, data = one(pair.request(NopOut(itt=7, lun=3), b"x" * 600), NopIn)
    assert (header.itt, header.ttt, data) == (7, 0xFFFFFFFF, b"x" * 512)
    assert header.exp_cmd_sn == pair.cmd_sn
    assert pair.send(NopOut(immediate=True)) == []


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        (SnackRequest(itt=1), 0x03),
        (LogoutRequest(flags=FINAL | 5, itt=1, cmd_sn=1), 0x09),
        (NopOut(itt=1, ttt=2, cmd_sn=1), 0x09),
        (TextRequest(itt=1, ttt=2, cmd_sn=1), 0x09),
        (TextRequest(flags=FINAL | CONTINUE, itt=1, cmd_sn=1), 0x09),
    ],
)
def test_reject(header: Header, reason: int) -> None:
    pair = logged_in()
    raw = pdu(header)
    rejected, data = one(pair.feed(raw), Reject)
    assert (rejected.reason, data) == (reason, raw)
    assert one(pair.send(NopOut(immediate=True, itt=5)), NopIn)


@pytest.mark.parametrize("opcode", [0x07, 0x0F, 0x1C, 0x20, 0x3F])
def test_unknown_and_reverse_opcodes(opcode: int) -> None:
    pair = logged_in()
    raw = bytearray(pdu(NopOut(itt=1)))
    raw[0] = opcode
    header, data = one(pair.feed(bytes(raw)), Reject)
    assert (header.reason, data) == (0x05, bytes(raw))


def test_a_wrong_data_digest_of_a_command_ends_the_connection() -> None:
    pair = logged_in({"DataDigest": "CRC32C"})
    raw = bytearray(pdu(ScsiCommand(flags=WRITE, itt=1, edtl=4, cmd_sn=1), b"1234", pair.digests))
    raw[-1] ^= 1
    header, _data = one(pair.feed(bytes(raw)), Reject)
    assert header.reason == 0x02
    assert pair.target.state is State.CLOSED


def test_a_wrong_header_digest_ends_the_connection() -> None:
    pair = logged_in({"HeaderDigest": "CRC32C"})
    raw = bytearray(pdu(NopOut(itt=1), digests=pair.digests))
    raw[-1] ^= 1
    assert pair.feed(bytes(raw)) == []
    assert pair.events == [Closed("a header digest is wrong")]


def test_closing_from_this_side_drops_what_was_to_come() -> None:
    pair = logged_in()
    pair.target.receive_data(pdu(ScsiCommand(itt=1, cmd_sn=1)), 0)
    pair.target.close("enough")
    pair.collect()
    assert pair.events == [Closed("enough")]


# Text


def ask(pair: Pair, text: dict[str, str], **fields: int) -> tuple[TextResponse, dict[str, str]]:
    header, data = one(pair.request(TextRequest(**fields), encode_text(text.items())), TextResponse)
    return header, dict(decode_text(data))


def test_send_targets() -> None:
    told = {"TargetName": IQN, "TargetAddress": "192.0.2.1:3260,1"}
    assert ask(logged_in(discovery=True), {"SendTargets": "All"})[1] == told
    assert ask(logged_in(discovery=True), {"SendTargets": IQN})[1] == told
    assert ask(logged_in(discovery=True), {"SendTargets": "iqn.2024-01.test:none"})[1] == {}
    assert ask(logged_in(), {"SendTargets": ""})[1] == told
    assert ask(logged_in(), {"SendTargets": "All"})[1] == {"SendTargets": "Reject"}


def test_text_in_both_directions_by_pieces() -> None:
    pair = logged_in({"MaxRecvDataSegmentLength": "512"}, discovery=True)
    text = encode_text([("SendTargets", "All"), *((f"X-{index:050d}", "1") for index in range(20))])
    header, data = one(
        pair.request(TextRequest(flags=CONTINUE, itt=7), text[:100]),
        TextResponse,
    )
    assert (header.flags, data) == (0, b"")
    header, data = one(pair.request(TextRequest(itt=7, ttt=header.ttt), text[100:]), TextResponse)
    answer = data
    while header.flags & CONTINUE:
        assert len(data) == 512
        header, data = one(pair.request(TextRequest(itt=7, ttt=header.ttt)), TextResponse)
        answer += data
    assert (header.flags, header.ttt) == (FINAL, 0xFFFFFFFF)
    keys = dict(decode_text(answer))
    assert keys["TargetName"] == IQN and len(keys) == 22


def test_segment_length_declared_anew_holds_at_once() -> None:
    pair = logged_in()
    assert ask(pair, {"MaxRecvDataSegmentLength": "512", "MaxBurstLength": "512"})[1] == {
        "MaxBurstLength": "Reject"
    }
    assert len(pair.request(NopOut(itt=7), bytes(1000))[0][1]) == 512


def test_text_that_is_none_or_too_long() -> None:
    pair = logged_in(limits=Limits(text_bytes=1000))
    assert one(pair.request(TextRequest(), b"nonsense"), Reject)[0].reason == 0x04
    assert one(pair.request(TextRequest(), b"a=" + b"b" * 1000), Reject)[0].reason == 0x0A
    assert ask(pair, {"X-a": "1"})[1] == {"X-a": "NotUnderstood"}


def test_no_scsi_in_a_discovery_session() -> None:
    pair = logged_in(discovery=True)
    assert one(pair.command(TEST_UNIT_READY), Reject)[0].reason == 0x04
    assert one(pair.request(TaskManagementRequest(flags=FINAL | 5)), Reject)[0].reason == 0x04
    assert one(pair.request(LogoutRequest()), LogoutResponse)[0].response == 0
