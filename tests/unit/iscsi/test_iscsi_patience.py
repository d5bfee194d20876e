"""When a thread looks for bytes before it sleeps."""

from __future__ import annotations

import pytest

from burnlab.iscsi.patience import LOOK_SECONDS, WAKE_UP_SECONDS, Patience

FAST = LOOK_SECONDS / 2
SLOW = LOOK_SECONDS + WAKE_UP_SECONDS / 2
"""Fast for a thread that slept, and not for one that looked."""
IDLE = 1.0


def looks(patience: Patience, *waits: float, alone: bool = True) -> list[bool]:
    """For each wait of so many seconds, whether there was looking at its beginning."""
    now, found = 1000.0, []
    for wait in waits:
        until = patience.begin(now, alone=alone)
        assert until in {now, now + LOOK_SECONDS}
        found.append(until > now)
        now += wait
        patience.end(now)
        now += IDLE  # the command is carried out; how long that takes doesn't matter
    return found


def test_the_first_wait_sleeps() -> None:
    assert looks(Patience(), IDLE) == [False]


def test_a_fast_initiator_is_looked_for() -> None:
    assert looks(Patience(), FAST, FAST, FAST) == [False, True, True]


@pytest.mark.parametrize("wait", [SLOW, IDLE])
def test_looking_in_vain_once_ends_it(wait: float) -> None:
    assert looks(Patience(), FAST, wait, FAST, FAST) == [False, True, False, True]


def test_an_idle_initiator_is_never_looked_for() -> None:
    assert looks(Patience(), IDLE, IDLE, IDLE) == [False, False, False]


def test_after_sleep_the_time_to_wake_up_is_allowed_for() -> None:
    assert looks(Patience(), SLOW, FAST) == [False, True]


def test_several_threads_only_sleep() -> None:
    assert looks(Patience(), FAST, FAST, FAST, alone=False) == [False, False, False]


def test_one_that_is_alone_again_looks_at_once_if_the_last_wait_was_short() -> None:
    patience = Patience()
    looks(patience, FAST, alone=False)
    assert looks(patience, FAST) == [True]
