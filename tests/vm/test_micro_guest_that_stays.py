"""`vm start --guest micro`, and then: commands from other programs, several recorders, the end."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.served import burnlab

pytestmark = pytest.mark.vm

NAME = f"stays-{os.getpid()}"


@pytest.fixture(scope="module")
def discs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Path]]:
    folder = tmp_path_factory.mktemp("discs")
    (folder / "note").write_text("from the host\n")
    paths = [folder / "one.disc", folder / "two.disc"]
    for path, medium in zip(paths, ("dvd-rw", "bd-r"), strict=True):
        assert burnlab("disc", "create", path, "--type", medium).returncode == 0
    recorders = [word for path in paths for word in ("--recorder", path)]
    more = ("--name", NAME, "--share", f"{folder}=host")
    started = burnlab("vm", "start", "--guest", "micro", *more, *recorders)
    assert started.returncode == 0, started.stderr
    assert f"run: burnlab vm ssh --name {NAME} -- COMMAND" in started.stdout
    assert f"recorder: /dev/sr2 in the guest is {paths[1]}" in started.stdout
    try:
        yield paths
    finally:
        stopped = burnlab("vm", "stop", "--name", NAME, "--now")
        assert stopped.returncode == 0, stopped.stderr


def inside(*words: str) -> tuple[int, str, str]:
    done = burnlab("vm", "ssh", "--name", NAME, "--", *words)
    return done.returncode, done.stdout, done.stderr


def test_commands_of_several_programs(discs: list[Path]) -> None:
    assert inside("echo out; echo err >&2; exit 7") == (7, "out\n", "err\n")
    assert inside("cat", "/mnt/host/note") == (0, "from the host\n", "")


def test_each_disc_has_a_recorder(discs: list[Path]) -> None:
    for number, product in enumerate(("DVD-RW sequential recording", "BD-R sequential recording"), 1):
        code, said, errors = inside("xorriso", "-outdev", f"/dev/sr{number}", "-toc")
        assert code == 0, errors
        assert f"Media current: {product}" in said
    (row,) = [row for row in json.loads(burnlab("vm", "status", "--json").stdout) if row["name"] == NAME]
    assert row["guest"] == "micro" and row["state"] == "running"
    assert [unit["recorder"] for unit in row["recorders"]] == list(map(str, discs))
    assert all(unit["recorder_served"] for unit in row["recorders"])
    assert row["recorder_control"] == row["recorders"][0]["recorder_control"]


def test_what_a_micro_guest_hasnt(discs: list[Path]) -> None:
    for words, hint in {("ssh",): "vm ssh -- COMMAND", ("scp", "guest:x", "y"): "--share"}.items():
        done = burnlab("vm", words[0], "--name", NAME, *words[1:])
        assert done.returncode == 2 and hint in done.stderr
    again = burnlab("vm", "start", "--guest", "micro", "--name", NAME)
    assert again.returncode == 1 and "is running already" in again.stderr
