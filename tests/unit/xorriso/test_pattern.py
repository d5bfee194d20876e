from __future__ import annotations

import pytest

from burnlab.xorriso.pattern import PatternError, expand, has_wildcards, matcher

TREE = {
    "": ["src", "src2"],
    "/src": [".dot", "[x", "a*b", "hard", "hello.txt", "sub"],
    "/src/sub": ["one", "two.o"],
    "/src2": ["second.txt"],
}


def names_in(path: str) -> list[str]:
    return TREE.get(path, [])


def exists(path: str) -> bool:
    directory, _, name = path.rpartition("/")
    return path in TREE or name in names_in(directory)


@pytest.mark.parametrize(
    ("pattern", "fits", "fails"),
    [
        ("h*", ["h", "hello"], ["ah", "H"]),
        ("*.o", ["a.o", ".o"], ["a.oo", "xo"]),
        ("?a*", ["ba", "hard"], ["a", "abba"]),
        ("[a-c]x", ["ax", "cx"], ["dx", "-x", "x"]),
        ("[!a-c]x", ["dx"], ["ax"]),
        ("[^a-c]x", ["dx"], ["bx"]),
        ("[]a]", ["]", "a"], ["b"]),
        ("[[:digit:]]", ["7"], ["x", ":"]),
        ("[[:alpha:]]*", ["a", "ümlaut"], ["1"]),
        ("a\\*b", ["a*b"], ["axb"]),
        ("\\hello", ["hello"], ["\\hello"]),
        ("*", ["", "a/b", "new\nline"], []),
        ("a.b", ["a.b"], ["axb"]),
        ("?", ["\udcff", "ü"], [""]),
    ],
)
def test_matching(pattern: str, fits: list[str], fails: list[str]) -> None:
    match = matcher(pattern)
    assert [text for text in fits if not match(text)] == []
    assert [text for text in fails if match(text)] == []


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("/src*", ["/src", "/src2"]),
        ("/src/h*", ["/src/hard", "/src/hello.txt"]),
        ("/*/*.txt", ["/src/hello.txt", "/src2/second.txt"]),
        ("/*/sub/one", ["/src/sub/one"]),
        ("/src/sub/[a-s]*", ["/src/sub/one"]),
        ("/src/.*", ["/src/.dot"]),
        ("/src/sub", ["/src/sub"]),
        ("/src/hello.txt/*", []),
        ("/nosuch/*", []),
        ("/src/*/nosuch", []),
    ],
)
def test_expansion(path: str, found: list[str]) -> None:
    assert list(expand(path, names_in, exists)) == found


@pytest.mark.parametrize("pattern", ["[", "[a-", "x[]", "[!]"])
def test_open_brackets(pattern: str) -> None:
    with pytest.raises(PatternError) as refused:
        matcher(pattern)
    assert refused.value.expression == f"^{pattern}$"


def test_wildcards() -> None:
    assert [text for text in ("a*", "a?", "[a", "a]", "a\\b", "") if has_wildcards(text)] == [
        "a*",
        "a?",
        "[a",
    ]
