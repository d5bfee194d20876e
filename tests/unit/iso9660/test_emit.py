"""A session laid out and emitted from memory, looked at through the reader."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from burnlab.iso9660.addresses import EXTENT_BYTES, divide
from burnlab.iso9660.ecma119 import BLOCK, DirectoryRecord, pack_date7
from burnlab.iso9660.emit import emit
from burnlab.iso9660.head import invalidate_head, make_head
from burnlab.iso9660.layout import Layout, plan_layout
from burnlab.iso9660.load import load_tree
from burnlab.iso9660.options import ImageOptions
from burnlab.iso9660.records import FILE_TAIL, NEWEST, OLDEST, pack_date, pack_record, place
from burnlab.iso9660.sessions import HeadState, head_state
from burnlab.iso9660.tree import (
    Directory,
    File,
    ImageContent,
    MemoryContent,
    Symlink,
    find_node,
    new_root,
    walk,
)

NOW = 1_700_000_000


def file(name: bytes, data: bytes, **more: int) -> File:
    return File(name=name, mode=0o100644, content=MemoryContent(data), **more)


def sample() -> Directory:
    root = new_root(NOW)
    below = Directory(name=b"below", mode=0o040755)
    root.add(below)
    root.add(file(b"a.txt", b"hello"))
    root.add(file(b"empty", b""))
    root.add(Symlink(name=b"link", mode=0o120777, target=b"below/big"))
    below.add(file(b"big", bytes(range(256)) * 9000))
    below.add(file(b"n" * 250, b"long name"))
    return root


def image_of(layout: Layout, old: bytes = b"") -> bytes:
    stream = b"".join(bytes(chunk) for chunk in emit(layout, reader(old)))
    if not layout.head:
        return old.ljust(layout.base * BLOCK, b"\0") + stream
    head = make_head(layout, old)
    between = old[len(head) : layout.base * BLOCK]
    return head + between.ljust(layout.base * BLOCK - len(head), b"\0") + stream


def reader(image: bytes):  # type: ignore[no-untyped-def]
    return lambda lba, count: image[lba * BLOCK : (lba + count) * BLOCK]


def contents(image: bytes, root: Directory) -> dict[bytes, bytes]:
    found = {}
    for node in walk(root):
        if isinstance(node, File):
            assert isinstance(node.content, ImageContent)
            found[node.path()] = b"".join(
                image[lba * BLOCK : lba * BLOCK + size] for lba, size in node.content.extents
            )
    return found


@pytest.mark.parametrize("md5", [True, False])
@pytest.mark.parametrize("joliet", [True, False])
@pytest.mark.parametrize("head", [True, False])
def test_what_was_put_in_is_found_again(md5: bool, joliet: bool, head: bool) -> None:
    options = ImageOptions(now=NOW, md5=md5, joliet=joliet)
    layout = plan_layout(sample(), 32 if head else 0, options, head=head)
    image = image_of(layout)
    assert len(image) == (layout.base + layout.stream_blocks) * BLOCK
    loaded = load_tree(reader(image), 0)
    assert contents(image, loaded.root) == {
        b"/a.txt": b"hello",
        b"/empty": b"",
        b"/below/big": bytes(range(256)) * 9000,
        b"/below/" + b"n" * 250: b"long name",
    }
    link = find_node(loaded.root, b"/link")
    assert isinstance(link, Symlink) and link.target == b"below/big"
    assert loaded.has_joliet == joliet and (loaded.checksums is not None) == md5
    assert loaded.size_blocks == layout.end


def test_a_grown_tree_keeps_old_contents_where_they_are() -> None:
    options = ImageOptions(now=NOW, md5=True)
    first = image_of(plan_layout(sample(), 32, options, head=True))
    root = load_tree(reader(first), 0).root
    root.add(file(b"new", b"added"))
    root.remove(b"a.txt")
    layout = plan_layout(root, load_next(first), options, head=True)
    assert layout.content_bytes == 5
    second = image_of(layout, first)
    kept = slice(32 * BLOCK, layout.base * BLOCK)
    assert second[kept] == first[kept]
    found = contents(second, load_tree(reader(second), 0).root)
    assert set(found) == {b"/new", b"/empty", b"/below/big", b"/below/" + b"n" * 250}
    assert found[b"/below/big"] == bytes(range(256)) * 9000


def load_next(image: bytes) -> int:
    return -(-load_tree(reader(image), 0).size_blocks // 32) * 32


def test_old_contents_may_be_stored_anew() -> None:
    options = ImageOptions(now=NOW, md5=True)
    first = image_of(plan_layout(sample(), 32, options, head=True))
    root = load_tree(reader(first), 0).root
    layout = plan_layout(root, 32, options, head=True, keep_old=False)
    copy = b"".join(bytes(chunk) for chunk in emit(layout, reader(first)))
    assert make_head(layout) + copy == first


def test_the_head_of_a_session_without_checksums_has_no_tag() -> None:
    with_tags = image_of(plan_layout(sample(), 32, ImageOptions(now=NOW, md5=True), head=True))
    assert with_tags[18 * BLOCK :].startswith(b"libisofs_rlsb32")
    grown = plan_layout(sample(), 1024, ImageOptions(now=NOW), head=True)
    head = make_head(grown, with_tags[: 32 * BLOCK])
    assert head[18 * BLOCK :].startswith(b"\0ibisofs_rlsb32")


def test_an_invalidated_head_counts_as_blank() -> None:
    head = make_head(plan_layout(sample(), 32, ImageOptions(now=NOW, joliet=True), head=True))
    assert head_state(head) is HeadState.IMAGE
    blank = invalidate_head(head)
    assert head_state(blank) is HeadState.BLANK
    assert [at for at in range(len(head)) if head[at] != blank[at]] == [
        lba * BLOCK + byte for lba in (16, 17, 18) for byte in (3, 4)
    ]


def test_unreadable_old_contents_are_zeros_and_told_of() -> None:
    options = ImageOptions(now=NOW, md5=True)
    first = image_of(plan_layout(sample(), 32, options, head=True))
    root = load_tree(reader(first), 0).root
    layout = plan_layout(root, 32, options, head=True, keep_old=False)

    def broken(lba: int, count: int) -> bytes:
        raise OSError(5, "unreadable")

    problems = []
    stream = b"".join(bytes(chunk) for chunk in emit(layout, broken, problems.append))
    assert len(stream) == layout.stream_blocks * BLOCK
    assert sorted(problem.missing for problem in problems) == [5, 9, 2304000]


def test_sections_of_large_files() -> None:
    assert divide(33, 9_000_000_000) == ((33, 4294965248), (2097184, 4294965248), (4194335, 410069504))
    assert divide(1, 0xFFFFFFFF) == ((1, 0xFFFFFFFF),)
    assert [size for _, size in divide(1, 0x100000000)] == [EXTENT_BYTES, 2048]


@given(st.integers(-(2**40), 2**40))
def test_dates_of_records(seconds: int) -> None:
    assert pack_date(seconds) == pack_date7(min(max(seconds, OLDEST), NEWEST))


@given(st.binary(min_size=1, max_size=36), st.integers(0, 2**32 - 1), st.binary(max_size=100))
def test_records_are_those_of_the_codec(identifier: bytes, extent: int, use: bytes) -> None:
    date = pack_date7(NOW)
    expected = DirectoryRecord(identifier, extent, 7, date, system_use=use).pack()
    assert pack_record(identifier, extent, 7, date, FILE_TAIL, use=use) == expected


names = st.binary(min_size=1, max_size=255).filter(lambda n: not {0, 47} & set(n) and n not in (b".", b".."))


@settings(deadline=None)
@given(st.lists(names, unique=True, max_size=40), st.booleans(), st.booleans())
def test_the_fast_way_to_a_record_agrees_with_the_general_one(
    leaves: list[bytes], md5: bool, same: bool
) -> None:
    options = ImageOptions(now=NOW, md5=md5, times_are_mtime=same)

    def blocks(attributes: dict[bytes, bytes] | None) -> bytes:
        root = new_root(NOW)
        for number, name in enumerate(leaves):
            root.add(file(name, b"", mtime=number, atime=number + 1, ctime=number + 2))
            root.children[name].attributes = attributes
        return image_of(plan_layout(root, 0, options, head=False))

    # An empty dictionary of attributes is no attributes, but isn't taken for a simple file.
    class Empty(dict[bytes, bytes]):
        def __bool__(self) -> bool:
            return True

    assert blocks(None) == blocks(Empty())


def test_continued_fields_stay_within_a_block() -> None:
    fields = tuple(bytes([65 + n]) * 250 for n in range(10))
    placement = place(fields, 100)
    assert placement.pieces[0].offset == BLOCK
    for piece in placement.pieces:
        assert piece.offset % BLOCK + len(piece.fields) + 28 <= BLOCK
    assert b"".join(piece.fields for piece in placement.pieces) == b"".join(fields)


@pytest.mark.parametrize(
    ("pos", "length", "start"),
    [(0, 2020, 0), (1000, 1020, 1000), (1000, 1021, 2048), (2047, 1, 2048), (2048, 9, 2048), (1, 2100, 2048)],
)
def test_where_continued_fields_start(pos: int, length: int, start: int) -> None:
    fields = tuple(b"x" * min(250, length - at) for at in range(0, length, 250))
    assert place(fields, pos).pieces[0].offset == start
