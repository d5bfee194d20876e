"""The expressions of `-find`: words become one function that tells whether a file is to be acted on.

`-not` binds closest, then `-or`, then `-and`, which also stands between tests. An operand that
is missing at the end of the words matches; anything else out of place makes the expression malformed.
"""

from __future__ import annotations

import stat
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from burnlab.xorriso.pattern import PatternError, matcher

HIDE_STATES: Final = ("on", "iso_rr", "joliet", "hfsplus", "off")


class Malformed(Exception):
    """Operators and brackets of an expression don't go together."""


class BadTest(Exception):
    """A test has a parameter that can't be: the message is the text of the event."""


class Decided(Exception):
    """`-decision` ends the evaluation."""

    def __init__(self, verdict: bool) -> None:
        super().__init__(verdict)
        self.verdict = verdict


class Facts(Protocol):
    """What tests ask about the object behind a candidate beyond name, type and depth."""

    def has_acl(self, subject: object) -> bool:
        """Whether it has an access control list."""

    def has_xattr(self, subject: object, *, any_space: bool) -> bool:
        """Whether it has attributes, of the user's name space or of any."""

    def has_md5(self, subject: object) -> bool:
        """Whether an MD5 of its content is recorded."""

    def is_pending(self, subject: object) -> bool:
        """Whether its content comes from outside the loaded image."""

    def is_damaged(self, subject: object) -> bool:
        """Whether it uses blocks that were seen as damaged."""

    def uses_blocks(self, subject: object, start: int, count: int) -> bool:
        """Whether its content has blocks in that range."""

    def source(self, subject: object) -> str | None:
        """The disk path of its content, if it comes from there."""

    def is_mount_point(self, subject: object) -> bool:
        """Whether it is the root of another filesystem than its directory is in."""


@dataclass(slots=True)
class Candidate:
    """A file that is looked at. `is_pruned` says that nothing below it is wanted."""

    path: str
    name: str
    mode: int
    depth: int
    subject: object
    is_pruned: bool = False


Test = Callable[[Candidate], bool]
Make = Callable[["Parser", list[str]], Test]


def always(_candidate: Candidate) -> bool:
    """The test that matches."""
    return True


def never(_candidate: Candidate) -> bool:
    """The test that doesn't."""
    return False


def is_wanted(test: Test, candidate: Candidate) -> bool:
    """The outcome of a whole expression."""
    try:
        return test(candidate)
    except Decided as decided:
        return decided.verdict


# Single tests.


def _name(parser: Parser, words: list[str]) -> Test:
    fits = parser.matcher("name", words[0])
    return lambda candidate: fits(candidate.name)


def _wholename(parser: Parser, words: list[str]) -> Test:
    fits = parser.matcher("wholename", words[0])
    return lambda candidate: fits(candidate.path)


def _disk_name(parser: Parser, words: list[str]) -> Test:
    fits = parser.matcher("disk_name", words[0])
    facts = parser.facts

    def test(candidate: Candidate) -> bool:
        source = facts.source(candidate.subject)
        return source is not None and fits(source.rpartition("/")[2])

    return test


def _disk_path(parser: Parser, words: list[str]) -> Test:
    wanted = parser.disk_path(words[0])
    return lambda candidate: parser.facts.source(candidate.subject) == wanted


TYPES: Final = {
    "b": stat.S_IFBLK, "c": stat.S_IFCHR, "d": stat.S_IFDIR, "p": stat.S_IFIFO, "f": stat.S_IFREG,
    "-": stat.S_IFREG, "l": stat.S_IFLNK, "s": stat.S_IFSOCK,
}  # fmt: skip
ABSENT_TYPES: Final = "eX"


def _type(parser: Parser, words: list[str]) -> Test:
    letter = words[0][:1]
    if not letter:
        return always
    if letter == "m":
        return lambda candidate: parser.facts.is_mount_point(candidate.subject)
    if letter in ABSENT_TYPES:
        return never
    if letter not in TYPES:
        raise BadTest(f"-find[ix]: unknown -type '{letter}'")
    wanted = TYPES[letter]
    return lambda candidate: candidate.mode & 0o170000 == wanted


def _number(text: str, test: str, least: int, bounds: str) -> int:
    if not text.isdigit() or int(text) < least:
        raise BadTest(f"-findi: wrong length with -{test} [{bounds}]")
    return int(text)


