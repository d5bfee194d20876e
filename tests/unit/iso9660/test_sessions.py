"""State of a medium, and the chain of sessions, whole and broken."""

from __future__ import annotations

import pytest

from burnlab.iso9660.ecma119 import BLOCK, both32
from burnlab.iso9660.sessions import (
    HeadState,
    SessionSpan,
    emulated_sessions,
    head_state,
    image_at,
    next_base,
)
from support.iso_images import Blocks, sample_facts, sample_image

ID = b"TWO_SESS"


def head(data: bytes) -> bytes:
    return data[: 32 * BLOCK]


def patched(*patches: tuple[int, int, bytes]) -> bytes:
    data = bytearray(sample_image("two"))
    for lba, offset, value in patches:
        data[lba * BLOCK + offset : lba * BLOCK + offset + len(value)] = value
    return bytes(data)


def chain(data: bytes) -> tuple[list[tuple[int, int]], list[str]]:
    sessions, warnings = emulated_sessions(Blocks(data), head(data), len(data) // BLOCK)
    return [(span.start, span.blocks) for span in sessions], warnings


@pytest.mark.parametrize("name", ["two", "rich", "joliet", "sequential", "eltorito"])
def test_samples(name: str) -> None:
    data = sample_image(name)
    assert head_state(head(data)) is HeadState.IMAGE
    assert next_base(head(data)) == sample_facts(name)["next_writable_address_xorriso"]


@pytest.mark.parametrize(
    ("data", "state"),
    [
        (b"", HeadState.BLANK),
        (bytes(65536), HeadState.BLANK),
        (bytes(100), HeadState.BLANK),
        (bytes(65535) + b"\1", HeadState.OTHER),
        (bytes(16 * BLOCK) + b"\1CDXX1".ljust(BLOCK, b"\0"), HeadState.BLANK),
        (bytes(16 * BLOCK) + b"xCDxx1".ljust(BLOCK, b"\0"), HeadState.BLANK),
        (bytes(16 * BLOCK) + b"\1CD001\1".ljust(BLOCK, b"\0"), HeadState.OTHER),
    ],
)
def test_head_states(data: bytes, state: HeadState) -> None:
    assert head_state(data) is state


def test_chain() -> None:
    assert chain(sample_image("two")) == ([(32, 35), (96, 31)], [])
    assert chain(sample_image("eltorito")) == ([(0, 189)], [])


def test_broken_chains() -> None:
    broken = ["Chain of ISO session headers broken at #2, LBA 96s"]
    assert chain(patched((112, 0, bytes(7)))) == ([(32, 35), (0, 127)], broken)
    assert chain(patched((48, 0, bytes(7)))) == ([(0, 127)], [])
    assert chain(patched((112, 80, both32(0)))) == ([(32, 35), (0, 127)], broken)
    assert chain(patched((48, 80, both32(0)))) == ([(0, 127)], [])
    assert chain(patched((48, 80, both32(5)))) == (
        [(32, 5), (0, 127)],
        ["Chain of ISO session headers broken at #2, LBA 64s"],
    )


def test_sizes_that_lie() -> None:
    clipped = "ISO image size 5096s larger than readable size 288s"
    assert chain(patched((112, 80, both32(5000)))) == ([(32, 35), (96, 192)], [clipped])
    assert chain(sample_image("two")[: 120 * BLOCK]) == (
        [(32, 35), (96, 24)],
        ["ISO image size 127s larger than readable size 120s"],
    )
    assert chain(patched((16, 80, both32(0xFFFFFFFF))))[0][:2] == [(32, 35), (96, 31)]


def test_a_chain_of_sessions_without_end_is_bounded() -> None:
    descriptor = bytearray(sample_image("two")[48 * BLOCK : 49 * BLOCK])
    descriptor[80:88] = both32(1)

    def read(lba: int, count: int) -> bytes:
        return bytes(descriptor) * count

    start = bytearray(head(sample_image("two")))
    start[16 * BLOCK + 80 : 16 * BLOCK + 88] = both32(0xFFFFFFFF)
    sessions, warnings = emulated_sessions(read, bytes(start), None)
    assert len(sessions) <= 1 << 17
    assert len(warnings) == 1


def test_sessions_that_are_aligned_less() -> None:
    data = bytearray(patched((16, 80, both32(111))))
    data[80 * BLOCK : 111 * BLOCK] = sample_image("two")[96 * BLOCK : 127 * BLOCK]
    data[112 * BLOCK : 113 * BLOCK] = bytes(BLOCK)
    assert chain(bytes(data)) == ([(32, 35), (80, 31)], [])


def test_image_at() -> None:
    blocks = Blocks(sample_image("two"))
    assert image_at(blocks, 96) == SessionSpan(96, 31, ID)
    assert image_at(blocks, 97) is None
    assert image_at(Blocks(sample_image("two"), bad=frozenset({112})), 96) is None
