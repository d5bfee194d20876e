"""Images that lie: a message, bounded time and memory, and nothing outside of the target.

`BURNLAB_FUZZ_EXAMPLES` sets how many mutated images are tried.
"""

from __future__ import annotations

import os
import stat
import tempfile
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from burnlab.iso9660.ecma119 import BLOCK, DirectoryRecord, ImageError, both32
from burnlab.iso9660.extract import extract_tree
from burnlab.iso9660.load import Limits, LoadedImage, load_tree
from burnlab.iso9660.media_check import check_media
from burnlab.iso9660.record_reader import Namespace
from burnlab.iso9660.sessions import HeadState, emulated_sessions, head_state
from burnlab.iso9660.tree import Directory, File, Node, find_node, walk
from burnlab.iso9660.verify import check_files, check_session
from support.iso_images import SAMPLES, Blocks, sample_facts, sample_image

EXAMPLES = int(os.environ.get("BURNLAB_FUZZ_EXAMPLES", "200"))
READ_BYTES = 64 << 20
ROOT = 115
NAMESPACES = ((Namespace.ROCK_RIDGE,), (Namespace.JOLIET,), (Namespace.ISO,))


def poked(*pokes: tuple[int, int, bytes], name: str = "two") -> bytes:
    data = bytearray(sample_image(name))
    for lba, offset, value in pokes:
        data[lba * BLOCK + offset : lba * BLOCK + offset + len(value)] = value
    return bytes(data)


def record_at(identifier: bytes, lba: int = ROOT, name: str = "two") -> int:
    """Offset of a record in a directory's block."""
    block = sample_image(name)[lba * BLOCK : (lba + 1) * BLOCK]
    offset = 0
    while DirectoryRecord.unpack(block, offset).identifier != identifier:
        offset += block[offset]
    return offset


def field_at(identifier: bytes, signature: bytes, lba: int = ROOT, name: str = "two") -> int:
    offset = record_at(identifier, lba, name)
    return sample_image(name).index(signature, lba * BLOCK + offset) - lba * BLOCK


def is_sound(image: LoadedImage) -> None:
    """The tree is one, its names are names, and its size is as told."""
    seen: set[int] = set()
    for node in walk(image.root):
        assert id(node) not in seen
        seen.add(id(node))
        if node is not image.root:
            assert node.name not in (b"", b".", b"..")
            assert b"/" not in node.name
            assert b"\0" not in node.name
            assert len(node.name) <= 255
            assert node.parent is not None
            assert node.parent.children[node.name] is node
        if isinstance(node, File):
            assert node.content.size == sum(size for _, size in node.content.extents)  # type: ignore[union-attr]
        kind = stat.S_IFMT(node.mode)
        assert (kind == stat.S_IFDIR) == isinstance(node, Directory)
    assert len(seen) == image.nodes + 1
    assert len(image.problems) <= Limits().problems


def load(data: bytes, lba: int = 0, limits: Limits | None = None) -> LoadedImage:
    blocks = Blocks(data)
    image = load_tree(blocks, lba, limits=limits or Limits(), medium_blocks=blocks.blocks)
    is_sound(image)
    assert blocks.total <= READ_BYTES
    return image


def texts(image: LoadedImage) -> str:
    return "\n".join(problem.text for problem in image.problems)


# Hand-made.


def test_directory_that_is_its_own_child() -> None:
    sub = record_at(b"SUB")
    image = load(poked((ROOT, sub + 2, both32(ROOT))))
    assert "leads back to '/'" in texts(image)
    assert image.is_damaged
    assert find_node(image.root, b"/sub").children == {}  # type: ignore[union-attr]


def test_two_directories_at_one_place() -> None:
    image = load(poked((ROOT, record_at(b"SUB") + 2, both32(117))))
    assert "leads back to '/newdir'" in texts(image)


def test_directory_over_file_content() -> None:
    image = load(poked((ROOT, record_at(b"SUB") + 2, both32(59))))
    assert "it stays empty" in texts(image)


@pytest.mark.parametrize("size", [0, 1, 2047, 0xFFFFFFFF, 0xFFFFF800])
def test_absurd_directory_sizes(size: int) -> None:
    data = poked((118, 10, both32(size)), (ROOT, record_at(b"SUB") + 10, both32(size)))
    load(data)
    load(poked((ROOT, 10, both32(size))))


def test_directory_behind_the_end() -> None:
    image = load(poked((ROOT, record_at(b"SUB") + 2, both32(0xFFFFFFFF))))
    assert "behind the end" in texts(image)


def test_root_that_isnt_there() -> None:
    with pytest.raises(ImageError):
        load(poked((16, 158, both32(0xFFFFFFF0))))
    with pytest.raises(ImageError):
        load(poked((16, 158, both32(57))))


