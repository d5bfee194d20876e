"""Images that two programs grow in turns, and what is left of one when a process died while it grew."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = [
    pytest.mark.compat,
    pytest.mark.skipif(not shutil.which("xorriso"), reason="the real xorriso takes turns with ours"),
]

REAL = ["xorriso"]
OURS = [sys.executable, "-c", "from burnlab.cli.xorriso import main; main()"]
MATCH = "File contents and their MD5 checksums match.\n"
ROUNDS = 3


def run(program: list[str], *words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*program, *words], cwd=cwd, capture_output=True, text=True, timeout=120)


def make_tree(folder: Path, name: str, size: int) -> None:
    (folder / name / "deeper").mkdir(parents=True)
    (folder / name / "data").write_bytes(os.urandom(size))
    (folder / name / "deeper" / "empty").write_bytes(b"")
    (folder / name / "deeper" / f"text of {name}").write_text(name * 100)
    (folder / name / "link").symlink_to("data")


def region_lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith(("Media", "MD5"))]


@pytest.mark.parametrize("first", ["real", "ours"])
def test_growing_in_turns(first: str, tmp_path: Path) -> None:
    programs = [REAL, OURS] if first == "real" else [OURS, REAL]
    for round_ in range(2 * ROUNDS):
        name = f"tree{round_}"
        make_tree(tmp_path, name, 3000 + 50_000 * round_)
        writer, reader = programs[round_ % 2], programs[(round_ + 1) % 2]
        words = ["-md5", "on", "-dev", "x.iso", "-volid", f"ROUND{round_}", "-add", name, "--"]
        done = run(writer, *words, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        for each in (reader, writer):
            checked = run(
                each, "-md5", "on", "-indev", "x.iso", "-check_md5_r", "sorry", "/", "--", cwd=tmp_path
            )
            assert (checked.stdout, checked.returncode) == (MATCH, 0), checked.stderr
            session = run(each, "-md5", "on", "-indev", "x.iso", "-check_md5", "sorry", "--", cwd=tmp_path)
            assert session.stdout.endswith("Ok, session data match recorded md5.\n"), session.stderr
    media = [
        region_lines(run(each, "-md5", "on", "-indev", "x.iso", "-check_media", "--", cwd=tmp_path).stdout)
        for each in (REAL, OURS)
    ]
    assert media[0] == media[1]
    assert sum(line.endswith("+ md5_match") for line in media[1]) == 2 * ROUNDS
    tocs = [run(each, "-indev", "x.iso", "-toc", cwd=tmp_path).stdout.splitlines() for each in (REAL, OURS)]
    sessions = [[line for line in toc if line.startswith("ISO session")] for toc in tocs]
    assert sessions[0] == sessions[1]
    assert len(sessions[0]) == 2 * ROUNDS


def test_what_one_copies_the_other_checks(tmp_path: Path) -> None:
    make_tree(tmp_path, "tree", 200_000)
    run(REAL, "-md5", "on", "-outdev", "a.iso", "-add", "tree", "--", cwd=tmp_path)
    make_tree(tmp_path, "more", 10_000)
    words = ["-md5", "on", "-indev", "a.iso", "-outdev", "b.iso", "-add", "more", "--"]
    assert run(OURS, *words, cwd=tmp_path).returncode == 0
    words = ["-md5", "on", "-indev", "b.iso", "-outdev", "c.iso", "-rm_r", "/more", "--"]
    assert run(REAL, *words, cwd=tmp_path).returncode == 0
    for name in ("b.iso", "c.iso"):
        for each in (REAL, OURS):
            done = run(each, "-md5", "on", "-indev", name, "-check_md5_r", "sorry", "/", "--", cwd=tmp_path)
            assert done.stdout == MATCH, done.stderr


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_the_old_image_survives(how: signal.Signals, tmp_path: Path) -> None:
    make_tree(tmp_path, "old", 100_000)
    assert run(OURS, "-md5", "on", "-dev", "x.iso", "-add", "old", "--", cwd=tmp_path).returncode == 0
    head = (tmp_path / "x.iso").read_bytes()[: 32 * 2048]
    length = (tmp_path / "x.iso").stat().st_size
    # A pipe that never ends keeps the writer at work for as long as the test wants.
    big = tmp_path / "big"
    with big.open("wb") as file:
        file.truncate(8 << 30)
    writer = subprocess.Popen(
        [*OURS, "-md5", "on", "-dev", "x.iso", "-add", "big", "--"],
        cwd=tmp_path,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 120
    while (tmp_path / "x.iso").stat().st_size < length + (4 << 20) and time.monotonic() < deadline:
        time.sleep(0.005)
    writer.send_signal(how)
    _, said = writer.communicate(timeout=120)
    assert (tmp_path / "x.iso").stat().st_size > length
    if how is signal.SIGINT:
        assert writer.returncode == 1
        assert "UNIX-SIGNAL:  SIGINT" in said
        assert "Image write cancelled" in said
    os.truncate(tmp_path / "x.iso", length + (8 << 20))
    assert (tmp_path / "x.iso").read_bytes()[: 32 * 2048] == head
    for each in (REAL, OURS):
        done = run(each, "-md5", "on", "-indev", "x.iso", "-check_md5_r", "sorry", "/", "--", cwd=tmp_path)
        assert (done.stdout, done.returncode) == (MATCH, 0), done.stderr
    make_tree(tmp_path, "new", 1000)
    assert run(OURS, "-md5", "on", "-dev", "x.iso", "-add", "new", "--", cwd=tmp_path).returncode == 0
    done = run(REAL, "-md5", "on", "-indev", "x.iso", "-check_md5_r", "sorry", "/", "--", cwd=tmp_path)
    assert done.stdout == MATCH, done.stderr


def test_standard_output_and_a_pipe_get_the_same_stream(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_tree(tmp_path, "tree", 300_000)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    words = ["-md5", "on", "-outdev"]
    os.mkfifo(tmp_path / "pipe")
    stream = subprocess.run([*OURS, *words, "-", "-add", "tree", "--"], cwd=tmp_path, capture_output=True)
    assert stream.returncode == 0, stream.stderr
    reader = subprocess.Popen(["cp", "pipe", "s.iso"], cwd=tmp_path)
    assert run(OURS, *words, "pipe", "-add", "tree", "--", cwd=tmp_path).returncode == 0
    assert reader.wait(timeout=120) == 0
    assert (tmp_path / "s.iso").read_bytes() == stream.stdout
    done = run(REAL, "-md5", "on", "-indev", "s.iso", "-check_md5_r", "sorry", "/", "--", cwd=tmp_path)
    assert done.stdout == MATCH, done.stderr
