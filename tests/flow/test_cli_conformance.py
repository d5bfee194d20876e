"""`burnlab conformance` as a user types it: on a disc in memory, on a remote recorder, and typed wrongly."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from support.served import ServedProcess, burnlab, info


@pytest.fixture
def disc(tmp_path: Path) -> Path:
    path = tmp_path / "some.disc"
    made = burnlab("disc", "create", path, "--type", "dvd-rw")
    assert made.returncode == 0, made.stderr
    return path


def test_disc_in_memory(disc: Path) -> None:
    before = info(disc)
    run = burnlab("conformance", f"disc:{disc}")
    assert (run.returncode, run.stderr) == (0, "")
    last = run.stdout.splitlines()[-1]
    assert last.startswith("burnlab BD-RE RECORDER 1.00, with DVD RW SEQUENTIAL: ")
    assert ", 0 failed, " in last
    assert "allow that by --allow-dataloss" in run.stdout
    assert info(disc) == before


def test_all_there_is_with_a_report_for_programs(disc: Path) -> None:
    run = burnlab("conformance", f"disc:{disc}", "--allow-dataloss", "--json")
    assert (run.returncode, run.stderr) == (0, "")
    report = json.loads(run.stdout)
    assert report["failed"] == 0
    assert report["passed"] + report["not_applicable"] == len(report["results"])
    assert {"name", "clause", "says", "verdict", "reason"} <= set(report["results"][0])
    assert info(disc)["profile"] == "0x0013", "the last that was done to it is formatting"


def test_remote_recorder(disc: Path, tmp_path: Path) -> None:
    with ServedProcess(tmp_path, disc) as served:
        run = burnlab("conformance", "--only", "inquiry", "--only", "tray.*", served.url, "--keep-tray")
        assert run.returncode == 0, run.stdout + run.stderr
        assert "inquiry.standard-data                      passed\n" in run.stdout
        assert (
            "tray.locked                                not applicable: the tray is to stay as it is\n"
            in run.stdout
        )
        assert "read-toc" not in run.stdout


def test_a_unit_that_deviates(disc: Path, tmp_path: Path) -> None:
    with ServedProcess(tmp_path, disc, "--model", "lying-free") as served:
        run = burnlab("conformance", served.url, "--only", "track-information")
        assert run.returncode == 1
        assert "track-information.free-blocks              FAILED\n" in run.stdout
        assert "    expected  2298496 free blocks or fewer\n    came      2339456\n" in run.stdout
        assert "    sent      52 01 00 00 00 ff 00 00 24 00 (READ TRACK INFORMATION)\n" in run.stdout


def test_list() -> None:
    run = burnlab("conformance", "--list", "--only", "blank")
    assert run.returncode == 0
    assert all(
        line.startswith("blank.") and line.endswith("[destroys data]") for line in run.stdout.splitlines()
    )
    rows = json.loads(burnlab("conformance", "--list", "--json").stdout)
    assert {row["name"] for row in rows} >= {"inquiry.standard-data", "overwrite.anywhere"}


@pytest.mark.parametrize(
    ("words", "exit_value", "said"),
    [
        ([], 2, "the unit is missing"),
        (["--list", "--only", "nothing"], 2, "there is no case 'nothing'"),
        (["/dev/null"], 3, "'/dev/null' is no address of an optical drive"),
        (["/dev/sr31"], 3, "/dev/sr31"),
        (["disc:/nowhere"], 3, "/nowhere is not a disc folder"),
        (["iscsi://127.0.0.1:9/iqn.2024-01.test:nobody/0"], 3, "no connection to 127.0.0.1:9"),
    ],
)
def test_typed_wrongly(words: list[str], exit_value: int, said: str) -> None:
    run = burnlab("conformance", *words)
    assert run.returncode == exit_value
    assert run.stderr.startswith("burnlab: ") and said in run.stderr
    assert "Traceback" not in run.stderr
    assert len(run.stderr.splitlines()) == 2, "a sentence, and what to do next"