@pytest.mark.parametrize("length", [1, 33, 34, 135, 137, 255])
def test_record_of_a_wrong_length(length: int) -> None:
    image = load(poked((ROOT, record_at(b"KEEP.TXT;1"), bytes((length,)))))
    assert image.problems or length in (135, 137)


def test_ce_to_itself_and_in_a_circle() -> None:
    start = time.process_time()
    ce = field_at(b"\0", b"CE")
    itself = both32(116) + both32(0) + both32(28)
    loop = poked((ROOT, ce + 4, itself), (116, 0, b"CE\x1c\x01" + itself))
    with pytest.raises(ImageError):
        raise ImageError(texts(load(loop)))
    assert "circle" in texts(load(loop))
    assert time.process_time() - start < 5


@pytest.mark.parametrize(
    ("block", "offset", "length"),
    [
        (0xFFFFFFFF, 0, 300),
        (116, 0xFFFFFFFF, 300),
        (116, 0, 0xFFFFFFFF),
        (116, 0, 0),
        (116, 2047, 2),
        (500, 0, 300),
    ],
)
def test_ce_that_points_anywhere(block: int, offset: int, length: int) -> None:
    ce = field_at(b"\0", b"CE")
    load(poked((ROOT, ce + 4, both32(block) + both32(offset) + both32(length))))


def test_long_chain_of_ce() -> None:
    data = bytearray(poked((ROOT, field_at(b"\0", b"CE") + 4, both32(288) + both32(0) + both32(28))))
    for number in range(4000):
        data += (b"CE\x1c\x01" + both32(289 + number) + both32(0) + both32(28)).ljust(BLOCK, b"\0")
    data[16 * BLOCK + 80 : 16 * BLOCK + 88] = both32(5000)
    assert "too far" in texts(load(bytes(data)))


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        (b"../../ke", b"ke"),
        (b"/etc/pas", b"pas"),
        (b"........", b"........"),
        (b"a\0b/c\0dd", b"a"),
        (b"////////", b"_"),
    ],
)
def test_names_that_are_paths(name: bytes, shown: bytes) -> None:
    nm = field_at(b"KEEP.TXT;1", b"NM")
    image = load(poked((ROOT, nm + 5, name)))
    assert shown in image.root.children
    assert name == shown or "can't be. Now" in texts(image)


@pytest.mark.parametrize("name", [b".", b"..", b""])
def test_names_of_dots(name: bytes) -> None:
    nm = field_at(b"KEEP.TXT;1", b"NM")
    field = b"NM" + bytes((5 + len(name), 1, 0)) + name + b"XX" + bytes((8 - len(name), 1))
    image = load(poked((ROOT, nm, field)))
    assert "can't be. Now" in texts(image)


def test_equal_names_are_told_apart() -> None:
    nm = field_at(b"REPLACED.TXT;1", b"NM")
    keep = b"NM\x0d\x01\0keep.txt"
    image = load(poked((ROOT, nm, keep + b"\0\0\0\0")))
    assert {b"keep.txt", b"keep.txt___"} <= image.root.children.keys()
    assert image.collisions == 1
    assert "File name collision resolved with /keep.txt . Now: keep.txt___" in texts(image)


def test_multi_extent_lies() -> None:
    flag = record_at(b"KEEP.TXT;1") + 25
    image = load(poked((ROOT, flag, b"\x80")))
    assert "another extent" in texts(image)
    assert find_node(image.root, b"/keep.txt") is not None
    last = load(poked((ROOT, record_at(b"SYM.;1") + 25, b"\x80")))
    assert "another extent" in texts(last)


@pytest.mark.parametrize("where", [6, 14])
def test_numbers_that_differ_by_byte_order(where: int) -> None:
    keep, sub = record_at(b"KEEP.TXT;1"), record_at(b"SUB")
    image = load(poked((ROOT, keep + where, b"\0\1\2\3")))
    assert texts(image) == "Numbers of 'KEEP.TXT;1' differ by byte order: the little-endian ones count"
    assert not image.is_damaged
    assert tree_of(image) == tree_of(load(poked()))
    several = load(poked((ROOT, keep + where, b"\7"), (ROOT, sub + where, b"\7")))
    assert "Numbers of 'KEEP.TXT;1' and 1 more differ" in texts(several)


@pytest.mark.parametrize(
    ("identifier", "at"), [(b"KEEP.TXT;1", 8), (b"KEEP.TXT;1", 24), (b"SUB", 32), (b"SYM.;1", 32)]
)
def test_numbers_of_fields_that_differ_by_byte_order(identifier: bytes, at: int) -> None:
    image = load(poked((ROOT, field_at(identifier, b"PX") + at, b"\xee\xee\xee\xee")))
    assert "differ by byte order" in texts(image)
    assert tree_of(image) == tree_of(load(poked()))


