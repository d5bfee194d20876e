"""The pattern language and its arithmetic."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from burnlab.lab.expression import ExpressionError, evaluate, names_in, size_text
from burnlab.lab.patterns import PatternError, compile_pattern, names_in_template, substitute

WRITTEN = "Written to medi{a|um} : {sectors:=106800} sectors at LBA {lba:=0}"


@pytest.mark.parametrize(
    "line",
    [
        "Written to media  : 106800 sectors at LBA 0",
        "Written to medium : 106800 sectors at LBA 0",
        "Written to medium : 106800 sectors at LBA 0   ",
    ],
)
def test_both_spellings_fit(line):
    found = compile_pattern(WRITTEN).match(line, {})
    assert found is not None
    assert not found.unmet
    assert found.captures == {"sectors": 106800, "lba": 0}


def test_a_wrong_number_has_the_shape_and_a_reason():
    found = compile_pattern(WRITTEN).match("Written to medium : 106816 sectors at LBA 0", {})
    assert found is not None
    assert found.unmet == "sectors == 106800 (sectors is 106816) doesn't hold"


@pytest.mark.parametrize(
    "line", ["Written to medius : 1 sectors at LBA 0", "x Written to medium : 1 sectors", ""]
)
def test_another_shape_is_no_match(line):
    assert compile_pattern(WRITTEN).match(line, {}) is None


@pytest.mark.parametrize(
    ("pattern", "line", "captures"),
    [
        (
            "Blanking  ( {p:decimal 0..100}% done in {s} seconds )",
            "Blanking  ( 95.4% done in 36 seconds )",
            {"p": 95.4, "s": 36},
        ),
        ("{free:size} free", "22.4g free", {"free": "22.4g"}),
        ("{n:>=3}", "3", {"n": 3}),
        ("{n:low..high}", "7", {"n": 7}),
        ("{who:text} ate {*}", "the  cat ate", None),
        ("{who:text} ate {*}", "the  cat ate it", {"who": "the  cat"}),
        ("{*}{{x}}.", "any {x}.", {}),
        ("a.b*", "a.b*", {}),
        ("{=low + 1}s", "6s", {}),
    ],
)
def test_kinds_and_conditions(pattern, line, captures):
    found = compile_pattern(pattern).match(line, {"low": 5, "high": 9})
    assert (None if found is None else dict(found.captures)) == captures


@pytest.mark.parametrize(
    ("pattern", "says"),
    [
        ("{a", "brace"),
        ("a}", "brace"),
        ("{a:colour}", "unknown kind 'colour'"),
        ("{a} {a}", "twice"),
        ("{a:=1 +}", "not an expression"),
        ("{A}", "neither"),
        ("{=import os}", "not an expression"),
        ("{a:decimal near 3}", "not a condition"),
    ],
)
def test_bad_patterns_say_what_is_wrong(pattern, says):
    with pytest.raises(PatternError, match=says):
        compile_pattern(pattern)


def test_a_pattern_tells_what_it_needs():
    assert compile_pattern("{lba:=write-1.lba + gap} {=payload.lib.probe} {x:>lba}").needs() == {
        "write-1.lba", "gap", "payload.lib.probe",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("write-1.lba + write-1.sectors + 28688", 135488),
        ("roundup(106796, 16)", 106800),
        ("size(2298496)", "4489m"),
        ("size(271744) == '531m'", True),
        ("0 <= write-1.lba < 5", True),
        ("not 1 == 2 and (2 > 1 or 1 > 2)", True),
        ("-3 + abs(-3) * 2 % 4 // 1", -1),
        ("max(1, 2) - min(1, 2)", 1),
    ],
)
def test_arithmetic(text, value):
    assert evaluate(text, {"write-1.lba": 0, "write-1.sectors": 106800}) == value


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os')",
        "().__class__",
        "[1]",
        "a.b.c(1)",
        "1 if 1 else 2",
        "lambda: 1",
        "size(blocks=1)",
        "",
        "None",
        "1 +",
    ],
)
def test_an_expression_says_nothing_else(text):
    with pytest.raises(ExpressionError):
        evaluate(text, {})


@pytest.mark.parametrize("text", ["1 // 0", "'a' + 1", "unknown + 1", "size('x')"])
def test_a_sum_that_cannot_be_done_is_an_error_of_the_expression(text):
    with pytest.raises(ExpressionError):
        evaluate(text, {})


def test_names_with_dots_and_hyphens():
    assert names_in("old-session-1.lba + size(b) == 'x-y'") == {"old-session-1.lba", "b"}


@pytest.mark.parametrize(
    ("blocks", "text"),
    [
        (0, "0"),
        (4, "8192"),
        (5, "10.0k"),
        (80, "160k"),
        (4050, "8100k"),
        (52885, "103m"),
        (176368, "344m"),
        (2080768, "4064m"),
        (2081120, "4065m"),
        (2298496, "4489m"),
        (11744051, "22.4g"),
    ],
)
def test_sizes_are_written_as_xorriso_does(blocks, text):
    assert size_text(blocks) == text


def test_substitution():
    scope = {"program": "xorriso", "payload.lib": "/payload/lib", "n": 2}
    assert (
        substitute("{program} -add {payload.lib} -- {{x}} {n + 1}", scope)
        == "xorriso -add /payload/lib -- {x} 3"
    )
    assert names_in_template("{program} {{no}} {payload.lib}") == {"program", "payload.lib"}


@given(
    st.text(st.characters(exclude_characters="{}", exclude_categories=("Cc", "Cs", "Zl", "Zp")), min_size=1)
)
def test_a_text_without_braces_fits_itself(text):
    if text.strip():
        found = compile_pattern(text).match(text.strip(), {})
        assert found is not None


@given(st.text())
def test_any_text_is_a_pattern_or_a_pattern_error(text):
    try:
        compile_pattern(text)
    except PatternError as error:
        assert str(error)
