"""The burn program as a process: streams, signals, start-up."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from burnlab.disc.folder import create

PROGRAM = [sys.executable, "-c", "from burnlab.cli.xorriso import main; main()"]
ENTRY = [sys.executable, "-m", "burnlab", "xorriso"]
HEAVY = ("typer", "rich", "msgspec", "sqlite3", "asyncio", "burnlab.recorder", "burnlab.iso9660.layout")


def run(*words: str, program: list[str] | None = None, **more: object) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([*(program or PROGRAM), *words], capture_output=True, timeout=60, **more)  # type: ignore[call-overload,no-any-return]


@pytest.mark.parametrize("program", [PROGRAM, ENTRY], ids=["bxorriso", "burnlab xorriso"])
def test_both_names(program: list[str]) -> None:
    done = run("-print", "ä", "-version", program=program)
    assert done.returncode == 0
    assert done.stdout.decode().startswith("ä\nburnlab ")
    assert b"\nxorriso version   :  1.5.4\n" in done.stdout
    assert done.stderr.startswith(b"xorriso 1.5.4 : RockRidge filesystem manipulator, libburnia project.\n\n")


def test_start_up_imports_nothing_heavy() -> None:
    code = (
        "import sys\nsys.argv = ['burnlab', 'xorriso', '-version']\n"
        "from burnlab.cli.main import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        f"sys.stderr.write(' '.join(set(sys.modules) & set({HEAVY!r})))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=60)
    assert done.stderr.decode().splitlines()[2:] == []


def test_any_byte_comes_back() -> None:
    word = bytes(range(1, 256))
    done = run("-print", word.decode("utf-8", "surrogateescape"))
    assert done.stdout == word + b"\n"


def test_an_image_on_standard_output(tmp_path: Path) -> None:
    (tmp_path / "f").write_text("content", encoding="utf-8")
    done = run("-outdev", "-", "-print", "result", "-add", "f", "--", cwd=tmp_path)
    assert done.returncode == 0
    assert done.stdout[16 * 2048 + 1 : 16 * 2048 + 6] == b"CD001"
    assert b"\nresult\n" in done.stderr


def test_a_reader_that_goes_away() -> None:
    with subprocess.Popen([*PROGRAM, "-help"], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        error = process.stderr.read()
    assert process.returncode == 1
    assert b"Traceback" not in error


def test_streams_that_take_nothing() -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run([*PROGRAM, "-version"], stdout=full, stderr=subprocess.PIPE, timeout=60)
    assert done.returncode == 1
    assert b"Cannot write to standard output : No space left on device" in done.stderr
    assert (
        subprocess.run(["sh", "-c", '"$@" >&- 2>&- <&-', "-", *PROGRAM, "-print", "x"], timeout=60).returncode
        == 0
    )


@pytest.mark.parametrize(("name", "words", "value"), [
    ("SIGINT", [], 1), ("SIGTERM", [], 1), ("SIGTERM", ["-signal_handling", "off"], -signal.SIGTERM),
])  # fmt: skip
def test_signals(name: str, words: list[str], value: int) -> None:
    argv = [*PROGRAM, *words, "-print_info", "ready", "-sleep", "30"]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        while b"Will sleep" not in process.stderr.readline():
            pass
        time.sleep(0.1)
        os.kill(process.pid, getattr(signal, name))
        error = process.stderr.read()
    assert process.returncode == value
    assert (f"\nUNIX-SIGNAL:  {name}  errno= ".encode() in error) is (value == 1)


def test_a_signal_while_the_producer_waits_for_input(tmp_path: Path) -> None:
    create(tmp_path / "x.disc", "dvd+rw")
    words = ["-as", "cdrecord", "-v", f"dev=disc:{tmp_path / 'x.disc'}", "-"]
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    with subprocess.Popen([*PROGRAM, *words], **pipes) as process:  # type: ignore[call-overload]
        process.stdin.write(bytes(1 << 20))
        process.stdin.flush()
        # The drive gets all that there is, and more never comes.
        while b"Write start address" not in (line := process.stderr.readline()):
            assert line
        os.kill(process.pid, signal.SIGINT)
        error = process.stderr.read()
    assert process.returncode == 1
    assert b"UNIX-SIGNAL:  SIGINT" in error
    assert b"The session was given up" in error
    assert error.rstrip().endswith(b"Program done. Even if you do not see a shell prompt.")
    for trace in (b"Traceback", b"Fatal Python error"):
        assert trace not in error


def test_an_error_nobody_foresaw() -> None:
    code = (
        "import burnlab.xorriso.commands.control as control\n"
        "control.print_ = None\n"
        "from burnlab.cli.xorriso import main; main()"
    )
    broken = (
        "import burnlab.xorriso.commands.control as control\n"
        "def print_(program, words): raise KeyError('lost')\n"
        "print_.__module__ = control.__name__\n"
        "control.print_ = print_\n"
        "from burnlab.cli.xorriso import main; main()"
    )
    unbuilt = subprocess.run([sys.executable, "-c", code, "-print", "x"], capture_output=True, timeout=60)
    assert unbuilt.returncode == 5
    done = subprocess.run([sys.executable, "-c", broken, "-print", "x"], capture_output=True, timeout=60)
    assert done.returncode == 3
    assert b"burnlab : FATAL : Internal error: KeyError: 'lost'\n" in done.stderr


def test_called_as_osirrox(tmp_path: Path) -> None:
    path = tmp_path / "osirrox"
    path.write_text(f"#!{sys.executable}\nfrom burnlab.cli.xorriso import main\nmain()\n", encoding="utf-8")
    path.chmod(0o755)
    done = subprocess.run(
        [path, "-status", "-drive_access", "-status", "-osirrox"], capture_output=True, timeout=60
    )
    assert done.stdout.decode().splitlines()[:2] == [
        "-drive_access shared:readonly",
        "-osirrox on:concat_split_on:auto_chmod_off:sort_lba_off:o_excl_off",
    ]
