"""The manual's page of promises: what it tells to run is there, and every promise has it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from support.served import burnlab

ROOT = Path(__file__).parent.parent.parent
PAGE = (ROOT / "docs" / "manual" / "promises.md").read_text(encoding="utf-8")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
CODE = sorted(set(re.findall(r"`([^`\n]+)`", PAGE)))
TARGETS = set(re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE))
VARIABLES = set(re.findall(r"^([A-Z_]+) *\?=", MAKEFILE, re.MULTILINE))
ROWS = [line.strip("|").split(" | ") for line in PAGE.splitlines() if line.startswith("| ")]


def starting(word: str) -> list[str]:
    """The page's pieces of code that begin so."""
    return [code for code in CODE if code.startswith(word)]


def test_all_kinds_of_commands_are_found() -> None:
    kinds = ("make ", "burnlab ", ".venv/bin/pytest ", ".venv/bin/python ")
    assert [bool(starting(kind)) for kind in kinds] == [True] * 4
    others = [code for code in CODE if not code.startswith(kinds)]
    assert others == ["CONTRIBUTING.md", "SEED="], "anything else would be a command that isn't looked at"
    assert {"torture", "soak", "fuzz", "conformance", "long", "audit"} <= TARGETS


@pytest.mark.parametrize("command", starting("make "))
def test_targets_and_variables_exist(command: str) -> None:
    target, *settings = command.split()[1:]
    assert target in TARGETS
    recipe = MAKEFILE.partition(f"\n{target}:")[2].partition("\n\n")[0]
    for setting in settings:
        variable = setting.partition("=")[0]
        assert variable in VARIABLES
        assert f"$({variable})" in recipe, "it is listened to"


@pytest.mark.parametrize("command", [*starting(".venv/bin/pytest "), *starting(".venv/bin/python ")])
def test_files_exist(command: str) -> None:
    (path,) = command.split()[1:]
    assert (ROOT / path).exists()


@pytest.mark.parametrize("command", starting("burnlab "))
def test_commands_and_options_exist(command: str) -> None:
    words = command.split()[1:]
    names = [word for word in words if re.fullmatch(r"[a-z]+", word)]
    shown = burnlab(*names, "--help")
    assert shown.returncode == 0, shown.stderr
    for option in (word for word in words if word.startswith("--")):
        assert re.search(rf"(?<![\w-]){option}(?![\w-])", shown.stdout)


def test_modules_that_make_runs_take_their_options() -> None:
    recipes = re.findall(r"PYTHONPATH=tests \$\(BIN\)/python -m ([\w.]+)(.*)", MAKEFILE)
    assert {name for name, _ in recipes} >= {"fuzz", "torture", "torture.soak", "longruns"}
    for name, rest in recipes:
        shown = subprocess.run(
            [sys.executable, "-m", name, "--help"], cwd=ROOT / "tests", capture_output=True, text=True
        )
        assert shown.returncode == 0, shown.stderr
        for option in re.findall(r"--[a-z]+", rest):
            assert option in shown.stdout


def test_every_promise_has_a_command() -> None:
    tables = [row for row in ROWS if row[0].strip() != "promise"]
    assert len(tables) >= 20
    for row in tables:
        assert len(row) == 4, row
        assert re.search(r"`(make|burnlab|\.venv/bin/)", row[2]), row
        assert "@" not in row[3], row


def test_links_lead_somewhere_and_here() -> None:
    manual = ROOT / "docs" / "manual"
    for target in re.findall(r"\]\(([^)#]+)\)", PAGE):
        assert (manual / target).exists()
    assert "(promises.md)" in (manual / "index.md").read_text(encoding="utf-8")
    assert "(docs/manual/promises.md)" in (ROOT / "README.md").read_text(encoding="utf-8")
