from __future__ import annotations

import stat

import pytest

from burnlab.xorriso.find_tests import (
    OPERATORS,
    TESTS,
    BadTest,
    Candidate,
    Malformed,
    Parser,
    Token,
    is_wanted,
)

FILES = {
    "/": stat.S_IFDIR, "/a": stat.S_IFREG, "/b": stat.S_IFREG, "/d": stat.S_IFDIR, "/d/a": stat.S_IFLNK,
    "/d/e": stat.S_IFDIR, "/d/e/a.o": stat.S_IFREG,
}  # fmt: skip


class NoFacts:
    def has_acl(self, subject: object) -> bool:
        return False

    def has_xattr(self, subject: object, *, any_space: bool) -> bool:
        return any_space and subject == "/a"

    def has_md5(self, subject: object) -> bool:
        return subject == "/b"

    def is_pending(self, subject: object) -> bool:
        return subject == "/a"

    def is_damaged(self, subject: object) -> bool:
        return False

    def uses_blocks(self, subject: object, start: int, count: int) -> bool:
        return subject == "/b" and start <= 100 < start + count

    def source(self, subject: object) -> str | None:
        return "/disk/source" if subject == "/a" else None

    def is_mount_point(self, subject: object) -> bool:
        return subject == "/d/e"


def parser_of(text: str) -> Parser:
    words = text.split()
    tokens: list[Token] = []
    while words:
        word = words.pop(0)
        if word in OPERATORS:
            tokens.append((OPERATORS[word], []))
        else:
            count = TESTS[word[1:]][0]
            tokens.append((word[1:], [words.pop(0) for _ in range(count)]))
    return Parser(tokens, NoFacts(), lambda word: f"/disk/{word}")


def found(text: str) -> str:
    test = parser_of(text).parse()
    hits = []
    for path, mode in FILES.items():
        candidate = Candidate(path, path.rpartition("/")[2], mode, path.rstrip("/").count("/"), path)
        if is_wanted(test, candidate):
            hits.append(path)
    return " ".join(hits)


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        ("", "/ /a /b /d /d/a /d/e /d/e/a.o"),
        ("-name a", "/a /d/a"),
        ("-name a*", "/a /d/a /d/e/a.o"),
        ("-use_pattern off -name a*", ""),
        ("-wholename *e*", "/d/e /d/e/a.o"),
        ("-type d", "/ /d /d/e"),
        ("-type m", "/d/e"),
        ("-type X", ""),
        ("-maxdepth 1", "/ /a /b /d"),
        ("-maxdepth 1 -mindepth 1", "/a /b /d"),
        ("-type f -name b -or -name a", "/a /b"),
        ("-name b -or -name a -and -type f", "/a /b"),
        ("-not -name a -or -name a", "/ /a /b /d /d/a /d/e /d/e/a.o"),
        ("-not ( -name a -or -name b )", "/ /d /d/e /d/e/a.o"),
        ("-not -not -name b", "/b"),
        ("( -name b", "/b"),
        ("-sub -name b -subend -or -name d", "/b /d"),
        ("-name b -or", "/ /a /b /d /d/a /d/e /d/e/a.o"),
        ("-not", "/ /a /b /d /d/a /d/e /d/e/a.o"),
        ("-if -type f -then -name a -else -name e -endif", "/a /d/e"),
        ("-if -type f -then -name a -elseif -type l -then -true -else -name d -endif", "/a /d /d/a"),
        ("-if -type f -then -name a -endif", "/a"),
        ("-if -type l", "/d/a"),
        ("-not -if -type f -then -true -endif", "/ /d /d/a /d/e"),
        ("-decision yes -false", "/ /a /b /d /d/a /d/e /d/e/a.o"),
        ("-if -name b -then -decision yes -endif -true", "/b"),
        ("-false -or -decision true", "/ /a /b /d /d/a /d/e /d/e/a.o"),
        ("-false -decision yes", ""),
        ("-has_md5", "/b"),
        ("-pending_data", "/a"),
        ("-has_any_xattr", "/a"),
        ("-has_xattr", ""),
        ("-has_no_xattr -type l", "/d/a"),
        ("-lba_range 99 2", "/b"),
        ("-lba_range -99 2 -type f", "/a /d/e/a.o"),
        ("-disk_name sour*", "/a"),
        ("-disk_path source", "/a"),
        ("-has_filter", ""),
        ("-hidden off -name b", "/b"),
        ("-false -or_use_pattern off -name b", ""),
    ],
)
def test_expressions(text: str, paths: str) -> None:
    assert found(text) == paths


@pytest.mark.parametrize(
    "text",
    [
        "-or", "-or -name a", "-and", ")", "-name a )", "-then", "-else", "-endif", "( )",
        "-name a -and -or -name b", "-if -type f -endif", "-if -type f -then -else -true -endif",
    ],
)  # fmt: skip
def test_malformed(text: str) -> None:
    with pytest.raises(Malformed):
        parser_of(text).parse()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("-type q", "-find[ix]: unknown -type 'q'"),
        ("-maxdepth x", "-findi: wrong length with -maxdepth [>= 0]"),
        ("-name [", "-find[ix]: cannot set -name expression '['"),
        ("-hidden bogus", "-findi: -hidden : unknown hide state 'bogus'"),
        ("-name_limit_blocker 1", "-findi: wrong length with -name_limit_blocker [64...255]"),
    ],
)
def test_bad_parameters(text: str, message: str) -> None:
    with pytest.raises(BadTest) as refused:
        parser_of(text).parse()
    assert str(refused.value) == message


def test_side_effects() -> None:
    parser = parser_of("-type d -prune -sort_lba")
    test = parser.parse()
    assert parser.sorts_by_lba
    directory, file = (Candidate("/x", "x", mode, 0, None) for mode in (stat.S_IFDIR, stat.S_IFREG))
    assert (is_wanted(test, directory), directory.is_pruned) == (True, True)
    assert (is_wanted(test, file), file.is_pruned) == (False, False)
