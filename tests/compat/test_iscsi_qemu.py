"""QEMU's block layer (through libiscsi) against our target: images there and back, CHAP, many requests."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from burnlab.iscsi.chap import ChapAuth
from burnlab.iscsi.server import TargetConfig, TargetServer
from support.iscsi_stub import BLOCK_BYTES, MemoryUnit
from support.iscsi_tools import run

pytestmark = pytest.mark.compat

IQN = "iqn.2024-01.test:target"


@pytest.fixture
def unit() -> MemoryUnit:
    return MemoryUnit(8192)


@pytest.fixture
def server(unit: MemoryUnit) -> Iterator[TargetServer]:
    with TargetServer(unit, TargetConfig(iqn=IQN, port=0)) as running:
        yield running


def test_size(server: TargetServer, unit: MemoryUnit) -> None:
    shown = json.loads(run("qemu-img", "info", "--output=json", server.url).stdout)
    assert shown["virtual-size"] == unit.blocks * BLOCK_BYTES


def test_image_there_and_back(server: TargetServer, unit: MemoryUnit, tmp_path: Path) -> None:
    content = random.Random(7).randbytes(unit.blocks * BLOCK_BYTES)
    source, copy = tmp_path / "source.img", tmp_path / "copy.img"
    source.write_bytes(content)
    run("qemu-img", "convert", "-n", "-f", "raw", "-O", "raw", str(source), server.url)
    assert hashlib.sha256(unit.store).digest() == hashlib.sha256(content).digest()
    run("qemu-img", "convert", "-f", "raw", "-O", "raw", server.url, str(copy))
    assert copy.read_bytes() == content


@pytest.mark.parametrize("size", [2048, 32768, 1 << 20, 4 << 20])
@pytest.mark.parametrize("depth", [1, 8])
def test_requests_of_all_sizes(server: TargetServer, unit: MemoryUnit, size: int, depth: int) -> None:
    count = str(unit.blocks * BLOCK_BYTES // size)
    argv = ["bench", "-f", "raw", "-t", "none", "-c", count, "-d", str(depth), "-s", str(size)]
    run("qemu-img", *argv, "-w", "--pattern=165", server.url)
    assert unit.store == b"\xa5" * len(unit.store)
    run("qemu-img", *argv, server.url)


def test_pattern_is_verified_by_the_reader(server: TargetServer) -> None:
    argv = ["-f", "raw", "-c", "write -P 0x5a 10M 3M", "-c", "read -P 0x5a 10M 3M", "-c", "read -P 0 0 10M"]
    shown = run("qemu-io", *argv, server.url).stdout
    assert "Pattern verification failed" not in shown
    shown = run("qemu-io", "-f", "raw", "-c", "read -P 0 10M 4k", server.url, check=False).stdout
    assert "Pattern verification failed" in shown


@pytest.mark.parametrize("digest", ["crc32c", "none", "crc32c-none", "none-crc32c"])
def test_header_digest(server: TargetServer, unit: MemoryUnit, digest: str) -> None:
    host, port = server.address
    node = {
        "driver": "iscsi",
        "transport": "tcp",
        "portal": f"{host}:{port}",
        "target": IQN,
        "lun": 0,
        "header-digest": digest,
    }
    image = "json:" + json.dumps({"driver": "raw", "file": node})
    argv = ["bench", "-t", "none", "-c", "64", "-d", "8", "-s", "32768", "-w", "--pattern=165", image]
    run("qemu-img", *argv)
    assert unit.store[: 2 << 20] == b"\xa5" * (2 << 20)


def test_chap(unit: MemoryUnit) -> None:
    auth = ChapAuth("user", "secret-of-user")
    with TargetServer(unit, TargetConfig(iqn=IQN, port=0, auth=auth)) as server:
        host, port = server.address
        run("qemu-img", "info", f"iscsi://user%secret-of-user@{host}:{port}/{IQN}/0")
        assert run("qemu-img", "info", server.url, check=False).returncode != 0


def test_ipv6(unit: MemoryUnit) -> None:
    server = TargetServer(unit, TargetConfig(iqn=IQN, host="::1", port=0))
    try:
        server.start()
    except OSError as error:
        pytest.skip(f"no IPv6 on this machine: {error}")
    try:
        run("qemu-img", "info", server.url)
    finally:
        server.close()
