"""The grammar of words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from burnlab.xorriso.words import (
    DOUBLE_QUOTED,
    SINGLE_QUOTED,
    UNQUOTED,
    OpenQuote,
    command_name,
    continuation,
    decode_backslashes,
    encode_backslashes,
    encode_output,
    join_lines,
    quote,
    split_line,
)


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("-toc", "toc"),
        ("toc", "toc"),
        ("--toc-of", "toc_of"),
        ("-", "-".replace("-", "_")),
        ("", ""),
        ("-x", "x"),
    ],
)
def test_command_name(word: str, name: str) -> None:
    assert command_name(word) == name


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("-print a  b\t", ["-print", "a", "b"]),
        ("-print 'a b'\"c d\"e", ["-print", "a bc de"]),
        ("-print '' x", ["-print", "", "x"]),
        ('-print \'say "no"\' "it\'s"', ["-print", 'say "no"', "it's"]),
        (r"-print a\ b\t", ["-print", "a\\", "b\\t"]),
        ("-print $HOME #x", ["-print", "$HOME", "#x"]),
        ("   ", []),
    ],
)
def test_split_line(line: str, words: list[str]) -> None:
    assert split_line(line) == words


def test_a_line_with_an_open_quotation_mark_is_refused() -> None:
    with pytest.raises(OpenQuote):
        split_line("-print 'a b")


@pytest.mark.parametrize(
    ("decode", "words"),
    [
        (0, [r"a\t", r"b\t", r"c\t"]),
        (DOUBLE_QUOTED, [r"a\t", "b\t", r"c\t"]),
        (DOUBLE_QUOTED | SINGLE_QUOTED, [r"a\t", "b\t", "c\t"]),
        (DOUBLE_QUOTED | SINGLE_QUOTED | UNQUOTED, ["a\t", "b\t", "c\t"]),
    ],
)
def test_backslash_codes_by_kind_of_quotation(decode: int, words: list[str]) -> None:
    assert split_line(r"""a\t "b\t" 'c\t'""", decode) == words


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0'\n"), max_size=8), max_size=5))
def test_quoted_words_come_back(words: list[str]) -> None:
    line = " ".join(f"'{word}'" for word in words)
    assert split_line(line) == words


@pytest.mark.parametrize(
    ("text", "decoded"),
    [
        (r"a\tb\x41", "a\tbA"),
        (r"\101\x4", "A\x04"),
        (r"\cA\cz\e\\", "\x01\x1a\x1b\\"),
        (r"\q\ ", r"\q\ "),
        (r"\303\244", "ä"),
        (r"\xff", "\udcff"),
    ],
)
def test_backslash_codes(text: str, decoded: str) -> None:
    assert decode_backslashes(text) == decoded


@given(st.binary(max_size=30))
def test_every_byte_has_a_backslash_code(data: bytes) -> None:
    text = data.decode("utf-8", "surrogateescape")
    encoded = encode_backslashes(text)
    assert encoded.isascii()
    assert encoded.isprintable()
    assert decode_backslashes(encoded) == text


def test_output_keeps_what_moves_the_cursor() -> None:
    assert encode_output("a\tb\nc\x01\\ä\x1b") == r"a" "\tb\nc" r"\001\\\303\244\e"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("-print a", ""),
        ("-print 'a", "'"),
        ("-print \"a'", '"'),
        ("-print a\\", "\\"),
        ("-print 'a\\'", ""),
        ("# it's a comment \\", ""),
        ("  # don't", ""),
    ],
)
def test_continuation(line: str, reason: str) -> None:
    assert continuation(line) == reason


def test_join_lines() -> None:
    assert split_line(join_lines('-print "a', 'b"')) == ["-print", "a\nb"]
    assert split_line(join_lines("-print a_\\", "b")) == ["-print", "a_b"]


def test_quote() -> None:
    assert quote("it's") == "'it'\"'\"'s'"
