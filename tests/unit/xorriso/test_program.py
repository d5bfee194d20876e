"""The run of a program: order, delimiters, files, dialog, end."""

from __future__ import annotations

from pathlib import Path

import pytest

from burnlab.xorriso.command import Command
from burnlab.xorriso.program import Program
from burnlab.xorriso.startup import BANNER
from burnlab.xorriso.table import BY_NAME
from support.burn_program import World


@pytest.fixture
def added(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """What `-add` got, without anything being added."""
    lists: list[list[str]] = []

    def handler_of(command: Command):  # type: ignore[no-untyped-def]
        return (lambda _program, words: lists.append(words)) if command.name == "add" else real(command)

    real = pytest.importorskip("burnlab.xorriso.table").handler_of
    monkeypatch.setattr("burnlab.xorriso.program.handler_of", handler_of)
    return lists


def test_the_banner_comes_first_and_on_standard_error() -> None:
    world = World()
    world.run("-print", "x")
    assert world.said[0] == ("err", BANNER)
    assert BANNER.startswith("xorriso 1.5.4 : RockRidge filesystem manipulator, libburnia project.\n")


def test_words_are_eaten_blindly() -> None:
    world = World()
    assert world.run("-print", "--", "print", "-print", "--print", "b") == 0
    assert world.out == "--\n-print\nb\n"


def test_what_means_nothing_at_command_position() -> None:
    world = World()
    assert world.run("#foo", "", "--", "-print", "x") == 0
    assert world.out == "x\n"


def test_lists_end_at_the_delimiter(added: list[list[str]]) -> None:
    world = World()
    world.run(
        "-add", "a", "b", "--", "-add", "--", "-list_delimiter", "@@", "-add", "--", "c", "@@", "-add", "d"
    )
    assert added == [["a", "b"], [], ["--", "c"], ["d"]]


def test_a_list_that_is_missing(added: list[list[str]]) -> None:
    world = World()
    assert world.run("-add") == 32
    assert next(world.events()) == "xorriso : SORRY : -add : Not enough arguments given"
    assert added == []


@pytest.mark.parametrize(
    ("delimiter", "flaw"),
    [("", "is empty"), ("a'b", "contains quotation marks"), ("x" * 81, "is too long (limit: 80)")],
)
def test_delimiters_that_can_not_be(delimiter: str, flaw: str) -> None:
    world = World()
    assert world.run("-list_delimiter", delimiter, "-print", "a") == 5
    assert next(world.events()) == f"xorriso : FAILURE : -list_delimiter: New delimiter text {flaw}"
    assert world.out == ""


def test_the_look_ahead_leaves_no_trace() -> None:
    program = World().program()
    program.run(["-print", "a", "-list_delimiter", "@@", "-add_plainly", "any"])
    assert (program.settings.list_delimiter, program.settings.add_plainly) == ("@@", "any")
    other = World()
    assert other.run("-print", "a", "--", "-list_delimiter", "@@") == 0


def test_x_sorts() -> None:
    world = World()
    assert (
        world.run("-x", "-end", "-print", "a", "-pkt_output", "on", "-print", "b", "-version", "-print", "c")
        == 0
    )
    assert world.out.endswith("a\nb\nc\n")
    assert "R:1" not in world.out


@pytest.mark.parametrize("word", ["x", "--x"])
def test_x_has_exactly_one_dash(word: str) -> None:
    assert World().run(word, "-print", "a") == 5


def test_plainly_added(added: list[list[str]]) -> None:
    world = World()
    assert world.run("-add_plainly", "unknown", "one", "-print", "x", "two") == 0
    assert added == [["one"], ["two"]]
    assert World().run("-add_plainly", "unknown", "-one") == 5
    assert World().run("-add_plainly", "none") == 5


def test_an_unbuilt_command_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("burnlab.xorriso.program.handler_of", lambda _command: None)
    world = World()
    assert world.run("-no_rc", "-print", "x") == 5
    first = next(world.events())
    assert first == "xorriso : FAILURE : Not a known command:  '-no_rc' : it is not built into burnlab yet"


def test_addresses_of_standard_output_set_it_free() -> None:
    for words in (["-outdev", "-"], ["-dev", "stdio:/dev/fd/1"], ["-as", "mkisofs", "."]):
        world = World()
        world.run(*words)
        assert world.claimed, words
    world = World()
    world.run("-no_rc", "-outdev", "-")
    assert not world.claimed


# Files.


def run_file(tmp_path: Path, text: str, *words: str) -> World:
    path = tmp_path / "commands"
    path.write_text(text, encoding="utf-8")
    world = World()
    world.value = world.run(*words, "-options_from_file", str(path), "-print", "last")  # type: ignore[attr-defined]
    return world


def test_lines_of_a_file(tmp_path: Path) -> None:
    text = "# it's a comment\n-print 'a\nb' -print c\n\n-print d\\\ne\n-print \"f g\"\n"
    world = run_file(tmp_path, text)
    assert world.out == "a\nb\nc\nde\nf g\nlast\n"


def test_a_file_that_fails(tmp_path: Path) -> None:
    world = run_file(tmp_path, "-print a\n-nosuch\n-print b\n")
    path = tmp_path / "commands"
    assert world.out == "a\n"
    aborting = "xorriso : aborting : -abort_on 'FAILURE' encountered 'FAILURE'"
    assert list(world.events()) == [
        "xorriso : FAILURE : Not a known command:  '-nosuch'",
        aborting,
        "xorriso : NOTE : error triggered by line 2 of file:",
        f"    '{path}'",
        aborting,
    ]


def test_a_file_that_ends_within_quotation_marks(tmp_path: Path) -> None:
    world = run_file(tmp_path, '-print a\n-print "b', "-abort_on", "NEVER")
    assert world.out == "a\nlast\n"
    assert "xorriso : FAILURE : Open quotation mark at end of input\n" in world.err
    assert "line 2 of file" in world.err


def test_end_in_a_file_ends_all(tmp_path: Path) -> None:
    world = run_file(tmp_path, "-print a\n-end\n-print b\n")
    assert world.out == "a\n"
    assert world.value == 0  # type: ignore[attr-defined]


def test_a_file_that_calls_itself(tmp_path: Path) -> None:
    path = tmp_path / "commands"
    world = run_file(tmp_path, f"-options_from_file {path}\n")
    assert "More than 32 options files call each other" in world.err
    assert world.value == 5  # type: ignore[attr-defined]


def test_lines_of_standard_input() -> None:
    world = World(typed=["-print a\n", "-print b\n"])
    assert world.run("-options_from_file", "-") == 0
    assert world.out == "a\nb\n"
    assert next(world.events()) == "xorriso : NOTE : Ready for data at standard input"


def test_startup_files(tmp_path: Path) -> None:
    (tmp_path / ".xorrisorc").write_text("-print from_rc\n", encoding="utf-8")
    variables = {"HOME": str(tmp_path)}
    with_file, without = World(variables=variables), World(variables=variables)
    with_file.run("-print", "x", "-no_rc")
    without.run("-no_rc", "-print", "x")
    assert (with_file.out, without.out) == ("from_rc\nx\n", "x\n")


@pytest.mark.parametrize(("text", "value"), [("1600000000", 0), ("abc", 32), ("", 32)])
def test_source_date_epoch(text: str, value: int) -> None:
    world = World(variables={"SOURCE_DATE_EPOCH": text})
    program = world.program()
    assert program.run(["-print", "x"]) == value
    assert ("Tolerated problem event of severity 'SORRY'" in world.err) is (value == 32)
    assert program.settings.now == (1_600_000_000 if value == 0 else None)
    assert program.volume.dates.uuid == ("2020091312264000" if value == 0 else "")


# Dialog and end.


def test_dialog() -> None:
    world = World(typed=["-print a\n", "-print 'b\n", "c'\n", "-nosuch\n", "-end\n", "-print never\n"])
    assert world.run("-dialog", "on") == 32
    assert world.out == "-print a\na\n-print 'b\nc'\nb\nc\n-nosuch\n-end\n"
    assert world.err.count("enter option and arguments :\n") == 4
    assert "Quoted newline char : Enter rest of line (or @@@ to clear it) :\n" in world.err
    assert "Tolerated" in world.err


def test_a_threshold_that_was_given_holds_in_the_dialog() -> None:
    world = World(typed=["-nosuch\n"])
    assert world.run("-abort_on", "FAILURE", "-dialog", "on") == 6


def test_the_end_of_the_dialogs_input_is_a_hangup() -> None:
    world = World(typed=["-print a\n"])
    assert world.run("-dialog", "on") == 1
    assert (
        "\nUNIX-SIGNAL:  SIGHUP  errno= 0\nxorriso : ABORT : Trying to shut down drive and library\n"
        in world.err
    )


def test_single_line_dialog() -> None:
    world = World(typed=['-print "a\n', "-print b\\\n", "-rollback_end\n"])
    assert world.run("-dialog", "single_line") == 32
    assert 'xorriso : FAILURE : Incomplete quotation in command line: -print "a\n' in world.err
    assert "b\\\n" in world.out


def failing_program(monkeypatch: pytest.MonkeyPatch, writes: list[Program]) -> World:
    from burnlab.xorriso.command import CommandFailed
    from burnlab.xorriso.commands import commit
    from burnlab.xorriso.severity import Severity

    def write_at_end(program: Program) -> None:
        writes.append(program)
        program.messages.event(Severity.FAILURE, "No room")
        raise CommandFailed

    monkeypatch.setattr(commit, "write_at_end", write_at_end)
    return World()


@pytest.mark.parametrize(
    ("words", "value", "is_written"),
    [
        (["-changes_pending", "yes"], 32, True),
        (["-changes_pending", "yes", "-end"], 5, True),
        (["-changes_pending", "yes", "-rollback_end"], 0, False),
        (["-changes_pending", "mkisofs_printed"], 0, False),
        (["-print", "x"], 0, False),
        (["-changes_pending", "yes", "-pacifier", "x", "-abort_on", "SORRY"], 5, False),
    ],
)
def test_what_is_pending_is_written_at_the_end(
    monkeypatch: pytest.MonkeyPatch, words: list[str], value: int, is_written: bool
) -> None:
    writes: list[Program] = []
    assert failing_program(monkeypatch, writes).run(*words) == value
    assert bool(writes) is is_written


def test_debug_tells_commands_and_parameters() -> None:
    world = World()
    world.run("-report_about", "DEBUG", "-print", "x")
    assert "xorriso : DEBUG : Command:    -print\nxorriso : DEBUG : Parameter:     x\n" in world.err


def test_sleep_and_signals() -> None:
    world = World()
    world.run("-sleep", "0.5", "-signal_handling", "off")
    assert world.slept == [0.5]
    assert set(world.signal_modes) == {"off"}


def test_aliases_lead_to_their_rows() -> None:
    assert BY_NAME["lsi"] is BY_NAME["ls"]
    assert BY_NAME["chmod_ri"] is BY_NAME["chmod_r"]
