"""A disc's state as JSON: it comes back as it was, and what is no state is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from burnlab.disc import DiscState, Track, TrackState, WriteType

NUMBERS = st.integers(0, 2**31)
TRACKS = st.builds(
    Track,
    NUMBERS,
    NUMBERS,
    NUMBERS,
    NUMBERS,
    st.sampled_from(TrackState),
    st.sampled_from(WriteType),
    NUMBERS,
)
STATES = st.builds(
    DiscState,
    medium=st.text(),
    product=st.text(),
    capacity_blocks=NUMBERS,
    tracks=st.lists(TRACKS, max_size=4).map(tuple),
    closed_sessions=NUMBERS,
    finalized=st.booleans(),
    incremental=st.booleans(),
)


@given(STATES)
def test_round_trip(state: DiscState) -> None:
    again = DiscState.from_json(state.to_json())
    assert again == state
    assert all(isinstance(t.state, TrackState) for t in again.tracks)
    assert all(isinstance(t.write_type, WriteType) for t in again.tracks)


def test_document_of_layout_1() -> None:
    # A literal document, so that a change of the code can't silently make old discs unreadable.
    text = (
        '{"medium":"dvd-rw","product":"RITEKW04","capacity_blocks":2298496,"tracks":[{"number":1,"session":1,'
        '"start":0,"blocks":106800,"state":"closed","write_type":"incremental","reserved_blocks":0}],'
        '"closed_sessions":1,"finalized":false,"incremental":true}'
    )
    state = DiscState.from_json(text)
    assert state == DiscState(
        "dvd-rw",
        "RITEKW04",
        2298496,
        (Track(1, 1, 0, 106800, TrackState.CLOSED, WriteType.INCREMENTAL),),
        closed_sessions=1,
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nonsense",
        "[]",
        "{}",
        '{"medium":"dvd-rw"}',
        '{"medium":"dvd-rw","product":"","capacity_blocks":1,"tracks":[],"of_tomorrow":1}',
        '{"medium":"dvd-rw","product":"","capacity_blocks":1,"tracks":[{"number":1}]}',
    ],
)
def test_what_is_no_state(text: str) -> None:
    with pytest.raises((ValueError, KeyError, TypeError)):
        DiscState.from_json(text)
