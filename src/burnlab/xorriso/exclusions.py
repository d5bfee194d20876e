"""Which files on disk are left out: lists of paths and of name patterns, and the rules of their use."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from burnlab.xorriso.pattern import Match, matcher

SWITCHES: Final = {
    "on": ("is_on", True), "off": ("is_on", False),
    "param_on": ("for_parameters", True), "param_off": ("for_parameters", False),
    "subtree_on": ("for_subtrees", True), "subtree_off": ("for_subtrees", False),
    "ignore_on": ("ignored", True), "ignore_off": ("ignored", False),
}  # fmt: skip


class UnknownRule(Exception):
    """A word of `-not_mgt` means nothing."""


@dataclass(slots=True)
class Exclusions:
    """State of the `-not_*` commands. Paths are absolute.

    `for_parameters`: parameters of commands are subject to it, not only what is below them. `for_subtrees`: a
    parameter below an excluded path is excluded. `ignored`: excluded files take no part in comparisons.
    """

    paths: set[str] = field(default_factory=set)
    patterns: dict[str, Match] = field(default_factory=dict)
    is_on: bool = True
    for_parameters: bool = False
    for_subtrees: bool = False
    ignored: bool = False

    def manage(self, words: str) -> None:
        """Follow the rules of `-not_mgt`, apart by colons.

        Raises:
            UnknownRule: one of them is none.
        """
        for word in words.split(":"):
            if word in ("erase", "reset"):
                self.paths.clear()
                self.patterns.clear()
            elif word not in SWITCHES:
                raise UnknownRule(words)
            if word == "reset":
                self.is_on = True
                self.for_parameters = self.for_subtrees = self.ignored = False
            elif word in SWITCHES:
                name, value = SWITCHES[word]
                setattr(self, name, value)

    def add_pattern(self, pattern: str) -> None:
        """Exclude names that a pattern fits.

        Raises:
            PatternError: it has an open bracket.
        """
        self.patterns[pattern] = matcher(pattern)

    def reason(self, path: str) -> str:
        """Which command excludes a file that was found below a parameter; empty if none does."""
        if not self.is_on:
            return ""
        if path in self.paths:
            return "-not_paths"
        if self.patterns:
            name = path.rpartition("/")[2]
            if any(fits(name) for fits in self.patterns.values()):
                return "-not_leaf"
        return ""

    def reason_for_parameter(self, path: str) -> str:
        """Which command excludes a parameter; empty if none does."""
        if not (self.is_on and self.for_parameters):
            return ""
        reason = self.reason(path)
        if not reason and self.for_subtrees and any(path.startswith(f"{each}/") for each in self.paths):
            return "-not_paths"
        return reason

    def test(self, decode: Callable[[bytes], str]) -> Callable[[bytes], bool] | None:
        """A function that tells whether a path found in a scan is left out; None if none can be."""
        if not self.is_on or not (self.paths or self.patterns):
            return None
        return lambda path: bool(self.reason(decode(path)))
