"""The manual page about faults: its tables name every kind and key, and its examples do what they are for."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from burnlab.recorder import FaultPlan
from burnlab.recorder.fault_kinds import KINDS
from burnlab.recorder.faults import KEYS
from support.burning import DRIVE, Burner

PAGE = (Path(__file__).parent.parent.parent / "docs" / "manual" / "faults.md").read_text(encoding="utf-8")
TOML = re.findall(r"^```toml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
PYTHON = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
OFTEN = {0: "always", 1: "once"}


def rows(heading: str) -> list[list[str]]:
    """The rows of the table below a heading, as cells."""
    section = PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| `")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_the_table_of_kinds() -> None:
    table = {row[0].strip("`"): row for row in rows("Kinds")}
    assert set(table) == set(KINDS)
    for name, kind in KINDS.items():
        assert table[name][4] == OFTEN[kind.times]
        if kind.sense is not None:
            assert table[name][3] == str(kind.sense)
        if kind.opcodes is None:
            assert table[name][2] == "any"


def test_the_table_of_keys() -> None:
    assert re.findall(r"`(\w+)`", " ".join(row[0] for row in rows("Keys"))) == list_of_keys()


def list_of_keys() -> list[str]:
    order = ["kind", "name", "command", "lba", "after_blocks", "nth", "times", "probability", "seed"]
    return [*order, *(key for key in KEYS if key not in order)]


@pytest.mark.parametrize("number", range(len(TOML)))
def test_the_faults_of_an_example_strike(number: int, tmp_path: Path) -> None:
    assert len(TOML) >= 5
    (tmp_path / "big").write_bytes(b"b" * 2048 * 11000)
    burner = Burner(tmp_path, "dvd+r")
    words = ("-md5", "on", "-dev", DRIVE, "-add", "big", "--")
    mishaps = burner.recorder.mishaps
    if "unreadable" in TOML[number]:
        assert burner.run(*words).value == 0
        mishaps.add(FaultPlan.from_toml(TOML[number]))
        said = burner.run("-md5", "on", "-indev", DRIVE, "-check_media", "--")
    else:
        mishaps.add(FaultPlan.from_toml(TOML[number]))
        said = burner.run(*words)
    assert said.value == 32, said.err
    assert all(row["hits"] for row in mishaps.status()), mishaps.status()


def test_the_python_example(capsys: pytest.CaptureFixture[str]) -> None:
    (code,) = PYTHON
    exec(compile(code, "faults.md", "exec"), {})
    assert capsys.readouterr().out == "0\n"
