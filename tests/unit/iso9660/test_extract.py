"""Restoring trees: what is restored, and that nothing leads out of the target."""

from __future__ import annotations

import calendar
import os
import stat
import time
from hashlib import md5
from pathlib import Path

import pytest

from burnlab.iso9660 import posix_acl
from burnlab.iso9660.ecma119 import BLOCK, ImageError
from burnlab.iso9660.extract import ExtractOptions, ExtractProblem, extract_tree
from burnlab.iso9660.load import load_tree
from burnlab.iso9660.tree import (
    Directory,
    Extent,
    File,
    ImageContent,
    MemoryContent,
    Special,
    Symlink,
    find_node,
    new_root,
)
from support.iso_images import Blocks, sample_facts, sample_image

FILE = 0o100644
FOLDER = 0o40755


def nothing(lba: int, count: int) -> bytes:
    return b""


def memory_file(name: bytes, data: bytes = b"data", mode: int = FILE, **more: object) -> File:
    return File(name=name, mode=mode, mtime=1000, content=MemoryContent(data), **more)  # type: ignore[arg-type]


def test_a_sample_is_restored_whole(tmp_path: Path) -> None:
    blocks = Blocks(sample_image("rich"))
    problems: list[ExtractProblem] = []
    target = os.fsencode(tmp_path / "new" / "target")
    summary = extract_tree(blocks, load_tree(blocks, 0).root, target, on_problem=problems.append)
    assert {problem.text for problem in problems} <= {"Device is left out", "Operation not supported"}
    restored = 0
    for fact in sample_facts("rich")["sessions"][0]["nodes"]:
        path = target + (bytes.fromhex(fact["path_hex"]) if "path_hex" in fact else fact["path"].encode())
        if fact["type"] in ("block", "char", "blk", "chr", "blockdev", "chardev"):
            assert not os.path.lexists(path)
            continue
        if "rdev" in fact:
            continue
        found = os.lstat(path)
        assert stat.S_IFMT(found.st_mode) == stat.S_IFMT(int(fact["mode"], 8))
        restored += 1
        if fact["type"] == "symlink":
            assert os.readlink(path) == fact["target"].encode()  # noqa: PTH115 - Path would tidy it up
            continue
        assert oct(stat.S_IMODE(found.st_mode)) == oct(int(fact["mode"], 8) & 0o1777)
        assert found.st_mtime == calendar.timegm(time.strptime(fact["mtime"], "%Y-%m-%dT%H:%M:%SZ"))
        if fact["type"] == "file":
            assert md5(Path(os.fsdecode(path)).read_bytes()).hexdigest() == fact["md5"]
    assert restored == summary.files + 1


def test_times_and_modes_of_directories_are_set_last(tmp_path: Path) -> None:
    root = new_root(5000)
    folder = Directory(name=b"closed", mode=0o40555, mtime=777)
    root.add(folder)
    folder.add(memory_file(b"inside"))
    extract_tree(nothing, root, os.fsencode(tmp_path / "t"))
    found = (tmp_path / "t" / "closed").stat()
    assert (found.st_mtime, stat.S_IMODE(found.st_mode)) == (777, 0o555)
    assert (tmp_path / "t" / "closed" / "inside").read_bytes() == b"data"
    assert (tmp_path / "t" / "closed" / "inside").stat().st_mtime == 1000


