"""The transcripts of the real xorriso, run again with burnlab's: same texts on both streams, same exit."""

from __future__ import annotations

import difflib
import shutil
from pathlib import Path

import pytest

from support.transcripts import (
    GOLDEN,
    Transcript,
    install_programs,
    make_inputs,
    masked,
    prepare,
    read_transcript,
    run_again,
)

pytestmark = [
    pytest.mark.compat,
    pytest.mark.skipif(not shutil.which("xorriso"), reason="the real xorriso makes the input images"),
]

NOT_REPRODUCED = {
    "91_report_about_debug": "tells what three libraries say to themselves",
    "91_report_about_lower": "tells what three libraries say to themselves",
    "a8_help_first": "burnlab's help has its own words",
    "c5_list_extras": "jigdo, zisofs and external filters are not built",
}
"""Transcript → why it can't be reproduced, or isn't yet. One that is reproduced has to leave the list."""

TRANSCRIPTS = [read_transcript(path) for path in sorted(GOLDEN.glob("*.txt"))]


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("inputs") / "w"
    folder.mkdir()
    make_inputs(folder)
    return folder


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("programs")
    install_programs(folder)
    return folder


def difference(expected: Transcript, found: Transcript, folder: Path) -> str:
    lines = []
    if expected.exit_value != found.exit_value:
        lines.append(f"exit value {found.exit_value} instead of {expected.exit_value}")
    for name in ("stdout", "stderr"):
        wanted = masked(expected, getattr(expected, name), folder).splitlines()
        got = getattr(found, name).splitlines()
        lines += difflib.unified_diff(wanted, got, f"recorded {name}", f"burnlab's {name}", lineterm="", n=1)
    return "\n".join(lines)


@pytest.mark.parametrize("transcript", TRANSCRIPTS, ids=lambda transcript: transcript.name)
def test_transcript(transcript: Transcript, inputs: Path, programs: Path, tmp_path: Path) -> None:
    folder = tmp_path / "w"
    folder.mkdir()
    prepare(transcript, inputs, folder)
    found = run_again(transcript, folder, programs)
    differing = difference(transcript, found, folder)
    if transcript.name in NOT_REPRODUCED:
        assert differing, "it is reproduced: take it off the list"
    else:
        assert not differing, f"{transcript.command}\n{differing}"


def test_count(capsys: pytest.CaptureFixture[str]) -> None:
    names = {transcript.name for transcript in TRANSCRIPTS}
    assert set(NOT_REPRODUCED) <= names
    with capsys.disabled():
        print(f"\n{len(names) - len(NOT_REPRODUCED)} of {len(names)} transcripts of xorriso are reproduced")
