"""The head of an image that grows, in pieces: cut off at any page, it leads to the old session or the new."""

from __future__ import annotations

from contextlib import suppress

import pytest

from burnlab.iso9660.head import HEAD_BLOCKS, head_steps, make_head
from burnlab.iso9660.layout import plan_layout
from burnlab.iso9660.options import ImageOptions
from burnlab.iso9660.superblock import check_tree
from burnlab.iso9660.tree import Directory

BLOCK, PAGE = 2048, 4096


def head(base: int, old: bytes = b"", **options: object) -> bytes:
    """Blocks 0 to 31 that lead to an empty session at `base`."""
    root = Directory(name=b"", mode=0o40755)
    plan = plan_layout(root, base, ImageOptions(now=0.0, **options), head=True)  # type: ignore[arg-type]
    return make_head(plan, old)


def leads_to(data: bytes) -> int:
    """Where the root directory lies that the first descriptor tells."""
    assert data[16 * BLOCK + 1 : 16 * BLOCK + 6] == b"CD001"
    return int.from_bytes(data[16 * BLOCK + 158 : 16 * BLOCK + 162], "little")


def descriptors_end(data: bytes) -> bool:
    """Whether the set of descriptors has an end: each block is one, up to the terminator."""
    for lba in range(16, HEAD_BLOCKS):
        block = data[lba * BLOCK : (lba + 1) * BLOCK]
        if block[1:6] != b"CD001":
            return False
        if block[0] == 255:
            return True
    return False


@pytest.mark.parametrize("old_joliet", [False, True])
@pytest.mark.parametrize("new_joliet", [False, True])
@pytest.mark.parametrize("md5", [(True, True), (False, True), (True, False)])
@pytest.mark.parametrize("area", [b"", b"\x33\xed" * 8192])
def test_cut_off_at_any_page(old_joliet: bool, new_joliet: bool, md5: tuple[bool, bool], area: bytes) -> None:
    old = head(32, joliet=old_joliet, md5=md5[0])
    new = head(4096, old, joliet=new_joliet, md5=md5[1], system_area=area)
    wanted = {leads_to(old), leads_to(new)}
    assert len(wanted) == 2
    data, seen = bytearray(old), set()
    for lba, piece in head_steps(old, new):
        for end in range(PAGE, len(piece) + 1, PAGE):
            data[lba * BLOCK : lba * BLOCK + end] = piece[:end]
            seen.add(leads_to(data))
            assert descriptors_end(data)
            check(bytes(data))
        data[lba * BLOCK : lba * BLOCK + len(piece)] = piece
    assert seen == wanted
    assert bytes(data) == new


def check(data: bytes) -> None:
    """No tag contradicts what is there; what lies behind the head isn't looked at."""

    def read(lba: int, count: int) -> bytes:
        if lba >= HEAD_BLOCKS:
            raise Beyond
        return data[lba * BLOCK : (lba + count) * BLOCK]

    with suppress(Beyond):
        check_tree(read, 0)


class Beyond(Exception):
    """The head has led to its session."""


def test_what_holds_no_image_is_written_at_once() -> None:
    new = head(32)
    assert head_steps(b"", new) == [(0, new)]
    assert head_steps(bytes(len(new)), new) == [(0, new)]
