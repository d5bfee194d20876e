"""Bad luck in the middle of a burn, with the real xorriso in a guest: what is closed stays as it was."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from burnlab.vm.command import CommandResult
from burnlab.vm.guest import MicroGuest, micro_guest
from support.served import ServedProcess, burnlab, info

pytestmark = pytest.mark.vm

FIRST = "mkdir -p /first && echo kept > /first/file && xorriso -md5 on -dev /dev/sr1 -add /first --"
BIG = "mkdir -p /big && test -s /big/file || dd if=/dev/urandom of=/big/file bs=1M count=96"
SECOND = "xorriso -md5 on -dev /dev/sr1 -add /big --"
CHECK = "xorriso -md5 on -load session 1 -indev /dev/sr1 -check_md5_r sorry / --"
ENOUGH_BYTES = 20 << 20


def wait_until(condition: Callable[[], bool], what: str, seconds: float = 120) -> None:
    """Poll, since another process makes it come true."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not happen in {seconds:.0f} s"
        time.sleep(0.05)


def second_session_runs(disc: Path) -> bool:
    """The surface has grown well into the second session."""
    return (disc / "surface").stat().st_size > 39200 * 2048 + ENOUGH_BYTES


@pytest.fixture
def disc(tmp_path: Path) -> Path:
    """A blank DVD-RW."""
    path = tmp_path / "x.disc"
    assert burnlab("disc", "create", path, "--type", "dvd-rw").returncode == 0
    return path


@pytest.fixture
def served(tmp_path: Path, disc: Path) -> Iterator[ServedProcess]:
    """A recorder that serves it."""
    with ServedProcess(tmp_path, disc, "--model", "bd-5300s") as process:
        yield process


def burn_in_background(guest: MicroGuest) -> tuple[threading.Thread, list[CommandResult]]:
    """Start the second session and let it run."""
    results: list[CommandResult] = []
    guest.run(BIG, timeout=120)
    thread = threading.Thread(target=lambda: results.append(guest.run(SECOND, timeout=300)))
    thread.start()
    return thread, results


def test_recorder_is_killed(tmp_path: Path, disc: Path, served: ServedProcess) -> None:
    """The disc opens again: session 1 verifies, the open track is damaged, closing mends the disc."""
    with ExitStack() as stack:
        guest = stack.enter_context(micro_guest(recorder=served.url, memory=768))
        first = guest.run(FIRST, timeout=120)
        assert first.exit_code == 0, first.stderr
        burning, results = burn_in_background(guest)
        wait_until(lambda: second_session_runs(disc), "the second session")
        served.kill()
        report = info(disc)
        assert [s["number"] for s in report["sessions"]] == [1]

        again = stack.enter_context(ServedProcess(tmp_path, disc, "--model", "bd-5300s", port=served.port))
        assert info(disc)["damaged_tracks"] == [2]
        burning.join(300)
        assert results and results[0].exit_code != 0

        toc = guest.run("xorriso -outdev /dev/sr1 -toc", timeout=120)
        assert "but next track is damaged" in toc.stdout, toc.stdout + toc.stderr
        assert guest.run(CHECK, timeout=120).stdout.endswith("MD5 checksums match.\n")
        closed = guest.run("xorriso -outdev /dev/sr1 -close_damaged as_needed", timeout=120)
        assert closed.exit_code == 0, closed.stderr
        checked = guest.run(CHECK, timeout=120)
        assert checked.stdout.endswith("MD5 checksums match.\n"), checked.stderr
        again.end()
    assert info(disc)["damaged_tracks"] == []


def test_qemu_is_killed(disc: Path, served: ServedProcess) -> None:
    """The drive is still there: the tray is free again, session 1 verifies, the disc takes more."""
    with pytest.raises(Exception, match="QEMU"), micro_guest(recorder=served.url, memory=768) as guest:
        assert guest.run(FIRST, timeout=120).exit_code == 0
        guest.run(BIG, timeout=120)
        pid = guest.machine.pid
        killer = threading.Thread(
            target=lambda: (
                wait_until(lambda: second_session_runs(disc), "the second session"),
                os.kill(pid, signal.SIGKILL),
            )
        )
        killer.start()
        guest.run(SECOND, timeout=300)
    killer.join()
    status = burnlab("recorder", "status", "--control", served.control)
    assert "locked" not in status.stdout, status.stdout
    with micro_guest(recorder=served.url, memory=768) as guest:
        toc = guest.run("xorriso -outdev /dev/sr1 -toc", timeout=120)
        assert "is written , is appendable" in toc.stdout, toc.stdout + toc.stderr
        assert guest.run(CHECK, timeout=120).stdout.endswith("MD5 checksums match.\n")
        blanked = guest.run("xorriso -outdev /dev/sr1 -blank as_needed", timeout=120)
        assert blanked.exit_code == 0, blanked.stderr
    assert served.end() == ""
    assert info(disc)["state"] == "blank"


def test_host_disk_gets_full(tmp_path: Path, disc: Path) -> None:
    """The guest gets a write error; the disc is consistent, session 1 verifies."""
    served = ServedProcess(tmp_path, disc, "--model", "bd-5300s", file_limit=39200 * 2048 + ENOUGH_BYTES)
    with ExitStack() as stack:
        stack.callback(served.kill)
        guest = stack.enter_context(micro_guest(recorder=served.url, memory=768))
        assert guest.run(FIRST, timeout=120).exit_code == 0
        guest.run(BIG, timeout=120)
        burned = guest.run(SECOND, timeout=300)
        assert burned.exit_code != 0
        assert "[3 0C 00]" in burned.stderr.upper(), burned.stderr
        assert guest.run(CHECK, timeout=120).stdout.endswith("MD5 checksums match.\n")
        assert served.end() == ""
    report = info(disc)
    assert [s["number"] for s in report["sessions"]] == [1]
