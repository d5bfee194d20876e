"""Formatting: which sizes a medium can be given, and what it is afterwards.

Format types are those of FORMAT UNIT; they belong to the medium, which offers some of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from burnlab.disc.errors import BadFormat, CannotFormat
from burnlab.disc.media import Format, Medium, Recording
from burnlab.disc.model import Background, DiscState

FULL, SPARES = 0x00, 0x01
DVD_RW_FULL, DVD_RW_GROW, DVD_RW_QUICK = 0x10, 0x13, 0x15
DVD_PLUS_RW_BASIC = 0x26
BD_RE_SPARES, BD_RE_NO_SPARES, BD_R_SPARES = 0x30, 0x31, 0x32

RESTART = 0x01
"""Parameter of the DVD+RW format: go on with one that was stopped."""

POSSIBLY_OVERWRITABLE = 0
"""Sub-type of BD-R formatting that promises pseudo-overwrite, which no burn program here can use."""


def offered(medium: Medium, state: DiscState) -> tuple[Format, ...]:
    """The formats that the medium can be given in its present state."""
    formats = medium.formats
    partly = state.overwritable and not state.growing and state.formatted_blocks < medium.largest_format
    if partly and medium.recording is Recording.SEQUENTIAL:
        formats += (Format(DVD_RW_GROW, medium.largest_format - state.formatted_blocks, 0x10),)
    return formats


@dataclass(frozen=True, slots=True)
class Wish:
    """What FORMAT UNIT asks for."""

    code: int
    blocks: int
    parameter: int = 0
    sub_type: int = 0


def apply(medium: Medium, state: DiscState, wish: Wish) -> DiscState:
    """The state after formatting; CannotFormat or BadFormat where the medium refuses."""
    code = wish.code
    codes = {f.code for f in medium.formats} | ({DVD_RW_GROW} if state.overwritable else set())
    if not medium.formats:
        raise CannotFormat(f"{medium.title} can't be formatted")
    if code not in codes or code not in _FORMATTERS:
        raise BadFormat(f"{medium.title} doesn't know format type {code:02X}h")
    if (
        medium.recording is Recording.SEQUENTIAL
        and not medium.erasable
        and (state.tracks or state.spare_blocks)
    ):
        raise CannotFormat("only a new disc of this kind can be formatted")
    if wish.sub_type == POSSIBLY_OVERWRITABLE and code in (FULL, BD_R_SPARES) and medium.spares_on_request:
        raise BadFormat("pseudo-overwrite is not supported")
    return _FORMATTERS[code](medium, state, wish.blocks, wish.parameter)


def _sized(medium: Medium, code: int, blocks: int) -> int:
    """A size that is offered under a type, or lies between the ones that are."""
    sizes = [f.blocks for f in medium.formats if f.code == code]
    if not min(sizes) <= blocks <= max(sizes) or blocks % medium.unit_blocks:
        raise BadFormat(f"{blocks} blocks are not between {min(sizes)} and {max(sizes)}")
    return blocks


def _with_spares(code: int) -> Callable[[Medium, DiscState, int, int], DiscState]:
    def format_with_spares(medium: Medium, state: DiscState, blocks: int, _parameter: int) -> DiscState:
        size = _sized(medium, code, blocks)
        spares = medium.capacity_blocks - size if medium.capacity_blocks > size else 0
        if medium.recording is Recording.SEQUENTIAL:
            return replace(state, capacity_blocks=size, spare_blocks=spares)
        return replace(state, overwritable=True, formatted_blocks=size, spare_blocks=spares)

    return format_with_spares


def _full(medium: Medium, state: DiscState, blocks: int, parameter: int) -> DiscState:
    if not medium.erases_by_formatting:
        return _with_spares(FULL)(medium, state, blocks, parameter)
    if not 0 < blocks <= medium.largest_format or blocks % medium.unit_blocks:
        raise BadFormat(f"{blocks} blocks are not between {medium.unit_blocks} and {medium.largest_format}")
    return replace(_erased(state), overwritable=True, formatted_blocks=blocks)


def _quick(_medium: Medium, state: DiscState, _blocks: int, _parameter: int) -> DiscState:
    return replace(_erased(state), overwritable=True, formatted_blocks=0, growing=True)


def _grow(medium: Medium, state: DiscState, _blocks: int, _parameter: int) -> DiscState:
    if state.formatted_blocks >= medium.largest_format:
        return state
    return replace(state, growing=True)


def _in_background(medium: Medium, state: DiscState, _blocks: int, parameter: int) -> DiscState:
    restart = parameter & RESTART
    if restart and state.background is Background.DONE:
        return state
    return replace(
        state, overwritable=True, formatted_blocks=medium.largest_format, background=Background.RUNNING
    )


def _erased(state: DiscState) -> DiscState:
    return replace(state, tracks=(), closed_sessions=0, finalized=False, incremental=True, growing=False)


_FORMATTERS: dict[int, Callable[[Medium, DiscState, int, int], DiscState]] = {
    FULL: _full,
    SPARES: _with_spares(SPARES),
    DVD_RW_FULL: _full,
    DVD_RW_GROW: _grow,
    DVD_RW_QUICK: _quick,
    DVD_PLUS_RW_BASIC: _in_background,
    BD_RE_SPARES: _with_spares(BD_RE_SPARES),
    BD_RE_NO_SPARES: _with_spares(BD_RE_NO_SPARES),
    BD_R_SPARES: _with_spares(BD_R_SPARES),
}
