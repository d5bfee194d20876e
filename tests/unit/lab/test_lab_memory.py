"""The pure parts of the station in memory: words, places on a disc, time."""

from __future__ import annotations

import pytest

from burnlab.burn.drive import Access, Medium, Status, Track
from burnlab.lab.disc_reading import NothingThereError, start_of
from burnlab.lab.loading import PlanError, parse_plan
from burnlab.lab.memory import OutOfTime, StepClock, relative_payloads
from burnlab.lab.plan import Reading
from burnlab.lab.result import CaseResult, StepResult
from burnlab.lab.run import filled_in, said
from burnlab.lab.table import mark
from burnlab.recorder import EmulatedClock, PromptUnit
from burnlab.scsi import Reply, Task
from burnlab.scsi.mmc.toc import lba_of, lead_outs, msf

PLAN = """
title = "Small"
types = ["dvd-rw"]
[[step]]
name = "look"
cites = "x"
"""


def test_only_disk_paths_of_payloads_become_relative():
    words = [
        "-md5",
        "on",
        "-add",
        "/payload/lib",
        "/payloads",
        "--",
        "-find",
        "/payload/lib",
        "-add",
        "/payload",
    ]
    assert relative_payloads(words) == [
        *("-md5", "on", "-add", "payload/lib", "/payloads", "--"),
        *("-find", "/payload/lib", "-add", "payload"),
    ]


def test_emulated_time_passes_by_sleeping_and_by_answers():
    clock = EmulatedClock(5.0)

    class Slow:
        def execute(self, task):
            return Reply(seconds=2.5)

    PromptUnit(Slow(), clock.sleep).execute(Task(b"\0" * 6))
    clock.sleep(1.0)
    assert clock.now() == 8.5


def test_a_step_has_so_much_time_and_no_more():
    clock = StepClock()
    clock.limit = 10.0
    clock.sleep(10.0)
    with pytest.raises(OutOfTime):
        clock.sleep(0.5)
    clock.sleep(3600.0)  # what tidies up afterwards has all the time it needs
    assert clock.now() == 3610.5


def medium(*tracks: Track) -> Medium:
    return Medium(Status.APPENDABLE, Access.SEQUENTIAL, tracks=tracks)


def test_where_a_system_would_begin_to_read():
    disc = medium(
        Track(1, 1, 0, 100),
        Track(2, 2, 500, 100),
        Track(2, 3, 700, 9),
        Track(3, 4, 900, 0, is_complete=False),
    )
    assert start_of(disc, "") == 500
    assert start_of(disc, "session 0") == 0
    assert start_of(disc, "session 1") == 500
    assert start_of(disc, "sbsector 32") == 32
    assert start_of(medium(), "") == 0
    for place in ("session 2", "session x", "somewhere 3"):
        with pytest.raises(NothingThereError):
            start_of(disc, place)


def test_the_lead_outs_of_a_table_of_contents():
    raw = bytes.fromhex(
        "0065 0102"
        "011400a000000000010000 011400a100000000010000 011400a200000000003a00 0114000100000000000200"
        "021400a000000000020000 021400a100000000030000 021400a200000000033b24"
        "0214000200000000031e00 0214000300000000033032"
    )
    assert lead_outs(raw) == {1: 4200, 2: 17811}
    assert lead_outs(raw[:20]) == {}
    assert [lba_of(msf(lba)) for lba in (-150, 0, 359848)] == [-150, 0, 359848]


def test_a_reading_gets_its_values():
    reading = Reading("digests", ("{payload.a}/x",), ("sbsector {w.lba}",))
    assert filled_in(reading, {"payload.a": "/p/a", "w.lba": 32}) == Reading(
        "digests", ("/p/a/x",), ("sbsector 32",)
    )
    assert said(Reading("names", ("/p",))) == "names of /p at the newest session"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('action = { do = "status" }\nmemory = { show = "names", paths = ["/"] }', "an action needs none"),
        ('command = "mount"\nmemory = { show = "names" }', "needs `paths`"),
        ('command = "dd"\nmemory = { show = "identifiers", paths = ["/"] }', "needs `paths`"),
        ('command = "dd"\nmemory = { show = "names", paths = ["{drive}"] }', "uses 'drive'"),
        ('command = "dd"\nmemory = { show = "name", paths = ["/"] }', "Invalid enum value 'name'"),
        ('command = "dd"\nmemory = { shows = "names" }', "did you mean 'show'"),
    ],
)
def test_mistakes_in_a_reading(text, says):
    with pytest.raises(PlanError, match=says):
        parse_plan(PLAN + text, "small")


def step(state):
    return StepResult("s", "x", "scenario", state)


def test_what_does_not_apply_neither_holds_nor_fails():
    assert mark([step("held"), step("not applicable")]) == "✓"
    assert mark([step("failed"), step("not applicable")]) == "✗"
    assert mark([step("not applicable")]) == "–"
    assert CaseResult("t", "m", (step("held"), step("not applicable"))).holds
    assert not CaseResult("t", "m", (step("not applicable"),)).holds
    assert not CaseResult("t", "m", (step("held"), step("not run"))).holds
