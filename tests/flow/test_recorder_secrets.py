"""Who may reach a served recorder, and where a CHAP secret may show: nowhere."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.served import ServedProcess, burn, burnlab

USER, SECRET, WRONG = "reader", "a secret of sixteen", "a wrong guess at it"


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """A file with the secret that only its owner reads."""
    path = tmp_path / "secret"
    path.touch(mode=0o600)
    path.write_text(f"{SECRET}\n")
    return path


@pytest.fixture
def disc(tmp_path: Path) -> Path:
    """A blank DVD+RW."""
    path = tmp_path / "rw.disc"
    assert burnlab("disc", "create", path, "--type", "dvd+rw").returncode == 0
    return path


@pytest.fixture
def served(tmp_path: Path, disc: Path, secret: Path) -> Iterator[ServedProcess]:
    """A recorder that asks for the secret and writes a trace."""
    words = ("--chap-user", USER, "--chap-secret-file", str(secret), "--trace", str(tmp_path / "trace.jsonl"))
    with ServedProcess(tmp_path, disc, *words) as recorder:
        yield recorder


def test_no_log_and_no_trace_holds_a_secret(tmp_path: Path, served: ServedProcess, secret: Path) -> None:
    guess = tmp_path / "guess"
    guess.write_text(WRONG)
    address = served.url.replace("iscsi://", f"iscsi://{USER}@")
    told = [
        burn(tmp_path, "-outdev", f"{address}?secret_file={secret}", "-toc"),
        burn(tmp_path, "-outdev", f"{address}?secret_file={guess}", "-toc"),
        burnlab("recorder", "status", "--control", served.control, "--json"),
        burnlab("vm", "command", "--recorder", served.url, "--chap-user", USER, "--chap-secret-file", secret),
    ]
    assert [run.returncode for run in told] == [0, 5, 0, 0], [run.stderr for run in told]
    assert (tmp_path / "trace.jsonl").stat().st_size > 0
    texts = [text for run in told for text in (run.stdout, run.stderr)]
    texts += [(tmp_path / "trace.jsonl").read_text(), served.end()]
    for text in texts:
        assert SECRET not in text
        assert WRONG not in text


def test_a_secret_that_others_can_read_is_told(tmp_path: Path, disc: Path, secret: Path) -> None:
    words = ("--chap-user", USER, "--chap-secret-file", str(secret))
    with ServedProcess(tmp_path, disc, *words) as recorder:
        assert recorder.end() == ""
    secret.chmod(0o644)
    with ServedProcess(tmp_path, disc, *words) as recorder:
        assert f"chmod 600 {secret}" in recorder.end()


@pytest.mark.parametrize("host", ["0.0.0.0", "[::]", "192.0.2.1"])
def test_beyond_loopback_it_wants_a_secret(host: str, disc: Path) -> None:
    refused = burnlab("recorder", "serve", "--disc", disc, "--listen", f"{host}:0")
    assert refused.returncode == 2
    assert "would let anybody on the network write to the disc" in refused.stderr
    assert "--chap-secret-file" in refused.stderr
