"""`burnlab recorder` as a user types it: serve, load, eject, status, and what bad input is told."""

from __future__ import annotations

import json
import socket
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.served import ServedProcess, burnlab


@pytest.fixture
def disc(tmp_path: Path) -> Path:
    """A blank DVD-RW."""
    path = tmp_path / "x.disc"
    assert burnlab("disc", "create", path, "--type", "dvd-rw").returncode == 0
    return path


@pytest.fixture
def served(tmp_path: Path, disc: Path) -> Iterator[ServedProcess]:
    """A recorder that serves it."""
    with ServedProcess(tmp_path, disc, "--trace", str(tmp_path / "trace.jsonl")) as process:
        yield process


def status(served: ServedProcess) -> dict[str, Any]:
    """The panel, as a program reads it."""
    told = burnlab("recorder", "status", "--control", served.control, "--json")
    assert told.returncode == 0, told.stderr
    report: dict[str, Any] = json.loads(told.stdout)
    return report


def test_load_and_eject(tmp_path: Path, disc: Path, served: ServedProcess) -> None:
    assert status(served)["disc"] == str(disc)
    full = burnlab("recorder", "load", disc, "--control", served.control)
    assert full.returncode == 1
    assert "eject it first" in full.stderr
    assert burnlab("recorder", "eject", "--control", served.control).returncode == 0
    assert status(served)["tray"] == "open"
    assert status(served)["medium"] is None
    missing = burnlab("recorder", "load", tmp_path / "no.disc", "--control", served.control)
    assert missing.returncode == 1
    assert "is not a disc folder" in missing.stderr
    assert burnlab("recorder", "load", disc, "--control", served.control).returncode == 0
    assert (status(served)["tray"], status(served)["medium"]["state"]) == ("closed", "blank")


def test_only_its_user_may_touch_the_panel(served: ServedProcess) -> None:
    assert stat.S_IMODE(served.control.stat().st_mode) == 0o600


def test_it_ends_tidily(disc: Path, served: ServedProcess) -> None:
    assert served.end() == ""
    assert not served.control.exists()
    gone = burnlab("recorder", "status", "--control", served.control)
    assert gone.returncode == 1
    assert "no recorder answers" in gone.stderr


def test_a_disc_in_use(tmp_path: Path, disc: Path, served: ServedProcess) -> None:
    second = burnlab(
        *("recorder", "serve", "--disc", disc, "--listen", "127.0.0.1:0", "--control", tmp_path / "other")
    )
    assert second.returncode == 1
    assert "in use by another recorder" in second.stderr
    assert burnlab("disc", "info", disc).returncode == 0, "reading needs no lock"


def test_a_panel_in_use(tmp_path: Path, served: ServedProcess) -> None:
    second = burnlab("recorder", "serve", "--listen", "127.0.0.1:0", "--control", served.control)
    assert second.returncode == 1
    assert "in use by another recorder" in second.stderr
    assert status(served)["tray"] == "closed", "the first one still answers"


def test_a_busy_port(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = burnlab(
            *("recorder", "serve", "--listen", f"127.0.0.1:{port}", "--control", tmp_path / "panel")
        )
    assert result.returncode == 1
    assert f"127.0.0.1:{port}" in result.stderr
    assert "--listen" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--listen", "0.0.0.0:0"), "--chap-user"),
        (("--listen", "127.0.0.1:http"), "is no port"),
        (("--listen", "127.0.0.1:70000"), "is no port"),
        (("--model", "nonesuch"), "use one of generic"),
        (("--speed", "fast"), "is no speed"),
        (("--speed", "0"), "is no speed"),
        (("--chap-user", "me"), "a user and a secret"),
        (("--chap-user", "me", "--chap-secret-file", "no-such-file"), "no-such-file"),
        (("--trace", "no/such/folder/trace"), "No such file or directory"),
    ],
)
def test_bad_words(tmp_path: Path, words: tuple[str, ...], told: str) -> None:
    result = burnlab("recorder", "serve", "--control", tmp_path / "panel", *words, cwd=tmp_path)
    assert result.returncode == 2, (result.stdout, result.stderr)
    assert told in result.stderr
    assert "Traceback" not in result.stderr


def test_models_are_listed() -> None:
    listed = burnlab("recorder", "models").stdout.splitlines()
    assert [line.split()[0] for line in listed][:2] == ["generic", "bd-5300s"]
