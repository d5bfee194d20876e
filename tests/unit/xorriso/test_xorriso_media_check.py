"""Regions of a medium, and tags that are believed only where they are expected."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import md5

import pytest

from burnlab.iso9660.checksums import ChecksumTag, TagKind
from burnlab.xorriso.media_check import Checker, Limits, MediaReport, Quality, Region, Segment, TagFound

BLOCK = 2048
GOOD, MATCH, MISMATCH = Quality.GOOD, Quality.MD5_MATCH, Quality.MD5_MISMATCH


def tag(medium: bytearray, kind: TagKind, pos: int, start: int, extra: int | None = None) -> None:
    digest = md5(medium[start * BLOCK : pos * BLOCK]).digest()
    medium[pos * BLOCK : (pos + 1) * BLOCK] = ChecksumTag(kind, pos, start, pos - start, digest, extra).pack()


def session(medium: bytearray, start: int, size: int) -> None:
    """A session of noise with its three tags."""
    for lba in range(start, start + size):
        medium[lba * BLOCK : (lba + 1) * BLOCK] = md5(str(lba).encode()).digest() * (BLOCK // 16)
    end = start + size - 1
    tag(medium, TagKind.SUPERBLOCK, start + 18, start, start + 25)
    tag(medium, TagKind.TREE, start + 25, start, end)
    tag(medium, TagKind.SESSION, end, start)


@pytest.fixture
def medium() -> bytearray:
    data = bytearray(300 * BLOCK)
    session(data, 32, 80)
    session(data, 128, 40)
    tag(data, TagKind.RELOCATED, 18, 0, 128)
    return data


TWO_TRACKS = [Segment(0, 112, 32), Segment(128, 168, 128)]
WHOLE = [Segment(0, 300, 0)]
ALL_TAGS = [
    ("relocated", 0), ("sb", 32), ("tree", 32), ("", 32), ("sb", 128), ("tree", 128), ("", 128),
]  # fmt: skip


def check(
    medium: bytes,
    segments: list[Segment],
    *,
    bad: frozenset[int] = frozenset(),
    chunk: int = 7,
    is_over: Callable[[int], bool] = lambda _items: False,
    stored: dict[int, bytes] | None = None,
    spared: int = 0,
    complaints: list[OSError] | None = None,
    may_retry: bool = True,
) -> tuple[MediaReport, list[TagFound]]:
    def read(lba: int, count: int) -> bytes:
        if bad.intersection(range(lba, lba + count)):
            raise OSError(5, "Input/output error")
        return bytes(medium[lba * BLOCK : (lba + count) * BLOCK])

    found: list[TagFound] = []
    store = stored.__setitem__ if stored is not None else None
    limits = Limits(is_over, chunk, may_retry=may_retry, spared=spared)
    complain = complaints.append if complaints is not None else lambda _error: None
    checker = Checker(read, limits, lambda: 0.0, found.append, lambda _n: None, store, complain)
    return checker.check(segments, 300, Quality.OFF_TRACK), found


def short(found: list[TagFound]) -> list[tuple[str, int]]:
    names = {
        TagKind.SUPERBLOCK: "sb",
        TagKind.TREE: "tree",
        TagKind.SESSION: "",
        TagKind.RELOCATED: "relocated",
    }
    return [(names[each.kind], each.start) for each in found]


@pytest.mark.parametrize("chunk", [1, 5, 32, 1000])
def test_tracks_of_a_good_medium(medium: bytearray, chunk: int) -> None:
    report, found = check(medium, TWO_TRACKS, chunk=chunk)
    assert report.regions == [
        Region(0, 112, GOOD),
        Region(112, 16, Quality.OFF_TRACK),
        Region(128, 40, GOOD),
        Region(168, 132, Quality.UNTESTED),
    ]
    assert report.ranges == [Region(32, 79, MATCH), Region(128, 39, MATCH)]
    assert short(found) == ALL_TAGS[1:]
    assert (report.blocks_read, report.is_bad) == (152, False)


@pytest.mark.parametrize("chunk", [1, 5, 32, 1000])
def test_a_whole_medium(medium: bytearray, chunk: int) -> None:
    report, found = check(medium, WHOLE, chunk=chunk)
    assert short(found) == ALL_TAGS
    assert report.ranges == [Region(0, 18, MATCH), Region(32, 79, MATCH), Region(128, 39, MATCH)]


def test_after_a_mismatch_only_session_tags_count(medium: bytearray) -> None:
    medium[60 * BLOCK] ^= 1
    report, found = check(medium, WHOLE)
    assert short(found) == [*ALL_TAGS[:4], ("", 128)]
    assert [each.matches for each in found] == [True, True, True, False, True]
    assert report.ranges[1] == Region(32, 79, MISMATCH)
    assert report.is_bad


def test_a_missing_session_tag_leaves_the_tree_vouched_for(medium: bytearray) -> None:
    medium[111 * BLOCK : 112 * BLOCK] = bytes(BLOCK)
    report, found = check(medium, WHOLE)
    assert short(found) == [*ALL_TAGS[:3], ("tree", 128), ("", 128)]
    assert [each.expected for each in found] == [None, None, None, 32, 32]
    assert report.ranges == [Region(0, 18, MATCH), Region(32, 25, MATCH)]


def test_a_tag_in_a_file_is_none(medium: bytearray) -> None:
    copied = bytes(medium[50 * BLOCK : 51 * BLOCK])
    data = bytearray(300 * BLOCK)
    session(data, 32, 80)
    data[70 * BLOCK : 71 * BLOCK] = copied
    tag(data, TagKind.SESSION, 111, 32)
    report, _ = check(data, TWO_TRACKS[:1])
    assert report.ranges == [Region(32, 79, MATCH)]


def test_without_digests_nothing_is_said_of_tags(medium: bytearray) -> None:
    report, found = check(medium, [Segment(0, 300, None)])
    assert (report.ranges, found) == ([], [])


def test_unreadable_blocks(medium: bytearray) -> None:
    report, found = check(medium, TWO_TRACKS, bad=frozenset((60, 61)), chunk=8)
    assert report.regions[:4] == [
        Region(0, 56, GOOD),
        Region(56, 4, Quality.PARTIAL),
        Region(60, 2, Quality.UNREADABLE),
        Region(62, 50, GOOD),
    ]
    assert report.ranges == [Region(32, 79, MISMATCH), Region(128, 39, MATCH)]
    assert not found[2].matches
    assert report.is_bad


def test_without_another_try_a_chunk_is_bad_as_a_whole(medium: bytearray) -> None:
    complaints: list[OSError] = []
    report, _ = check(
        medium, TWO_TRACKS[:1], bad=frozenset((60,)), chunk=8, may_retry=False, complaints=complaints
    )
    assert report.regions[:3] == [
        Region(0, 56, GOOD),
        Region(56, 8, Quality.UNREADABLE),
        Region(64, 48, GOOD),
    ]
    assert len(complaints) == 1


def test_the_run_out_of_a_cd_track_is_no_damage(medium: bytearray) -> None:
    complaints: list[OSError] = []
    segment, bad = Segment(128, 170, 128, 2), frozenset((168, 169))
    report, _ = check(medium, [segment], bad=bad, chunk=16, spared=2, complaints=complaints)
    assert complaints == []
    assert report.regions == [
        Region(0, 128, Quality.UNTESTED),
        Region(128, 40, GOOD),
        Region(168, 2, Quality.TAO_END),
        Region(170, 130, Quality.UNTESTED),
    ]
    assert not report.is_bad
    report, _ = check(medium, [Segment(128, 170, 128, 2)], bad=frozenset((167, 168, 169)), chunk=16)
    assert report.is_bad


def test_stopping_leaves_the_rest_untested(medium: bytearray) -> None:
    asked = iter(range(100))
    report, _ = check(medium, TWO_TRACKS, is_over=lambda _items: next(asked) >= 3, chunk=10)
    assert report.regions[:2] == [Region(0, 30, GOOD), Region(30, 82, Quality.UNTESTED)]
    assert report.regions[3] == Region(128, 40, Quality.UNTESTED)
    assert report.blocks_read == 30


def test_what_was_read_is_stored(medium: bytearray) -> None:
    stored: dict[int, bytes] = {}
    check(medium, [Segment(128, 168, None)], stored=stored, chunk=16)
    assert b"".join(stored[lba] for lba in sorted(stored)) == medium[128 * BLOCK : 168 * BLOCK]
