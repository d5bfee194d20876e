"""The micro guest's exec protocol, cut at every place."""

from __future__ import annotations

import base64
import itertools

from hypothesis import given
from hypothesis import strategies as st

from burnlab.vm.protocol import Lines, Scanner, new_mark, request

MARK = b"0" + b"123456789abcdef" * 2 + b"f"


def cut(data: bytes, places: list[int]) -> list[bytes]:
    ends = sorted({place % (len(data) + 1) for place in places} | {0, len(data)})
    return [data[start:end] for start, end in itertools.pairwise(ends)]


@given(
    st.binary(max_size=200),
    st.integers(0, 255),
    st.lists(st.integers(0, 400), max_size=20),
    st.binary(max_size=40),
)
def test_output_of_any_bytes_comes_through_in_any_pieces(
    output: bytes, code: int, places: list[int], stray: bytes
) -> None:
    scanner = Scanner(MARK)
    stream = stray + MARK + b"beg" + output + MARK + b"%03d" % code
    assert b"".join(scanner.feed(piece) for piece in cut(stream, places)) == output
    assert scanner.ended
    assert scanner.exit_code == code


@given(st.integers(1, len(MARK) - 1), st.lists(st.integers(0, 400), max_size=5))
def test_output_that_looks_like_the_beginning_of_a_mark(size: int, places: list[int]) -> None:
    output = MARK[:size] + b"x" + MARK[:size]
    scanner = Scanner(MARK)
    stream = MARK + b"beg" + output + MARK + b"000"
    assert b"".join(scanner.feed(piece) for piece in cut(stream, places)) == output


def test_a_short_line_shows_up_at_once() -> None:
    scanner = Scanner(MARK)
    assert scanner.feed(MARK + b"beg") == b""
    assert scanner.feed(b"hi\n") == b"hi\n"
    assert not scanner.ended


def test_a_request_is_one_line_whatever_the_command() -> None:
    line = request(MARK, "echo 'a\nb' ü\udcff")
    mark, encoded = line.split(b" ")
    assert mark == MARK
    assert line.count(b"\n") == 1
    assert base64.b64decode(encoded) == "echo 'a\nb' ü".encode() + b"\xff"


def test_marks_differ() -> None:
    assert len({new_mark() for _ in range(100)}) == 100


def test_lines_end_at_newlines_and_carriage_returns() -> None:
    seen: list[tuple[str, str]] = []
    lines = Lines("stderr", lambda name, line: seen.append((name, line)))
    for piece in (b"one\ntw", b"o\r\nthr", b"ee\r", b"last"):
        lines.feed(piece)
    assert seen == [("stderr", "one"), ("stderr", "two"), ("stderr", "three")]
    lines.close()
    assert seen[-1] == ("stderr", "last")
