"""Work in copies of the process: all that is told arrives, and copies that get lost do no harm."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest

from burnlab.iso9660.forks import Told, run_forked, usable_fork


def running(process: int) -> bool:
    """Whether a process is there, be it only to be waited for."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def test_all_that_is_told_arrives() -> None:
    def work(share: int) -> Iterator[tuple[int, int]]:
        for number in range(5000):
            yield share + 7, (1 << 63) + number

    told = list(run_forked(3, work))
    for share in range(3):
        assert [each for each in told if each.share == share] == [
            Told(share, share + 7, (1 << 63) + number) for number in range(5000)
        ]


def test_work_is_done_elsewhere() -> None:
    def work(share: int) -> Iterator[tuple[int, int]]:
        seen.append(share)
        yield 0, os.getpid()

    seen: list[int] = []
    processes = {told.number for told in run_forked(2, work)}
    assert len(processes) == 2
    assert os.getpid() not in processes
    assert seen == []
    assert not any(map(running, processes))


def test_one_that_fails_or_is_killed_tells_no_more() -> None:
    def work(share: int) -> Iterator[tuple[int, int]]:
        yield 1, 0
        if share == 0:
            raise ValueError("of a copy")
        if share == 1:
            os.kill(os.getpid(), signal.SIGKILL)
        yield 2, 0

    told = {(each.share, each.what) for each in run_forked(3, work)}
    assert told == {(0, 1), (1, 1), (2, 1), (2, 2)}


def test_copies_that_cannot_be_made_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def fork() -> int:
        tries.append(0)
        if len(tries) == 2:
            raise BlockingIOError(11, "Resource temporarily unavailable")
        return really()

    tries: list[int] = []
    really = os.fork
    monkeypatch.setattr(os, "fork", fork)
    told = set(run_forked(3, lambda share: iter([(share, os.getpid())])))
    assert {each.share for each in told} == {0, 2}
    assert not any(running(each.number) for each in told)


def test_copies_that_nobody_waits_for() -> None:
    before = signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    try:
        told = list(run_forked(2, lambda share: iter([(share, 1)])))
    finally:
        signal.signal(signal.SIGCHLD, before)
    assert {each.share for each in told} == {0, 1}


def test_a_copy_whose_original_is_gone_ends() -> None:
    def original(_: int) -> Iterator[tuple[int, int]]:
        def work(_: int) -> Iterator[tuple[int, int]]:
            yield 0, os.getpid()
            os.write(ready, b"x")
            while True:
                yield 1, 1

        for told in run_forked(1, work):
            yield 0, told.number
            os.kill(os.getpid(), signal.SIGKILL)

    end, ready = os.pipe()
    told = run_forked(1, original)
    copy = next(told).number
    os.close(ready)
    try:
        # The copy has the last handle of the other end.
        while os.read(end, 1):
            pass
    finally:
        with suppress(ProcessLookupError):
            os.kill(copy, signal.SIGKILL)
        os.close(end)
    assert list(told) == []


def test_copies_end_with_the_iterator() -> None:
    def work(_: int) -> Iterator[tuple[int, int]]:
        yield 0, os.getpid()
        while True:
            signal.pause()

    told = run_forked(2, work)
    processes = {next(told).number, next(told).number}
    assert all(map(running, processes))
    told.close()  # type: ignore[attr-defined]
    assert not any(map(running, processes))


def test_copies_take_no_signals_for_the_original(monkeypatch: pytest.MonkeyPatch) -> None:
    def work(_: int) -> Iterator[tuple[int, int]]:
        yield 1, signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
        yield 2, signal.getsignal(signal.SIGHUP) == signal.SIG_IGN

    before = signal.signal(signal.SIGTERM, lambda *_: None), signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        assert list(run_forked(1, work)) == [Told(0, 1, 1), Told(0, 2, 1)]
    finally:
        signal.signal(signal.SIGTERM, before[0])
        signal.signal(signal.SIGHUP, before[1])


def test_no_copies_of_a_process_with_threads() -> None:
    done = threading.Event()
    other = threading.Thread(target=done.wait)
    other.start()
    try:
        assert usable_fork() is None
    finally:
        done.set()
        other.join()
