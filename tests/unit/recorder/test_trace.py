"""Trace lines: names and numbers of what went through the door, ready for JSON."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from burnlab.disc import Disc
from burnlab.recorder import MODELS, ClockedUnit, Recorder
from burnlab.recorder.table import ROWS
from burnlab.recorder.trace import BULK, TracedUnit, describe
from burnlab.scsi import Asc, Nexus, Reply, SenseData, SenseKey, Status, Task, commands
from burnlab.scsi.mmc import commands as mmc


def refused(key: SenseKey, asc: Asc, **extra: int) -> Reply:
    return Reply(Status.CHECK_CONDITION, sense=SenseData.of(key, asc, **extra).pack())


def test_a_command_with_its_fields() -> None:
    line = describe(Task(mmc.CloseTrackSession(immed=True, function=1, track=2).pack()), Reply())
    assert line["name"] == "CLOSE TRACK/SESSION"
    assert line["cdb"] == "5b010100000200000000"
    assert line["fields"] == {"immed": True, "function": 1, "track": 2}
    assert line["status"] == "GOOD"
    assert "sense" not in line


def test_parameters_are_shown_and_cut() -> None:
    task = Task(commands.ModeSelect10(parameter_list_length=100).pack(), bytes(range(100)))
    line = describe(task, Reply())
    assert line["data_out_bytes"] == 100
    assert line["data_out"] == bytes(range(64)).hex()
    line = describe(Task(commands.Inquiry(allocation_length=36).pack()), Reply(data_in=b"\x05\x80"))
    assert (line["data_in"], line["data_in_bytes"]) == ("0580", 2)


@pytest.mark.parametrize("opcode", sorted(BULK))
def test_the_users_data_is_only_counted(opcode: int) -> None:
    task = Task(ROWS[opcode].cdb().pack(), b"secret" * 400)
    line = describe(task, Reply(data_in=b"secret"))
    assert line["data_out_bytes"] == 2400
    assert line["data_in_bytes"] == 6
    assert "data_out" not in line
    assert "data_in" not in line


def test_sense() -> None:
    tur = Task(commands.TestUnitReady().pack())
    line = describe(tur, refused(SenseKey.NOT_READY, Asc.OPERATION_IN_PROGRESS, progress=32768))
    assert line["status"] == "CHECK_CONDITION"
    assert line["sense"] == {
        "code": "2/04/07",
        "key": "NOT_READY",
        "asc": "OPERATION_IN_PROGRESS",
        "progress": 0.5,
    }
    line = describe(tur, refused(SenseKey.MEDIUM_ERROR, Asc.L_EC_UNCORRECTABLE, information=77))
    assert line["sense"]["information"] == 77
    foreign = Reply(Status.CHECK_CONDITION, sense=SenseData(4, 0x99, 0x88).pack())
    assert describe(tur, foreign)["sense"]["code"] == "4/99/88"


def test_held_back_replies() -> None:
    assert describe(Task(mmc.Blank().pack()), Reply(seconds=1.25))["held_seconds"] == 1.25
    assert "held_seconds" not in describe(Task(mmc.Blank().pack()), Reply())


@given(st.binary(max_size=16), st.binary(max_size=80), st.binary(max_size=18))
def test_anything_becomes_json(cdb: bytes, data: bytes, sense: bytes) -> None:
    for row in (
        describe(Task(cdb, data), Reply(data_in=data)),
        describe(Task(cdb), Reply(data_in=memoryview(data))),
    ):
        json.dumps(row)
    recorder = Recorder(MODELS["generic"])
    json.dumps(describe(Task(cdb, data), recorder.execute(Task(cdb, data), 0.0)))


def test_traced_unit() -> None:
    recorder = Recorder(MODELS["generic"])
    recorder.load(Disc.in_memory("dvd-rw"), 0.0)
    times = iter((10.0, 10.5, 12.25))
    lines: list[dict[str, object]] = []
    unit = TracedUnit(ClockedUnit(recorder, lambda: 0.0), lines.append, lambda: next(times))
    nexus = Nexus("iqn.2024-01.test:me")
    unit.open_nexus(nexus)
    assert unit.execute(Task(commands.TestUnitReady().pack(), nexus=nexus)).status == Status.CHECK_CONDITION
    assert unit.execute(Task(commands.TestUnitReady().pack(), nexus=nexus)).status == Status.GOOD
    assert [line["at"] for line in lines] == [0.5, 2.25]
    assert {line["initiator"] for line in lines} == {"iqn.2024-01.test:me"}
    unit.reset()
    unit.close_nexus(nexus)
    json.dumps(lines)
