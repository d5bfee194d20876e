"""PREVENT ALLOW MEDIUM REMOVAL and START STOP UNIT: locking, opening and closing the tray."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Final

from burnlab.conformance.bench import Bench, holds, not_here, same, told
from burnlab.conformance.case import Chapter, Deviation, NotApplicable
from burnlab.conformance.checks.readiness import MEDIUM_COMMANDS
from burnlab.conformance.checks.state import TRAY_OPEN, media_event, media_events
from burnlab.conformance.conditions import a_medium, readable
from burnlab.conformance.refusal import INVALID_OPCODE, MEDIUM_CHANGED, NO_MEDIUM, REMOVAL_PREVENTED
from burnlab.conformance.subject import Subject
from burnlab.scsi.commands import (
    Inquiry,
    PreventAllowMediumRemoval,
    Read10,
    ReadCapacity10,
    RequestSense,
    StartStopUnit,
    TestUnitReady,
)
from burnlab.scsi.mmc.commands import GetConfiguration, MechanismStatus, ReadDiscInformation
from burnlab.scsi.mmc.events import MediaEvent
from burnlab.scsi.mmc.features import Feature
from burnlab.scsi.sense import SenseData, SenseKey
from burnlab.scsi.task import Status

LOCK: Final = Chapter("prevent-removal")
START: Final = Chapter("start-stop")

TRAY_MECHANISM: Final = 1
DRIVE_COMMANDS: Final = (
    Inquiry(allocation_length=36),
    RequestSense(allocation_length=18),
    GetConfiguration(allocation_length=8),
    PreventAllowMediumRemoval(),
)
"""Commands about the unit itself."""
LOCKS, EJECTS = 0x01, 0x08
SOME: Final = 4
LOAD_SECONDS: Final = 120.0
ATTENTIONS: Final = 8


def can_open(subject: Subject) -> str:
    """The unit has a tray that it opens, and closes again, by itself."""
    data = subject.feature(Feature.REMOVABLE_MEDIUM)
    if not data or data[0] >> 5 != TRAY_MECHANISM or not data[0] & EJECTS:
        return "feature 0003h tells of no tray that can be opened and closed by commands"
    return ""


def can_lock(subject: Subject) -> str:
    """The unit can lock the medium."""
    data = subject.feature(Feature.REMOVABLE_MEDIUM)
    return "" if data and data[0] & LOCKS else "feature 0003h tells that the medium can't be locked"


TRAY: Final = Chapter("tray", a_medium, can_open, moves_tray=True)


@LOCK.case("MMC-5, PREVENT ALLOW MEDIUM REMOVAL")
def lock_and_unlock(bench: Bench) -> None:
    """Removal can be prevented and allowed, and either twice."""
    try:
        for prevent in (True, True, False, False):
            bench.good(PreventAllowMediumRemoval(prevent=prevent))
    finally:
        bench.attempt(PreventAllowMediumRemoval())


@START.case("MMC-5, 6.40", a_medium)
def start(bench: Bench) -> None:
    """Start keeps a medium ready."""
    bench.good(StartStopUnit(start=True))
    bench.wait(LOAD_SECONDS)
    bench.good(TestUnitReady())


@START.case("MMC-5, 6.40", readable)
def stop(bench: Bench) -> None:
    """After stop the medium can still be read, by start or by itself."""
    bench.good(StartStopUnit())
    bench.attempt(StartStopUnit(start=True))
    bench.wait(LOAD_SECONDS)
    bench.read(Read10(bench.subject.data.start, 1), 1)


def _close(bench: Bench) -> None:
    """Close the tray and wait for the medium; NotApplicable if the unit can't, as most of notebooks."""
    bench.attempt(StartStopUnit(load_eject=True, start=True))
    waited = 0.0
    while waited < LOAD_SECONDS:
        bench.wait(LOAD_SECONDS)
        if bench.send(TestUnitReady()).status is Status.GOOD:
            return
        bench.sleep(0.5)
        waited += 0.5
    raise not_here("the unit doesn't close its tray by itself: close it by hand")


def _open(bench: Bench) -> None:
    bench.good(PreventAllowMediumRemoval())
    bench.good(StartStopUnit(load_eject=True))


@contextlib.contextmanager
def _opened(bench: Bench) -> Iterator[None]:
    """The tray is open within; what was found out there counts for more than that it can't be closed."""
    _open(bench)
    try:
        yield
    except Deviation:
        found = bench.last
        with contextlib.suppress(NotApplicable, Deviation):
            _close(bench)
        bench.last = found
        raise
    _close(bench)


