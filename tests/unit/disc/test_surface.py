"""Surfaces: a sparse file and its stand-in in memory behave alike, and take all or nothing."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from burnlab.disc.errors import SurfaceFailure
from burnlab.disc.surface import BLOCK_BYTES, FileSurface, MemorySurface, NoSurface

OPERATIONS = st.lists(
    st.one_of(
        st.tuples(st.just("write"), st.integers(0, 40), st.integers(1, 5)),
        st.tuples(st.just("zeros"), st.integers(0, 40), st.integers(1, 5)),
        st.tuples(st.just("resize"), st.integers(0, 40), st.just(0)),
        st.tuples(st.just("read"), st.integers(0, 50), st.integers(0, 5)),
    ),
    max_size=12,
)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(operations=OPERATIONS)
def test_file_and_memory_agree(tmp_path: Path, operations: list[tuple[str, int, int]]) -> None:
    path = tmp_path / "surface"
    path.unlink(missing_ok=True)
    file, memory = FileSurface(path), MemorySurface()
    for stamp, (what, lba, count) in enumerate(operations, start=1):
        if what in ("write", "zeros"):
            data = bytes((stamp if what == "write" else 0,)) * (count * BLOCK_BYTES)
            file.write(lba, data)
            memory.write(lba, memoryview(data))
        elif what == "resize":
            file.resize(lba)
            memory.resize(lba)
        assert file.read(lba, count) == memory.read(lba, count)
        assert file.blocks == memory.blocks
    file.close()


def test_sparse(tmp_path: Path) -> None:
    surface = FileSurface(tmp_path / "surface")
    surface.write(2298480, b"\x55" * (16 * BLOCK_BYTES))
    found = (tmp_path / "surface").stat()
    assert found.st_size == 2298496 * BLOCK_BYTES
    assert found.st_blocks * 512 < 1 << 20
    assert surface.read(0, 1) == bytes(BLOCK_BYTES)
    surface.close()


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_zeros_behind_the_end_are_a_hole(tmp_path: Path, kind: Callable[[bytes], bytes]) -> None:
    surface = FileSurface(tmp_path / "surface")
    for lba in range(0, 4096, 32):
        surface.write(lba, kind(bytes(32 * BLOCK_BYTES)))
    assert surface.blocks == 4096, "the length tells how far a burn has come"
    assert (tmp_path / "surface").stat().st_blocks == 0
    surface.write(4096, kind(bytes(BLOCK_BYTES) + b"x" + bytes(2 * BLOCK_BYTES - 1)))
    assert surface.read(4096, 3) == bytes(BLOCK_BYTES) + b"x" + bytes(2 * BLOCK_BYTES - 1)
    surface.write(4097, kind(bytes(BLOCK_BYTES)))
    assert surface.read(4096, 3) == bytes(3 * BLOCK_BYTES), "zeros replace what was there"
    surface.close()


def test_half_a_block_at_the_end_reads_with_zeros(tmp_path: Path) -> None:
    (tmp_path / "surface").write_bytes(b"x" * (BLOCK_BYTES + 10))
    surface = FileSurface(tmp_path / "surface", read_only=True)
    assert surface.blocks == 2
    assert surface.read(1, 2) == b"x" * 10 + bytes(2 * BLOCK_BYTES - 10)
    surface.close()


def short_writer(limit: int) -> Callable[[int, bytes, int], int]:
    """A pwrite that takes few bytes at a time, and none past `limit`."""
    real = os.pwrite

    def pwrite(fd: int, data: bytes, offset: int) -> int:
        room = limit - offset
        if room <= 0:
            raise OSError(28, "No space left on device")
        return real(fd, memoryview(data)[: min(room, 5000)], offset)

    return pwrite


def test_short_writes_are_gone_on_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    surface = FileSurface(tmp_path / "surface")
    monkeypatch.setattr("burnlab.disc.surface.os.pwrite", short_writer(1 << 30))
    data = bytes(range(256)) * 8 * 16
    surface.write(3, data)
    assert surface.read(3, 16) == data
    surface.close()


def test_full_filesystem_takes_back_what_did_not_fit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    surface = FileSurface(tmp_path / "surface")
    surface.write(0, b"a" * (16 * BLOCK_BYTES))
    monkeypatch.setattr("burnlab.disc.surface.os.pwrite", short_writer(20 * BLOCK_BYTES + 100))
    with pytest.raises(SurfaceFailure, match="space"):
        surface.write(16, b"b" * (16 * BLOCK_BYTES))
    assert surface.blocks == 16, "a length that tells of more would look like a burn that was cut off"
    assert surface.read(0, 16) == b"a" * (16 * BLOCK_BYTES)
    surface.close()


def test_closing_twice(tmp_path: Path) -> None:
    surface = FileSurface(tmp_path / "surface")
    surface.close()
    surface.close()


def test_no_surface_keeps_nothing() -> None:
    surface = NoSurface()
    surface.write(5, b"x" * BLOCK_BYTES)
    assert surface.blocks == 6
    assert surface.read(5, 1) == bytes(BLOCK_BYTES)
