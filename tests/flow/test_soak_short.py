"""`make soak` in short: a hundred connections for some seconds, and the target's memory is as it was."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import torture

TESTS = Path(next(iter(torture.__path__))).parent
SECONDS = 10


def test_a_hundred_connections() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "torture.soak", "--seconds", str(SECONDS), "--json"],
        env={**os.environ, "PYTHONPATH": str(TESTS)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout, done.stderr
    figures = json.loads(done.stdout)
    assert figures["wrong"] == []
    assert done.returncode == 0
    assert figures["connections"] == 100
    assert len(figures["done"]) >= 9, "each kind of connection came by, and one burned"
    assert min(figures["done"].values()) > 0
