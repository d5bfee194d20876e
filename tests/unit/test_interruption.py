"""What is whole isn't cut short; where something is waited for, it is."""

from __future__ import annotations

import threading

import pytest

from burnlab.interruption import interrupt, waiting, whole


class Cut(BaseException):
    """An interruption."""


def test_elsewhere_it_is_raised_at_once() -> None:
    with pytest.raises(Cut):
        interrupt(Cut())
    with waiting(), pytest.raises(Cut):
        interrupt(Cut())


def test_it_is_held_until_the_outermost_end() -> None:
    done = []
    with pytest.raises(Cut), whole():
        with whole():
            interrupt(Cut())
            done.append("inner")
        done.append("outer")
    assert done == ["inner", "outer"]
    with whole():
        pass


def test_it_is_raised_where_a_wait_begins_and_within_it() -> None:
    with pytest.raises(Cut), whole():
        interrupt(Cut())
        with waiting():
            pytest.fail("nothing is waited for any more")
    with whole():
        with waiting(), pytest.raises(Cut):
            interrupt(Cut())
        with pytest.raises(Cut), waiting():
            interrupt(Cut())
        # What was whole before is so again.
        held = Cut()
        try:
            interrupt(held)
        except Cut:
            pytest.fail("it came through")
        with pytest.raises(Cut), waiting():
            pass


def test_an_error_within_gives_way_to_it() -> None:
    with pytest.raises(Cut) as caught, whole():
        interrupt(Cut())
        raise ValueError
    assert isinstance(caught.value.__context__, ValueError)


def test_several_are_one() -> None:
    with pytest.raises(Cut), whole():
        interrupt(Cut())
        interrupt(Cut())
    with whole():
        pass


def test_each_thread_has_its_own() -> None:
    told = []

    def elsewhere() -> None:
        with whole():
            pass
        try:
            interrupt(Cut())
        except Cut:
            told.append("raised")

    with pytest.raises(Cut), whole():
        interrupt(Cut())
        thread = threading.Thread(target=elsewhere)
        thread.start()
        thread.join()
    assert told == ["raised"]
