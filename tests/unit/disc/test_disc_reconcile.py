"""A state that contradicts itself: what is mended, what isn't, and that where tracks lie is never changed."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from burnlab.disc import DiscState, Track, TrackState, WriteType
from burnlab.disc.cd_model import CdState, LeadIn
from burnlab.disc.consistency import contradictions
from burnlab.disc.disc import state_as_sold
from burnlab.disc.folder import FolderError, create, import_image, open_disc
from burnlab.disc.media import MEDIA
from burnlab.disc.mending import check, repair
from burnlab.disc.reconcile import reconciled
from burnlab.disc.state_file import STATE, read_state, write_state
from support.drive import pattern


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A DVD+R with two sessions."""
    made = tmp_path / "x.disc"
    create(made, "dvd+r")
    with closing(open_disc(made)) as disc:
        for number in (1, 2):
            start = disc.next_writable
            assert start is not None
            disc.write(start, pattern(start, 48), WriteType.PLAIN)
            disc.close_track(number)
            disc.close_session(appendable=True)
    return made


def change(path: Path, spoil: Callable[[DiscState], DiscState]) -> None:
    """Write another state into the folder."""
    state = spoil(read_state(path))
    (path / STATE).unlink()
    write_state(path, state)


@pytest.mark.parametrize(
    ("spoil", "remedy"),
    [
        (lambda s: replace(s, closed_sessions=3), "count 2 closed sessions"),
        (lambda s: replace(s, closed_sessions=0), "leave session 2 open, to be closed again"),
        (lambda s: replace(s, growing=True), "forget that it is being formatted"),
        (lambda s: replace(s, cd=CdState(lead_ins=(LeadIn(),) * 3)), "forget lead-ins without a session"),
    ],
)
def test_what_is_done_about_a_contradiction_is_told(
    path: Path, spoil: Callable[[DiscState], DiscState], remedy: str
) -> None:
    change(path, spoil)
    with pytest.raises(FolderError, match="contradicts itself") as refused:
        open_disc(path)
    assert f"burnlab disc check {path}" in refused.value.hint
    assert {found.remedy for found in check(path).findings} == {remedy}
    repair(path)
    assert check(path).is_sound
    open_disc(path).close()


def test_a_pressed_disc_is_closed(tmp_path: Path) -> None:
    image = tmp_path / "some.iso"
    image.write_bytes(pattern(0, 40))
    path = tmp_path / "rom.disc"
    import_image(image, path, MEDIA["dvd-rom"])
    change(path, lambda s: replace(s, finalized=False, closed_sessions=0))
    assert {found.remedy for found in check(path).findings} == {"count 1 closed sessions, take it for closed"}
    repair(path)
    with closing(open_disc(path, read_only=True)) as disc:
        assert disc.read(0, 40) == pattern(0, 40)


@given(
    closed=st.integers(-2, 5),
    sessions=st.lists(st.integers(0, 4), max_size=4),
    states=st.lists(st.sampled_from(TrackState), min_size=4, max_size=4),
    finalized=st.booleans(),
    growing=st.booleans(),
)
def test_where_tracks_lie_is_never_changed(
    closed: int, sessions: list[int], states: list[TrackState], finalized: bool, growing: bool
) -> None:
    """Whatever doesn't fit together, and whether it can be mended or not."""
    tracks = tuple(
        Track(n + 1, session, n * 16, 16, states[n], WriteType.PLAIN) for n, session in enumerate(sessions)
    )
    state = replace(state_as_sold("bd-r"), tracks=tracks, closed_sessions=closed)
    state = replace(state, finalized=finalized, growing=growing)
    mended = reconciled(state)
    if mended is None:
        return
    assert any(contradictions(state)), "what is well isn't mended"
    assert not any(contradictions(mended[0]))
    before, after = ([(t.session, t.start, t.blocks) for t in s.tracks] for s in (state, mended[0]))
    assert before == after
