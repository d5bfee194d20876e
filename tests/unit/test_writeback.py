"""What the kernel is told of a large file while it is written."""

from __future__ import annotations

import os

import pytest

from burnlab.writeback import Writeback


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    calls: list[tuple[int, int]] = []

    def advise(fd: int, offset: int, count: int, advice: int) -> None:
        assert (fd, advice) == (7, os.POSIX_FADV_DONTNEED)
        calls.append((offset, count))
        if len(calls) > 1:
            raise OSError(29, "Illegal seek")

    monkeypatch.setattr(os, "posix_fadvise", advise)
    return calls


def test_each_so_many_bytes_once_whatever_is_answered(told: list[tuple[int, int]]) -> None:
    writeback = Writeback(100)
    for at in range(10):
        writeback.wrote(7, 1000 + 40 * at, 40)
    assert told == [(1000, 120), (1120, 120), (1240, 120)]


def test_what_is_written_elsewhere_begins_anew(told: list[tuple[int, int]]) -> None:
    writeback = Writeback(100)
    for offset in (0, 500, 0, 500):
        writeback.wrote(7, offset, 90)
    assert told == []
    writeback.wrote(7, 590, 10)
    assert told == [(500, 100)]
