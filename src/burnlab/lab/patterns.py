"""The pattern language of plans: one line of a transcript, with captures.

Everything is literal except what stands in braces; a run of blanks stands for any run of blanks, and
blanks at the end of a line don't count.

    {a|um}                one of several texts
    {*}                   any text, or none
    {=expression}         the value of an expression, as text
    {name}                a whole number, kept by that name
    {name:kind}           kind is int, decimal, size (`4489m`) or text
    {name:=expression}    a number that must be this one; also >= <= > < and `low..high`
    {name:decimal 0..100} kind and condition together
    {{  }}                a brace
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from .expression import ExpressionError, Value, evaluate, explain, names_in

KINDS = {"int": r"-?\d+", "decimal": r"-?\d+(?:\.\d+)?", "size": r"\d+(?:\.\d+)?[kmgtp]?", "text": r"\S.*?"}
PIECE = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]|[ \t]+|[^{} \t]+")
BRACED = re.compile(r"\{\{|\}\}|\{([^{}]+)\}")
CONDITION = re.compile(r"(==?|>=|<=|>|<)\s*(.+)|(.+?)\.\.(.+)")
CAPTURE = re.compile(r"([a-z_][a-z0-9_]*)(?::(.*))?")


class PatternError(Exception):
    """A pattern that can't be read."""


class Part(Protocol):
    """A piece of a pattern."""

    @property
    def regex(self) -> str:
        """The regular expression that stands for it."""
        ...

    @property
    def sample(self) -> str:
        """A text that looks like it, to find the line that comes nearest."""
        ...


