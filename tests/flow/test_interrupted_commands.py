"""Signals at every instant of a command: the way to the unit goes on with the next, or says that it is lost.

The instants are those at which CPython runs the handlers of signals: when a function of Python's begins, and
when one of C's has returned.
"""

from __future__ import annotations

import gc
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import copy_context
from typing import Any, cast

import pytest

from burnlab.disc import Disc
from burnlab.interruption import interrupt
from burnlab.iscsi.client import IscsiUnit
from burnlab.iscsi.initiator_login import Offers
from burnlab.iscsi.server import TargetConfig, TargetServer
from burnlab.recorder import MODELS, ClockedUnit, EmulatedClock, PromptUnit, Recorder
from burnlab.scsi.task import LogicalUnit, Status, Task
from burnlab.scsi.transport import Fault, TransportError
from support.iscsi_initiator import IQN, read10, write10
from support.iscsi_stub import MemoryUnit

BLOCK = 2048
BLOCKS = 16
STRIDE = 16
INSTANTS = ("call", "c_return")
NARROW = "through a narrow socket"
OFFERS = {
    "immediate data": Offers(),
    "asked for": Offers(max_burst_bytes=16384, first_burst_bytes=512),
    NARROW: Offers(),
}
"""Ways of transfer: at once, in pieces that the target asks for, and so that sending has to wait too."""


class NarrowSocket:
    """A socket that takes little at a time, and nothing in between."""

    def __init__(self, inner: socket.socket) -> None:
        self._inner = inner
        self._is_full = False

    def sendmsg(self, parts: list[bytes]) -> int:
        self._is_full = not self._is_full
        if self._is_full:
            raise BlockingIOError
        return self._inner.send(b"".join(parts)[:4000])

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


class Cut(BaseException):
    """What the handler of a signal raises."""


def raise_at_once(error: BaseException) -> None:
    """A handler that knows nothing of what must be whole."""
    raise error


@contextmanager
def signal_at(instant: int, handle: Callable[[BaseException], None]) -> Iterator[list[int]]:
    """Let a handler run at an instant of the work; yields how many there were.

    The garbage collector rests: what is raised in one that watches it gets lost.
    """
    seen = [0]

    def watch(_frame: object, event: str, _what: Any) -> None:
        if event not in INSTANTS:
            return
        seen[0] += 1
        if seen[0] == instant:
            handle(Cut())

    gc.disable()
    sys.setprofile(watch)
    try:
        yield seen
    finally:
        sys.setprofile(None)
        gc.enable()


def block(number: int) -> bytes:
    return number.to_bytes(4, "big") * (BLOCKS * BLOCK // 4)


def write(unit: LogicalUnit, number: int) -> None:
    reply = unit.execute(Task(write10(number % STRIDE * BLOCKS, BLOCKS), block(number)))
    assert reply.status is Status.GOOD, reply


def read(unit: LogicalUnit, number: int) -> bytes:
    reply = unit.execute(Task(read10(number % STRIDE * BLOCKS, BLOCKS), data_in_bytes=BLOCKS * BLOCK))
    assert reply.status is Status.GOOD, reply
    return bytes(reply.data_in)


def cut_short(
    work: Callable[[LogicalUnit, int], object], unit: LogicalUnit, instant: int, handle: Any
) -> bool:
    """Do some work with a signal in it; False if it was over before the signal."""
    try:
        with signal_at(instant, handle) as seen:
            work(unit, instant)
    except Cut:
        return True
    # The last instants are those of leaving what is watched.
    return seen[0] >= instant


@contextmanager
def remote(way: str) -> Iterator[Callable[[], IscsiUnit]]:
    """A target; yields what logs in there."""
    memory = MemoryUnit(blocks=STRIDE * BLOCKS)
    with TargetServer(memory, TargetConfig(iqn=IQN, port=0)) as server:

        def log_in() -> IscsiUnit:
            unit = IscsiUnit.connect(server.url, offers=OFFERS[way], patience=lambda _cdb: 60.0)
            unit.execute(Task(bytes(6)))
            if way == NARROW:
                unit._link._socket = cast(socket.socket, NarrowSocket(unit._link._socket))
            return unit

        yield log_in


@pytest.mark.parametrize("way", OFFERS)
@pytest.mark.parametrize("work", [write, read])
def test_a_remote_unit_goes_on(work: Callable[[LogicalUnit, int], object], way: str) -> None:
    with remote(way) as log_in, log_in() as unit:
        instant = 1
        while cut_short(work, unit, instant, interrupt):
            write(unit, instant + 1)
            assert read(unit, instant + 1) == block(instant + 1)
            instant += 1
    assert instant > 50


@pytest.mark.parametrize("way", OFFERS)
def test_a_remote_unit_is_lost_rather_than_mistaken(way: str) -> None:
    # What such a handler cuts short may be the end of what was whole: a context of its own holds that.
    endings = copy_context().run(endings_of_cutting_short, way)
    assert endings == {"went on", "lost"}


def endings_of_cutting_short(way: str) -> set[str]:
    """What becomes of the unit, whenever its writing is cut short."""
    endings = set()
    with remote(way) as log_in:
        unit, instant = log_in(), 1
        while cut_short(write, unit, instant, raise_at_once):
            try:
                write(unit, instant + 1)
                assert read(unit, instant + 1) == block(instant + 1)
                endings.add("went on")
            except TransportError as error:
                assert error.fault is Fault.LOST
                endings.add("lost")
                unit.close()
                unit = log_in()
            instant += 1
        unit.close()
    return endings


def test_a_drive_in_memory_has_carried_out_what_it_was_told() -> None:
    clock = EmulatedClock()
    recorder = Recorder(MODELS["generic"])
    recorder.load(Disc.in_memory("dvd-ram"), clock.now())
    unit = PromptUnit(ClockedUnit(recorder, clock.now), clock.sleep)
    for _ in range(3):
        unit.execute(Task(bytes(6)))
    write(unit, 0)
    instant, carried_out = 1, 0
    before = read(unit, 0)
    while cut_short(write_at_0, unit, instant, interrupt):
        found = read(unit, 0)
        # All of it or nothing, and nothing only before the command has reached the drive.
        assert found == block(instant) or (found == before and not carried_out)
        carried_out += found == block(instant)
        instant += 1
    assert carried_out > 20


def write_at_0(unit: LogicalUnit, number: int) -> None:
    unit.execute(Task(write10(0, BLOCKS), block(number)))
