"""`burnlab lab` on the command line."""

from __future__ import annotations

import os
import signal
import time
from contextlib import contextmanager

import pytest
from typer.testing import CliRunner

from burnlab.cli import lab
from burnlab.lab.loading import load_plan, shipped_plans
from burnlab.lab.plan import Case
from burnlab.lab.report import from_json
from burnlab.lab.station import StationError
from support.lab_fake import FakeStation, opener

RUNNER = CliRunner()
opened = []


@pytest.fixture
def fake(monkeypatch):
    """A station in the place of the guest; its fields may be set."""
    settings = {}
    opened.clear()

    def open_fake(job, traces, _keep, programs=()):
        opened.append((job.loaded.name, traces, programs))
        return opener(FakeStation(job.loaded.plan, job.cases[0], name=job.loaded.name, **settings))

    monkeypatch.setattr(lab, "_opener", open_fake)
    return settings


def run(*words):
    return RUNNER.invoke(lab.app, ["run", *words])


def test_a_line_per_step_and_reports(fake, tmp_path):
    result = run("--report", str(tmp_path / "r"))
    assert result.exit_code == 0
    for step in load_plan("walkthrough").plan.steps_for(Case("dvd-rw")):
        assert f"✓ {step.name} " in result.stdout
    assert sorted(path.name for path in (tmp_path / "r").iterdir()) == [
        "report.json",
        "report.md",
        "report.xml",
    ]
    assert from_json((tmp_path / "r/report.json").read_text()).state == "passed"


def test_full_has_the_scenarios_size(fake, tmp_path):
    assert run("--full", "--report", str(tmp_path)).exit_code == 0
    assert from_json((tmp_path / "report.json").read_text()).size == "full"


def test_sabotage_is_red(fake, tmp_path):
    result = run("--sabotage", "write-2", "--report", str(tmp_path))
    assert result.exit_code == 1
    assert "✗ write-2" in result.stdout
    assert "sabotaged: " in result.stdout
    assert from_json((tmp_path / "report.json").read_text()).sabotage == "write-2"


def test_a_broken_lab_is_three_with_a_hint_and_a_report(fake, tmp_path):
    fake["breaks"] = "-toc"
    result = run("--report", str(tmp_path))
    assert result.exit_code == 3
    assert "the lab is broken: the guest doesn't answer" in result.stderr
    assert "look at its console" in result.stderr
    assert from_json((tmp_path / "report.json").read_text()).state == "broken"


def test_a_lab_that_does_not_open(monkeypatch):
    @contextmanager
    def nothing():
        raise StationError("no QEMU", "install it")
        yield

    monkeypatch.setattr(lab, "_opener", lambda *_words: nothing)
    result = run()
    assert result.exit_code == 3
    assert "install it" in result.stderr


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--where", "memory"), "--program xorriso runs as a process of its own"),
        (("--program", "wodim"), "there are xorriso, burnlab"),
        (("--where", "moon"), "there are guest, memory"),
        (("--type", "cd-x"), "the plan walkthrough is for dvd-rw, cd-r, "),
        (("--plan", "wodim", "--plan", "growisofs", "--type", "bd-x"), "no plan of these is for --type bd-x"),
        (("--plan", "all", "--sabotage", "toc"), "--sabotage is for one plan"),
        (("--plan", "walkthru"), "there is no plan 'walkthru'"),
        (("--plan", "no/such/file.toml"), "can't be read"),
        (("--sabotage", "nothing"), "`burnlab lab plans` lists the steps"),
        (("--fast",), "No such option"),
    ],
)
def test_usage(fake, words, says):
    result = run(*words)
    assert result.exit_code == 2
    assert says in result.stderr
    assert "Traceback" not in result.output


def test_types_are_taken_once_and_all_means_all(fake):
    loaded = load_plan("walkthrough")
    assert lab._cases(loaded, ["dvd-rw", "dvd-rw"], False, "xorriso") == (Case("dvd-rw", model="bd-5300s"),)
    assert [case.type for case in lab._cases(loaded, ["all"], True, "xorriso")] == list(loaded.plan.types)


def test_several_plans_share_a_report_and_an_image(fake, tmp_path):
    result = run("--plan", "wodim", "--plan", "growisofs", "--type", "dvd-r", "--report", str(tmp_path))
    assert result.exit_code == 0, result.output
    programs = ("genisoimage", "growisofs", "wodim", "xorriso")
    assert opened == [
        ("wodim", tmp_path / "wodim", programs),
        ("growisofs", tmp_path / "growisofs", programs),
    ]
    assert "| dvd-r | ✓ | ✓ |" in result.stdout
    assert [case.plan for case in from_json((tmp_path / "report.json").read_text()).cases] == [
        "wodim",
        "growisofs",
    ]


def test_all_plans_begin_with_the_walkthrough():
    names = lab._plan_names(["all"])
    assert names[0] == "walkthrough"
    assert set(names) == set(shipped_plans())


def test_the_table_goes_into_a_readme(fake, tmp_path):
    assert run("--report", str(tmp_path)).exit_code == 0
    report, readme = tmp_path / "report.json", tmp_path / "README.md"
    shown = RUNNER.invoke(lab.app, ["table", str(report)])
    assert shown.exit_code == 0
    assert "| dvd-rw | ✓ |" in shown.stdout
    readme.write_text("x\n<!-- matrix:begin -->\n<!-- matrix:end -->\n")
    assert RUNNER.invoke(lab.app, ["table", str(report), "--write", str(readme)]).exit_code == 0
    assert "| dvd-rw | ✓ |" in readme.read_text()


def test_a_table_of_nothing(tmp_path):
    (tmp_path / "r.json").write_text("{}")
    for name, says in (("r.json", "is no report"), ("none.json", "is no report")):
        result = RUNNER.invoke(lab.app, ["table", str(tmp_path / name)])
        assert result.exit_code == 2
        assert says in result.stderr


def test_a_readme_without_a_place(fake, tmp_path):
    assert run("--report", str(tmp_path)).exit_code == 0
    (tmp_path / "README.md").touch()
    words = ["table", str(tmp_path / "report.json"), "--write", str(tmp_path / "README.md")]
    result = RUNNER.invoke(lab.app, words)
    assert result.exit_code == 2
    assert "has no place for the table" in result.stderr


def test_sigterm_puts_everything_away(monkeypatch):
    closed = []

    @contextmanager
    def killed():
        try:
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(5)
            yield
        finally:
            closed.append(True)

    monkeypatch.setattr(lab, "_opener", lambda *_words: killed)
    before = signal.getsignal(signal.SIGTERM)
    assert run().exit_code == 128 + signal.SIGTERM
    assert closed == [True]
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_report_that_cannot_be_written(fake, tmp_path):
    (tmp_path / "file").touch()
    result = run("--report", str(tmp_path / "file" / "r"))
    assert result.exit_code == 3
    assert "the report can't be written" in result.stderr
    assert "Traceback" not in result.output


def test_a_terminal_without_unicode(fake):
    result = CliRunner(charset="ascii").invoke(lab.app, ["run"], env={"PYTHONIOENCODING": "ascii"})
    assert result.exit_code == 0
    assert "ok devices" in result.stdout


def test_plans_are_listed():
    result = RUNNER.invoke(lab.app, ["plans"])
    assert result.exit_code == 0
    assert "\nwalkthrough: " in result.stdout
    assert "  blank-as-needed    Blanking to multi-session capability" in result.stdout