def outside_and_trap(tmp_path: Path, name: str) -> Path:
    """A folder that nothing may get into, and a link to it in the target."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (tmp_path / "t").mkdir()
    (tmp_path / "t" / name).symlink_to(outside)
    return outside


def test_a_link_in_the_way_of_a_directory_isnt_followed(tmp_path: Path) -> None:
    outside = outside_and_trap(tmp_path, "d")
    root = new_root()
    folder = Directory(name=b"d", mode=FOLDER)
    root.add(folder)
    folder.add(memory_file(b"f"))
    extract_tree(nothing, root, os.fsencode(tmp_path / "t"))
    assert list(outside.iterdir()) == []
    assert (tmp_path / "t" / "d" / "f").read_bytes() == b"data"
    assert not (tmp_path / "t" / "d").is_symlink()


def test_a_link_in_the_way_stays_if_nothing_may_be_overwritten(tmp_path: Path) -> None:
    outside = outside_and_trap(tmp_path, "d")
    root = new_root()
    folder = Directory(name=b"d", mode=FOLDER)
    root.add(folder)
    folder.add(memory_file(b"f"))
    root.add(memory_file(b"g"))
    problems: list[ExtractProblem] = []
    options = ExtractOptions(overwrite=False)
    extract_tree(nothing, root, os.fsencode(tmp_path / "t"), options, on_problem=problems.append)
    assert [problem.path for problem in problems] == [b"/d"]
    assert list(outside.iterdir()) == []
    assert (tmp_path / "t" / "g").exists()


def test_a_file_doesnt_go_through_a_link(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_bytes(b"mine")
    (tmp_path / "t").mkdir()
    (tmp_path / "t" / "f").symlink_to(precious)
    root = new_root()
    root.add(memory_file(b"f"))
    extract_tree(nothing, root, os.fsencode(tmp_path / "t"))
    assert precious.read_bytes() == b"mine"
    assert (tmp_path / "t" / "f").read_bytes() == b"data"


def test_links_of_the_image_are_made_last_and_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    root = new_root()
    root.add(Symlink(name=b"a", mode=0o120777, target=os.fsencode(outside)))
    folder = Directory(name=b"b", mode=FOLDER)
    root.add(folder)
    folder.add(Symlink(name=b"up", mode=0o120777, target=b"../../outside"))
    extract_tree(nothing, root, os.fsencode(tmp_path / "t"))
    assert (tmp_path / "t" / "a").readlink() == outside
    again = new_root()
    under = Directory(name=b"a", mode=FOLDER)
    again.add(under)
    under.add(memory_file(b"f"))
    extract_tree(nothing, again, os.fsencode(tmp_path / "t"))
    assert list(outside.iterdir()) == []


def test_dangerous_modes_only_on_request(tmp_path: Path) -> None:
    root = new_root()
    root.add(memory_file(b"f", mode=0o106755))
    options = ExtractOptions(owner=False)
    extract_tree(nothing, root, os.fsencode(tmp_path / "t"), options)
    assert stat.S_IMODE((tmp_path / "t" / "f").stat().st_mode) == 0o755
    extract_tree(
        nothing, root, os.fsencode(tmp_path / "u"), ExtractOptions(owner=False, dangerous_modes=True)
    )
    assert stat.S_IMODE((tmp_path / "u" / "f").stat().st_mode) == 0o6755


def test_devices_only_on_request(tmp_path: Path) -> None:
    root = new_root()
    root.add(Special(name=b"null", mode=0o20666, device=0x103))
    root.add(Special(name=b"fifo", mode=0o10644))
    problems: list[ExtractProblem] = []
    extract_tree(nothing, root, os.fsencode(tmp_path / "t"), on_problem=problems.append)
    assert [problem.path for problem in problems] == [b"/null"]
    assert stat.S_ISFIFO((tmp_path / "t" / "fifo").lstat().st_mode)
    assert not (tmp_path / "t" / "null").exists()


def test_holes_and_long_files(tmp_path: Path) -> None:
    data = b"x" * BLOCK + bytes(6 << 20) + b"y" * 5000
    size = len(data)
    content = ImageContent((Extent(0, 4 << 20), Extent(2048, size - (4 << 20))), size, md5(data).digest())
    node = File(name=b"big", mode=FILE, content=content)
    blocks = Blocks(data + bytes(-len(data) % BLOCK))
    extract_tree(blocks, node, os.fsencode(tmp_path / "big"))
    assert (tmp_path / "big").read_bytes() == data
    assert (tmp_path / "big").stat().st_blocks * 512 < size
    assert blocks.longest <= 2 << 20


def test_bad_content_is_told(tmp_path: Path) -> None:
    image = load_tree(Blocks(sample_image("two")), 0)
    data = bytearray(sample_image("two"))
    data[61 * BLOCK] ^= 1
    node = find_node(image.root, b"/sub/data7000.bin")
    assert node is not None
    problems: list[ExtractProblem] = []
    extract_tree(Blocks(bytes(data)), node, os.fsencode(tmp_path / "a"), on_problem=problems.append)
    assert problems[0].is_mismatch
    blocks = Blocks(sample_image("two"), bad=frozenset({62}))
    extract_tree(blocks, node, os.fsencode(tmp_path / "b"), on_problem=problems.append)
    assert "Only" in problems[-1].text


def test_hard_links(tmp_path: Path) -> None:
    root = new_root()
    content = MemoryContent(b"once")
    folder = Directory(name=b"d", mode=FOLDER)
    root.add(folder)
    for place, name, inode in ((root, b"a", 5), (folder, b"b", 5), (root, b"c", 6), (root, b"e", 0)):
        place.add(File(name=name, mode=FILE, content=content, inode=inode))
    extract_tree(nothing, root, os.fsencode(tmp_path / "t"), ExtractOptions(hardlinks=True))
    inodes = {name: (tmp_path / "t" / name).stat().st_ino for name in ("a", "d/b", "c", "e")}
    assert inodes["a"] == inodes["d/b"]
    assert len(set(inodes.values())) == 3


def test_very_deep_trees_need_few_descriptors(tmp_path: Path) -> None:
    root = new_root()
    place = root
    for _ in range(300):
        folder = Directory(name=b"d", mode=FOLDER)
        place.add(folder)
        place.add(memory_file(b"f"))
        place = folder
    problems: list[ExtractProblem] = []
    before = sum(1 for _ in Path("/proc/self/fd").iterdir())
    summary = extract_tree(nothing, root, os.fsencode(tmp_path / "t"), on_problem=problems.append)
    assert problems == []
    assert summary.files == 600
    assert sum(1 for _ in Path("/proc/self/fd").iterdir()) == before


def test_progress_and_what_the_system_refuses(tmp_path: Path) -> None:
    root = new_root()
    root.add(File(name=b"old", mode=FILE, mtime=1 << 70, content=MemoryContent(b"")))
    root.add(Symlink(name=b"nul", mode=0o120777, target=b"a\0b"))
    root.add(memory_file(b"x", attributes={b"user.a\0b": b"1"}))
    seen: list[tuple[int, int]] = []
    problems: list[ExtractProblem] = []
    extract_tree(
        nothing,
        root,
        os.fsencode(tmp_path / "t"),
        on_problem=problems.append,
        on_progress=lambda files, size: seen.append((files, size)),
    )
    assert {problem.path for problem in problems} == {b"/old", b"/nul", b"/x"}
    assert seen[-1][1] == 4


def test_a_directory_that_becomes_a_link_isnt_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    root = new_root()
    folder = Directory(name=b"d", mode=FOLDER)
    root.add(folder)
    folder.add(memory_file(b"f"))
    problems: list[ExtractProblem] = []

    def swap(files: int, size: int) -> None:
        place = tmp_path / "t" / "d"
        if place.is_dir() and not place.is_symlink():
            place.rmdir()
            place.symlink_to(outside)

    extract_tree(nothing, root, os.fsencode(tmp_path / "t"), on_problem=problems.append, on_progress=swap)
    assert list(outside.iterdir()) == []
    assert stat.S_IMODE(outside.stat().st_mode) != 0
    assert {problem.path for problem in problems} == {b"/d", b"/d/f"}


ACCESS = bytes.fromhex(
    "0200000001000600ffffffff020000000500000002000600e803000004000400ffffffff"
    "080004002100000010000600ffffffff20000400ffffffff"
)
DEFAULT = bytes.fromhex(
    "0200000001000700ffffffff020005000700000004000500ffffffff10000500ffffffff20000500ffffffff"
)


def test_access_control_lists() -> None:
    stored = b"\x16\xa8\x01\x05\xae\x02\x03\xe84\xcc\x01!Vd"
    assert posix_acl.to_linux(stored) == posix_acl.Lists(ACCESS)
    assert posix_acl.from_linux(posix_acl.Lists(ACCESS)) == stored
    both = b"\x17\xaf\x02\x03\xe85We\x81\x17\xad\x01\x075Ue"
    assert posix_acl.to_linux(both).default == DEFAULT
    assert posix_acl.from_linux(posix_acl.to_linux(both)) == both
    assert posix_acl.to_linux(b"\xae\x02\x03\xe8\x16\xa8\x01\x054\xcc\x01!Vd") == posix_acl.Lists(ACCESS)


@pytest.mark.parametrize(
    "stored", [b"\xae", b"\xae\x02\x03", b"\xae\x05aaaaa", b"\x00", b"\x26", b"\x81\x81"]
)
def test_bad_access_control_lists(stored: bytes) -> None:
    with pytest.raises(ImageError):
        posix_acl.to_linux(stored)
