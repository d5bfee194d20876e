"""SCSI commands: data in both directions, residuals, order, the window, answers held back, LUNs."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from burnlab.iscsi.events import TaskReady
from burnlab.iscsi.limits import Limits
from burnlab.iscsi.pdu import FINAL, R2T, DataIn, DataOut, NopIn, NopOut, Reject, ScsiCommand, ScsiResponse
from burnlab.scsi.sense import SenseData
from burnlab.scsi.task import Nexus, Reply, Status, Task
from support.iscsi_initiator import (
    INITIATOR,
    ISID,
    TEST_UNIT_READY,
    Pair,
    inquiry,
    one,
    pdu,
    read10,
    status,
    write10,
)
from support.iscsi_stub import MemoryUnit

READ, WRITE = FINAL | ScsiCommand.READ, FINAL | ScsiCommand.WRITE
PATTERN = bytes(range(256)) * 1024


def unit_pair(keys: dict[str, str] | None = None, **options: object) -> tuple[Pair, MemoryUnit]:
    unit = MemoryUnit()
    pair = Pair(unit.execute, **options)  # type: ignore[arg-type]
    pair.login(keys)
    return pair, unit


def waiting_pair(keys: dict[str, str] | None = None, limits: Limits | None = None) -> Pair:
    pair = Pair(limits=limits or Limits())
    pair.login(keys)
    return pair


def sense_of(answers: object) -> str:
    code, _data, sense = status(answers)  # type: ignore[arg-type]
    assert code == Status.CHECK_CONDITION
    return str(SenseData.unpack(sense))


def test_task_as_the_unit_sees_it() -> None:
    pair = waiting_pair()
    pair.command(write10(3, 1), data=PATTERN[:2048])
    (event,) = pair.ready
    task = event.task
    assert (task.cdb, bytes(task.data_out), task.data_in_bytes) == (write10(3, 1), PATTERN[:2048], 0)
    assert task.nexus == Nexus(INITIATOR, ISID.hex())
    pair.command(inquiry(), 96)
    assert pair.ready[1].task.data_out == b""


def test_the_unit_may_give_more_than_expected_so_that_an_overflow_is_told() -> None:
    pair, _unit = unit_pair()
    header, data = one(pair.command(read10(0, 2), 2048), DataIn)
    assert (header.flags & 0x06, header.residual, len(data)) == (0x04, 2048, 2048)
    response, _data = one(pair.command(read10(0, 2), flags=FINAL), ScsiResponse)
    assert (response.flags & 0x06, response.residual) == (0x04, 4096)


def test_no_data() -> None:
    pair, _unit = unit_pair()
    header, data = one(pair.command(TEST_UNIT_READY), ScsiResponse)
    assert (header.status, header.residual, header.flags, data) == (0, 0, FINAL, b"")


def test_status_travels_with_the_last_data() -> None:
    pair, unit = unit_pair()
    unit.store[:4096] = PATTERN[:4096]
    header, data = one(pair.command(read10(0, 2), 4096), DataIn)
    assert header.flags == FINAL | DataIn.STATUS
    assert (header.data_sn, header.offset, header.residual, data) == (0, 0, 0, PATTERN[:4096])


def test_check_condition_carries_sense_data_with_its_length() -> None:
    pair, _unit = unit_pair()
    header, data = one(pair.command(read10(600, 1), 2048), ScsiResponse)
    assert header.status == Status.CHECK_CONDITION
    assert int.from_bytes(data[:2], "big") == 18 == len(data) - 2
    assert str(SenseData.unpack(data[2:])) == "5/21/00"
    assert (header.flags, header.residual) == (FINAL | 0x02, 2048)


def test_data_with_sense_need_a_response_of_their_own() -> None:
    pair = waiting_pair()
    pair.command(read10(0, 1), 2048)
    sense = SenseData(3, 0x11, 0x05).pack()
    pair.target.complete(pair.ready[0].handle, Reply(Status.CHECK_CONDITION, bytes(1024), sense), 0)
    (first, data), (second, segment) = pair.collect()
    assert isinstance(first, DataIn) and isinstance(second, ScsiResponse)
    assert (first.flags, len(data), second.exp_data_sn) == (FINAL, 1024, 1)
    assert (second.flags, second.residual, segment[2:]) == (FINAL | 0x02, 1024, sense)


def test_sense_data_beside_good_need_a_response_of_their_own() -> None:
    pair = waiting_pair()
    pair.command(read10(0, 1), 2048)
    sense = SenseData(0, progress=0x8000).pack()
    pair.target.complete(pair.ready[0].handle, Reply(data_in=bytes(2048), sense=sense), 0)
    assert status(pair.collect()) == (0, bytes(2048), sense)


@pytest.mark.parametrize(
    ("have", "edtl", "flag", "residual"),
    [(36, 96, 0x02, 60), (96, 96, 0, 0), (96, 36, 0x04, 60), (0, 8, 0x02, 8)],
)
def test_residuals(have: int, edtl: int, flag: int, residual: int) -> None:
    pair = waiting_pair()
    pair.command(inquiry(), edtl)
    pair.target.complete(pair.ready[0].handle, Reply(data_in=PATTERN[:have]), 0)
    ((header, data),) = pair.collect()
    assert isinstance(header, DataIn | ScsiResponse)
    assert (header.flags & 0x06, header.residual, data) == (flag, residual, PATTERN[: min(have, edtl)])


def test_data_that_nobody_expects_are_not_sent() -> None:
    pair = waiting_pair()
    pair.command(TEST_UNIT_READY)
    pair.target.complete(pair.ready[0].handle, Reply(data_in=b"abc"), 0)
    header, data = one(pair.collect(), ScsiResponse)
    assert (header.flags, header.residual, data) == (FINAL | 0x04, 3, b"")


def test_segments_and_sequences() -> None:
    pair = waiting_pair({"MaxRecvDataSegmentLength": "1000", "MaxBurstLength": "2560"})
    pair.command(read10(0, 3), 6000)
    pair.target.complete(pair.ready[0].handle, Reply(data_in=PATTERN[:6000]), 0)
    answers = pair.collect()
    headers = [header for header, _data in answers]
    assert all(isinstance(header, DataIn) for header in headers)
    shape = [(h.data_sn, h.offset, len(d), h.flags) for h, d in answers if isinstance(h, DataIn)]
    assert shape == [
        (0, 0, 1000, 0),
        (1, 1000, 1000, 0),
        (2, 2000, 560, FINAL),
        (3, 2560, 1000, 0),
        (4, 3560, 1000, 0),
        (5, 4560, 560, FINAL),
        (6, 5120, 880, FINAL | DataIn.STATUS),
    ]
    assert b"".join(data for _header, data in answers) == PATTERN[:6000]


def write_by_request(pair: Pair, data: bytes, first: bytes, unsolicited: int = 0) -> list[object]:
    """A WRITE whose data come as `first` with the command, then unsolicited, then as R2Ts ask."""
    flags = WRITE if not unsolicited else ScsiCommand.WRITE
    answers = pair.command(write10(0, len(data) // 2048), len(data), data=first, flags=flags)
    itt, position = pair.itt, len(first)
    if unsolicited:
        answers += pair.send(
            DataOut(flags=FINAL, itt=itt, offset=position), data[position : position + unsolicited]
        )
    seen: list[object] = []
    while answers:
        header, segment = answers.pop(0)
        seen.append(header)
        if isinstance(header, R2T):
            assert header.itt == itt
            half = header.desired // 2
            for number, (start, end) in enumerate(((0, half), (half, header.desired))):
                answers += pair.send(
                    DataOut(
                        flags=FINAL if end == header.desired else 0,
                        itt=itt,
                        ttt=header.ttt,
                        data_sn=number,
                        offset=header.offset + start,
                    ),
                    data[header.offset + start : header.offset + end],
                )
        else:
            assert isinstance(header, ScsiResponse) and header.status == 0, (header, segment)
    return seen


@pytest.mark.parametrize("first", [0, 1000, 3584])
@pytest.mark.parametrize("unsolicited", [0, 512])
@pytest.mark.parametrize("r2ts", ["1", "3"])
def test_write_in_all_ways(first: int, unsolicited: int, r2ts: str) -> None:
    pair, unit = unit_pair(
        {
            "MaxBurstLength": "4096",
            "FirstBurstLength": "4608",
            "MaxOutstandingR2T": r2ts,
            "MaxConnections": "1",
        }
    )
    data = PATTERN[7 : 7 + 20480]
    seen = write_by_request(pair, data, data[:first], unsolicited)
    assert unit.store[:20480] == data
    asked = [(h.offset, h.desired, h.r2t_sn) for h in seen if isinstance(h, R2T)]
    position, expected = first + unsolicited, []
    while position < len(data):
        desired = min(4096, len(data) - position)
        expected.append((position, desired, len(expected)))
        position += desired
    assert asked == expected


def test_no_more_r2ts_at_a_time_than_agreed() -> None:
    pair = waiting_pair({"MaxBurstLength": "1024", "MaxOutstandingR2T": "3", "ImmediateData": "No"})
    answers = pair.command(write10(0, 4), 8192, flags=WRITE)
    assert len(answers) == 3
    first = answers[0][0]
    assert isinstance(first, R2T)
    answers = pair.send(DataOut(flags=FINAL, itt=pair.itt, ttt=first.ttt), bytes(1024))
    header, _data = one(answers, R2T)
    assert header.offset == 3072


def test_only_so_much_is_asked_for_at_a_time() -> None:
    pair = waiting_pair(limits=Limits(solicited_bytes=10000))
    assert len(pair.command(write10(0, 4), 8192, flags=WRITE)) == 1
    assert pair.command(write10(0, 4), 8192, flags=WRITE) == []
    first = pair.itt - 1
    answers = pair.send(DataOut(flags=FINAL, itt=first, ttt=0), bytes(8192))
    header, _data = one(answers, R2T)
    assert header.itt == pair.itt


# fmt: off
WRONG_DATA = [
    ("offset", DataOut(flags=FINAL, ttt=0, offset=512), 4096),
    ("number", DataOut(flags=FINAL, ttt=0, data_sn=1), 4096),
    ("too much", DataOut(flags=FINAL, ttt=0), 4608),
    ("too little", DataOut(flags=FINAL, ttt=0), 2048),
    ("too much, and no end", DataOut(flags=0, ttt=0), 4608),
    ("wrong tag", DataOut(flags=FINAL, ttt=9), 4096),
]
# fmt: on


@pytest.mark.parametrize(("name", "header", "length"), WRONG_DATA)
def test_wrong_data_end_the_command(name: str, header: DataOut, length: int) -> None:
    pair = waiting_pair()
    pair.command(write10(0, 2), 4096, flags=WRITE)
    answers = pair.send(DataOut(**{**header_fields(header), "itt": pair.itt}), bytes(length))
    assert sense_of(answers) == "B/0C/0D"
    assert not pair.ready
    # What was on its way already is dropped without a word.
    assert pair.send(DataOut(flags=FINAL, itt=pair.itt, ttt=0), bytes(4096)) == []


def header_fields(header: DataOut) -> dict[str, int]:
    return {name: getattr(header, name) for name in ("flags", "ttt", "data_sn", "offset")}


def test_unsolicited_data_that_were_not_allowed() -> None:
    pair = waiting_pair({"InitialR2T": "Yes", "ImmediateData": "No"})
    assert sense_of(pair.command(write10(0, 1), data=bytes(2048))) == "B/0C/0C"
    assert sense_of(pair.command(write10(0, 1), 2048, flags=ScsiCommand.WRITE)) == "B/0C/0C"
    pair.command(write10(0, 1), 2048, flags=WRITE)
    assert sense_of(pair.send(DataOut(flags=FINAL, itt=pair.itt), bytes(2048))) == "B/0C/0C"
    assert sense_of(pair.command(read10(0, 1), 2048, data=b"1234", flags=READ)) == "B/0C/0C"


def test_more_immediate_data_than_the_first_burst() -> None:
    pair = waiting_pair({"FirstBurstLength": "1024"})
    assert sense_of(pair.command(write10(0, 1), data=bytes(2048))) == "B/0C/0C"


def test_more_unsolicited_data_than_the_first_burst() -> None:
    pair = waiting_pair({"FirstBurstLength": "1024"})
    pair.command(write10(0, 1), 2048, flags=ScsiCommand.WRITE)
    assert pair.send(DataOut(flags=0, itt=pair.itt), bytes(1024)) == []
    assert sense_of(pair.send(DataOut(flags=0, itt=pair.itt, data_sn=1, offset=1024), bytes(4))) == "B/0C/0D"


def test_data_for_nobody_are_rejected() -> None:
    pair = waiting_pair()
    header, data = one(pair.send(DataOut(itt=99), bytes(512)), Reject)
    assert header.reason == 0x09
    assert DataOut.unpack(data).itt == 99


def test_wrong_data_digest_ends_the_command_only() -> None:
    pair = waiting_pair({"DataDigest": "CRC32C"})
    pair.command(write10(0, 1), 2048, flags=WRITE)
    raw = bytearray(pdu(DataOut(flags=FINAL, itt=pair.itt, ttt=0), bytes(2048), pair.digests))
    raw[100] ^= 1
    (reject, _bhs), answer = pair.feed(bytes(raw))
    assert isinstance(reject, Reject) and reject.reason == 0x02
    assert sense_of([answer]) == "B/47/05"
    pair.command(TEST_UNIT_READY)
    assert len(pair.ready) == 1


@pytest.mark.parametrize("flags", [READ | WRITE])
def test_bidirectional_commands_are_refused(flags: int) -> None:
    assert sense_of(waiting_pair().command(read10(0, 1), 2048, flags=flags)) == "5/24/00"


def test_a_transfer_that_is_too_long() -> None:
    pair = waiting_pair(limits=Limits(transfer_bytes=4096))
    assert sense_of(pair.command(write10(0, 3), 6144, flags=WRITE)) == "5/24/00"
    assert sense_of(pair.command(read10(0, 3), 0xFFFFFFFF)) == "5/24/00"


def test_tasks_come_in_the_order_of_their_numbers() -> None:
    pair = waiting_pair()
    pair.command(write10(0, 1), 2048, flags=WRITE)
    slow = pair.itt
    pair.command(write10(1, 1), data=bytes(2048))
    pair.command(TEST_UNIT_READY)
    assert not pair.ready
    pair.send(DataOut(flags=FINAL, itt=slow, ttt=0), bytes(2048))
    assert [event.task.cdb[:6] for event in pair.ready] == [write10(0, 1)[:6], write10(1, 1)[:6], bytes(6)]


def test_an_immediate_command_overtakes() -> None:
    pair = waiting_pair()
    pair.command(write10(0, 1), 2048, flags=WRITE)
    pair.command(TEST_UNIT_READY, immediate=True)
    assert len(pair.ready) == 1


def test_an_immediate_write_overtakes_when_its_data_are_there() -> None:
    pair = waiting_pair()
    pair.command(write10(0, 1), 2048, flags=WRITE)
    pair.command(write10(7, 1), 2048, flags=WRITE, immediate=True)
    pair.send(DataOut(flags=FINAL, itt=pair.itt, ttt=1), bytes(2048))
    assert [event.task.cdb for event in pair.ready] == [write10(7, 1)]


def test_too_many_immediate_commands() -> None:
    pair = waiting_pair(limits=Limits(immediate_commands=2))
    pair.command(TEST_UNIT_READY, immediate=True)
    pair.command(TEST_UNIT_READY, immediate=True)
    header, _data = one(pair.command(TEST_UNIT_READY, immediate=True), Reject)
    assert header.reason == 0x06


def test_a_tag_in_use() -> None:
    pair = waiting_pair()
    pair.command(TEST_UNIT_READY, itt=5)
    header, _data = one(pair.command(TEST_UNIT_READY, itt=5), Reject)
    assert header.reason == 0x07
    header, _data = one(pair.command(TEST_UNIT_READY, itt=0xFFFFFFFF), Reject)
    assert header.reason == 0x09


def numbers(pair: Pair) -> tuple[int, int]:
    header, _data = one(pair.send(NopOut(immediate=True, itt=0x1000, cmd_sn=pair.cmd_sn)), NopIn)
    return header.exp_cmd_sn, header.max_cmd_sn


def test_window_opens_and_closes() -> None:
    pair = waiting_pair(limits=Limits(queue_depth=3))
    assert numbers(pair) == (1, 3)
    for _index in range(3):
        pair.command(TEST_UNIT_READY)
    assert numbers(pair) == (4, 3)
    assert pair.command(TEST_UNIT_READY) == []
    assert len(pair.ready) == 3
    pair.target.complete(pair.ready[0].handle, Reply(), 0)
    header, _data = one(pair.collect(), ScsiResponse)
    assert (header.exp_cmd_sn, header.max_cmd_sn) == (4, 4)


@pytest.mark.parametrize("cmd_sn", [0, 0xFFFFFFFF, 65, 5000])
def test_numbers_outside_the_window_are_ignored(cmd_sn: int) -> None:
    pair = waiting_pair()
    assert pair.send(ScsiCommand(itt=1, cmd_sn=cmd_sn)) == []
    assert not pair.ready
    assert numbers(pair) == (1, 64)


def test_numbers_wrap_around() -> None:
    pair = Pair(MemoryUnit().execute, cmd_sn=0xFFFFFFFE)
    pair.login()
    for _index in range(4):
        assert status(pair.command(TEST_UNIT_READY))[0] == 0
        pair.cmd_sn &= 0xFFFFFFFF
    assert numbers(pair)[0] == 2


def test_an_early_command_waits() -> None:
    pair = waiting_pair()
    pair.send(ScsiCommand(itt=3, cmd_sn=3, cdb=b"3" * 16))
    pair.send(ScsiCommand(itt=2, cmd_sn=2, cdb=b"2" * 16))
    assert not pair.ready
    pair.send(ScsiCommand(itt=1, cmd_sn=1, cdb=b"1" * 16))
    assert [event.task.cdb[:1] for event in pair.ready] == [b"1", b"2", b"3"]


def test_a_command_that_never_comes_ends_the_connection() -> None:
    pair = waiting_pair()
    for number in range(2, 30):
        pair.send(ScsiCommand(itt=number, cmd_sn=number))
    assert "left out" in str(pair.events[-1])


def test_stat_sn_counts_answers() -> None:
    pair, _unit = unit_pair()
    found = []
    for _index in range(3):
        header, _data = one(pair.command(TEST_UNIT_READY), ScsiResponse)
        found.append(header.stat_sn)
    assert found == [found[0], found[0] + 1, found[0] + 2]


def test_an_answer_is_held_back_and_nothing_else_is() -> None:
    pair = waiting_pair()
    pair.command(write10(0, 1), data=bytes(2048))
    pair.command(TEST_UNIT_READY)
    slow, fast = (event.handle for event in pair.ready)
    pair.target.complete(slow, Reply(seconds=2.5), pair.now)
    assert pair.collect() == []
    assert pair.target.get_timer() == 2.5
    pair.target.complete(fast, Reply(), pair.now)
    assert one(pair.collect(), ScsiResponse)[0].itt == 2
    one(pair.send(NopOut(immediate=True, itt=9, cmd_sn=3)), NopIn)
    assert pair.tick(2.4) == []
    assert one(pair.tick(0.2), ScsiResponse)[0].itt == 1
    assert pair.target.get_timer() is None


def test_answers_come_when_due_whatever_their_order() -> None:
    pair = waiting_pair()
    for seconds in (3.0, 1.0, 2.0):
        pair.command(TEST_UNIT_READY)
        pair.target.complete(pair.ready[-1].handle, Reply(seconds=seconds), pair.now)
    order = [one(pair.tick(1.0), ScsiResponse)[0].itt for _index in range(3)]
    assert order == [2, 3, 1]


def test_completing_twice_or_the_unknown_is_ignored() -> None:
    pair, _unit = unit_pair()
    pair.command(TEST_UNIT_READY)
    pair.target.complete(pair.ready[0].handle, Reply(), 0)
    pair.target.complete(12345, Reply(seconds=1), 0)
    assert pair.collect() == []
    assert pair.target.get_timer() is None


REPORT_LUNS = b"\xa0" + bytes(5) + (255).to_bytes(4, "big") + bytes(6)
LUN_1 = 1 << 48


def test_report_luns() -> None:
    pair = waiting_pair()
    for lun in (0, LUN_1):
        assert status(pair.command(REPORT_LUNS, 255, lun=lun))[1] == bytes((0, 0, 0, 8)) + bytes(12)
    assert sense_of(pair.command(b"\xa0" + bytes(15), 255)) == "5/24/00"
    assert not pair.ready


def test_inquiry_to_a_lun_without_a_unit() -> None:
    code, data, _sense = status(waiting_pair().command(inquiry(36), 36, lun=LUN_1))
    assert (code, data[0], len(data)) == (0, 0x7F, 36)


def test_other_commands_to_a_lun_without_a_unit() -> None:
    pair = waiting_pair()
    assert sense_of(pair.command(TEST_UNIT_READY, lun=LUN_1)) == "5/25/00"
    assert sense_of(pair.command(write10(0, 1), data=bytes(2048), lun=LUN_1)) == "5/25/00"
    sense = status(pair.command(b"\x03\0\0\0\x12" + bytes(11), 18, lun=LUN_1))[1]
    assert str(SenseData.unpack(sense)) == "5/25/00"
    assert not pair.ready


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_any_agreement_moves_the_same_bytes(data: st.DataObject) -> None:
    """Whatever is negotiated, what is written comes back when it is read."""
    yes_no = st.sampled_from(["Yes", "No"])
    length = st.sampled_from(["512", "1000", "4096", "65536", "262144"])
    keys = {
        "InitialR2T": data.draw(yes_no),
        "ImmediateData": data.draw(yes_no),
        "MaxRecvDataSegmentLength": data.draw(length),
        "MaxBurstLength": data.draw(length),
        "FirstBurstLength": data.draw(length),
        "MaxOutstandingR2T": data.draw(st.sampled_from(["1", "2", "8"])),
        "HeaderDigest": data.draw(st.sampled_from(["None", "CRC32C"])),
        "DataDigest": data.draw(st.sampled_from(["None", "CRC32C"])),
    }
    pair, unit = unit_pair(keys)
    blocks = data.draw(st.integers(1, 40))
    content = PATTERN[blocks : blocks + blocks * 2048]
    burst = min(int(keys["FirstBurstLength"]), int(keys["MaxBurstLength"]), len(content))
    first = content[: data.draw(st.integers(0, burst))] if keys["ImmediateData"] == "Yes" else b""
    write_by_request(pair, content, first)
    assert unit.store[: len(content)] == content
    assert status(pair.command(read10(0, blocks), len(content)))[1] == content


def test_ready_is_an_event_of_values() -> None:
    assert TaskReady(1, Task(b"")) == TaskReady(1, Task(b""))
