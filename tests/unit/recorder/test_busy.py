"""Emulated time: progress never falls and never reaches the end early; the buffer keeps a laser's pace."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from burnlab.recorder.busy import FULL_PROGRESS, Operation, Pace, Work
from burnlab.scsi import SenseKey

TIMES = st.floats(0, 1e6, allow_nan=False)


@given(TIMES, st.floats(0, 1e5), st.lists(st.floats(0, 1.2), min_size=2, max_size=20))
def test_progress_is_monotone_and_inside(began: float, seconds: float, parts: list[float]) -> None:
    operation = Operation(Work.BLANK, began, began + seconds)
    seen = [operation.progress(began + seconds * part) for part in sorted(parts)]
    assert seen == sorted(seen)
    assert all(1 <= p < FULL_PROGRESS for p in seen)


def test_progress_at_the_ends() -> None:
    operation = Operation(Work.BLANK, 100.0, 200.0)
    assert operation.progress(100.0) == 1
    assert operation.progress(150.0) == pytest.approx(FULL_PROGRESS / 2, abs=2)
    assert operation.progress(199.9999) == FULL_PROGRESS - 1
    assert Operation(Work.BLANK, 5.0, 5.0).progress(5.0) == FULL_PROGRESS - 1


@pytest.mark.parametrize("work", Work)
def test_sense_of_each_work(work: Work) -> None:
    sense = Operation(work, 0.0, 10.0).sense(5.0)
    assert sense.key == SenseKey.NOT_READY
    assert sense.asc == 0x04
    assert sense.pack()[0] == 0x70
    assert (sense.progress is None) == (work is Work.LOAD)


def test_no_limit_takes_no_time() -> None:
    pace = Pace(1000)
    assert pace.written(10**9, 0.0) == 0
    assert pace.read(10**9, 0.0) == 0
    assert pace.level(0.0) == 0
    assert pace.duration(Work.BLANK, 10**9, 99.0, 0.0) == Work.BLANK.cap_seconds


def test_buffer_fills_then_waits_then_empties() -> None:
    pace = Pace(1000, write_kbps=1.0)
    assert pace.written(600, 0.0) == 0
    assert pace.level(0.0) == 600
    assert pace.written(600, 0.0) == pytest.approx(0.2)
    assert pace.level(0.2) == 1000
    assert pace.drain_seconds(0.2) == pytest.approx(1.0)
    assert pace.level(1.2) == 0
    assert pace.level(99.0) == 0


@given(st.lists(st.tuples(st.integers(1, 5000), st.floats(0, 3)), max_size=30))
def test_never_faster_than_the_laser(writes: list[tuple[int, float]]) -> None:
    pace = Pace(1000, write_kbps=2.0)
    now = total = 0.0
    for length, pause in writes:
        now += pace.written(length, now)
        total += length
        now += pause
        assert 0 <= pace.level(now) <= 1000 + 1
        assert total <= now * 2000 + 1000 + 1


def test_reads_wait_for_each_other() -> None:
    pace = Pace(1000, read_kbps=1.0)
    assert pace.read(500, 0.0) == pytest.approx(0.5)
    assert pace.read(500, 0.0) == pytest.approx(1.0)
    assert pace.read(500, 2.0) == pytest.approx(0.5)


def test_duration_counts_what_is_in_the_buffer() -> None:
    pace = Pace(10**6, write_kbps=1385.0)
    assert pace.duration(Work.BLANK, 2298496, 0.0, 0.0) == pytest.approx(2298496 * 2048 / 1385e3)
    pace.written(10**6, 0.0)
    assert pace.duration(Work.SYNCHRONIZE, 0, 0.0, 0.0) == pytest.approx(10**6 / 1385e3)
    assert pace.duration(Work.CLOSE_TRACK, 0, 2.0, 100.0) == pytest.approx(2.0)
