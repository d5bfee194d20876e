"""Files and sessions against their MD5: good, changed, unreadable, long, shared."""

from __future__ import annotations

import random
from collections.abc import Iterator
from hashlib import md5

import pytest

from burnlab.iso9660.ecma119 import BLOCK
from burnlab.iso9660.forks import Fork, Told, Work, run_forked
from burnlab.iso9660.load import LoadedImage, load_tree
from burnlab.iso9660.tree import Directory, Extent, File, ImageContent, MemoryContent, walk
from burnlab.iso9660.verify import CHECKED, Verdict, check_contents, check_files, check_session
from support.iso_images import SAMPLES, Blocks, sample_facts, sample_image

FILE = 0o100644


def files(image: LoadedImage) -> list[File]:
    return [node for node in walk(image.root) if isinstance(node, File)]


def newest(name: str) -> int:
    return int(sample_facts(name)["sessions"][-1]["start"])


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("workers", [1, 3])
def test_samples_match(name: str, workers: int) -> None:
    blocks = Blocks(sample_image(name))
    image = load_tree(blocks, newest(name))
    checks = list(check_files(blocks, files(image), workers=workers))
    assert [check.node for check in checks] == files(image)
    for check in checks:
        recorded = check.node.content.md5  # type: ignore[union-attr]
        assert check.verdict is (Verdict.MATCH if recorded else Verdict.NO_MD5)
    assert image.checksums is not None
    assert check_session(blocks, image.checksums, image.session_md5) is Verdict.MATCH


def test_a_changed_byte_is_found() -> None:
    data = bytearray(sample_image("two"))
    data[63 * BLOCK + 5] ^= 1
    image = load_tree(Blocks(sample_image("two")), 0)
    verdicts = {check.node.path(): check.verdict for check in check_files(Blocks(bytes(data)), files(image))}
    assert {path for path, verdict in verdicts.items() if verdict is Verdict.MISMATCH} == {
        b"/sub/data7000.bin"
    }
    assert Verdict.MATCH in verdicts.values()
    assert image.checksums is not None
    assert check_session(Blocks(bytes(data)), image.checksums, image.session_md5) is Verdict.MATCH
    old = load_tree(Blocks(sample_image("two")), 32)
    assert old.checksums is not None
    assert check_session(Blocks(bytes(data)), old.checksums, old.session_md5) is Verdict.MISMATCH


def test_only_what_does_not_match() -> None:
    image = load_tree(Blocks(sample_image("two")), 0)
    assert list(check_files(Blocks(sample_image("two")), files(image), matches=False)) == []
    data = bytearray(sample_image("two"))
    data[63 * BLOCK + 5] ^= 1
    (check,) = check_files(Blocks(bytes(data)), files(image), matches=False)
    assert (check.node.path(), check.verdict) == (b"/sub/data7000.bin", Verdict.MISMATCH)
    nothing = File(name=b"a", mode=FILE, content=MemoryContent(b"x"))
    (check,) = check_files(Blocks(sample_image("two")), [*files(image), nothing], matches=False)
    assert (check.node, check.verdict) == (nothing, Verdict.NO_MD5)


def test_an_unreadable_block_is_a_verdict() -> None:
    image = load_tree(Blocks(sample_image("two")), 0)
    blocks = Blocks(sample_image("two"), bad=frozenset({62}))
    verdicts = {check.node.path(): check.verdict for check in check_files(blocks, files(image))}
    assert {path for path, verdict in verdicts.items() if verdict is not Verdict.MATCH} == {
        b"/sub/data7000.bin"
    }
    assert verdicts[b"/sub/data7000.bin"] is Verdict.UNREADABLE
    short = Blocks(sample_image("two")[: 124 * BLOCK])
    verdicts = {check.node.path(): check.verdict for check in check_files(short, files(image))}
    assert verdicts[b"/replaced.txt"] is Verdict.UNREADABLE
    assert verdicts[b"/newdir/fresh.txt"] is Verdict.MATCH
    assert image.checksums is not None
    assert check_session(blocks, image.checksums, image.session_md5) is Verdict.MATCH
    assert check_session(short, image.checksums, image.session_md5) is Verdict.UNREADABLE


def fork_that_loses_one(shares: int, work: Work) -> Iterator[Told]:
    """As the real one would, if the first copy died when it had told something."""
    for told in run_forked(shares, work):
        if told.share != 0 or told.what == CHECKED:
            yield told


@pytest.mark.parametrize("fork", [None, run_forked, fork_that_loses_one])
def test_contents_of_many_shapes(fork: Fork | None) -> None:
    medium = random.Random(7).randbytes(6000 * BLOCK)

    def content(*extents: tuple[int, int], spoil: bool = False) -> ImageContent:
        data = b"".join(medium[lba * BLOCK : lba * BLOCK + size] for lba, size in extents)
        digest = md5(data + (b"x" if spoil else b"")).digest()
        return ImageContent(tuple(Extent(*e) for e in extents), len(data), digest)

    good = [
        content((0, 0)),
        content((0, 1)),
        content((1, BLOCK)),
        content((2, 1024)),
        content((3, 1025)),
        content((10, 5_000_000)),
        content((2500, 2 << 20)),
        content((10, 5000), (4000, 7)),
        content((5999, 2048)),
        content((1, 2048)),
        content((3000, (2 << 20) + 1)),
    ]
    wrong = [content((5, 700), spoil=True), content((20, 4_000_000), spoil=True), content((9, 0), spoil=True)]
    beyond = [
        ImageContent((Extent(5999, 2049),), 2049, bytes(16)),
        ImageContent((Extent(1 << 31, 9),), 9, bytes(16)),
    ]
    contents = [*good, *wrong, *beyond]
    random.Random(8).shuffle(contents)
    seen: list[int] = []
    blocks = Blocks(medium)
    bad = check_contents(blocks, contents, workers=2, fork=fork, on_progress=seen.append)
    assert bad == {
        **dict.fromkeys(wrong, Verdict.MISMATCH),
        **dict.fromkeys(beyond, Verdict.UNREADABLE),
    }
    assert seen == sorted(seen)
    assert seen[-1] == sum(c.size for c in contents)
    assert blocks.longest <= 2 << 20


def test_what_isnt_in_the_image_has_no_md5() -> None:
    root = Directory(name=b"", mode=0o40755)
    root.add(File(name=b"a", mode=FILE, content=MemoryContent(b"x")))
    (check,) = check_files(Blocks(b""), [n for n in walk(root) if isinstance(n, File)])
    assert check.verdict is Verdict.NO_MD5