@TRAY.case("MMC-5, 6.40 and PREVENT ALLOW MEDIUM REMOVAL", can_lock)
def locked(bench: Bench) -> None:
    """A locked tray doesn't open, and the medium stays ready; unlocked it opens."""
    bench.good(PreventAllowMediumRemoval(prevent=True))
    try:
        bench.refused(StartStopUnit(load_eject=True), REMOVAL_PREVENTED)
        bench.good(TestUnitReady())
    finally:
        bench.attempt(PreventAllowMediumRemoval())
        bench.attempt(StartStopUnit(load_eject=True, start=True))
        bench.wait(LOAD_SECONDS)
    with _opened(bench):
        bench.refused(TestUnitReady(), NO_MEDIUM)


@TRAY.case("MMC-5, 6.40 and the commands' own clauses")
def open_no_medium(bench: Bench) -> None:
    """While the tray is open, commands that need a medium are refused because there is none."""
    with _opened(bench):
        for _name, cdb, answer in MEDIUM_COMMANDS:
            reply = bench.outcome(cdb, answer=answer)
            sense = SenseData.unpack(reply.sense)
            wanted = NO_MEDIUM.matches(sense) or INVALID_OPCODE.matches(sense)
            if reply.status is Status.GOOD or not wanted:
                raise Deviation(f"{cdb.NAME} to be refused with {NO_MEDIUM}", told(reply))


@TRAY.case("MMC-5, 6.6.2 and 6.40")
def open_drive_commands(bench: Bench) -> None:
    """While the tray is open, commands about the unit itself are answered, and no profile is current."""
    with _opened(bench):
        for cdb in DRIVE_COMMANDS:
            bench.good(cdb)
        profile = bench.good(GetConfiguration(allocation_length=8))[6:8]
        same("current profile", 0, int.from_bytes(profile, "big"))


@TRAY.case("MMC-5, 6.7")
def events(bench: Bench) -> None:
    """Opening the tray is told as an event of removal, closing it as one of a new medium."""
    media_events(bench)
    with _opened(bench):
        event = media_event(bench)
        wanted = (MediaEvent.MEDIA_REMOVAL, MediaEvent.MEDIA_CHANGED)
        holds("a media event of removal", event[4] & 0x0F in wanted, event[4] & 0x0F)
        same("tray open bit", TRAY_OPEN, event[5] & TRAY_OPEN)
    codes = media_events(bench)
    holds("an event of a new medium", MediaEvent.NEW_MEDIA in codes, codes)


@TRAY.case("MMC-5, MECHANISM STATUS")
def door(bench: Bench) -> None:
    """MECHANISM STATUS tells whether the door is open."""

    def is_open() -> int:
        data = bench.good(MechanismStatus(allocation_length=8))
        return data[1] >> 4 & 1 if len(data) > 1 else -1

    with _opened(bench):
        same("door open bit", 1, is_open())
    same("door open bit", 0, is_open())


@TRAY.case("SAM-5, 5.14; MMC-5, 6.40")
def unit_attention(bench: Bench) -> None:
    """After loading, the first command is told by a unit attention that the medium may have changed."""
    _open(bench)
    seen: list[SenseData] = []
    bench.good(StartStopUnit(load_eject=True, start=True))
    waited = 0.0
    while waited < LOAD_SECONDS:
        reply = bench.send(TestUnitReady())
        if reply.status is Status.GOOD:
            break
        seen.append(SenseData.unpack(reply.sense))
        if seen[-1].key != SenseKey.UNIT_ATTENTION:
            bench.sleep(0.5)
            waited += 0.5
    else:
        raise not_here("the unit doesn't close its tray by itself: close it by hand")
    attentions = [sense for sense in seen if sense.key == SenseKey.UNIT_ATTENTION]
    told_so = any(MEDIUM_CHANGED.matches(sense) for sense in attentions)
    holds(f"unit attention {MEDIUM_CHANGED}", told_so, " ".join(map(str, seen)) or "GOOD at once")
    holds(f"fewer than {ATTENTIONS} unit attentions", len(attentions) < ATTENTIONS, len(attentions))


@TRAY.case("MMC-5, 6.22 and 6.19")
def same_medium(bench: Bench) -> None:
    """Opened and closed again, the same medium is there: its information, size and data."""

    def state() -> tuple[bytes | None, bytes | None, bytes | None]:
        start = bench.subject.data.start
        some = (
            bench.attempt(Read10(start, SOME), answer=SOME * 2048)
            if len(bench.subject.data) >= SOME
            else None
        )
        information = bench.attempt(ReadDiscInformation(allocation_length=34))
        return information, bench.attempt(ReadCapacity10(), answer=8), some

    before = state()
    with _opened(bench):
        pass
    for what, old, new in zip(("disc information", "capacity", "data"), before, state(), strict=True):
        same(what, old, new)


CHAPTERS: Final = (LOCK, START)
TRAY_CHAPTERS: Final = (TRAY,)
