"""Names in images: what becomes of Rock Ridge names, and how equal ones are told apart."""

from __future__ import annotations

import pytest

from burnlab.iso9660.names import (
    JOLIET_NUMBERING,
    TooManyAlike,
    iso_directory_name,
    iso_file_name,
    joliet_name,
    unique_names,
)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (b".hidden", b".HIDDEN"),
        (b"noext", b"NOEXT."),
        (b"trailingdot.", b"TRAILINGDOT_."),
        (b"name.with.dots.txt", b"NAME_WITH_DOTS.TXT"),
        (b"abcdefghijklmnopqrstuvwxyz0123456789.longextension", b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0.LON"),
        (b"...", b"___."),
        (b"..a", b"_.A"),
        (b"a b+c", b"A_B_C."),
        ("é.ü".encode(), b"_._"),
        (b"\xe2\x82\xac\xe2\x82.\xc3\xa9", b"___._"),
        (b"\xf5\x92\xb0\x89x", b"_X."),
        (b"\xed\xa0\x80", b"___."),
        (b"x" * 255, b"X" * 30 + b"."),
        (b"s" * 29 + b".x", b"S" * 29 + b".X"),
        (b"q." + b"e" * 40, b"Q." + b"E" * 29),
    ],
)
def test_file_names(name: bytes, expected: bytes) -> None:
    assert iso_file_name(name) == expected


def test_directory_names_have_no_dot() -> None:
    assert iso_directory_name(b"dir.ext") == b"DIR_EXT"
    assert iso_directory_name(b"d" * 40) == b"D" * 31


def test_equal_names_are_all_numbered() -> None:
    assert unique_names([b"UPPER.TXT", b"UPPER.TXT"], [False, False]) == [b"UPPER0.TXT", b"UPPER1.TXT"]


def test_numbers_skip_names_that_are_taken() -> None:
    names = [b"A.T", b"A.T", b"A0.T"]
    assert unique_names(names, [False] * 3) == [b"A1.T", b"A2.T", b"A0.T"]


def test_more_digits_if_needed() -> None:
    found = unique_names([b"N."] * 11, [False] * 11)
    assert (found[0], found[10], len(set(found))) == (b"N000.", b"N010.", 11)


def test_more_digits_replace_others_only_where_there_is_no_room() -> None:
    found = unique_names([b"N" * 30 + b"."] * 11, [False] * 11)
    assert (found[0], found[10]) == (b"N" * 28 + b"00.", b"N" * 28 + b"10.")
    names = [f"x{letter}.txt".encode() for letter in "abcdefghijk"]
    assert unique_names([b"X_.TXT"] * len(names), [False] * 11)[3] == b"X_003.TXT"


def test_what_got_a_number_of_too_few_digits_is_in_the_way_of_nobody() -> None:
    tail = b".DATA" + b"_" * 13
    names = [b"S_004" + b"_" * 8 + tail] * 2 + [b"S_005" + b"_" * 8 + tail] * 2
    names += [b"S_005" + b"_" * 7 + b"%d" % n + tail for n in range(9)]
    found = unique_names(names, [False] * len(names))
    assert len(set(found)) == len(names)
    assert all(len(name) <= 31 for name in found)


def test_a_long_extension_gives_way_to_the_number() -> None:
    name = b"A." + b"E" * 29
    assert unique_names([name, name], [False, False])[0] == b"A0." + b"E" * 28


def test_files_and_directories_may_be_alike() -> None:
    found = unique_names([b"D" * 31, b"D" * 31], [True, True])
    assert found == [b"D" * 30 + b"0", b"D" * 30 + b"1"]


def test_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("burnlab.iso9660.names.MAX_DIGITS", 1)
    with pytest.raises(TooManyAlike):
        unique_names([b"N."] * 11, [False] * 11)


@pytest.mark.parametrize(
    ("name", "is_directory", "expected"),
    [
        (b"a*b:c", False, "a_b_c"),
        ("𝄞.x".encode(), False, "_.x"),
        (b"bad\xff\xfe", False, "bad__"),
        (b"n" * 100, False, "n" * 64),
        (b"n" * 100 + b".html", False, "n" * 61 + ".htm"),
        (b"n" * 60 + b".html", False, "n" * 60 + ".html"),
        (b"d." + b"e" * 100, True, "d." + "e" * 62),
        (b"n" * 63 + b".", False, "n" * 63 + "."),
        (b"n" * 64 + b".", False, "n" * 64),
        (b"n" * 62 + b"..", False, "n" * 62 + ".."),
        (b"n" * 63 + b".ab.", False, "n" * 63 + "."),
    ],
)
def test_joliet_names(name: bytes, is_directory: bool, expected: str) -> None:
    assert joliet_name(name, is_directory) == expected.encode("utf-16-be")


def test_joliet_names_are_told_apart_by_characters() -> None:
    name = joliet_name(b"n" * 100, False)
    first, second = unique_names([name, name], [False, False], JOLIET_NUMBERING)
    assert first == ("n" * 63 + "0").encode("utf-16-be")
    assert second == ("n" * 63 + "1").encode("utf-16-be")


@pytest.mark.parametrize(
    ("name", "numbered"),
    [
        (b"n" * 100 + b".html", "n" * 60 + "0.htm"),
        (b"dot*.", "dot_0"),
        (b"zz*." + b"f" * 60, "zz_0." + "f" * 60),
        (b"x*." + b"e" * 70, "x0." + "e" * 62),
        (b"." + b"e" * 70, "0." + "e" * 63),
    ],
)
def test_the_dot_of_a_joliet_name_takes_no_room(name: bytes, numbered: str) -> None:
    alike = joliet_name(name, False)
    assert unique_names([alike, alike], [False, False], JOLIET_NUMBERING)[0].decode("utf-16-be") == numbered