@pytest.mark.parametrize("at", [84, 122, 126, 130, 136, 162, 170])
def test_numbers_of_the_volume_descriptor_that_differ_by_byte_order(at: int) -> None:
    image = load(poked((16, at, b"\xee\xee")))
    assert "Numbers of the volume descriptor differ by byte order" in texts(image)


def tree_of(image: LoadedImage) -> list[tuple[object, ...]]:
    return [
        (node.path(), node.mode, node.uid, getattr(getattr(node, "content", None), "extents", ()))
        for node in walk(image.root)
    ]


def with_keep_at(lba: int, size: int) -> bytes:
    keep = record_at(b"KEEP.TXT;1")
    return poked((ROOT, keep + 2, both32(lba)), (ROOT, keep + 10, both32(size)))


def test_contents_that_overlap_in_part() -> None:
    image = load(with_keep_at(63, 3 * BLOCK))
    assert texts(image) == "Has some blocks, but not all, in common with '/sub/data7000.bin'"
    assert [(problem.path, problem.severity) for problem in image.problems] == [(b"/keep.txt", "WARNING")]
    assert not image.is_damaged


def test_a_directory_that_overlaps_a_content_in_part() -> None:
    pokes = [(117, 10, both32(2 * BLOCK)), (ROOT, record_at(b"NEWDIR") + 10, both32(2 * BLOCK))]
    at = record_at(b"KEEP.TXT;1")
    data = poked(*pokes, (ROOT, at + 2, both32(118)), (ROOT, at + 10, both32(2 * BLOCK)))
    assert ("WARNING", "Has some blocks, but not all, in common with '/newdir'", b"/keep.txt") in [
        (problem.severity, problem.text, problem.path) for problem in load(data).problems
    ]


@pytest.mark.parametrize(
    ("lba", "size"), [(61, 7000), (62, BLOCK), (61, 1), (60, 5 * BLOCK), (115, 9 * BLOCK)]
)
def test_contents_within_each_other_are_fine(lba: int, size: int) -> None:
    assert load(with_keep_at(lba, size)).problems == []


def test_file_content_behind_the_end() -> None:
    at = record_at(b"KEEP.TXT;1")
    for where, value in ((2, both32(0xFFFFFFFF)), (10, both32(0xFFFFFFFF))):
        image = load(poked((ROOT, at + where, value)))
        assert "behind the end" in texts(image)
        (check,) = [c for c in check_files(Blocks(poked()), files(image)) if c.node.name == b"keep.txt"]
        assert check.verdict.value == "unreadable"


def files(image: LoadedImage) -> list[File]:
    return [node for node in walk(image.root) if isinstance(node, File)]


@pytest.mark.parametrize(
    "value", [(0, 125, 7), (96, 0xFFFFFFFF, 7), (96, 125, 0xFFFFFFFF), (96, 125, 0), (125, 96, 7)]
)
def test_md5_array_that_lies(value: tuple[int, int, int]) -> None:
    at = sample_image("two").index(b"\4ca\0\x14", 116 * BLOCK) + 5
    numbers = b"".join(b"\4" + number.to_bytes(4, "big") for number in value)
    data = bytearray(sample_image("two"))
    data[at : at + 15] = numbers
    image = load(bytes(data))
    if value[0] == 0:
        assert image.checksums is not None
    else:
        assert image.checksums is None
        assert "MD5 array can't be used" in texts(image)


def test_md5_array_that_was_changed() -> None:
    image = load(poked((125, 20, b"xx")))
    assert image.checksums is None
    assert all(node.content.md5 is None for node in files(image))  # type: ignore[union-attr]


def test_md5_index_outside_of_the_array() -> None:
    at = field_at(b"KEEP.TXT;1", b"\4cx") + 5
    for index in (0, 6, 7, 0xFFFFFFFF):
        image = load(poked((ROOT, at, index.to_bytes(4, "big"))))
        node = find_node(image.root, b"/keep.txt")
        assert node.content.md5 is None  # type: ignore[union-attr]
        assert ("outside of the MD5 array" in texts(image)) == (index > 0), "0 is written for none"


def test_limits() -> None:
    assert "More than 3 nodes" in texts(load(sample_image("rich"), limits=Limits(nodes=3)))
    assert "levels deep" in texts(load(sample_image("rich"), limits=Limits(depth=2)))
    assert "larger than can be" in texts(load(sample_image("rich"), limits=Limits(directory_blocks=2)))
    image = load(
        poked(*((ROOT, record_at(i) + 2, both32(1 << 30)) for i in (b"KEEP.TXT;1", b"SUB"))),
        limits=Limits(problems=1),
    )
    assert len(image.problems) == 1
    assert image.problem_count > 1


