"""`qemu-img` reads discs through our target: their size, and their blocks as they lie."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from burnlab.disc import Disc
from burnlab.iscsi.chap import ChapAuth
from burnlab.iscsi.server import TargetConfig, TargetServer
from burnlab.recorder import MODELS, ClockedUnit, Recorder
from support.conformance_runs import bench_with
from support.drive import Drive, pattern
from support.iscsi_tools import run
from support.media import PRESSED, PRESSED_BLOCKS, make_disc

pytestmark = pytest.mark.compat

BLOCK = 2048


@contextmanager
def served(disc: Disc | None, auth: ChapAuth | None = None) -> Iterator[TargetServer]:
    """A recorder with a disc in it."""
    recorder = Recorder(MODELS["generic"])
    if disc is not None:
        recorder.load(disc, time.monotonic())
    with TargetServer(ClockedUnit(recorder, time.monotonic), TargetConfig(port=0, auth=auth)) as server:
        yield server


def size(url: str) -> int:
    """What `qemu-img info` says."""
    told = json.loads(run("qemu-img", "info", "-f", "raw", "--output=json", url).stdout)
    return int(told["virtual-size"])


@pytest.mark.parametrize("kind", PRESSED)
def test_pressed_disc(kind: str, tmp_path: Path) -> None:
    copy = tmp_path / "copy.img"
    with served(make_disc(kind)) as server:
        assert size(server.url) == PRESSED_BLOCKS * BLOCK
        run("qemu-img", "convert", "-f", "raw", "-O", "raw", server.url, str(copy))
    assert copy.read_bytes() == pattern(0, PRESSED_BLOCKS)


def test_recorded_session(tmp_path: Path) -> None:
    bench = bench_with("dvd-rw")
    drive = Drive(bench)
    drive.settle()
    drive.burn_session(1600, close=True)
    disc, copy = bench.remove(), tmp_path / "copy.img"
    with served(disc) as server:
        assert size(server.url) == 1600 * BLOCK
        run("qemu-img", "convert", "-f", "raw", "-O", "raw", server.url, str(copy))
    assert copy.read_bytes() == pattern(0, 1600)


def test_session_at_once_and_a_name_and_secret(tmp_path: Path) -> None:
    bench = bench_with("dvd-r")
    drive = Drive(bench)
    drive.settle()
    drive.burn_at_once(100)
    copy = tmp_path / "copy.img"
    with served(bench.remove(), ChapAuth("reader", "a secret of sixteen")) as server:
        assert run("qemu-img", "info", server.url, check=False).returncode != 0
        url = server.url.replace("iscsi://", "iscsi://reader%a secret of sixteen@")
        run("qemu-img", "convert", "-f", "raw", "-O", "raw", url, str(copy))
    assert copy.read_bytes() == pattern(0, 100)


def test_formatted_disc_reads_as_zeros_where_nothing_was_written() -> None:
    disc = make_disc("dvd-ram")
    with served(disc) as server:
        assert size(server.url) == 2236704 * BLOCK
        run("qemu-io", "-r", "-f", "raw", "-c", "read -P 0 0 4M", "-c", "read -P 0 4000M 2M", server.url)


@pytest.mark.parametrize("kind", ["dvd-r", None])
def test_nothing_to_read(kind: str | None) -> None:
    """A blank disc, and an empty tray, which QEMU would refuse to open if it were told of it."""
    with served(make_disc(kind) if kind else None) as server:
        assert size(server.url) == 0
        shown = run("qemu-io", "-r", "-f", "raw", "-c", "read 0 2k", server.url, check=False)
    assert "read failed" in shown.stdout + shown.stderr
