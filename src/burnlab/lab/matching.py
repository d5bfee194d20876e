"""Holding a transcript against what a plan expects: text and patterns in, an outcome with reasons out."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from .expression import ExpressionError, Value, evaluate, explain
from .patterns import Pattern, compile_pattern
from .plan import ExitRule, Expect

TAIL_LINES = 12


@dataclass(frozen=True, slots=True)
class Transcript:
    """What a command said and how it ended."""

    stdout: str
    stderr: str
    exit_value: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at. `reason` is empty if it holds."""

    what: str
    holds: bool
    reason: str = ""
    line: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a transcript: every check, and the values captured on the way."""

    checks: tuple[Check, ...]
    captures: Mapping[str, Value] = field(default_factory=dict)

    @property
    def holds(self) -> bool:
        """Whether everything was as expected."""
        return all(check.holds for check in self.checks)

    @property
    def reasons(self) -> list[str]:
        """Why not, a sentence per check that doesn't hold."""
        return [f"{check.what}: {check.reason}" for check in self.checks if not check.holds]


def match_transcript(transcript: Transcript, expect: Expect, scope: Mapping[str, Value]) -> Outcome:
    """Hold a transcript against expectations; `scope` has the values known so far."""
    known = dict(scope)
    captures: dict[str, Value] = {}
    checks = [_check_exit(transcript.exit_value, expect.exit)]
    channels = {"stdout": transcript.stdout.splitlines(), "stderr": transcript.stderr.splitlines()}
    everything = [*channels["stdout"], *channels["stderr"]]
    for name, patterns, lines, ordered in (
        ("stdout", expect.stdout, channels["stdout"], True),
        ("stderr", expect.stderr, channels["stderr"], True),
        ("either channel", expect.either, everything, False),
    ):
        search = _Search(name, lines, ordered)
        for source in patterns:
            check, found = search.look_for(compile_pattern(source), known)
            checks.append(check)
            captures.update(found)
            known.update(found)
    checks += [_check_absent(compile_pattern(source), everything, known) for source in expect.never]
    checks += [_check_relation(relation, known) for relation in expect.holds]
    return Outcome(tuple(checks), captures)


@dataclass(slots=True)
class _Search:
    """A walk along the lines of a channel; ordered patterns go on behind the last line found."""

    channel: str
    lines: Sequence[str]
    ordered: bool
    position: int = 0

    def look_for(self, pattern: Pattern, scope: Mapping[str, Value]) -> tuple[Check, Mapping[str, Value]]:
        """Find the first line that fits, or say what came nearest."""
        what = f"{self.channel} has {pattern.source!r}"
        unmet = ""
        try:
            for number in range(self.position, len(self.lines)):
                found = pattern.match(self.lines[number], scope)
                if found is None:
                    continue
                if not found.unmet:
                    if self.ordered:
                        self.position = number + 1
                    return Check(what, True, line=self.lines[number]), found.captures
                unmet = unmet or f"{self.lines[number].strip()!r}: {found.unmet}"
            return Check(what, False, unmet or self._nearest(pattern, scope)), {}
        except ExpressionError as error:
            return Check(what, False, str(error)), {}

    def _nearest(self, pattern: Pattern, scope: Mapping[str, Value]) -> str:
        if not self.lines:
            return "the channel is empty"
        for number in range(min(self.position, len(self.lines))):
            if pattern.match(self.lines[number], scope):
                return f"the line stands too early, in line {number + 1}"
        sample = pattern.sample(scope)
        best = max(self.lines, key=lambda line: difflib.SequenceMatcher(None, sample, line.strip()).ratio())
        return f"no such line; nearest is {best.strip()!r}"


def _check_exit(value: int, rule: ExitRule | None) -> Check:
    wanted = 0 if rule is None else rule
    holds = wanted == "any" or (value != 0 if wanted == "nonzero" else value == wanted)
    return Check(f"exit value is {wanted}", holds, "" if holds else f"it is {value}", str(value))


def _check_absent(pattern: Pattern, lines: Sequence[str], scope: Mapping[str, Value]) -> Check:
    what = f"no line is {pattern.source!r}"
    try:
        for line in lines:
            found = pattern.match(line, scope)
            if found is not None and not found.unmet:
                return Check(what, False, f"there is {line.strip()!r}")
    except ExpressionError as error:
        return Check(what, False, str(error))
    return Check(what, True)


def _check_relation(relation: str, scope: Mapping[str, Value]) -> Check:
    try:
        holds = bool(evaluate(relation, scope))
        text = explain(relation, scope)
    except ExpressionError as error:
        return Check(relation, False, str(error))
    return Check(relation, holds, "" if holds else f"{text} doesn't hold", text)


def tail(transcript: Transcript, lines: int = TAIL_LINES) -> str:
    """The end of a transcript, for a reader who wants to know what happened last."""
    parts = [
        f"{name}: {line}"
        for name, text in (("stdout", transcript.stdout), ("stderr", transcript.stderr))
        for line in text.rstrip().splitlines()[-lines:]
    ]
    return "\n".join(parts)
