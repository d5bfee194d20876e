"""Shell blocks of the manual: each is carried out here, or says what it needs."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

MANUAL = Path(__file__).parent.parent.parent / "docs" / "manual"
BLOCK = re.compile(r"^```sh(?P<mark>[^\n]*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
BLOCKS = [
    (page.name, found["mark"].strip(), found["text"])
    for page in sorted(MANUAL.glob("*.md"))
    for found in BLOCK.finditer(page.read_text(encoding="utf-8"))
]
FREE = [(page, text) for page, mark, text in BLOCKS if not mark]


def test_there_are_blocks() -> None:
    assert {"attach.md", "doctor.md", "libvirt.md"} <= {page for page, _, _ in BLOCKS}
    assert FREE


@pytest.mark.parametrize(("page", "mark"), [(page, mark) for page, mark, _ in BLOCKS if mark])
def test_a_block_that_isnt_carried_out_says_why(page: str, mark: str) -> None:
    assert re.fullmatch(r"needs: \S.+", mark), f"{page}: write ```sh needs: WHAT"


@pytest.mark.parametrize(("page", "text"), FREE, ids=[page for page, _ in FREE])
def test_a_block(page: str, text: str, tmp_path: Path) -> None:
    """In a folder of its own, with `burnlab` as this Python has it; every line has to end well."""
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "burnlab").write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m burnlab "$@"\n')
    (programs / "burnlab").chmod(0o755)
    environ = os.environ | {"PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(
        ["sh", "-eu", "-c", text], cwd=tmp_path, env=environ, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, f"{page}\n{text}\n{done.stdout}\n{done.stderr}"
