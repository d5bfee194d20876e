"""Killed after every single change that reaches a disc's files, and in the middle of every write.

A life of each medium is lived once and its changes are noted down. Then every beginning of that list is laid
out as the files that a killed recorder leaves, opened, checked, closed, blanked and written on.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy

import pytest

from burnlab.disc import Disc, TrackState
from burnlab.disc.cd_model import CdTrack, LeadIn, SectorForm, Wish
from burnlab.disc.consistency import contradictions
from burnlab.disc.errors import SurfaceFailure
from burnlab.disc.model import DiscState
from burnlab.disc.soundness import Facts, examine
from support.disc_lives import AT_ONCE, BLOCK, LIVES, SESSION, TAO, Closed, Life, content, whole_sectors
from support.write_log import SECTORS, STATE, UNIT, Change, Left, WriteLog, left_by


def old_or_new(life: Life, whole: int) -> list[Closed]:
    """What may be closed once so many changes were whole: what was before the step at hand, or after it."""
    before = [closed for end, closed in life.done if end <= whole][-1]
    after = next((closed for end, closed in life.done if end > whole), before)
    return [before, after]


def check_tracks(found: Closed, allowed: list[Closed]) -> None:
    assert found.tracks in [closed.tracks for closed in allowed], "closed sessions are as before, or as after"


@pytest.mark.parametrize("name", LIVES)
def test_killed_at_every_instant(name: str) -> None:
    kind, steps = LIVES[name]
    log = WriteLog(kind)
    life = Life(log.disc(), lambda: len(log.changes))
    life.live(steps)
    instants = 0
    for whole, changes in log.instants():
        instants += 1
        left = left_by(changes)
        sizes = left.surface.blocks * BLOCK, left.sectors.blocks * UNIT[SECTORS]
        report = examine(Facts(*sizes, state=left.state))
        assert report.is_sound, report
        disc = left.open()
        assert not list(contradictions(disc.state)), disc.state
        again = left_by(changes)
        again.state = disc.state
        assert again.open().state == disc.state, "what was found out once stays so"
        found = Closed.on(disc)
        check_tracks(found, old_or_new(life, whole))
        check_erased(disc, life, changes)
        for mend in MENDERS:
            check_mended(left, disc.state, found, mend)
    assert instants > len(steps)


def check_erased(disc: Disc, life: Life, changes: list[Change]) -> None:
    """Where a state was kept in which all is erased, nothing of what was before can be read."""
    kept = max(n for n, change in enumerate(changes) if change.file == STATE)
    before = [written for begun, written in life.erased if begun <= kept]
    if not before or not disc.state.overwritable:
        return
    for lba in range(min(128, disc.capacity_end)):
        block = disc.read(lba, 1)
        written = int.from_bytes(block[:4], "big")
        assert block == bytes(BLOCK) or written > before[-1], f"LBA {lba} shows what was erased"


def mend_by_closing(disc: Disc) -> None:
    for track in disc.state.tracks:
        if track.state is not TrackState.CLOSED and not disc.state.finalized:
            disc.close_track(track.number)
    if not disc.state.finalized:
        disc.close_session(appendable=True)


def mend_by_blanking(disc: Disc) -> None:
    if disc.medium.erasable and disc.medium.name in ("dvd-rw", "cd-rw"):
        disc.blank(full=True)
        assert (disc.surface.blocks, disc.sectors.blocks) == (0, 0)


MENDERS = (mend_by_closing, mend_by_blanking)


def check_mended(left: Left, state: DiscState, found: Closed, mend: Callable[[Disc], None]) -> None:
    """Once it is closed or blanked it takes more, and what was closed stays."""
    disc = Disc(state, deepcopy(left.surface), sectors=deepcopy(left.sectors))
    mend(disc)
    if disc.state.tracks:
        assert Closed.on(disc).tracks[: len(found.tracks)] == found.tracks
        assert all(t.state is TrackState.CLOSED for t in disc.state.tracks) or mend is mend_by_blanking
    if mend is mend_by_closing and not disc.state.finalized and not disc.state.overwritable:
        go_on(disc)
    if mend is mend_by_closing:
        assert Closed.on(disc).tracks[: len(found.tracks)] == found.tracks
    assert not list(contradictions(disc.state))


def go_on(disc: Disc) -> None:
    """Burn one more session."""
    at = disc.next_writable
    if at is None or (disc.medium.name in ("dvd+rw", "bd-re") and not disc.state.overwritable):
        return
    usual = disc.track_views()[-1].write_type
    if usual is AT_ONCE:
        disc.reserve_track(16, AT_ONCE)
    disc.intend(Wish())
    data = content(at, 16, 99)
    disc.write(at, data, usual)
    disc.synchronize()
    if usual is not AT_ONCE:
        number = len(disc.state.tracks)
        disc.close_track(number)
        disc.close_session(appendable=True)
    assert disc.read(at, 16) == data


def test_erasing_that_fails_is_ended_before_the_next_write() -> None:
    """A host disk that fails in the middle: the disc is blank, and what is written next counts."""
    log = WriteLog("dvd-rw")
    life = Life(log.disc())
    for step in SESSION:
        step(life)
    resize = life.disc.surface.resize

    def fail(_blocks: int) -> None:
        raise SurfaceFailure("the disk fails")

    life.disc.surface.resize = fail  # type: ignore[method-assign]
    with pytest.raises(SurfaceFailure):
        life.disc.blank(full=True)
    assert life.disc.is_blank
    assert life.disc.state.erasing
    life.disc.surface.resize = resize  # type: ignore[method-assign]
    for step in SESSION:
        step(life)
    kept = Closed.on(life.disc)
    assert not life.disc.state.erasing
    disc = left_by(log.changes).open()
    assert Closed.on(disc) == kept


def test_a_failed_write_of_sectors_is_not_taken_for_one_that_was_cut_off() -> None:
    log = WriteLog("cd-r")
    life = Life(log.disc())
    whole_sectors(10)(life)
    life.disc.synchronize()
    life.disc.keep()
    write_blocks = life.disc.surface.write

    def fail(_lba: int, _data: object) -> None:
        raise SurfaceFailure("the disk is full")

    form_1 = bytes.fromhex("00ffffffffffffffffffff00000200020000080000000800")
    sector = form_1 + bytes(UNIT[SECTORS] - len(form_1))
    life.disc.intend(Wish(CdTrack(SectorForm.MODE_2), LeadIn()))
    at = life.disc.next_writable
    assert at is not None
    life.disc.surface.write = fail  # type: ignore[method-assign]
    with pytest.raises(SurfaceFailure):
        life.disc.write_sectors(at, sector * 4, TAO)
    life.disc.surface.write = write_blocks  # type: ignore[method-assign]
    disc = left_by(log.changes).open()
    assert disc.next_writable == at
