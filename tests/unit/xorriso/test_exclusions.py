from __future__ import annotations

import os

import pytest

from burnlab.xorriso.exclusions import Exclusions, UnknownRule


def some() -> Exclusions:
    exclusions = Exclusions()
    exclusions.paths.add("/a/b")
    exclusions.add_pattern("*.o")
    return exclusions


def test_reasons() -> None:
    exclusions = some()
    assert [exclusions.reason(path) for path in ("/a/b", "/x/y.o", "/a", "/a/b/c")] == [
        "-not_paths",
        "-not_leaf",
        "",
        "",
    ]
    assert exclusions.reason_for_parameter("/a/b") == ""
    exclusions.manage("param_on")
    assert exclusions.reason_for_parameter("/a/b") == "-not_paths"
    assert exclusions.reason_for_parameter("/a/b/c") == ""
    exclusions.manage("subtree_on")
    assert exclusions.reason_for_parameter("/a/b/c") == "-not_paths"
    assert exclusions.reason_for_parameter("/a/bc") == ""


def test_switches() -> None:
    exclusions = some()
    exclusions.manage("off:param_on:ignore_on")
    assert exclusions.reason("/a/b") == "" and exclusions.test(os.fsdecode) is None
    exclusions.manage("on")
    assert exclusions.reason("/a/b")
    exclusions.manage("erase")
    assert not exclusions.reason("/a/b") and exclusions.ignored
    exclusions.manage("reset")
    assert exclusions == Exclusions()


@pytest.mark.parametrize("words", ["", "bogus", "on:", "erase:x"])
def test_unknown_rules(words: str) -> None:
    with pytest.raises(UnknownRule):
        Exclusions().manage(words)


def test_scan_test() -> None:
    test = some().test(os.fsdecode)
    assert test is not None
    assert [test(path) for path in (b"/a/b", b"/x/\xff.o", b"/a/c")] == [True, True, False]
