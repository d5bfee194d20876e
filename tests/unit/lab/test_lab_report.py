"""Reports, read back."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import msgspec
import pytest

from burnlab.lab.loading import load_plan
from burnlab.lab.monitor import Monitor
from burnlab.lab.plan import Case
from burnlab.lab.report import from_json, to_json, to_junit, to_markdown, write_reports
from burnlab.lab.result import CaseResult, CheckResult, RunResult, StepResult
from burnlab.lab.run import Job, run_plan
from support.lab_fake import FakeStation, opener

NASTY = 'a < b & c > d "q" ]]> \x1b[1m \x00 ``` | ````x\ny \u2028 \ud7ff'


def nasty_run(state="failed", broken="") -> RunResult:
    steps = (
        StepResult(
            "one",
            "Listing",
            "scenario",
            "held",
            "$ xorriso -devices",
            0,
            1.5,
            NASTY,
            NASTY,
            (CheckResult("x `y` {*}", True),),
        ),
        StepResult(
            "two",
            "A | B",
            "scenario",
            "failed",
            f"$ {NASTY}",
            32,
            2.0,
            NASTY,
            "",
            (),
            why=(NASTY, "second"),
            sabotage=("'1' became '2'",),
        ),
        StepResult("three", "C", "preparation", "not run", why=("it needs two, which didn't hold",)),
    )
    return RunResult(
        "0123",
        "plan",
        "Title *x*",
        "xorriso",
        "guest",
        "quick",
        "2026-01-01T00:00:00+00:00",
        9.0,
        {"QEMU": "7.2 | <b>"},
        (CaseResult("dvd-rw", "generic", steps),),
        state,
        "two",
        broken,
        "do this",
        ("trace-dvd-rw.jsonl",),
    )


def test_json_reads_back():
    result = nasty_run()
    assert from_json(to_json(result)) == result


def test_junit_reads_back():
    root = ET.fromstring(to_junit(nasty_run()))
    suite = root.find("testsuite")
    assert suite is not None
    assert {key: suite.get(key) for key in ("tests", "failures", "skipped", "errors")} == {
        "tests": "3", "failures": "1", "skipped": "1", "errors": "0",
    }  # fmt: skip
    cases = {case.get("name"): case for case in suite.findall("testcase")}
    failure = cases["two"].find("failure")
    assert failure is not None
    assert "a < b & c > d" in (failure.get("message") or "")
    assert "\\x1b[1m \\x00" in (cases["one"].findtext("system-out") or "")
    assert cases["three"].find("skipped") is not None
    assert {prop.get("name") for prop in suite.iter("property")} >= {"run id", "model", "QEMU"}


def test_junit_of_a_broken_lab_has_an_error():
    root = ET.fromstring(to_junit(nasty_run("broken", "QEMU is missing")))
    error = root.find("testsuite[@name='lab']/testcase/error")
    assert error is not None
    assert (error.get("message"), error.text) == ("QEMU is missing", "do this")


def test_markdown_tables_and_fences_hold():
    text = to_markdown(nasty_run())
    rows = [line for line in text.splitlines() if line.startswith(("| ✗", "| ✓"))]
    assert len(rows) == 2
    for row in rows:
        assert len(re.findall(r"(?<!\\)\|", row)) == 6
    assert "`````text" in text
    assert "7.2 \\| &lt;b>" in text
    assert "Sabotaged on purpose: step `two`" in text


def test_several_media_make_one_table():
    result = nasty_run()
    other = CaseResult(
        "cd-rw", "generic", (StepResult("zero", "Z", "scenario", "held"), *result.cases[0].steps)
    )
    text = to_markdown(msgspec.structs.replace(result, cases=(*result.cases, other)))
    assert (
        "| medium | one | two | zero |\n|---|:-:|:-:|:-:|\n| dvd-rw | ✓ | ✗ |   |\n| cd-rw | ✓ | ✗ | ✓ |"
        in text
    )


def test_operations_take_the_place_of_steps_in_the_table():
    result = nasty_run()
    (case,) = result.cases
    steps = tuple(msgspec.structs.replace(step, operation="look") for step in case.steps)
    cases = [msgspec.structs.replace(case, steps=steps, plan=name) for name in ("a", "b")]
    both = msgspec.structs.replace(result, plan="a, b", cases=tuple(cases))
    text = to_markdown(both)
    assert "| medium | look |\n|---|:-:|\n| dvd-rw | ✗ |\n" in text
    assert "## a: dvd-rw, drive model generic" in text
    suites = [suite.get("name") for suite in ET.fromstring(to_junit(both)).findall("testsuite")]
    assert suites == ["a dvd-rw", "b dvd-rw"]


def test_traces_are_named_as_seen_from_the_report(tmp_path):
    inside = msgspec.structs.replace(
        nasty_run(), traces=(str(tmp_path / "trace.jsonl"), "/elsewhere/t.jsonl")
    )
    write_reports(inside, tmp_path)
    assert from_json((tmp_path / "report.json").read_text()).traces == ("trace.jsonl", "/elsewhere/t.jsonl")


def test_a_report_names_every_step(tmp_path):
    loaded = load_plan("walkthrough")
    case = Case("dvd-rw", model="bd-5300s")
    result = run_plan(Job(loaded, (case,)), opener(FakeStation(loaded.plan, case)), Monitor())
    paths = write_reports(result, tmp_path / "deep" / "report")
    assert [path.name for path in paths] == ["report.json", "report.xml", "report.md"]
    for path in paths:
        text = path.read_text()
        missing = [step.name for step in loaded.plan.steps_for(case) if step.name not in text]
        assert missing == []
    assert from_json(paths[0].read_text()).cases[0].holds


@pytest.mark.parametrize("state", ["passed", "failed", "broken"])
def test_every_state_is_said(state):
    assert {"passed": "**passed**", "failed": "**FAILED**", "broken": "broken"}[state] in to_markdown(
        nasty_run(state)
    )
