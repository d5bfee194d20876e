"""The table of media: marks, several plans in a row, and its place in a text."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from burnlab.lab.result import CaseResult, RunResult, StepResult
from burnlab.lab.table import (
    TableError,
    joined,
    media_table,
    readme_section,
    write_between_markers,
    write_table,
)

TEXT = "# title\n\n<!-- matrix:begin -->\nold\n<!-- matrix:end -->\n\nrest\n"


def step(operation, state="held"):
    return StepResult("x", "y", "scenario", state, operation=operation)


def result(*cases):
    return RunResult(
        id="0123",
        plan="a, b",
        title="t",
        program="xorriso",
        where="guest",
        size="quick",
        started="2024-05-06T07:08:09+00:00",
        seconds=1.0,
        versions={"xorriso": "1.5.4", "guest": "micro, abc", "QEMU": "7.2, tcg"},
        cases=cases,
        state="passed",
    )


RUN = result(
    CaseResult("dvd-rw", "generic", (step("write"), step("blank"), step(""), step("write")), "a"),
    CaseResult("dvd-r", "generic", (step("write", "failed"), step("mount", "not run")), "a"),
    CaseResult("dvd-rw", "generic", (step("wodim"), step("blank", "not run")), "b"),
)


def test_media_down_operations_across():
    assert media_table(RUN) == [
        "| medium | write | blank | mount | wodim |",
        "|---|:-:|:-:|:-:|:-:|",
        "| dvd-rw | ✓ | ✗ | – | ✓ |",
        "| dvd-r | ✗ | – | ✗ | – |",
    ]


def test_the_table_says_what_it_rests_on():
    last = readme_section(RUN)[-1]
    assert "5 of 8 steps held on 2024-05-06 (run `0123`): xorriso 1.5.4, QEMU 7.2, tcg." in last
    assert "micro" not in last


def test_a_later_run_of_one_plan_takes_the_place_of_an_earlier_one():
    again = result(CaseResult("dvd-r", "generic", (step("write"), step("mount")), "a"))
    both = joined([RUN, replace(again, id="4567")])
    assert media_table(both) == [
        "| medium | write | blank | mount | wodim |",
        "|---|:-:|:-:|:-:|:-:|",
        "| dvd-rw | ✓ | ✗ | – | ✓ |",
        "| dvd-r | ✓ | – | ✓ | – |",
    ]
    assert "(run `0123, 4567`)" in readme_section(both)[-1]


def test_it_is_put_between_the_markers_and_again():
    once = write_between_markers(TEXT, ["| a |"], "README.md")
    assert once == "# title\n\n<!-- matrix:begin -->\n\n| a |\n\n<!-- matrix:end -->\n\nrest\n"
    assert write_between_markers(once, ["| a |"], "README.md") == once


@pytest.mark.parametrize("text", ["", "<!-- matrix:begin -->", "<!-- matrix:end --> <!-- matrix:begin -->"])
def test_a_text_without_a_place_for_it(text):
    with pytest.raises(TableError, match=r"README\.md has no place"):
        write_between_markers(text, [], "README.md")


def test_files(tmp_path):
    path = tmp_path / "README.md"
    path.write_text(TEXT)
    write_table(RUN, path)
    assert "| dvd-rw | ✓ |" in path.read_text()
    with pytest.raises(TableError, match="no operations"):
        write_table(result(CaseResult("dvd-rw", "generic", (step(""),))), path)
    with pytest.raises(TableError):
        write_table(RUN, tmp_path / "none.md")
