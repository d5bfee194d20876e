"""burnlab's initiator joined with burnlab's target in memory, and with a target that says odd things."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from burnlab.iscsi.chap import ChapAuth, ChapCredentials
from burnlab.iscsi.commands import Function, Outcome
from burnlab.iscsi.events import Closed
from burnlab.iscsi.initiator import PING_SECONDS, InitiatorState
from burnlab.iscsi.initiator_events import (
    Answered,
    FoundTarget,
    LogoutDone,
    Managed,
    TargetSays,
    TargetsFound,
    TaskFailed,
)
from burnlab.iscsi.initiator_login import Offers
from burnlab.iscsi.limits import Limits
from burnlab.iscsi.pdu import (
    FINAL,
    NO_TAG,
    R2T,
    RESIDUAL_UNDERFLOW,
    AsyncMessage,
    DataIn,
    LogoutRequest,
    NopIn,
    NopOut,
    Opcode,
    Reject,
    RejectReason,
    ScsiCommand,
    ScsiResponse,
)
from burnlab.scsi.sense import SenseData, SenseKey
from burnlab.scsi.task import Reply, Status, Task
from support.iscsi_initiator import inquiry, read10, write10
from support.iscsi_joined import IQN, Joined
from support.iscsi_stub import MemoryUnit

BLOCK = 2048
TEST_UNIT_READY = bytes(6)
BOTH = ("None", "CRC32C")


def pattern(blocks: int, seed: int = 0) -> bytes:
    """Bytes of which no two blocks are alike."""
    return b"".join(hashlib.sha256(f"{seed}.{n}".encode()).digest() * (BLOCK // 32) for n in range(blocks))


@dataclass
class Recording:
    """Answers every task with the same reply, and keeps the tasks."""

    reply: Reply = field(default_factory=Reply)
    tasks: list[Task] = field(default_factory=list)

    def execute(self, task: Task) -> Reply:
        self.tasks.append(task)
        return self.reply


# Data on their way


@pytest.mark.parametrize("header", BOTH)
@pytest.mark.parametrize("data", BOTH)
@pytest.mark.parametrize("portion", [7, 1 << 20])
def test_what_is_written_comes_back_with_every_digest(header: str, data: str, portion: int) -> None:
    joined = Joined(Offers(header_digest=header, data_digest=data), portion=portion)
    terms = joined.login().terms
    assert (terms.header_digest, terms.data_digest) == (header == "CRC32C", data == "CRC32C")
    content = pattern(5)
    assert joined.execute(write10(3, 5), content) == Reply()
    assert joined.execute(read10(3, 5), data_in_bytes=len(content)) == Reply(data_in=content)


lengths = st.integers(min_value=512, max_value=20_000)


@settings(derandomize=True, max_examples=60, deadline=None)
@given(
    burst=lengths,
    first=lengths,
    ours=lengths,
    theirs=lengths,
    initial_r2t=st.booleans(),
    immediate=st.booleans(),
    digest=st.sampled_from(BOTH),
    outstanding=st.integers(1, 4),
    blocks=st.integers(1, 24),
    portion=st.sampled_from([97, 4096, 1 << 20]),
)
def test_data_survive_all_lengths_and_ways(
    *,
    burst: int,
    first: int,
    ours: int,
    theirs: int,
    initial_r2t: bool,
    immediate: bool,
    digest: str,
    outstanding: int,
    blocks: int,
    portion: int,
) -> None:
    offers = Offers(digest, digest, initial_r2t, immediate, ours, burst, first, outstanding)
    joined = Joined(offers, Limits(receive_bytes=theirs), portion=portion)
    terms = joined.login().terms
    assert terms.max_send_bytes == theirs
    assert (terms.initial_r2t, terms.immediate_data) == (initial_r2t, immediate)
    content = pattern(blocks, burst)
    assert joined.execute(write10(7, blocks), content) == Reply()
    assert joined.execute(read10(7, blocks), data_in_bytes=len(content)) == Reply(data_in=content)
    assert joined.closed == ""


def test_small_data_go_with_the_command_and_larger_ones_when_asked_for() -> None:
    joined = Joined(Offers(initial_r2t=True, max_burst_bytes=4096, first_burst_bytes=2048))
    joined.login()
    joined.sent.clear()
    joined.execute(write10(0, 1), pattern(1))
    assert joined.sent == [Opcode.SCSI_COMMAND]
    joined.execute(write10(0, 4), pattern(4))
    assert joined.sent == [Opcode.SCSI_COMMAND] * 2 + [Opcode.DATA_OUT] * 2
    assert joined.received[-3:] == [Opcode.R2T, Opcode.R2T, Opcode.SCSI_RESPONSE]


def test_unsolicited_data_follow_the_command_if_the_target_takes_them() -> None:
    joined = Joined(Offers(immediate_data=False, first_burst_bytes=4096), Limits(receive_bytes=2048))
    joined.login()
    joined.sent.clear()
    joined.execute(write10(0, 3), pattern(3))
    assert joined.sent == [Opcode.SCSI_COMMAND] + [Opcode.DATA_OUT] * 3
    assert joined.received.count(Opcode.R2T) == 1


def test_less_than_expected_is_no_failure() -> None:
    joined = Joined(unit=Recording(Reply(data_in=b"short")))
    joined.login()
    assert joined.execute(inquiry(), data_in_bytes=96) == Reply(data_in=b"short")


def test_more_than_expected_is_cut_by_the_target() -> None:
    joined = Joined(unit=Recording(Reply(data_in=bytes(range(100)))))
    joined.login()
    assert joined.execute(inquiry(), data_in_bytes=10) == Reply(data_in=bytes(range(10)))


def test_data_and_bad_status_come_separately() -> None:
    sense = SenseData(SenseKey.MEDIUM_ERROR, 0x11, 0, information=5).pack()
    joined = Joined(unit=Recording(Reply(Status.CHECK_CONDITION, b"as far as it came", sense)))
    joined.login()
    reply = joined.execute(read10(0, 1), data_in_bytes=2048)
    assert reply == Reply(Status.CHECK_CONDITION, b"as far as it came", sense)
    assert joined.received[-2:] == [Opcode.DATA_IN, Opcode.SCSI_RESPONSE]


def test_a_short_cdb_is_padded_and_a_unit_that_is_not_there_is_told() -> None:
    unit = Recording()
    joined = Joined(unit=unit)
    joined.login()
    joined.execute(TEST_UNIT_READY)
    assert unit.tasks[0].cdb == bytes(16)
    elsewhere = Joined(lun=3)
    elsewhere.login()
    assert SenseData.unpack(elsewhere.execute(TEST_UNIT_READY).sense).asc == 0x25


def test_many_commands_at_once_keep_to_the_window() -> None:
    joined = Joined(limits=Limits(queue_depth=3))
    joined.login()
    handles = [joined.initiator.execute(Task(read10(n, 1), data_in_bytes=BLOCK)) for n in range(20)]
    joined.pump()
    assert [event.handle for event in joined.events if isinstance(event, Answered)] == handles


# Login


SECRETS = ("user", "a long secret"), ("disk", "another secret")
ALGORITHMS = [("5",), ("6",), ("7",), ("6", "5")]


@pytest.mark.parametrize("algorithms", ALGORITHMS)
@pytest.mark.parametrize("mutual", [False, True])
def test_chap(algorithms: tuple[str, ...], mutual: bool) -> None:
    (user, secret), (disk, other) = SECRETS
    auth = ChapAuth(user, secret, disk, other)
    own = ChapCredentials(user, secret, *((disk, other) if mutual else ()), algorithms=algorithms)
    joined = Joined(auth=auth, credentials=own)
    joined.login()
    assert joined.execute(TEST_UNIT_READY) == Reply()


@pytest.mark.parametrize(
    ("credentials", "why"),
    [
        (None, "wants one"),
        (ChapCredentials("user", "wrong"), "refuses the CHAP name or secret"),
        (ChapCredentials("nobody", "a long secret"), "refuses the CHAP name or secret"),
        (ChapCredentials("user", "a long secret", "disk", "not that one"), "didn't prove who it is"),
        (ChapCredentials("user", "a long secret", "tape", "another secret"), "didn't prove who it is"),
        (ChapCredentials("user", "a long secret", "", "not that one"), "didn't prove who it is"),
        (ChapCredentials("user", "a long secret", algorithms=("99",)), "refuses the CHAP name or secret"),
    ],
)
def test_chap_that_fails_is_a_denial(credentials: ChapCredentials | None, why: str) -> None:
    joined = Joined(auth=ChapAuth("user", "a long secret", "disk", "another secret"), credentials=credentials)
    refused = joined.refusal()
    assert refused.denied
    assert why in refused.message
    assert "secret" not in refused.message.replace("CHAP name or secret", "")
    assert joined.initiator.state is InitiatorState.CLOSED


def test_a_secret_may_be_for_nothing_but_a_proof_that_is_wanted_must_come() -> None:
    Joined(credentials=ChapCredentials("user", "a long secret")).login()
    mutual = ChapCredentials("user", "a long secret", "disk", "another secret")
    assert Joined(credentials=mutual).refusal().denied


def test_secrets_stay_out_of_sight() -> None:
    credentials = ChapCredentials("user", "a long secret", "disk", "another secret")
    assert "secret'" not in repr(credentials)
    assert "long" not in repr(credentials)
    with pytest.raises(ValueError, match="two different secrets"):
        ChapCredentials("user", "same", "disk", "same")


def test_a_target_of_another_name_is_not_found() -> None:
    refused = Joined(target_name="iqn.2024-01.test:other").refusal()
    assert refused.message == "there is no such target"
    assert not refused.denied


def test_a_digest_that_is_demanded_must_be_agreed_to() -> None:
    joined = Joined(Offers(header_digest="SHA-3"))
    assert joined.refusal().message == "the target doesn't agree to HeaderDigest=SHA-3"


def test_discovery() -> None:
    joined = Joined(target_name="")
    joined.login()
    joined.initiator.send_targets()
    joined.pump()
    assert joined.events == [TargetsFound((FoundTarget(IQN, ("192.0.2.1:3260,1",)),))]
    joined.events.clear()
    joined.initiator.logout()
    joined.pump()
    assert joined.events == [LogoutDone(), Closed("logged out")]


def test_a_login_that_takes_too_long() -> None:
    joined = Joined()
    due = joined.initiator.get_timer()
    assert due is not None
    joined.initiator.handle_timer(due - 1)
    assert joined.initiator.next_event() is None
    joined.initiator.handle_timer(due)
    assert joined.initiator.next_event() == Closed("the login took too long")


# Task management


def test_a_task_is_aborted() -> None:
    joined = Joined(answers=False)
    joined.login()
    handle = joined.initiator.execute(Task(TEST_UNIT_READY))
    joined.pump()
    events = joined.manage(Function.ABORT_TASK, handle)
    assert events[0] == TaskFailed(handle, "the command was aborted")
    assert isinstance(events[1], Managed)
    assert events[1].response == Outcome.COMPLETE
    joined.answers = True
    assert joined.execute(TEST_UNIT_READY) == Reply()


def test_a_task_that_never_left_is_aborted_without_the_target() -> None:
    joined = Joined(limits=Limits(queue_depth=1), answers=False)
    joined.login()
    joined.sent.clear()
    handles = [joined.initiator.execute(Task(TEST_UNIT_READY)) for _ in range(3)]
    joined.pump()
    events = joined.manage(Function.ABORT_TASK, handles[1])
    assert events[0] == TaskFailed(handles[1], "the command was aborted")
    for ready, reply in joined.held:
        joined.target.complete(ready.handle, reply, 0.0)
    joined.answers = True
    joined.pump()
    assert [event.handle for event in joined.events if isinstance(event, Answered)] == [
        handles[0],
        handles[2],
    ]
    assert joined.sent == [Opcode.SCSI_COMMAND] * 2


def test_the_unit_is_reset_with_all_its_tasks() -> None:
    joined = Joined(answers=False)
    joined.login()
    handles = [joined.initiator.execute(Task(TEST_UNIT_READY)) for _ in range(2)]
    joined.pump()
    events = joined.manage(Function.LOGICAL_UNIT_RESET)
    assert [event.handle for event in events if isinstance(event, TaskFailed)] == handles


# What a target says of its own


def logged_in() -> Joined:
    joined = Joined(answers=False)
    joined.login()
    return joined


def test_a_question_for_a_sign_of_life_is_answered() -> None:
    joined = logged_in()
    assert joined.say(NopIn(lun=7, ttt=99)) == []
    (answer,) = joined.replies()
    assert isinstance(answer, NopOut)
    assert (answer.itt, answer.ttt, answer.lun, answer.immediate) == (NO_TAG, 99, 7, True)


def test_a_silent_target_is_asked_then_given_up() -> None:
    joined = logged_in()
    joined.initiator.handle_timer(PING_SECONDS - 1)
    assert joined.replies() == []
    joined.initiator.handle_timer(PING_SECONDS)
    joined.pump()
    assert joined.received[-1] is Opcode.NOP_IN
    joined.initiator.handle_timer(2 * PING_SECONDS)
    (ping,) = joined.replies()
    assert isinstance(ping, NopOut)
    joined.initiator.handle_timer(3 * PING_SECONDS)
    assert joined.initiator.next_event() == Closed("the target gives no sign of life")


def test_an_initiator_that_slept_asks_before_it_gives_up() -> None:
    joined = logged_in()
    late = 100 * PING_SECONDS
    joined.initiator.handle_timer(late)
    joined.initiator.handle_timer(late + 1)
    joined.now = late + 1
    joined.pump()
    assert (joined.received[-1], joined.events) == (Opcode.NOP_IN, [])
    assert joined.initiator.get_timer() == late + 1 + PING_SECONDS


@pytest.mark.parametrize("event", [1, 4])
def test_a_wish_for_the_end_waits_for_the_task_in_hand(event: int) -> None:
    joined = logged_in()
    joined.initiator.execute(Task(TEST_UNIT_READY))
    joined.pump()
    (said,) = joined.say(AsyncMessage(event=event))
    assert isinstance(said, TargetSays)
    assert joined.replies() == []
    assert joined.initiator.ending == said.message
    ready, reply = joined.held[0]
    joined.target.complete(ready.handle, reply, 0.0)
    joined.pump()
    assert isinstance(joined.events[0], Answered)
    assert joined.events[1:] == [LogoutDone(), Closed(said.message)]


def test_a_wish_for_the_end_is_followed_at_once_by_an_idle_initiator() -> None:
    joined = logged_in()
    joined.say(AsyncMessage(event=1))
    (request,) = joined.replies()
    assert isinstance(request, LogoutRequest)


@pytest.mark.parametrize("event", [2, 3])
def test_a_connection_that_the_target_drops_is_lost(event: int) -> None:
    joined = logged_in()
    assert isinstance(joined.say(AsyncMessage(event=event))[-1], Closed)


@pytest.mark.parametrize("event", [0, 5, 42, 255])
def test_other_events_are_told(event: int) -> None:
    joined = logged_in()
    (said,) = joined.say(AsyncMessage(event=event))
    assert isinstance(said, TargetSays)
    assert joined.initiator.state is InitiatorState.FULL_FEATURE


def sent_command(joined: Joined, task: Task) -> ScsiCommand:
    joined.initiator.execute(task)
    header = joined.replies()[0]
    assert isinstance(header, ScsiCommand)
    return header


def test_a_command_that_is_rejected_fails_alone() -> None:
    joined = logged_in()
    command = sent_command(joined, Task(TEST_UNIT_READY))
    (failed,) = joined.say(Reject(reason=RejectReason.OUT_OF_RESOURCES), command.pack())
    assert failed == TaskFailed(command.itt, "the target rejects a PDU of the kind 01h: out of resources")
    assert joined.initiator.state is InitiatorState.FULL_FEATURE


def test_another_reject_ends_the_connection() -> None:
    joined = logged_in()
    (closed,) = joined.say(Reject(reason=RejectReason.PROTOCOL_ERROR), LogoutRequest(itt=9).pack())
    assert closed == Closed("the target rejects a PDU of the kind 06h: protocol error")


def test_a_target_failure_has_no_status() -> None:
    joined = logged_in()
    command = sent_command(joined, Task(TEST_UNIT_READY))
    (failed,) = joined.say(ScsiResponse(response=1, itt=command.itt))
    assert isinstance(failed, TaskFailed)


def test_an_unknown_status_is_no_answer() -> None:
    joined = logged_in()
    command = sent_command(joined, Task(TEST_UNIT_READY))
    (failed,) = joined.say(ScsiResponse(status=0x30, itt=command.itt))
    assert failed == TaskFailed(command.itt, "the device ends the command with status 30h")


def test_missing_data_are_no_success() -> None:
    joined = logged_in()
    command = sent_command(joined, Task(read10(0, 1), data_in_bytes=2048))
    assert joined.say(DataIn(flags=FINAL, itt=command.itt), bytes(1000)) == []
    (failed,) = joined.say(ScsiResponse(itt=command.itt))
    assert failed == TaskFailed(command.itt, "the target sent 1000 of 2048 bytes")


def test_a_residual_explains_missing_data() -> None:
    joined = logged_in()
    command = sent_command(joined, Task(read10(0, 1), data_in_bytes=2048))
    joined.say(DataIn(flags=FINAL, itt=command.itt), bytes(1000))
    response = ScsiResponse(flags=FINAL | RESIDUAL_UNDERFLOW, itt=command.itt, residual=1048)
    (answered,) = joined.say(response)
    assert isinstance(answered, Answered)
    assert len(answered.reply.data_in) == 1000


BAD_READS = {
    "out of order": replace(DataIn(flags=FINAL), offset=512),
    "a number left out": replace(DataIn(flags=FINAL), data_sn=1),
    "nobody's": replace(DataIn(flags=FINAL), itt=4711),
}


@pytest.mark.parametrize("name", BAD_READS)
def test_data_in_that_break_the_rules_end_the_connection(name: str) -> None:
    joined = logged_in()
    command = sent_command(joined, Task(read10(0, 1), data_in_bytes=2048))
    header = BAD_READS[name]
    header = header if header.itt == 4711 else replace(header, itt=command.itt)
    (closed,) = joined.say(header, bytes(512))
    assert isinstance(closed, Closed)


def test_more_data_than_expected_end_the_connection() -> None:
    joined = logged_in()
    command = sent_command(joined, Task(read10(0, 1), data_in_bytes=2048))
    (closed,) = joined.say(DataIn(flags=FINAL, itt=command.itt), bytes(2052))
    assert closed == Closed("more data came than was expected")


@pytest.mark.parametrize(
    "asked", [R2T(offset=0, desired=0), R2T(offset=2048, desired=512), R2T(offset=0, desired=4096)]
)
def test_an_r2t_beyond_the_data_ends_the_connection(asked: R2T) -> None:
    joined = logged_in()
    command = sent_command(joined, Task(write10(0, 1), bytes(2048)))
    (closed,) = joined.say(replace(asked, itt=command.itt))
    assert closed == Closed("the target asks for data that there aren't")


def test_a_damaged_digest_ends_the_connection() -> None:
    joined = Joined(Offers(header_digest="CRC32C", data_digest="CRC32C"))
    joined.login()
    joined.initiator.execute(Task(inquiry(), data_in_bytes=96))
    joined.target.receive_data(b"".join(joined.initiator.data_to_send()), 0.0)
    joined._serve()
    answer = bytearray(b"".join(joined.target.data_to_send()))
    answer[60] ^= 1
    joined.initiator.receive_data(bytes(answer), 0.0)
    assert joined.initiator.next_event() == Closed("a data digest is wrong")


@settings(derandomize=True, max_examples=200, deadline=None)
@given(noise=st.binary(min_size=1, max_size=400), logged=st.booleans())
def test_noise_never_raises(noise: bytes, logged: bool) -> None:
    joined = Joined()
    if logged:
        joined.login()
        joined.initiator.execute(Task(read10(0, 1), data_in_bytes=2048))
    joined.initiator.receive_data(noise, 0.0)
    while joined.initiator.next_event() is not None:
        pass


def test_the_emulated_disk_is_a_disk() -> None:
    joined = Joined(unit=MemoryUnit(blocks=16))
    joined.login()
    reply = joined.execute(read10(16, 1), data_in_bytes=BLOCK)
    assert (reply.status, SenseData.unpack(reply.sense).asc) == (Status.CHECK_CONDITION, 0x21)