def test_truncated_at_every_block() -> None:
    for blocks in range(17, 127, 3):
        try:
            load(sample_image("two")[: blocks * BLOCK + 100])
        except ImageError as error:
            assert str(error)


# Mutated.

VALUES = st.one_of(
    st.binary(min_size=1, max_size=8),
    st.sampled_from([both32(n) for n in (0, 1, 16, 32, 51, 53, 115, 118, 0xFFFFFFFF, 0x7FFFFFFF)]),
    st.sampled_from(
        [b"\0", b"\xff", b"\x80", b"\2", b"/", b"..", b"CE\x1c\1", b"NM\5\1\0", b"ST\4\1", b"CL\x0c\1"]
    ),
)


def metadata(name: str) -> list[int]:
    """Blocks that aren't content."""
    found = {16, 17, 18, 19}
    for session in sample_facts(name)["sessions"]:
        content = {
            lba + at
            for node in session["nodes"]
            for lba, size in node.get("extents", [])
            for at in range(max(1, (size + BLOCK - 1) // BLOCK))
        }
        found |= set(range(session["pvd_lba"], session["start"] + session["vol_space_size"])) - content
    return sorted(lba for lba in found if sample_image(name)[lba * BLOCK : (lba + 1) * BLOCK].strip(b"\0"))


Pokes = list[tuple[int, bytes]]


@st.composite
def mutations(draw: st.DrawFn) -> tuple[str, Pokes, int]:
    """A sample, bytes to put somewhere into its metadata, and how many bytes are left of it."""
    name = draw(st.sampled_from(SAMPLES))
    data = sample_image(name)
    pokes: Pokes = []
    for _ in range(draw(st.integers(1, 6))):
        lba = draw(st.sampled_from(metadata(name)))
        used = len(data[lba * BLOCK : (lba + 1) * BLOCK].rstrip(b"\0"))
        pokes.append((lba * BLOCK + draw(st.integers(0, max(0, used - 1))), draw(VALUES)))
    cut = draw(st.integers(0, len(data))) if draw(st.integers(0, 9)) == 0 else len(data)
    return name, pokes, cut


def mutated(name: str, pokes: Pokes, cut: int) -> bytes:
    data = bytearray(sample_image(name))
    for at, value in pokes:
        data[at : at + len(value)] = value
    return bytes(data[:cut])


def tree_on_disk(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


@settings(
    max_examples=EXAMPLES,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(mutations())
def test_mutated_images(case: tuple[str, Pokes, int]) -> None:
    name, data = case[0], mutated(*case)
    blocks = Blocks(data)
    start = time.process_time()
    head = data[: 32 * BLOCK]
    if head_state(head) is HeadState.IMAGE:
        sessions, _ = emulated_sessions(blocks, head, blocks.blocks)
        check_media(blocks, [(span.start, span.blocks) for span in sessions], blocks.blocks)
    bases = {0, *(session["start"] for session in sample_facts(name)["sessions"])}
    for lba in sorted(bases):
        for namespaces in NAMESPACES:
            read_everything(blocks, lba, namespaces)
    assert time.process_time() - start < 20
    assert blocks.total < 3 * READ_BYTES


def read_everything(blocks: Blocks, lba: int, namespaces: tuple[Namespace, ...]) -> None:
    try:
        image = load_tree(
            blocks,
            lba,
            namespaces=namespaces,
            check_tags=lba % 2 == 0 and len(namespaces[0]) > 3,
            medium_blocks=blocks.blocks,
        )
    except ImageError as error:
        assert str(error)
        try:
            image = load_tree(blocks, lba, namespaces=namespaces)
        except ImageError:
            return
    is_sound(image)
    list(check_files(blocks, files(image)))
    if image.checksums is not None:
        check_session(blocks, image.checksums, image.session_md5)
    if namespaces == NAMESPACES[0]:
        extract_and_look(blocks, image.root)


def extract_and_look(blocks: Blocks, root: Node) -> None:
    with tempfile.TemporaryDirectory() as text:
        outer = Path(text)
        (outer / "near").mkdir()
        (outer / "near" / "file").write_bytes(b"mine")
        before = tree_on_disk(outer)
        extract_tree(blocks, root, os.fsencode(outer / "deep" / "target"))
        after = {path for path in tree_on_disk(outer) if not path.startswith("deep/target")}
        assert after - before <= {"deep"}
        assert (outer / "near" / "file").read_bytes() == b"mine"