@dataclass(frozen=True, slots=True)
class Literal:
    """A text as it stands; a text of blanks stands for any run of them."""

    text: str

    @property
    def regex(self) -> str:
        """The text, its special characters taken literally."""
        return r"\s+" if self.text.isspace() else re.escape(self.text)

    @property
    def sample(self) -> str:
        """The text itself."""
        return self.text


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several texts."""

    texts: tuple[str, ...]

    @property
    def regex(self) -> str:
        """The texts as alternatives."""
        return "(?:" + "|".join(re.escape(text) for text in self.texts) + ")"

    @property
    def sample(self) -> str:
        """The first of them."""
        return self.texts[0]


@dataclass(frozen=True, slots=True)
class Anything:
    """Any text, or none."""

    regex: str = ".*"
    sample: str = ""


@dataclass(frozen=True, slots=True)
class Capture:
    """A named part of a line, and the condition (an expression) that its value must meet."""

    name: str
    kind: str
    condition: str = ""

    @property
    def regex(self) -> str:
        """What the kind allows, as a group of that name."""
        return f"(?P<{self.name}>{KINDS[self.kind]})"

    @property
    def sample(self) -> str:
        """A nought."""
        return "0"

    def value(self, text: str) -> Value:
        """Turn the captured text into a value."""
        if self.kind == "int":
            return int(text)
        return float(text) if self.kind == "decimal" else text


@dataclass(frozen=True, slots=True)
class Insertion:
    """A place where the value of an expression is to stand."""

    expression: str

    def resolve(self, scope: Mapping[str, Value]) -> Literal:
        """The value as literal text."""
        return Literal(str(evaluate(self.expression, scope)))


@dataclass(frozen=True, slots=True)
class LineMatch:
    """What came of holding a line against a pattern.

    `unmet` is empty if all is well; else the line has the pattern's shape, but a value in it isn't the one
    wanted.
    """

    captures: Mapping[str, Value]
    unmet: str = ""


@dataclass(frozen=True, slots=True)
class Pattern:
    """A compiled pattern."""

    source: str
    parts: tuple[Part | Insertion, ...]

    @property
    def captures(self) -> tuple[Capture, ...]:
        """What the pattern captures, from left to right."""
        return tuple(part for part in self.parts if isinstance(part, Capture))

    def needs(self) -> set[str]:
        """The names that must be known before the pattern can be used."""
        wanted: set[str] = set()
        for part in self.parts:
            if isinstance(part, Insertion):
                wanted |= names_in(part.expression)
            elif isinstance(part, Capture) and part.condition:
                wanted |= names_in(part.condition)
        return wanted - {capture.name for capture in self.captures}

    def match(self, line: str, scope: Mapping[str, Value]) -> LineMatch | None:
        """Hold one line against the pattern; None if the line has another shape."""
        found = re.fullmatch("".join(part.regex for part in self._resolved(scope)), line.rstrip())
        if found is None:
            return None
        captures = {capture.name: capture.value(found.group(capture.name)) for capture in self.captures}
        known = {**scope, **captures}
        for capture in self.captures:
            if capture.condition and not evaluate(capture.condition, known):
                return LineMatch(captures, f"{explain(capture.condition, known)} doesn't hold")
        return LineMatch(captures)

    def sample(self, scope: Mapping[str, Value]) -> str:
        """A line that looks like the pattern."""
        return "".join(part.sample for part in self._resolved(scope))

    def _resolved(self, scope: Mapping[str, Value]) -> list[Part]:
        return [part.resolve(scope) if isinstance(part, Insertion) else part for part in self.parts]


def compile_pattern(source: str) -> Pattern:
    """Read a pattern. Raises PatternError that says what is wrong with it."""
    parts: list[Part | Insertion] = []
    for piece in PIECE.finditer(source.strip()):
        text, braced = piece.group(0), piece.group(1)
        if braced is not None:
            parts.append(_braced(braced.strip(), source))
        elif text in {"{", "}"}:
            raise PatternError(
                f"{source!r} has a brace without its partner; a literal brace is written twice"
            )
        else:
            parts.append(Literal(text[0] if text in {"{{", "}}"} else text))
    pattern = Pattern(source, tuple(parts))
    names = [capture.name for capture in pattern.captures]
    if len(names) != len(set(names)):
        raise PatternError(f"{source!r} captures the same name twice")
    return pattern


def _braced(inner: str, source: str) -> Part | Insertion:
    if inner == "*":
        return Anything()
    try:
        if inner.startswith("="):
            names_in(inner[1:])
            return Insertion(inner[1:].strip())
        if "|" in inner:
            return Choice(tuple(inner.split("|")))
        return _capture(inner, source)
    except ExpressionError as error:
        raise PatternError(f"{source!r}: {error}") from error


def _capture(inner: str, source: str) -> Capture:
    parts = CAPTURE.fullmatch(inner)
    if parts is None:
        raise PatternError(f"{source!r}: {{{inner}}} is neither a name nor *, =expression or a|b")
    name, rest = parts[1], (parts[2] or "int").strip()
    kind, _, condition = rest.partition(" ")
    if kind not in KINDS:
        if not CONDITION.fullmatch(rest):
            raise PatternError(f"{source!r}: unknown kind {kind!r}; there are {', '.join(KINDS)}")
        kind, condition = "int", rest
    return Capture(name, kind, _condition(name, condition.strip(), source))


def _condition(name: str, text: str, source: str) -> str:
    if not text:
        return ""
    parts = CONDITION.fullmatch(text)
    if parts is None:
        raise PatternError(f"{source!r}: {text!r} is not a condition such as =1, >=1 or 1..9")
    sign, bound, low, high = parts.groups()
    condition = f"{name} {'==' if sign == '=' else sign} {bound}" if sign else f"{low} <= {name} <= {high}"
    names_in(condition)
    return condition


def substitute(template: str, scope: Mapping[str, Value]) -> str:
    """Put values into a command: `{program}`, `{payload.lib}`; a doubled brace stays a brace."""

    def value(found: re.Match[str]) -> str:
        return found[0][0] if found[1] is None else str(evaluate(found[1], scope))

    return BRACED.sub(value, template)


def names_in_template(template: str) -> set[str]:
    """The names that a command's braces ask for."""
    return {name for found in BRACED.finditer(template) if found[1] for name in names_in(found[1])}
