"""The runner: what follows a step that doesn't hold, sabotage, and a broken lab."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace

import pytest

from burnlab.lab.loading import load_plan
from burnlab.lab.monitor import Monitor
from burnlab.lab.plan import Case
from burnlab.lab.result import run_id
from burnlab.lab.run import Job, UnknownStepError, panel_lines, run_plan, run_plans
from burnlab.lab.station import StationError
from support.lab_fake import FakeStation, opener

LOADED = load_plan("walkthrough")
CASE = Case("dvd-rw", model="bd-5300s")


class Recording(Monitor):
    """Remembers what it was told."""

    def __init__(self):
        self.events = []

    def case_begins(self, case, steps):
        self.events.append(("case", case.type))

    def step_begins(self, step):
        self.events.append(("begins", step.name))

    def step_ends(self, result):
        self.events.append((result.state, result.name))

    def run_ends(self, result):
        self.events.append(("run", result.state))


def run(monitor=None, sabotage="", cases=(CASE,), **fake):
    station = FakeStation(LOADED.plan, CASE, **fake)
    return run_plan(Job(LOADED, cases, sabotage=sabotage), opener(station), monitor or Monitor())


def states(result):
    return {step.name: step.state for step in result.cases[0].steps}


def spoil(part, old, new):
    def change(command, transcript):
        if part not in command:
            return transcript
        return replace(
            transcript, stdout=transcript.stdout.replace(old, new), stderr=transcript.stderr.replace(old, new)
        )

    return change


def test_a_run_that_passes_tells_each_step():
    monitor = Recording()
    result = run(monitor)
    assert result.state == "passed"
    assert result.exit_value == 0
    assert monitor.events[:3] == [("case", "dvd-rw"), ("begins", "insert-disc"), ("held", "insert-disc")]
    assert monitor.events[-1] == ("run", "passed")
    assert len(result.id) == 16
    assert result.traces == ("trace.jsonl",)


def test_a_failed_write_takes_what_rests_on_it_along_and_nothing_else():
    result = run(change=spoil("-add /payload/bin", "completed successfully", "failed"))
    found = states(result)
    assert result.exit_value == 1
    assert found["dao-write"] == "failed"
    assert found["dao-check"] == found["dao-append-refused"] == found["blank-as-needed"] == "not run"
    assert found["write-1"] == found["check-1"] == "held"
    assert found["write-2"] == "failed"
    assert found["check-2"] == found["write-3"] == found["check-3"] == found["mismatch"] == "not run"
    assert found["eject"] == "held"


def test_reasons_say_what_and_show_the_end_of_the_transcript():
    result = run(change=spoil("-outdev /dev/sr1 -toc", "RITEKW04", "OTHER"))
    step = next(step for step in result.cases[0].steps if step.name == "toc-old")
    assert "stdout has 'Media product: RITEKW04 , Ritek Corp': no such line; nearest is" in step.why[0]
    assert step.why[-1].startswith("the transcript ends with\nstdout: ")


def test_a_broken_lab_ends_the_run_and_is_not_a_failed_check():
    result = run(breaks="-blank as_needed")
    assert (result.state, result.exit_value) == ("broken", 3)
    assert result.broken == "the guest doesn't answer"
    assert result.hint == "look at its console"
    assert states(result)["toc-old"] == "held"
    assert states(result)["write-1"] == states(result)["blank-before-simulation"] == "not run"


def test_a_station_that_does_not_open_is_a_broken_lab():
    @contextmanager
    def nothing():
        raise StationError("qemu-system-x86_64 isn't there", "apt-get install qemu-system-x86")
        yield

    result = run_plan(Job(LOADED, (CASE,)), nothing, Monitor())
    assert (result.state, result.exit_value, result.cases) == ("broken", 3, ())


def test_a_command_without_end_fails_its_step_and_ends_the_case():
    result = run(hangs="-blank as_needed")
    found = states(result)
    assert result.exit_value == 1
    assert found["blank-before-simulation"] == "failed"
    assert found["eject"] == "not run"
    step = next(step for step in result.cases[0].steps if step.name == "blank-before-simulation")
    assert "no end after 3600 seconds" in step.why[0]
    assert "Blanking" in step.stderr


def test_sabotage_is_red_and_said():
    result = run(sabotage="toc-old")
    assert (result.state, result.sabotage) == ("failed", "toc-old")
    assert states(result)["toc-old"] == "failed"
    assert states(result)["dao-check"] == "held"


def test_sabotage_of_an_unknown_step():
    with pytest.raises(UnknownStepError):
        run(sabotage="tock")


def test_one_station_serves_several_cases():
    result = run(cases=(CASE, CASE), rounds=2)
    assert [case.type for case in result.cases] == ["dvd-rw", "dvd-rw"]
    assert result.state == "passed"


def several(*names, breaks=""):
    jobs = [Job(load_plan(name), (Case("dvd-rw", model=load_plan(name).plan.model),)) for name in names]

    def open_for(job):
        name = job.loaded.name
        broken = breaks if name == names[0] else ""
        return opener(FakeStation(job.loaded.plan, job.cases[0], name=name, breaks=broken))

    return run_plans(jobs, open_for, Monitor())


def test_several_plans_make_one_result():
    result = several("walkthrough", "growisofs")
    assert (result.state, result.plan) == ("passed", "walkthrough, growisofs")
    assert [(case.plan, case.type) for case in result.cases] == [
        ("walkthrough", "dvd-rw"),
        ("growisofs", "dvd-rw"),
    ]
    assert result.versions["drive model"] == "bd-5300s, generic"
    assert result.versions["xorriso"] == "1.5.4"
    assert result.traces == ("trace.jsonl", "trace.jsonl")


def test_a_lab_that_breaks_in_one_plan_lets_the_next_one_run():
    result = several("walkthrough", "growisofs", breaks="-toc")
    assert (result.state, result.exit_value) == ("broken", 3)
    assert result.broken == "walkthrough: the guest doesn't answer"
    assert result.cases[1].holds


def test_a_lab_that_does_not_open_is_not_tried_again():
    opened = []

    def open_for(job):
        @contextmanager
        def nothing():
            opened.append(job.loaded.name)
            raise StationError("no QEMU", "install it")
            yield

        return nothing

    jobs = [Job(load_plan(name), (Case("dvd-rw"),)) for name in ("walkthrough", "growisofs")]
    assert run_plans(jobs, open_for, Monitor()).state == "broken"
    assert opened == ["walkthrough"]


def test_a_run_is_known_by_all_that_took_part():
    versions = {"xorriso": "1.5.4"}
    first = run_id("plan", ("dvd-rw",), versions)
    assert first == run_id("plan", ("dvd-rw",), dict(versions))
    assert len({first, run_id("plan 2", ("dvd-rw",), versions), run_id("plan", ("cd-rw",), versions),
                run_id("plan", ("dvd-rw",), {"xorriso": "1.5.6"})}) == 4  # fmt: skip


def test_a_panel_becomes_lines():
    panel = {
        "tray": "open",
        "busy": None,
        "locked": False,
        "medium": {"type": "dvd-rw", "sessions": [{"n": 1}]},
    }
    assert panel_lines(panel) == [
        "tray: open",
        "busy: none",
        "locked: no",
        "medium.type: dvd-rw",
        "medium.sessions.1.n: 1",
    ]
