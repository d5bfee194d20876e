"""Tags, the MD5 array and the running digest against real images."""

from __future__ import annotations

from hashlib import md5

import pytest

from burnlab.iso9660.checksums import (
    ChecksumTag,
    SessionDigest,
    TagKind,
    array_blocks,
    check_array,
)
from burnlab.iso9660.ecma119 import BLOCK, ImageError
from support.iso_images import SAMPLES, sample_facts, sample_image


def block(name: str, lba: int) -> bytes:
    return sample_image(name)[lba * BLOCK : (lba + 1) * BLOCK]


def all_tags(name: str) -> dict[int, ChecksumTag]:
    found = {}
    for lba in range(len(sample_image(name)) // BLOCK):
        tag = ChecksumTag.unpack(block(name, lba), lba)
        if tag:
            found[lba] = tag
    return found


@pytest.mark.parametrize("name", SAMPLES)
def test_tags_survive_and_match(name: str) -> None:
    tags = all_tags(name)
    assert len(tags) >= 3
    for lba, tag in tags.items():
        covered = sample_image(name)[tag.range_start * BLOCK : lba * BLOCK]
        assert tag.digest == md5(covered).digest()
        assert tag.pack() == block(name, lba)
        if tag.kind in (TagKind.SUPERBLOCK, TagKind.TREE):
            assert tag.extra in tags


def test_tags_of_two_sessions() -> None:
    kinds = {lba: tag.kind for lba, tag in all_tags("two").items()}
    assert kinds == {
        18: TagKind.RELOCATED,
        50: TagKind.SUPERBLOCK,
        56: TagKind.TREE,
        66: TagKind.SESSION,
        114: TagKind.SUPERBLOCK,
        121: TagKind.TREE,
        126: TagKind.SESSION,
    }


def test_a_tag_elsewhere_is_none() -> None:
    assert ChecksumTag.unpack(block("two", 18), 19) is None
    assert ChecksumTag.unpack(bytes(BLOCK), 0) is None
    assert ChecksumTag.unpack(b"libisofs_checksum_tag_v2 pos=1".ljust(BLOCK, b"\0"), 1) is None


def patched(old: bytes, new: bytes) -> bytes:
    data = block("two", 126)
    assert old in data
    return data.replace(old, new)


def signed(line: bytes) -> bytes:
    return (line + b" self=" + md5(line).hexdigest().encode() + b"\n").ljust(BLOCK, b"\0")


@pytest.mark.parametrize(
    "data",
    [
        patched(b"range_size=30", b"range_size=31"),
        patched(b"md5=d3", b"md5=d4"),
        patched(b"self=ed", b"self=ee"),
        signed(b"libisofs_checksum_tag_v1 pos=126 range_start=96 range_size=29 md5=" + b"0" * 32),
        signed(
            b"libisofs_tree_checksum_tag_v1 pos=126 range_start=96 range_size=30 next=9999999999 md5="
            + b"0" * 32
        ),
    ],
)
def test_damaged_tags(data: bytes) -> None:
    with pytest.raises(ImageError):
        ChecksumTag.unpack(data, 126)


@pytest.mark.parametrize(
    "line",
    [
        b"libisofs_checksum_tag_v1 pos=126 range_start=96 range_size=30 next=200 md5=" + b"0" * 32,
        b"libisofs_sb_checksum_tag_v1 pos=126 range_start=96 range_size=30 md5=" + b"0" * 32,
        b"libisofs_checksum_tag_v1  pos=126 range_start=96 range_size=30 md5=" + b"0" * 32,
        b"libisofs_checksum_tag_v1 pos=126 range_start=96 range_size=30 md5=" + b"A" * 32,
    ],
)
def test_lines_of_another_form_are_none(line: bytes) -> None:
    assert ChecksumTag.unpack(signed(line), 126) is None


def test_running_digest_makes_the_real_tags() -> None:
    image = sample_image("two")
    digest = SessionDigest(96)
    made = {}
    for lba in range(96, 127):
        assert digest.pos == lba
        if lba == 125:
            assert digest.digest() == image[lba * BLOCK : lba * BLOCK + 16]
        kind, extra = {
            114: (TagKind.SUPERBLOCK, 121),
            121: (TagKind.TREE, 126),
            126: (TagKind.SESSION, None),
        }.get(lba, (None, None))
        if kind:
            made[lba] = digest.tag(kind, extra)
        else:
            digest.update(image[lba * BLOCK : (lba + 1) * BLOCK])
    assert made == {lba: block("two", lba) for lba in (114, 121, 126)}


@pytest.mark.parametrize("name", SAMPLES)
def test_arrays(name: str) -> None:
    for session in sample_facts(name)["sessions"]:
        area = session["isofs_ca"]
        array = sample_image(name)[area["end"] * BLOCK :][: array_blocks(area["count"] - 2) * BLOCK]
        assert check_array(array, area["count"])
        assert not check_array(array, area["count"] - 1)
        assert not check_array(b"\1" + array[1:], area["count"])


def test_array_sizes() -> None:
    assert [array_blocks(files) for files in (0, 126, 127, 254, 255)] == [1, 1, 2, 2, 3]
