"""Events: what is shown, what ends the program, and the exit value. Texts are those of the real program."""

from __future__ import annotations

import json

import pytest

from burnlab.xorriso.messages import Messages, Streams
from burnlab.xorriso.severity import Severity, find_severity
from support.burn_program import World

ABORTING = "xorriso : aborting : -abort_on 'FAILURE' encountered 'FAILURE'"
TOLERATED = "xorriso : NOTE : Tolerated problem event of severity 'FAILURE'"
RETURNING = "xorriso : NOTE : -return_with SORRY 32 triggered by problem severity FAILURE"
UNKNOWN = "xorriso : FAILURE : Not a known command:  '-nonsense'"


@pytest.mark.parametrize(
    ("text", "severity"),
    [
        ("sorry", Severity.SORRY),
        ("SORRYx", Severity.SORRY),
        ("FAIL", None),
        ("", None),
        ("never", Severity.NEVER),
    ],
)
def test_names_of_severities(text: str, severity: Severity | None) -> None:
    assert find_severity(text) is severity


@pytest.mark.parametrize(
    ("report", "abort", "shown"),
    [
        (Severity.UPDATE, Severity.FAILURE, ["UPDATE", "NOTE", "FAILURE"]),
        (Severity.SORRY, Severity.FAILURE, ["FAILURE"]),
        (Severity.NEVER, Severity.FAILURE, ["FAILURE"]),
        (Severity.NEVER, Severity.NEVER, []),
        (Severity.FATAL, Severity.NOTE, ["NOTE", "FAILURE"]),
        (Severity.ALL, Severity.FAILURE, ["DEBUG", "UPDATE", "NOTE", "FAILURE"]),
    ],
)
def test_what_is_shown(report: Severity, abort: Severity, shown: list[str]) -> None:
    lines: list[str] = []
    messages = Messages(Streams(lines.append, lines.append))
    messages.report_about, messages.abort_on = report, abort
    for severity in (Severity.DEBUG, Severity.UPDATE, Severity.NOTE, Severity.FAILURE):
        messages.event(severity, "text", origin="libisofs")
    assert lines == [f"libisofs: {name} : text\n" for name in shown]
    assert messages.eternal == Severity.FAILURE


def test_an_unknown_word_stops_everything_before_anything_runs() -> None:
    world = World()
    assert world.run("-print", "a", "-nonsense") == 5
    assert world.out == ""
    assert list(world.events()) == [UNKNOWN, ABORTING]


def test_a_tolerated_unknown_word_comes_up_twice() -> None:
    world = World()
    assert world.run("-abort_on", "NEVER", "-nonsense", "-print", "a") == 32
    assert world.out == "a\n"
    assert list(world.events()) == [UNKNOWN, TOLERATED, TOLERATED, UNKNOWN, TOLERATED, RETURNING]


def test_no_rc_skips_the_look_ahead() -> None:
    world = World()
    assert world.run("-no_rc", "-print", "a", "-nonsense") == 5
    assert world.out == "a\n"


@pytest.mark.parametrize(
    ("words", "value"),
    [
        (["-dialog", "maybe"], 32),
        (["-dialog", "maybe", "-return_with", "SORRY", "44"], 44),
        (["-return_with", "SORRY", "44", "-dialog", "maybe", "-return_with", "SORRY", "45"], 45),
        (["-return_with", "SORRY", "0", "-dialog", "maybe"], 0),
        (["-return_with", "FAILURE", "40", "-dialog", "maybe"], 0),
        (["-dialog", "maybe", "-print", "x", "-abort_on", "SORRY"], 5),
        (["-return_with", "SORRY", "7"], 5),
        (["-return_with", "bogus", "33"], 5),
        ([], 2),
        (["-print"], 0),
    ],
)
def test_exit_values(words: list[str], value: int) -> None:
    assert World().run(*words) == value


def test_the_first_abort_on_works_from_the_start() -> None:
    world = World()
    world.run("-dialog", "maybe", "-print", "reached", "-abort_on", "SORRY")
    assert "reached" not in world.out


def test_only_the_first_abort_on_works_from_the_start() -> None:
    words = ["-dialog", "maybe", "-print", "reached", "-abort_on"]
    assert World().run(*words, "SORRY", "-abort_on", "NEVER") == 5
    assert World().run(*words, "NEVER", "-abort_on", "SORRY") == 32


def test_complaints_of_early_commands_come_above_the_banner_below_it_and_in_their_turn() -> None:
    world = World()
    world.run("-report_about", "bogus", "-print", "x")
    complaint = "xorriso : WARNING : -report_about: Not a known severity name : 'bogus'\n"
    assert world.said[0] == ("err", complaint)
    assert world.err.count(complaint) == 3


def test_early_commands_without_their_words_wait_for_their_turn() -> None:
    world = World()
    assert world.run("-report_about") == 0
    assert list(world.events()) == ["xorriso : WARNING : -report_about: Not a known severity name : ''"]


def test_packets() -> None:
    world = World()
    world.run(
        "-pkt_output", "on", "-print", "a\nb", "-print_info", "i", "-print_mark", "m", "-dialog", "maybe"
    )
    assert world.out.splitlines()[:4] == ["R:1: a", "R:1: b", "I:1: i", "M:0: m"]
    assert "I:1: xorriso : SORRY : -dialog: unknown mode 'maybe'" in world.out
    assert world.err == ""


def test_json_lines() -> None:
    world = World()
    world.run("-json", "on", "-print", "ä\n", "-print_mark", "m", "-dialog", "maybe", "-version")
    lines = [json.loads(line) for line in world.out.splitlines()]
    assert lines[0] == {"channel": "result", "text": "ä", "command": "-print"}
    assert lines[1]["channel"] == "mark"
    assert lines[2] == {
        "channel": "message",
        "severity": "SORRY",
        "origin": "xorriso",
        "text": "-dialog: unknown mode 'maybe'",
        "command": "-dialog",
    }
    assert lines[4]["data"]["program"] == "burnlab"
    assert world.err == ""


def test_marks_go_both_ways() -> None:
    world = World()
    world.run("-print_mark", "m", "-print_mark", "")
    assert (world.out, world.err) == ("m\n", "m\n")


def test_progress_takes_one_line_of_a_terminal() -> None:
    said: list[str] = []
    messages = Messages(Streams(said.append, said.append, is_terminal=True))
    messages.progress("1 of 2")
    messages.progress("2 of 2")
    messages.info("done")
    assert said == ["\r\x1b[K1 of 2", "\r\x1b[K2 of 2", "\r\x1b[K", "done\n"]


def test_a_known_share_of_a_job_is_drawn_as_a_bar() -> None:
    said: list[str] = []
    Messages(Streams(said.append, said.append, is_terminal=True)).progress("1 of 4", 0.25)
    assert said == ["\r\x1b[K[#####...............] 1 of 4"]


def test_progress_is_plain_lines_elsewhere() -> None:
    said: list[str] = []
    messages = Messages(Streams(said.append, said.append))
    messages.progress("1 of 2")
    assert said == ["xorriso : UPDATE : 1 of 2\n"]


def test_encoded_output() -> None:
    world = World()
    world.run("-backslash_codes", "on", "-print", r"\001\t", "-print_info", r"\001")
    assert (world.out, world.err) == ("\\001\t\n", "\\001\n")