def _maxdepth(_parser: Parser, words: list[str]) -> Test:
    depth = _number(words[0], "maxdepth", 0, ">= 0")
    return lambda candidate: candidate.depth <= depth


def _mindepth(_parser: Parser, words: list[str]) -> Test:
    depth = _number(words[0], "mindepth", 0, ">= 0")
    return lambda candidate: candidate.depth >= depth


def _lba_range(parser: Parser, words: list[str]) -> Test:
    start, count = (_integer(word) for word in words)
    facts = parser.facts
    if start < 0:
        return lambda candidate: not facts.uses_blocks(candidate.subject, -start, abs(count))
    return lambda candidate: facts.uses_blocks(candidate.subject, start, count)


def _integer(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        return 0


def _hidden(_parser: Parser, words: list[str]) -> Test:
    if any(state not in HIDE_STATES for state in words[0].split(":")):
        raise BadTest(f"-findi: -hidden : unknown hide state '{words[0]}'")
    return always if words[0] == "off" else never


def _prune(_parser: Parser, _words: list[str]) -> Test:
    def test(candidate: Candidate) -> bool:
        candidate.is_pruned = True
        return True

    return test


def _decision(_parser: Parser, words: list[str]) -> Test:
    verdict = words[0] in ("yes", "true")

    def test(_candidate: Candidate) -> bool:
        raise Decided(verdict)

    return test


def _use_pattern(parser: Parser, words: list[str]) -> Test:
    parser.uses_patterns = words[0] != "off"
    return always


def _or_use_pattern(parser: Parser, words: list[str]) -> Test:
    parser.uses_patterns = words[0] != "off"
    return never


def _sort_lba(parser: Parser, _words: list[str]) -> Test:
    parser.sorts_by_lba = True
    return always


def _name_limit_blocker(_parser: Parser, words: list[str]) -> Test:
    limit = _number(words[0], "name_limit_blocker", 64, "64...255")
    if limit > 255:
        raise BadTest("-findi: wrong length with -name_limit_blocker [64...255]")
    return lambda candidate: len(candidate.name.encode("utf-8", "surrogateescape")) > limit


def _fact(ask: Callable[[Facts, object], bool]) -> Make:
    def make(parser: Parser, _words: list[str]) -> Test:
        facts = parser.facts
        return lambda candidate: ask(facts, candidate.subject)

    return make


def _has_acl(facts: Facts, subject: object) -> bool:
    return facts.has_acl(subject)


def _has_user_xattr(facts: Facts, subject: object) -> bool:
    return facts.has_xattr(subject, any_space=False)


def _has_any_xattr(facts: Facts, subject: object) -> bool:
    return facts.has_xattr(subject, any_space=True)


def _has_aaip(facts: Facts, subject: object) -> bool:
    return facts.has_acl(subject) or facts.has_xattr(subject, any_space=True)


def _has_md5(facts: Facts, subject: object) -> bool:
    return facts.has_md5(subject)


def _is_pending(facts: Facts, subject: object) -> bool:
    return facts.is_pending(subject)


def _is_damaged(facts: Facts, subject: object) -> bool:
    return facts.is_damaged(subject)


def _negated(make: Make) -> Make:
    def negated(parser: Parser, words: list[str]) -> Test:
        test = make(parser, words)
        return lambda candidate: not test(candidate)

    return negated


def _constant(test: Test) -> Make:
    return lambda _parser, _words: test


TESTS: Final[dict[str, tuple[int, Make]]] = {
    "name": (1, _name),
    "wholename": (1, _wholename),
    "disk_name": (1, _disk_name),
    "disk_path": (1, _disk_path),
    "type": (1, _type),
    "maxdepth": (1, _maxdepth),
    "mindepth": (1, _mindepth),
    "damaged": (0, _fact(_is_damaged)),
    "undamaged": (0, _negated(_fact(_is_damaged))),
    "pending_data": (0, _fact(_is_pending)),
    "lba_range": (2, _lba_range),
    "has_acl": (0, _fact(_has_acl)),
    "has_no_acl": (0, _negated(_fact(_has_acl))),
    "has_xattr": (0, _fact(_has_user_xattr)),
    "has_no_xattr": (0, _negated(_fact(_has_user_xattr))),
    "has_any_xattr": (0, _fact(_has_any_xattr)),
    "has_no_any_xattr": (0, _negated(_fact(_has_any_xattr))),
    "has_aaip": (0, _fact(_has_aaip)),
    "has_no_aaip": (0, _negated(_fact(_has_aaip))),
    "has_md5": (0, _fact(_has_md5)),
    "has_no_md5": (0, _negated(_fact(_has_md5))),
    "has_filter": (0, _constant(never)),
    "has_no_filter": (0, _constant(always)),
    "has_hfs_crtp": (2, _constant(never)),
    "has_hfs_bless": (1, _constant(never)),
    "hidden": (1, _hidden),
    "name_limit_blocker": (1, _name_limit_blocker),
    "prune": (0, _prune),
    "use_pattern": (1, _use_pattern),
    "or_use_pattern": (1, _or_use_pattern),
    "decision": (1, _decision),
    "true": (0, _constant(always)),
    "false": (0, _constant(never)),
    "sort_lba": (0, _sort_lba),
}
"""Test without its dash → number of parameters, and what makes a function of them."""

OPERATORS: Final = {
    "(": "(", "-sub": "(", ")": ")", "-subend": ")", "-not": "-not", "!": "-not", "-and": "-and",
    "&&": "-and", "-or": "-or", "||": "-or", "-if": "-if", "-then": "-then",
    "-elseif": "-elseif", "-else": "-else", "-endif": "-endif",
}  # fmt: skip

Token = tuple[str, list[str]]
"""An operator or the name of a test, and the parameters of the test."""


class Parser:
    """Makes one test of a list of tokens. `disk_path` makes a disk path absolute."""

    def __init__(self, tokens: list[Token], facts: Facts, disk_path: Callable[[str], str]) -> None:
        self.tokens = tokens
        self.facts = facts
        self.disk_path = disk_path
        self.at = 0
        self.uses_patterns = True
        self.sorts_by_lba = False

    def matcher(self, test: str, pattern: str) -> Callable[[str], bool]:
        """A function that tells whether a text fits.

        Raises:
            BadTest: the pattern has an open bracket.
        """
        if not self.uses_patterns:
            return pattern.__eq__
        try:
            return matcher(pattern)
        except PatternError:
            raise BadTest(f"-find[ix]: cannot set -{test} expression '{pattern}'") from None

    def parse(self) -> Test:
        """The whole expression.

        Raises:
            Malformed: it is none.
            BadTest: a test has an impossible parameter.
        """
        if not self.tokens:
            return always
        test = self._and_chain()
        if self.at < len(self.tokens):
            raise Malformed
        return test

    def _next(self) -> str:
        return self.tokens[self.at][0] if self.at < len(self.tokens) else ""

    def _take(self, *operators: str) -> bool:
        taken = self._next() in operators and self.at < len(self.tokens)
        self.at += taken
        return taken

    def _and_chain(self) -> Test:
        tests = [self._or_chain()]
        while self.at < len(self.tokens) and self._next() not in (")", "-then", "-elseif", "-else", "-endif"):
            self._take("-and")
            tests.append(self._or_chain())
        if len(tests) == 1:
            return tests[0]
        if len(tests) == 2:
            first, second = tests
            return lambda candidate: first(candidate) and second(candidate)
        return lambda candidate: all(test(candidate) for test in tests)

    def _or_chain(self) -> Test:
        tests = [self._operand()]
        while self._next() == "or_use_pattern" or self._take("-or"):
            tests.append(self._operand())
        if len(tests) == 1:
            return tests[0]
        return lambda candidate: any(test(candidate) for test in tests)

    def _operand(self) -> Test:
        if self.at == len(self.tokens):
            return always
        token, words = self.tokens[self.at]
        self.at += 1
        if token == "-not":
            if self.at == len(self.tokens):
                return always
            test = self._operand()
            return lambda candidate: not test(candidate)
        if token == "(":
            inner = self._and_chain()
            if not self._take(")") and self.at < len(self.tokens):
                raise Malformed
            return inner
        if token == "-if":
            return self._branches()
        if token in TESTS:
            return TESTS[token][1](self, words)
        raise Malformed

    def _branches(self) -> Test:
        condition = self._and_chain()
        if self.at == len(self.tokens):
            return condition
        if not self._take("-then"):
            raise Malformed
        then = self._and_chain()
        otherwise: Test = never
        if self._take("-elseif"):
            otherwise = self._branches()
        else:
            if self._take("-else"):
                otherwise = self._and_chain()
            if not self._take("-endif") and self.at < len(self.tokens):
                raise Malformed
        return lambda candidate: then(candidate) if condition(candidate) else otherwise(candidate)
