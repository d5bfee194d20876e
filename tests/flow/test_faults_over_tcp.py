"""Faults of a served recorder, over real sockets: our initiator meets them, the panel adds and clears."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from burnlab.disc.folder import create
from burnlab.iscsi.client import IscsiUnit
from burnlab.iscsi.server import TargetConfig
from burnlab.lab.control import ask
from burnlab.lab.serving import PanelError, ServedRecorder
from burnlab.recorder import MODELS, FaultPlan
from burnlab.scsi import Fault as Failure
from burnlab.scsi import Reply, Status, Task, TransportError
from burnlab.scsi.commands import Read10
from support.faulty_recorder import fault
from support.served import ServedProcess, burnlab

READY = Task(bytes(6))


@pytest.fixture
def served(tmp_path: Path) -> Iterator[ServedRecorder]:
    create(tmp_path / "x.disc", "dvd-ram")
    recorder = ServedRecorder(MODELS["generic"], TargetConfig(port=0))
    recorder.target.start()
    recorder.load(tmp_path / "x.disc")
    yield recorder
    recorder.close()


def connected(served: ServedRecorder, patience: float = 60.0) -> IscsiUnit:
    unit = IscsiUnit.connect(served.url, patience=lambda _cdb: patience)
    while unit.execute(READY).status != Status.GOOD:
        pass
    return unit


def add(served: ServedRecorder, kind: str, **keys: Any) -> None:
    served.add_faults(FaultPlan((fault(kind, **keys),)))


def test_a_command_that_hangs_is_aborted_and_the_session_goes_on(served: ServedRecorder) -> None:
    with connected(served, patience=0.2) as unit:
        add(served, "hang", command="TEST UNIT READY")
        with pytest.raises(TransportError, match="didn't answer the command 00h") as error:
            unit.execute(READY)
        assert error.value.fault is Failure.TIMEOUT
        assert unit.execute(READY).status == Status.GOOD


def test_clearing_faults_ends_the_connections_that_hang(served: ServedRecorder) -> None:
    ends: list[TransportError | Reply] = []

    def wait() -> None:
        try:
            ends.append(unit.execute(READY))
        except TransportError as error:
            ends.append(error)

    with connected(served) as unit, connected(served) as other:
        add(served, "hang", name="h", command="TEST UNIT READY")
        thread = threading.Thread(target=wait)
        thread.start()
        while not served.faults()[0]["hits"]:
            thread.join(0.01)
        assert other.execute(READY).status == Status.GOOD
        served.clear_faults()
        thread.join(30)
        (end,) = ends
        assert isinstance(end, TransportError) and end.fault is Failure.LOST
        assert other.execute(READY).status == Status.GOOD


def test_the_connection_breaks_and_a_new_one_is_told(served: ServedRecorder) -> None:
    with connected(served) as unit:
        unit.execute(Task(bytes.fromhex("1e0000000100")))
        assert served.status()["locked"]
        add(served, "lost-connection", command="READ (10)")
        with pytest.raises(TransportError) as error:
            unit.execute(Task(Read10(0, 16).pack(), data_in_bytes=32768))
        assert error.value.fault is Failure.LOST
        assert not served.status()["locked"]
    with IscsiUnit.connect(served.url) as again:
        assert again.execute(READY).sense[12:14] == b"\x29\x00"


def test_a_slow_answer_keeps_nobody_else_waiting(served: ServedRecorder) -> None:
    answers: list[str] = []
    with connected(served) as unit, connected(served) as other:
        add(served, "slow", command="READ (10)", seconds=1.0, times=1)

        def read() -> None:
            unit.execute(Task(Read10(0, 16).pack(), data_in_bytes=32768))
            answers.append("slow")

        thread = threading.Thread(target=read)
        thread.start()
        while not served.faults()[0]["hits"]:
            thread.join(0.01)
        assert other.execute(READY).status == Status.GOOD
        answers.append("other")
        thread.join(30)
    assert answers == ["other", "slow"]


# The command line.


@pytest.fixture
def process(tmp_path: Path) -> Iterator[ServedProcess]:
    create(tmp_path / "x.disc", "dvd-ram")
    (tmp_path / "faults.toml").write_text(
        '[[fault]]\nname = "first"\nkind = "unreadable"\nlba = "300..315"\n'
    )
    words = ("--trace", str(tmp_path / "trace.jsonl"), "--faults", str(tmp_path / "faults.toml"))
    with ServedProcess(tmp_path, tmp_path / "x.disc", *words) as served:
        yield served


def test_serve_add_list_clear(process: ServedProcess, tmp_path: Path) -> None:
    def panel(*words: str, value: int = 0) -> str:
        done = burnlab("recorder", "fault", *words, "--control", process.control)
        assert done.returncode == value, (words, done.stdout, done.stderr)
        return done.stderr if value else done.stdout

    (tmp_path / "more.toml").write_text('[[fault]]\nkind = "hang"\ncommand = "BLANK"\n')
    assert panel("add", "write-error", "lba=20000", "times=always", "sense=3/0C/09") == "write-error-1\n"
    assert panel("add", str(tmp_path / "more.toml")) == "hang-2\n"
    assert panel("add", "slow", "seconds=0.5", "command=READ (10)", "name=s") == "s\n"
    with IscsiUnit.connect(process.url) as unit:
        while unit.execute(READY).status != Status.GOOD:
            pass
        reply = unit.execute(Task(Read10(310, 16).pack(), data_in_bytes=32768))
        assert reply.sense[12:14] == b"\x11\x05"
    assert panel("list").splitlines() == [
        "first: unreadable lba=300..315 (struck 1 of 1)",
        "write-error-1: write-error lba=20000 times=always sense=3/0C/09 (struck 0 of 0)",
        "hang-2: hang command=BLANK (struck 0 of 0)",
        "s: slow command=READ (10) seconds=0.5 (struck 1 of 1)",
    ]
    assert json.loads(panel("list", "--json"))["faults"][0]["fault"]["name"] == "first"
    assert panel("clear", "first", "s") == ""
    assert len(panel("list").splitlines()) == 2
    assert "there is no fault 'first'" in panel("clear", "first", value=1)
    assert "there is a fault 'hang-2' already" in panel("add", "hang", "name=hang-2", value=1)
    assert panel("clear") == panel("list") == ""
    process.end()
    lines = [json.loads(line) for line in (tmp_path / "trace.jsonl").read_text().splitlines()]
    (hit,) = [line for line in lines if "fault" in line]
    assert (hit["name"], hit["fault"], hit["sense"]["information"]) == ("READ (10)", "first, s", 310)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("add", "nothing"), "there is no kind 'nothing'"),
        (("add", "slow", "3"), "'3' is no KEY=VALUE"),
        (("add", "slow", "seconds=x"), 'seconds = "x": a number is wanted'),
        (("add", "no-such-file.toml"), "no-such-file.toml: No such file"),
        (("add", "x.toml", "lba=3"), "a file has its settings in itself"),
    ],
)
def test_bad_words(tmp_path: Path, words: tuple[str, ...], told: str) -> None:
    result = burnlab("recorder", "fault", *words, "--control", tmp_path / "panel", cwd=tmp_path)
    assert result.returncode == 2, (result.stdout, result.stderr)
    assert told in result.stderr
    assert "Traceback" not in result.stderr


def test_the_panel_survives_what_it_does_not_understand(process: ServedProcess) -> None:
    for request in (
        {"do": "add-faults"},
        {"do": "add-faults", "faults": [3]},
        {"do": "add-faults", "faults": [{"kind": None, "lba": []}]},
        {"do": "clear-faults", "names": 3},
        {"do": "clear-faults", "names": [None]},
    ):
        with pytest.raises(PanelError):
            ask(process.control, request)
    assert ask(process.control, {"do": "list-faults"})["faults"][0]["fault"]["name"] == "first"


def test_a_bad_file_is_no_recorder(tmp_path: Path) -> None:
    (tmp_path / "faults.toml").write_text("[[fault]]\nkind = 'unreadable'\nlba = '3..'\n")
    words = ("--listen", "127.0.0.1:0", "--control", "panel", "--faults", "faults.toml")
    result = burnlab("recorder", "serve", *words, cwd=tmp_path)
    assert result.returncode == 2
    assert 'faults.toml, fault 1: lba = "3..": an LBA is wanted' in result.stderr
    assert not (tmp_path / "panel").exists()
