"""The walkthrough in a guest, with the real xorriso, from end to end."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from burnlab.lab.report import from_json

pytestmark = pytest.mark.vm


def test_the_walkthrough_holds_in_a_guest(tmp_path):
    words = [sys.executable, "-c", "from burnlab.cli.main import main; main()"]
    done = subprocess.run(
        [*words, "lab", "run", "--plan", "walkthrough", "--type", "dvd-rw", "--report", str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=800,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    result = from_json((tmp_path / "report.json").read_text())
    assert result.cases[0].holds
    (trace,) = tmp_path.glob("trace-*.jsonl")
    names = {json.loads(line)["name"] for line in trace.read_text().splitlines()}
    assert {"BLANK", "RESERVE TRACK", "WRITE (10)", "CLOSE TRACK/SESSION"} <= names
