"""The burn program on a remote recorder, by its iSCSI address: written, listed, checked, appended."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.served import ServedProcess, burnlab, info

PROGRAM = (sys.executable, "-c", "from burnlab.cli.xorriso import main; main()")


@pytest.fixture
def served(tmp_path: Path) -> Iterator[ServedProcess]:
    made = burnlab("disc", "create", tmp_path / "rw.disc", "--type", "dvd-rw")
    assert made.returncode == 0, made.stderr
    with ServedProcess(tmp_path, tmp_path / "rw.disc") as recorder:
        yield recorder


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*PROGRAM, *words], cwd=folder, capture_output=True, text=True, timeout=60, check=False
    )


def test_two_sessions_over_the_network(served: ServedProcess, tmp_path: Path) -> None:
    (tmp_path / "one").write_bytes(b"one" * 5000)
    (tmp_path / "two").write_bytes(b"two" * 5000)
    drive = served.url
    for name in ("one", "two"):
        done = run(tmp_path, "-md5", "on", "-dev", drive, "-add", name, "--")
        assert done.returncode == 0, done.stderr
        assert f"Writing to '{drive}' completed successfully." in done.stderr
    checked = run(tmp_path, "-md5", "on", "-indev", drive, "-toc", "-check_md5_r", "sorry", "/", "--")
    assert checked.returncode == 0, checked.stderr
    assert checked.stdout.count("ISO session  :") == 2
    assert "File contents and their MD5 checksums match." in checked.stdout
    away = run(tmp_path, "-outdev", drive, "-eject", "all")
    assert away.returncode == 0, away.stderr
    served.end()
    assert len(info(tmp_path / "rw.disc")["sessions"]) == 2


def test_a_recorder_that_is_gone_ends_the_program_with_what_to_do(
    served: ServedProcess, tmp_path: Path
) -> None:
    served.kill()
    done = run(tmp_path, "-dev", served.url, "-toc")
    assert done.returncode == 5
    assert "burnlab : FAILURE : " in done.stderr
    assert "burnlab : HINT : " in done.stderr
    assert f"xorriso : FAILURE : Cannot acquire drive '{served.url}'" in done.stderr
