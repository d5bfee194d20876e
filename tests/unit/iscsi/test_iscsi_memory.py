"""What a connection can make the target hold: data of writes, answers to reads, and PDUs that never end."""

from __future__ import annotations

import pytest

from burnlab.iscsi.connection import State
from burnlab.iscsi.events import Closed
from burnlab.iscsi.limits import Limits
from burnlab.iscsi.pdu import FINAL, R2T, DataIn, DataOut, NopOut, ScsiCommand, ScsiResponse
from burnlab.iscsi.transfer import SMALL_BYTES, Gather
from burnlab.scsi.task import Reply, Task
from support.iscsi_initiator import Pair, one, pdu, read10, status, write10
from support.iscsi_stub import MemoryUnit

LIMITS = Limits(
    queue_depth=16, transfer_bytes=65536, solicited_bytes=131072, reply_bytes=131072, stall_seconds=60
)
KEYS = {"InitialR2T": "Yes", "ImmediateData": "No", "MaxBurstLength": "65536", "MaxOutstandingR2T": "1"}


def waiting_pair() -> Pair:
    pair = Pair(limits=LIMITS)
    pair.login({**KEYS, "MaxRecvDataSegmentLength": "65536"})
    return pair


def held(pair: Pair) -> int:
    """Bytes of writes that the target has in hand and can't hand out."""
    commands = pair.target._commands
    assert commands is not None
    gathered = sum(c.gather.received for c in commands.tasks.commands.values() if c.gather is not None)
    return gathered + sum(len(c.data) for c in commands.tasks.commands.values())


def ask_to_write(pair: Pair) -> list[R2T]:
    """One command that will bring 64 KiB; returns what the target asks for."""
    answers = pair.command(write10(0, 32), 65536, flags=FINAL | ScsiCommand.WRITE)
    return [header for header, _ in answers if isinstance(header, R2T)]


def bring(pair: Pair, asked: R2T) -> list[R2T]:
    """The data that was asked for; returns what is asked for next."""
    answers = pair.send(DataOut(flags=FINAL, itt=asked.itt, ttt=asked.ttt), bytes(asked.desired))
    return [header for header, _ in answers if isinstance(header, R2T)]


def test_writes_behind_one_that_never_gets_its_data() -> None:
    pair = waiting_pair()
    first = ask_to_write(pair)
    asked = [r2t for _ in range(15) for r2t in ask_to_write(pair)]
    assert len(first) == 1
    while asked:
        asked += bring(pair, asked.pop(0))
        assert held(pair) <= LIMITS.solicited_bytes + LIMITS.transfer_bytes
    assert held(pair) > 0
    assert not pair.ready
    asked = bring(pair, first[0])
    while asked:
        asked += bring(pair, asked.pop(0))
    assert [event.task.cdb for event in pair.ready] == [write10(0, 32)] * 16
    assert held(pair) == 0


def test_the_oldest_always_gets_its_data() -> None:
    """Each is larger than what may be asked for in all: they come one by one, and none is forgotten."""
    pair = Pair(limits=Limits(transfer_bytes=65536, solicited_bytes=1024))
    pair.login(KEYS)
    asked = [r2t for _ in range(4) for r2t in ask_to_write(pair)]
    assert len(asked) == 1
    while asked:
        asked += bring(pair, asked.pop(0))
        assert len(asked) <= 1
    assert len(pair.ready) == 4


def test_aborting_the_one_that_is_stuck_lets_the_others_go_on() -> None:
    pair = waiting_pair()
    ask_to_write(pair)
    asked = [r2t for _ in range(5) for r2t in ask_to_write(pair)]
    commands = pair.target._commands
    assert commands is not None
    commands.abort(lambda command: command.itt == 1)
    while asked:
        asked += bring(pair, asked.pop(0))
        asked += [header for header, _ in pair.collect() if isinstance(header, R2T)]
    assert len(pair.ready) == 5


def test_reads_are_handed_out_as_fast_as_they_are_answered() -> None:
    pair = waiting_pair()
    for _ in range(10):
        pair.command(read10(0, 32), 65536)
    assert len(pair.ready) == 2, "two of 64 KiB fit into 128 KiB"
    for number in range(10):
        pair.target.complete(pair.ready[number].handle, Reply(data_in=bytes(65536)), 0.0)
        header, data = one(pair.collect(), DataIn)
        assert (header.itt, len(data)) == (number + 1, 65536)
        assert len(pair.ready) == min(10, number + 3)


