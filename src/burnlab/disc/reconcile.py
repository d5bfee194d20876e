"""Mending a state that contradicts itself, where its tracks leave but one reading.

Where each track lies and how much of it is recorded is never touched: if that is what doesn't fit together,
nobody can tell what is true. What counts, closes and remarks those tracks can be told from them. In doubt a
session is open again: closing it once more does no harm, and nothing that was recorded is lost by it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

from burnlab.disc.consistency import contradictions, wrong_types
from burnlab.disc.media import Recording, medium_named
from burnlab.disc.model import Background, DiscState, TrackState

Step: TypeAlias = Callable[[DiscState], tuple[DiscState, str]]
"""The state without one kind of contradiction, and what was done about it; nothing if there was none."""


def reconciled(state: DiscState) -> tuple[DiscState, str] | None:
    """The state as it can be true, and what has to be changed for it; None if that can't be told."""
    if any(wrong_types(state)):
        return None
    done = []
    for step in STEPS:
        state, words = step(state)
        done += [words] if words else []
    if not done or any(contradictions(state)):
        return None
    return state, ", ".join(done)


def _last_session(state: DiscState) -> int:
    return max((track.session for track in state.tracks), default=0)


def _is_pressed(state: DiscState) -> bool:
    return medium_named(state.medium).recording is Recording.READ_ONLY


def _numbers(state: DiscState) -> tuple[DiscState, str]:
    tracks = tuple(replace(track, number=number) for number, track in enumerate(state.tracks, 1))
    return replace(state, tracks=tracks), "number the tracks in their order" * (tracks != state.tracks)


def _tracks_before(state: DiscState) -> tuple[DiscState, str]:
    """A session behind another one can't have begun before that was closed, with all its tracks."""
    last, words = _last_session(state), ""
    tracks = []
    for track in state.tracks:
        if track.session < min(last, state.closed_sessions + 1) and track.state is not TrackState.CLOSED:
            track = replace(track, state=TrackState.CLOSED, reserved_blocks=0)
            words = "close the tracks of sessions that have another one behind them"
        tracks.append(track)
    return replace(state, tracks=tuple(tracks)), words


def _closed_sessions(state: DiscState) -> tuple[DiscState, str]:
    last = _last_session(state)
    complete = all(t.state is TrackState.CLOSED for t in state.tracks if t.session == last)
    most = last if complete else max(last - 1, 0)
    closed = most if _is_pressed(state) else min(max(state.closed_sessions, last - 1, 0), most)
    if closed == state.closed_sessions:
        return state, ""
    counted, left_open = f"count {closed} closed sessions", f"leave session {last} open, to be closed again"
    words = counted if closed == last else left_open
    return replace(state, closed_sessions=closed), words


def _finalized(state: DiscState) -> tuple[DiscState, str]:
    is_pressed = _is_pressed(state)
    if is_pressed and state.tracks and not state.finalized:
        return replace(state, finalized=True), "take it for closed"
    if not is_pressed and state.finalized and state.closed_sessions < _last_session(state):
        return replace(state, finalized=False), "leave the disc open"
    return state, ""


def _formatting(state: DiscState) -> tuple[DiscState, str]:
    if state.overwritable or not (state.growing or state.background is not Background.NONE):
        return state, ""
    return replace(state, growing=False, background=Background.NONE), "forget that it is being formatted"


def _remarks(state: DiscState) -> tuple[DiscState, str]:
    cd, words = state.cd, []
    if cd.plan is not None and not (cd.plan.spans and cd.plan.tracks):
        cd = replace(cd, plan=None)
        words.append("forget the empty session that was to be written at once")
    if len(cd.lead_ins) > state.closed_sessions:
        cd = replace(cd, lead_ins=cd.lead_ins[: state.closed_sessions])
        words.append("forget lead-ins without a session")
    if state.spare_blocks < 0:
        state = replace(state, spare_blocks=0)
        words.append("count no spare blocks")
    return replace(state, cd=cd), ", ".join(words)


STEPS: tuple[Step, ...] = (_numbers, _tracks_before, _closed_sessions, _finalized, _formatting, _remarks)
"""In this order: what a later one looks at an earlier one has put right."""
