from __future__ import annotations

import pytest

from burnlab.xorriso.paths import (
    PathError,
    join,
    name_of,
    parent_of,
    relative,
    resolve,
    split_pathspec,
    swap_prefix,
)


@pytest.mark.parametrize(
    ("word", "base", "path"),
    [
        ("/", "/x", ""),
        ("", "", ""),
        ("", "/a/b", "/a/b"),
        (".", "/a", "/a"),
        ("b", "", "/b"),
        ("b//c/", "/a", "/a/b/c"),
        ("../c", "/a/b", "/a/c"),
        ("/a/./b/../c/.", "/x", "/a/c"),
        (".hidden/..x", "/a", "/a/.hidden/..x"),
        ("/a/..", "", ""),
    ],
)
def test_resolve(word: str, base: str, path: str) -> None:
    assert resolve(word, base) == path


@pytest.mark.parametrize(("word", "base", "shown"), [("..", "", ".."), ("../../x", "/a", "/a/../../x")])
def test_above_the_root(word: str, base: str, shown: str) -> None:
    with pytest.raises(PathError, match="exceeds root directory") as refused:
        resolve(word, base)
    assert str(refused.value).endswith(f"'{shown}'")


def test_parts() -> None:
    assert (parent_of("/a/b"), name_of("/a/b"), parent_of("/a"), name_of("")) == ("/a", "b", "", "")
    assert (join("/a/", "b"), join("/a", "b")) == ("/a/b", "/a/b")
    assert [relative(path, "/a") for path in ("/a", "/a/b/c", "/ab", "/")] == [".", "b/c", None, None]
    assert [swap_prefix(path, "/src", "/x") for path in ("/src/a", "/src2", "/other")] == [
        "/x/a",
        "/x2",
        None,
    ]


@pytest.mark.parametrize(
    ("word", "escaped", "parts"),
    [
        ("a=b", False, ("a", "b")),
        ("a=b=c", False, ("a", "b=c")),
        (r"a\=b=c", False, ("a=b", "c")),
        (r"a\b=c\=d", False, (r"a\b", r"c\=d")),
        (r"a\\b=c\=d", True, (r"a\b", "c=d")),
        ("plain", True, ("plain", "plain")),
        ("=x", False, ("", "x")),
    ],
)
def test_pathspecs(word: str, escaped: bool, parts: tuple[str, str]) -> None:
    assert split_pathspec(word, escaped=escaped) == parts