def test_answers_that_are_held_back_count() -> None:
    pair = waiting_pair()
    for _ in range(10):
        pair.command(read10(0, 32), 65536)
    for event in pair.ready:
        pair.target.complete(event.handle, Reply(data_in=bytes(65536), seconds=5.0), 0.0)
    assert pair.collect() == []
    assert len(pair.ready) == 2
    assert len(pair.tick(5.0)) == 2
    assert len(pair.ready) == 4


def test_a_single_read_may_be_larger_than_all() -> None:
    pair = Pair(limits=Limits(reply_bytes=1000))
    pair.login()
    pair.command(read10(0, 4), 8192)
    assert len(pair.ready) == 1
    pair.command(read10(0, 4), 8192)
    assert len(pair.ready) == 1
    commands = pair.target._commands
    assert commands is not None
    commands.abort(lambda command: command.itt == 1)
    pair.collect()
    assert len(pair.ready) == 2, "what was aborted doesn't count any more"


def test_what_nobody_expects_is_not_kept_but_told() -> None:
    pair = waiting_pair()
    pair.command(read10(0, 32), 512)
    pair.target.complete(pair.ready[0].handle, Reply(data_in=bytes(65536), seconds=1.0), 0.0)
    commands = pair.target._commands
    assert commands is not None
    assert len(commands._held[0][2].data_in) == 512
    header, data = one(pair.tick(1.0), DataIn)
    assert (len(data), header.flags & 0x04, header.residual) == (512, 0x04, 65536 - 512)
    pair.command(read10(0, 32), flags=FINAL)
    pair.target.complete(pair.ready[1].handle, Reply(data_in=bytes(65536), seconds=1.0), pair.now)
    response, _ = one(pair.tick(1.0), ScsiResponse)
    assert (response.flags & 0x04, response.residual) == (0x04, 65536)


def test_small_pieces_do_not_keep_their_buffers() -> None:
    """A byte at a time: the pieces become one, and none keeps the buffer that it came in."""
    pair = waiting_pair()
    (asked,) = ask_to_write(pair)
    content = bytes(n % 251 for n in range(asked.desired))
    for sn, at in enumerate(range(3000)):
        header = DataOut(flags=0, itt=asked.itt, ttt=asked.ttt, data_sn=sn, offset=at)
        pair.send(header, content[at : at + 1])
    commands = pair.target._commands
    assert commands is not None
    gather = commands.tasks.commands[asked.itt].gather
    assert isinstance(gather, Gather)
    assert [type(chunk) for chunk in gather._chunks] == [bytearray]
    rest = content[3000:]
    pair.send(DataOut(flags=0, itt=asked.itt, ttt=asked.ttt, data_sn=3000, offset=3000), rest[:SMALL_BYTES])
    end = 3000 + SMALL_BYTES
    pair.send(
        DataOut(flags=FINAL, itt=asked.itt, ttt=asked.ttt, data_sn=3001, offset=end), rest[SMALL_BYTES:]
    )
    assert bytes(pair.ready[0].task.data_out) == content


def test_a_pdu_without_an_end() -> None:
    unit = MemoryUnit()
    pair = Pair(unit.execute, limits=LIMITS)
    pair.login()
    whole = pdu(NopOut(itt=9, immediate=True, cmd_sn=1), bytes(5000))
    pair.feed(whole[:100])
    pair.now = 59.0
    pair.target.handle_timer(pair.now)
    assert pair.target.state is State.FULL_FEATURE
    pair.feed(whole[100:200])
    pair.now = 118.0
    pair.target.handle_timer(pair.now)
    assert pair.target.state is State.FULL_FEATURE, "it is slow, but it goes on"
    pair.now = 119.0
    pair.target.handle_timer(pair.now)
    pair.collect()
    assert pair.target.state is State.CLOSED
    assert pair.events[-1] == Closed("a PDU was begun and not ended")


def test_an_idle_initiator_is_left_alone() -> None:
    pair = Pair(MemoryUnit().execute, limits=LIMITS)
    pair.login()
    pair.now = 1e6
    pair.target.handle_timer(pair.now)
    assert status(pair.command(read10(0, 1), 2048))[0] == 0


@pytest.mark.parametrize("answers", [1, 3])
def test_the_order_stays(answers: int) -> None:
    """Reads that wait for room hold back what comes behind them."""
    seen: list[Task] = []
    pair = waiting_pair()
    for number in range(8):
        if number % 3:
            pair.command(read10(number, 32), 65536)
        else:
            pair.command(read10(number, 0), flags=FINAL)
    done = 0
    while len(seen) < 8:
        for event in pair.ready[done : done + answers]:
            seen.append(event.task)
            pair.target.complete(event.handle, Reply(), 0.0)
            done += 1
        pair.collect()
    assert [int.from_bytes(task.cdb[2:6], "big") for task in seen] == list(range(8))
