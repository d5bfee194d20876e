"""Faults as data: what a file may say, what it is told if it can't be, how it becomes a table."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from burnlab.recorder import Fault, FaultError, FaultPlan
from burnlab.recorder.fault_kinds import KINDS, SenseCode
from burnlab.recorder.faults import KEYS, allowed_keys, opcodes_of
from burnlab.recorder.table import ROWS

WHOLE = """
[[fault]]
name = "scratch"
kind = "unreadable"
lba = "300..315"

[[fault]]
kind = "write-error"
command = ["WRITE (10)", "write and verify"]
after_blocks = 20000
times = "once"
sense = "3/0C/09"

[[fault]]
kind = "slow"
command = "2Ah"
seconds = 0.5
probability = 0.25
seed = 7
nth = 3
times = 12
"""


def told(text: str) -> tuple[str, str]:
    with pytest.raises(FaultError) as error:
        FaultPlan.from_toml(text, "my.toml")
    message = str(error.value)
    assert message.startswith("my.toml")
    return message, error.value.hint


def test_a_file() -> None:
    plan = FaultPlan.from_toml(WHOLE)
    assert plan.faults == (
        Fault("unreadable", "scratch", lba=(300, 315)),
        Fault(
            "write-error",
            commands=("WRITE (10)", "write and verify"),
            after_blocks=20000,
            times=1,
            sense=SenseCode(3, 0x0C, 0x09),
        ),
        Fault("slow", commands=("2Ah",), seconds=0.5, probability=0.25, seed=7, nth=3, times=12),
    )
    assert plan.faults[1].opcodes == {0x2A, 0x2E}
    assert FaultPlan.from_toml("") == FaultPlan()


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_needs_little(kind: str) -> None:
    settings = {"seconds": 1.0, "sense": "2/04/08" if kind == "busy" else "3/0C/00"}
    table = {"kind": kind} | {key: value for key, value in settings.items() if key in KINDS[kind].needs}
    assert Fault.from_table(table).as_table() == table
    for key in KINDS[kind].needs:
        with pytest.raises(FaultError, match=key):
            Fault.from_table({k: v for k, v in table.items() if k != key})


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("[[fault", "not TOML", ""),
        ("fault = 3", "faults are tables", "[[fault]]"),
        ("[[faults]]\nkind = 'slow'", "unknown key 'faults'", "[[fault]]"),
        ("[[fault]]\nlba = 3", "fault 1: there is no kind None", "allowed: unreadable, "),
        ("[[fault]]\nkind = 'unreadible'", "there is no kind 'unreadible'", "did you mean 'unreadable'?"),
        (
            "[[fault]]\nkind = 'slow'\nsecond = 3",
            "fault 1 has an unknown key 'second'",
            "did you mean 'seconds'?",
        ),
        ("[[fault]]\nkind = 'slow'\nname = 'x'", "fault x: a fault of kind 'slow' needs 'seconds'", ""),
        ("[[fault]]\nkind = 'slow'\nseconds = 'long'", 'seconds = "long": a number is wanted', ""),
        ("[[fault]]\nkind = 'slow'\nseconds = inf", "seconds = inf: a number is wanted", ""),
        (
            "[[fault]]\nkind = 'hang'\nseconds = 3",
            "a fault of kind 'hang' takes no 'seconds'",
            "allowed: carried_out",
        ),
        ("[[fault]]\nkind = 'hang'\ncarried_out = 1", "carried_out = 1: true or false is wanted", ""),
        ("[[fault]]\nkind = 'hang'\nnth = 0", "nth = 0: a whole number from 1 on", ""),
        ("[[fault]]\nkind = 'hang'\nnth = true", "nth = true: a whole number from 1 on", ""),
        ("[[fault]]\nkind = 'hang'\ntimes = 'never'", 'times = "never": a whole number', ""),
        ("[[fault]]\nkind = 'hang'\nprobability = 1.5", "the probability 1.5 is none", "up to 1"),
        (
            "[[fault]]\nkind = 'hang'\ncommand = 'WRITE (11)'",
            "there is no command 'WRITE (11)'",
            "did you mean 'WRITE (1",
        ),
        ("[[fault]]\nkind = 'hang'\ncommand = []", "command = []: a command is wanted", ""),
        ("[[fault]]\nkind = 'hang'\ncommand = [3]", "a command is wanted", ""),
        ("[[fault]]\nkind = 'hang'\nlba = 3", "'lba' needs a command that is told blocks", "READ (10)"),
        (
            "[[fault]]\nkind = 'error'\ncommand = 'blank'\nsense = '3/51/00'\nafter_blocks = 3",
            "'after_blocks' needs a command that is told blocks",
            "WRITE (10)",
        ),
        (
            "[[fault]]\nkind = 'unreadable'\ncommand = 'write'",
            "a fault of kind 'unreadable' can't strike WRITE (10)",
            "it strikes READ (10), ",
        ),
        ("[[fault]]\nkind = 'unreadable'\nlba = '9..3'", "the range 9..3 is empty", "first LBA first"),
        ("[[fault]]\nkind = 'unreadable'\nlba = 'all'", 'lba = "all": an LBA is wanted', ""),
        ("[[fault]]\nkind = 'unreadable'\nlba = true", "lba = true: an LBA is wanted", ""),
        ("[[fault]]\nkind = 'unreadable'\nsense = '3-11-05'", "sense key, ASC and ASCQ in hex", ""),
        ("[[fault]]\nkind = 'unreadable'\nsense = '0/00/00'", "sense key, ASC and ASCQ in hex", ""),
        (
            "[[fault]]\nkind = 'busy'\nseconds = 3\nsense = '3/11/00'",
            "busy drive doesn't say 3/11/00",
            "2/04",
        ),
        (
            "[[fault]]\nkind = 'hang'\nname = 'x'\n[[fault]]\nkind = 'hang'\nname = 'x'",
            "two faults are called 'x'",
            "a name of its own",
        ),
        ("[[fault]]\nkind = 'hang'\nname = ''", "a text is wanted", ""),
    ],
)
def test_what_is_wrong_is_told(text: str, message: str, hint: str) -> None:
    found = told(text)
    assert message in found[0], found
    assert hint in found[1], found


def test_python_is_told_the_same() -> None:
    with pytest.raises(FaultError, match="there is no kind 'nothing'"):
        Fault("nothing")
    with pytest.raises(FaultError, match="needs 'seconds'"):
        Fault("slow")
    with pytest.raises(FaultError, match="a number is too small"):
        Fault("hang", nth=0)


def test_names_of_commands() -> None:
    assert opcodes_of("read") == {0x28, 0xA8}
    assert opcodes_of("READ CD") == {0xBE}
    assert opcodes_of(" write   (10) ") == {0x2A}
    assert opcodes_of("3C") == opcodes_of("3ch") == opcodes_of("0x3c") == {0x3C}
    for opcode, row in ROWS.items():
        assert opcode in opcodes_of(row.cdb.NAME)


numbers = st.integers(0, 10**7)
SETTINGS = {
    "name": st.text(min_size=1).filter(str.strip),
    "command": st.lists(st.sampled_from(["WRITE (10)", "write (12)"]), min_size=1, max_size=2),
    "lba": numbers | st.builds(lambda a, b: f"{a}..{a + b + 1}", numbers, numbers),
    "nth": st.integers(1, 1000),
    "after_blocks": numbers,
    "times": st.integers(1, 1000) | st.just("always"),
    "probability": st.floats(0.001, 1),
    "seed": numbers,
    "seconds": st.floats(0.001, 1e6),
    "sense": st.sampled_from(["3/0C/00", "4/44/00", "B/00/06"]),
    "carried_out": st.booleans(),
    "buffer_blocks": numbers,
}


@st.composite
def tables(draw: st.DrawFn) -> dict[str, object]:
    kind = draw(st.sampled_from(["write-error", "spare-exhausted", "opc-failure", "deferred-error"]))
    keys = draw(st.sets(st.sampled_from([key for key in allowed_keys(kind) if key != "kind"])))
    return {"kind": kind} | {key: draw(SETTINGS[key]) for key in sorted(keys)}


@given(tables())
def test_a_fault_becomes_a_table_and_that_fault_again(table: dict[str, object]) -> None:
    fault = Fault.from_table(table)
    again = fault.as_table()
    assert Fault.from_table(json.loads(json.dumps(again))) == fault
    assert set(again) <= set(table)


@given(st.dictionaries(st.sampled_from([*KEYS, "x"]), st.none() | st.booleans() | st.integers() | st.text()))
def test_no_table_brings_anything_but_a_fault_or_a_fault_error(table: dict[str, object]) -> None:
    try:
        assert Fault.from_table(table).kind in KINDS
    except FaultError as error:
        assert str(error)
