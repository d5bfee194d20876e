"""The walk over a medium: regions and tag ranges as the real program tells them of the same images."""

from __future__ import annotations

import pytest

from burnlab.iso9660.ecma119 import BLOCK
from burnlab.iso9660.media_check import (
    MediaCheck,
    Quality,
    Region,
    TagFound,
    TagRange,
    TagVerdict,
    check_media,
)
from support.iso_images import Blocks, sample_image

TWO = [(32, 35), (96, 31)]
REGIONS = [
    Region(0, 67, Quality.GOOD),
    Region(67, 29, Quality.OFF_TRACK),
    Region(96, 31, Quality.GOOD),
    Region(127, 161, Quality.UNTESTED),
]
ALL_MATCH = [
    ("sb", 32, 18),
    ("tree", 32, 24),
    ("session", 32, 34),
    ("sb", 96, 18),
    ("tree", 96, 25),
    ("session", 96, 30),
]
SHORT = {
    "libisofs_sb_checksum_tag_v1": "sb",
    "libisofs_tree_checksum_tag_v1": "tree",
    "libisofs_checksum_tag_v1": "session",
    "libisofs_rlsb32_checksum_tag_v1": "rlsb",
}
MATCH, MISMATCH, DAMAGED = TagVerdict.MATCH, TagVerdict.MISMATCH, TagVerdict.DAMAGED


def walk(
    data: bytes, tracks: list[tuple[int, int]], bad: frozenset[int] = frozenset()
) -> tuple[MediaCheck, list[tuple[str, int, int, TagVerdict]]]:
    found: list[TagFound] = []
    check = check_media(Blocks(data, bad), tracks, len(data) // BLOCK, on_tag=found.append)
    return check, [(SHORT[f.tag.kind.value], f.tag.range_start, f.tag.range_size, f.verdict) for f in found]


def changed(lba: int, offset: int) -> bytes:
    data = bytearray(sample_image("two"))
    data[lba * BLOCK + offset] ^= 1
    return bytes(data)


def test_two_sessions() -> None:
    check, tags = walk(sample_image("two"), TWO)
    assert check.regions == REGIONS
    assert check.ranges == [TagRange(32, 34, True), TagRange(96, 30, True)]
    assert tags == [(*tag, MATCH) for tag in ALL_MATCH]
    assert check.blocks_read == 98
    assert not check.has_mismatch


def test_head_and_all_that_follows() -> None:
    check, tags = walk(sample_image("two"), [(0, 127)])
    assert check.regions == [Region(0, 127, Quality.GOOD), Region(127, 161, Quality.UNTESTED)]
    assert tags == [("rlsb", 0, 18, MATCH), *((*tag, MATCH) for tag in ALL_MATCH)]
    assert check.ranges == [TagRange(0, 18, True), TagRange(32, 34, True), TagRange(96, 30, True)]


def test_mkisofs_style_and_sequential() -> None:
    check, tags = walk(sample_image("eltorito"), [(0, 189)])
    assert [tag[3] for tag in tags] == [MATCH] * 3
    assert check.ranges == [TagRange(0, 38, True)]
    check, tags = walk(sample_image("sequential"), [(0, 42), (304, 31)])
    assert [tag[3] for tag in tags] == [MATCH] * 6
    assert [r.lba for r in check.ranges] == [0, 304]


@pytest.mark.parametrize(
    ("lba", "offset", "tags", "ranges"),
    [
        (33, 5, [("sb", 18, MISMATCH), ("session", 34, MISMATCH)], TagRange(32, 34, False)),
        (
            55,
            2047,
            [("sb", 18, MATCH), ("tree", 24, MISMATCH), ("session", 34, MISMATCH)],
            TagRange(32, 34, False),
        ),
        (62, 5, [("sb", 18, MATCH), ("tree", 24, MATCH), ("session", 34, MISMATCH)], TagRange(32, 34, False)),
        (50, 3, [("session", 34, MISMATCH)], TagRange(32, 34, False)),
        (56, 3, [("sb", 18, MATCH), ("session", 34, MISMATCH)], TagRange(32, 34, False)),
        (66, 3, [("sb", 18, MATCH), ("tree", 24, MATCH)], TagRange(32, 24, True)),
        (2, 3, [("sb", 18, MATCH), ("tree", 24, MATCH), ("session", 34, MATCH)], TagRange(32, 34, True)),
    ],
)
def test_damage(lba: int, offset: int, tags: list[tuple[str, int, TagVerdict]], ranges: TagRange) -> None:
    check, found = walk(changed(lba, offset), TWO)
    assert check.regions == REGIONS
    assert check.ranges == [ranges, TagRange(96, 30, True)]
    assert [(kind, size, verdict) for kind, start, size, verdict in found if start == 32] == tags


def test_a_damaged_tag() -> None:
    data = sample_image("two")
    at = data.index(b" self=", 66 * BLOCK) + 6
    check, found = walk(changed(66, at - 66 * BLOCK), TWO)
    assert found[2] == ("session", 32, 34, DAMAGED)
    assert check.ranges[0] == TagRange(32, 34, False)


def test_unreadable_blocks() -> None:
    check, tags = walk(sample_image("two"), TWO, frozenset({62, 63, 100}))
    assert check.regions == [
        Region(0, 62, Quality.GOOD),
        Region(62, 2, Quality.UNREADABLE),
        Region(64, 3, Quality.GOOD),
        Region(67, 29, Quality.OFF_TRACK),
        Region(96, 4, Quality.GOOD),
        Region(100, 1, Quality.UNREADABLE),
        Region(101, 26, Quality.GOOD),
        Region(127, 161, Quality.UNTESTED),
    ]
    assert [tag[3] for tag in tags if tag[0] == "session"] == [MISMATCH, MISMATCH]


def test_tags_across_runs_of_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("burnlab.iso9660.media_check.RUN_BLOCKS", 5)
    check, tags = walk(sample_image("two"), TWO)
    assert check.regions == REGIONS
    assert tags == [(*tag, MATCH) for tag in ALL_MATCH]
