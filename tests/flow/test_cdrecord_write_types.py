"""`-as cdrecord` with a write type that the medium can't be written by: nothing is written, and why is told.

The lines are those of xorriso 1.5.4 on the same media in a guest.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from support.burning import DRIVE, Burner

BLOCK = 2048
WRITE = 0x2A


@pytest.fixture
def burner(tmp_path: Path) -> Burner:
    (tmp_path / "image").write_bytes(b"i" * BLOCK * 40)
    return Burner(tmp_path)


def lines(burner: Burner, *words: str) -> list[str]:
    """What is said from the drive's state on, without the lines that tell it and progress."""
    said = burner.run(
        "-abort_on", "NEVER", "-as", "cdrecord", f"dev={DRIVE}", *words, str(burner.folder / "image")
    )
    told = ("xorriso 1.5.4", "Drive current", "Media ", "xorriso : UPDATE", "burnlab : ")
    return [line for line in said.err.splitlines() if line and not line.startswith(told)]


def refusal(reason: str) -> list[str]:
    return [
        "xorriso : FAILURE : Cannot set write type SAO for this medium.",
        "Reasons given:",
        f"SAO: {reason}, ",
        "libburn : SORRY : Write job parameters are unsuitable",
        "xorriso : NOTE : Gave up -outdev ''",
        "xorriso : FAILURE : -as cdrecord: Job could not be performed properly.",
        "xorriso : NOTE : Tolerated problem event of severity 'FAILURE'",
        "xorriso : NOTE : -return_with SORRY 32 triggered by problem severity FAILURE",
    ]


GOOD = [
    "Beginning to write data track.",
    f"Writing to '{DRIVE}' completed successfully.",
    f"xorriso : NOTE : Re-assessing -outdev '{DRIVE}'",
]
EXPANDED = "xorriso : NOTE : Expanded track to minimum size of 300 sectors"


@pytest.mark.parametrize("kind", ["dvd-r", "dvd-rw"])
def test_at_once_and_open(kind: str, burner: Burner) -> None:
    burner.insert(kind)
    assert lines(burner, "-sao", "-multi") == refusal("multi session capability lacking")
    assert not burner.unit.count(WRITE)
    assert lines(burner, "-tao", "-multi") == GOOD


@pytest.mark.parametrize("kind", ["cd-r", "dvd-r", "dvd+r", "bd-r"])
def test_at_once_behind_another_session(kind: str, burner: Burner) -> None:
    burner.insert(kind)
    short = [EXPANDED] if kind == "cd-r" else []
    assert lines(burner, "-multi") == short + GOOD
    refused = lines(burner, "-sao")
    assert refused == refusal("write type SAO works only on blank media")
    assert not burner.unit.count(WRITE)
    assert lines(burner, "-tao", "-multi") == short + GOOD


def test_at_once_and_open_on_a_cd(burner: Burner) -> None:
    burner.insert("cd-rw")
    assert lines(burner, "-sao", "-multi") == [EXPANDED, *GOOD]
