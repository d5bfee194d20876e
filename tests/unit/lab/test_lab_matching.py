"""Transcripts against expectations."""

from __future__ import annotations

import pytest

from burnlab.lab.matching import Transcript, match_transcript, tail
from burnlab.lab.plan import Expect
from burnlab.lab.sabotage import sabotage

SAID = Transcript(
    stdout="File contents and their MD5 checksums match.\n",
    stderr="Media status : is written , is closed\nISO image produced: 52735 sectors\n"
    "Written to medium : 52885 sectors at LBA 0\n",
)


def reasons(expect: Expect, transcript: Transcript = SAID, **scope: int) -> list[str]:
    return match_transcript(transcript, expect, scope).reasons


def test_lines_in_order_with_others_between():
    outcome = match_transcript(
        SAID,
        Expect(
            stderr=("Media status : {*}", "Written to medium : {n:=image + 150} sectors at LBA {lba}"),
            either=("File contents {*}",),
            holds=("n == lba + 52885",),
        ),
        {"image": 52735},
    )
    assert outcome.holds
    assert outcome.captures == {"n": 52885, "lba": 0}


def test_the_wrong_order_is_named():
    found = reasons(Expect(stderr=("Written {*}", "Media status : {*}")))
    assert found == ["stderr has 'Media status : {*}': the line stands too early, in line 1"]


def test_either_channel_has_no_order():
    assert not reasons(Expect(either=("Written {*}", "Media status : {*}", "File contents {*}")))


def test_the_nearest_line_is_shown():
    (found,) = reasons(Expect(stderr=("Media status : is blank",)))
    assert "nearest is 'Media status : is written , is closed'" in found


def test_the_value_is_shown():
    (found,) = reasons(Expect(stderr=("Written to medium : {n:=106800} sectors at LBA {lba}",)))
    assert "'Written to medium : 52885 sectors at LBA 0': n == 106800 (n is 52885) doesn't hold" in found


def test_a_later_line_may_meet_the_condition():
    said = Transcript("", "n 1\nn 2\nn 3\n")
    assert match_transcript(said, Expect(stderr=("n {x:=2}", "n {y}")), {}).captures == {"x": 2, "y": 3}


def test_an_empty_channel_is_said():
    assert reasons(Expect(stdout=("x",)), Transcript("", "")) == ["stdout has 'x': the channel is empty"]


@pytest.mark.parametrize(
    ("rule", "value", "holds"),
    [
        (None, 0, True),
        (None, 32, False),
        (32, 32, True),
        ("nonzero", 5, True),
        ("nonzero", 0, False),
        ("any", 7, True),
    ],
)
def test_exit_values(rule, value, holds):
    outcome = match_transcript(Transcript("", "", value), Expect(exit=rule), {})
    assert outcome.holds == holds


def test_forbidden_lines():
    (found,) = reasons(Expect(never=("MD5 MISMATCH{*}", "File contents{*}")))
    assert found.endswith("there is 'File contents and their MD5 checksums match.'")


def test_relations_show_their_values():
    assert reasons(Expect(holds=("a + 1 == b",)), a=1, b=3) == [
        "a + 1 == b: a + 1 == b (a is 1, b is 3) doesn't hold"
    ]


def test_an_unknown_name_is_a_reason_not_a_crash():
    assert reasons(Expect(holds=("a == 1",), stderr=("{=b}",), never=("{=c}",))) != []


def test_the_tail():
    assert tail(Transcript("a\nb\n", "c\n"), 1) == "stdout: b\nstderr: c"


def test_sabotage_begins_with_numbers():
    spoiled = sabotage(SAID, Expect(stderr=("ISO image produced: {n:=52735} sectors",)), {})
    assert spoiled.changes == (
        "'ISO image produced: 52735 sectors' became 'ISO image produced: 63846 sectors'",
    )
    assert not spoiled.outcome.holds


def test_sabotage_goes_on_to_words():
    spoiled = sabotage(SAID, Expect(stderr=("ISO image produced: {n} sectors",)), {})
    assert "VFB vzntr" in spoiled.changes[0]
    assert not spoiled.outcome.holds


def test_sabotage_ends_with_the_exit_value():
    assert sabotage(SAID, Expect(), {}).changes == ("exit value 0 became 1",)
    assert sabotage(Transcript("", "", 32), Expect(exit="nonzero"), {}).changes == ("exit value 32 became 0",)


def test_a_step_that_proves_nothing_is_found_out():
    assert sabotage(SAID, Expect(exit="any"), {}).outcome.holds
