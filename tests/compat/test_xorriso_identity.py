"""What the program writes, byte for byte beside xorriso: random runs in a row, and settled cases.

BURNLAB_IDENTITY_CASES sets how many, as for `test_iso_identity`.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from support.iso_identity import CASES, run_cases
from support.program_identity import numbered_as_there, stories, tell_story

pytestmark = [
    pytest.mark.compat,
    pytest.mark.skipif(shutil.which("xorriso") is None, reason="xorriso isn't installed"),
    pytest.mark.skipif(os.geteuid() != 0, reason="device nodes and owners need the superuser"),
]

__all__ = ["numbered_as_there"]


@pytest.mark.usefixtures("numbered_as_there")
def test_runs_in_a_row(tmp_path: Path) -> None:
    run_cases(tell_story, stories(), tmp_path, max(1, CASES // 5))
