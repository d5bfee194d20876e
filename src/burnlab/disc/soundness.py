"""Whether a disc folder is sound, and what can be mended: facts about its files in, findings and a plan out.

A *fault* is something that burning, closing and being killed never leave behind. What they do leave behind,
and the next recorder puts in order by itself, is a *remark*.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from burnlab.disc.cd_model import CdState
from burnlab.disc.cd_regions import cd_track
from burnlab.disc.cd_sector import SECTOR_BYTES
from burnlab.disc.consistency import contradictions
from burnlab.disc.disc import sectors_end, surface_end
from burnlab.disc.media import Recording, medium_named
from burnlab.disc.model import DiscState, Track, TrackState
from burnlab.disc.reconcile import reconciled
from burnlab.disc.recovery import is_empty, recover
from burnlab.disc.sequential import track_limit
from burnlab.disc.surface import BLOCK_BYTES

FILES = ("surface", "sectors")
UNIT = {"surface": ("block", BLOCK_BYTES), "sectors": ("sector", SECTOR_BYTES)}


@dataclass(frozen=True, slots=True)
class Facts:
    """What was found in a folder. Sizes in bytes, None where there is no such file."""

    surface: int | None = None
    sectors: int | None = None
    has_state: bool = True
    state: DiscState | None = None
    state_error: str = ""
    salvaged: DiscState | None = None
    """The state that could be got out of a file which SQLite doesn't read."""
    newer: bool = False
    """A newer burnlab made it."""
    unversioned: bool = False
    """The file doesn't say which layout it has."""
    journal: bool = False
    """A transaction was begun and not ended."""
    others: tuple[str, ...] = ()
    """Names in the folder that are none of a disc."""
    holder: str = ""
    """Who has the disc in hand."""

    def size(self, name: str) -> int | None:
        """The size of one of `FILES`."""
        return self.surface if name == "surface" else self.sectors


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was found. `code` is for programs; `remedy` says what mending does, if it can."""

    code: str
    text: str
    fault: bool = True
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """What mending does: files to make, lengths in bytes to cut files to, the state to write."""

    create: tuple[str, ...] = ()
    cut: tuple[tuple[str, int], ...] = ()
    state: DiscState | None = None

    def __bool__(self) -> bool:
        return bool(self.create or self.cut or self.state is not None)


@dataclass(frozen=True, slots=True)
class Report:
    """What a folder is like."""

    findings: tuple[Finding, ...] = ()
    plan: Plan = field(default_factory=Plan)

    @property
    def is_sound(self) -> bool:
        """Nothing is wrong with it."""
        return not any(finding.fault for finding in self.findings)


def examine(facts: Facts) -> Report:
    """Look at the facts about a folder."""
    remarks = tuple(_remarks(facts))
    state = facts.state or facts.salvaged
    if state is None:
        return Report((_unreadable(facts), *remarks))
    findings = [*_about_state_file(facts)]
    wrong = [*contradictions(state)]
    if wrong:
        # Whether the files fit what is left of the state is looked at once that is written.
        mended = reconciled(state)
        remedy = mended[1] if mended else ""
        findings += [Finding("state-contradiction", _contradiction(text), remedy=remedy) for text in wrong]
        return Report((*findings, *remarks), Plan(state=mended[0] if mended else None))
    rewritten = state if findings else None
    found, plan = _about_files(facts, state)
    remarks += tuple(_cut_off(facts, plan.state or state))
    return Report((*findings, *found, *remarks), replace(plan, state=plan.state or rewritten))


def _contradiction(text: str) -> str:
    return f"the state contradicts itself: {text}"


def _unreadable(facts: Facts) -> Finding:
    if not facts.has_state:
        return Finding("state-missing", "there is no file state.sqlite")
    if facts.newer:
        return Finding("state-newer", f"the folder {facts.state_error}: use a newer burnlab for it")
    return Finding("state-unreadable", f"no state can be read from state.sqlite ({facts.state_error})")


def _about_state_file(facts: Facts) -> Iterator[Finding]:
    if facts.state is None:
        text = f"state.sqlite is damaged ({facts.state_error}), but the state in it is whole"
        yield Finding("state-damaged", text, remedy="write a new state.sqlite with that state")
    elif facts.unversioned:
        text = "state.sqlite doesn't say which layout the folder has"
        yield Finding("state-version", text, remedy="write a new state.sqlite that does")


def _remarks(facts: Facts) -> Iterator[Finding]:
    if facts.holder:
        text = f"in use by {facts.holder}: what it is burning now isn't looked at"
        yield Finding("in-use", text, fault=False)
    if facts.journal and not facts.holder:
        yield Finding("journal", "a change of the state was cut off: it will be undone", fault=False)
    for name in facts.others:
        yield Finding("foreign-file", f"'{name}' is no file of a disc", fault=False)


def _cut_off(facts: Facts, state: DiscState) -> Iterator[Finding]:
    """What an interruption has left, which the next recorder finds out by itself."""
    if facts.holder or facts.surface is None:
        return
    if state.erasing or (is_empty(state) and (facts.surface or facts.sectors)):
        yield Finding("erasing", "blanking or formatting was cut off: its end is made up for", fault=False)
        return
    lengths = [-(-(facts.size(name) or 0) // UNIT[name][1]) for name in FILES]
    for before, after in zip(state.tracks, recover(state, *lengths).state.tracks, strict=False):
        if before.state is not after.state:
            text = f"writing was cut off: track {after.number} will be damaged, {after.blocks} blocks of it"
            yield Finding("cut-off", text, fault=False)
    if state.cd.is_writing:
        yield Finding("cut-off", "writing at once was cut off: the session will be damaged", fault=False)


# The files beside the state.


def _about_files(facts: Facts, state: DiscState) -> tuple[list[Finding], Plan]:
    findings: list[Finding] = []
    create: list[str] = []
    for name in FILES:
        if facts.size(name) is None and (name == "surface" or sectors_end(state)):
            finding = _missing(name, state)
            findings.append(finding)
            create += [name] if finding.remedy else []
    short, left = _short(facts, state)
    findings += short
    cut = []
    for name, end in () if facts.holder else _ends(left or state):
        size = facts.size(name) or 0
        if size > end:
            unit, unit_bytes = UNIT[name]
            remedy = f"cut it off at {unit} {end // unit_bytes}, and keep a copy of what is cut off"
            text = f"the {name} goes on behind {unit} {end // unit_bytes}, where nothing is recorded"
            findings.append(Finding(f"{name}-tail", text, remedy=remedy))
            cut.append((name, end))
    return findings, Plan(tuple(create), tuple(cut), left)


def _missing(name: str, state: DiscState) -> Finding:
    if name == "surface" and is_empty(state):
        return Finding("surface-missing", "there is no file surface", remedy="make an empty one: it is blank")
    text = f"there is no file {name}, and what was recorded was in it: copy it from where the disc came from"
    return Finding(f"{name}-missing", text)


def _short(facts: Facts, state: DiscState) -> tuple[list[Finding], DiscState | None]:
    """What files that end too early have lost, and the state that is left."""
    findings = []
    for name, end in (("surface", surface_end), ("sectors", sectors_end)):
        size, (unit, unit_bytes) = facts.size(name), UNIT[name]
        # A track that is being written may have more than the state knows, never less.
        if size is not None and size < end(state) * unit_bytes:
            text = f"the {name} ends at {unit} {size // unit_bytes}, but {end(state)} are recorded"
            findings.append(Finding(f"{name}-short", text))
    missing = facts.surface is None or (facts.sectors is None and sectors_end(state))
    if not findings and not missing:
        return [], None
    left = cut_to(state, facts)
    if left is None or facts.surface is None:
        return findings, None
    if not findings:
        findings = [Finding("tracks-lost", "some tracks can be used without what is missing")]
    return [replace(f, remedy=_what_is_left(state, left)) for f in findings], left


def _what_is_left(state: DiscState, left: DiscState) -> str:
    last = left.tracks[-1]
    words = []
    if last.blocks < state.tracks[last.number - 1].blocks:
        words.append(f"shorten track {last.number} to the {last.blocks} blocks that are there")
    if len(left.tracks) < len(state.tracks):
        words.append(f"forget what came behind track {last.number}")
    if left.closed_sessions < state.closed_sessions:
        words.append(f"leave session {last.session} open, to be closed again")
    return ", ".join(words)


def cut_to(state: DiscState, facts: Facts) -> DiscState | None:
    """The state without what the files have lost; None if nothing is left of it."""
    whole: list[Track] = []
    for track in state.tracks:
        there = _blocks_there(track, facts)
        if there >= track.blocks:
            whole.append(track)
            continue
        if there:
            whole.append(_shortened(state, track, there))
        break
    if not whole:
        return None
    last = whole[-1]
    if medium_named(state.medium).recording is Recording.READ_ONLY:
        return replace(state, tracks=tuple(whole))
    complete = len(whole) == len(state.tracks) or state.tracks[len(whole)].session > last.session
    closed = min(state.closed_sessions, last.session - (not complete or last.state is not TrackState.CLOSED))
    return replace(
        state,
        tracks=tuple(whole),
        closed_sessions=closed,
        finalized=False,
        cd=CdState(lead_ins=state.cd.lead_ins[:closed]),
    )


def _blocks_there(track: Track, facts: Facts) -> int:
    there = (facts.surface or 0) // BLOCK_BYTES - track.start
    if cd_track(track).form.is_whole:
        there = min(there, (facts.sectors or 0) // SECTOR_BYTES - track.start)
    return max(0, there)


def _shortened(state: DiscState, track: Track, blocks: int) -> Track:
    if medium_named(state.medium).recording is Recording.READ_ONLY:
        return replace(track, blocks=blocks)
    cd = replace(track.cd, run_out=0) if track.cd is not None else None
    return replace(track, blocks=blocks, state=TrackState.DAMAGED, reserved_blocks=0, cd=cd)


def _ends(state: DiscState) -> Iterator[tuple[str, int]]:
    """Files and the bytes at which they end at the latest, whatever was being written."""
    medium = medium_named(state.medium)
    if state.erasing or is_empty(state):
        return
    if state.overwritable:
        yield "surface", max(state.capacity_blocks, medium.largest_format) * BLOCK_BYTES
        return
    last = state.tracks[-1] if state.tracks else None
    end = surface_end(state)
    if last is not None and last.state is TrackState.OPEN:
        end = max(end, track_limit(state, last))
    if state.cd.plan is not None:
        end = max(end, state.cd.plan.end)
    yield "surface", end * BLOCK_BYTES
    if medium.recording is Recording.CD:
        yield "sectors", end * SECTOR_BYTES
