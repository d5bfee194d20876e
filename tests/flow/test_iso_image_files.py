"""Images in files: written, grown, and what happens if sources or the writer itself come to grief."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from burnlab.iso9660 import ImageOptions, ScanOptions, grow_image, open_image, scan_path, write_image
from burnlab.iso9660.emit import ReadProblem
from burnlab.iso9660.image import FileBlocks
from burnlab.iso9660.tree import Directory, File, ImageContent, MemoryContent, find_node

OPTIONS = ImageOptions(now=1_700_000_000, md5=True)
BLOCK = 2048


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    (folder / "sub").mkdir(parents=True)
    (folder / "a.txt").write_bytes(b"hello")
    (folder / "big").write_bytes(bytes(range(256)) * 20000)
    (folder / "sub" / "small").write_bytes(b"s" * 3000)
    os.link(folder / "a.txt", folder / "sub" / "again")
    return folder


def read(image: Path, path: bytes) -> bytes:
    with open_image(image) as loaded, image.open("rb") as file:
        node = find_node(loaded.root, path)
        assert isinstance(node, File) and isinstance(node.content, ImageContent)
        blocks = FileBlocks(file.fileno())
        return b"".join(blocks(lba, -(-size // BLOCK))[:size] for lba, size in node.content.extents)


def test_written_and_grown(tmp_path: Path, source: Path) -> None:
    image = tmp_path / "image.iso"
    steps: list[tuple[int, int]] = []
    written = write_image(source, image, OPTIONS, progress=lambda done, total: steps.append((done, total)))
    assert steps[-1][0] == steps[-1][1] and image.stat().st_size == (32 + steps[-1][1]) * BLOCK
    assert written.content_bytes == 5 + 256 * 20000 + 3000  # both names of a.txt are one content

    def change(root: Directory) -> None:
        root.remove(b"a.txt")
        root.add(File(name=b"new", mode=0o100600, content=MemoryContent(b"new content")))

    grown = grow_image(image, change, OPTIONS)
    assert grown.base % 32 == 0 and grown.base >= written.end and grown.content_bytes == 11
    assert read(image, b"/new") == b"new content"
    assert read(image, b"/sub/again") == b"hello"
    assert read(image, b"/big") == bytes(range(256)) * 20000
    with open_image(image) as loaded:
        assert find_node(loaded.root, b"/a.txt") is None


def test_sources_that_vanish_shrink_or_grow(tmp_path: Path, source: Path) -> None:
    root = scan_path(os.fsencode(source), b"")
    assert isinstance(root, Directory)
    (source / "sub" / "small").unlink()
    with (source / "big").open("r+b") as file:
        file.truncate(2_000_000)
    with (source / "a.txt").open("ab") as file:
        file.write(b" and more")
    problems: list[ReadProblem] = []
    image = tmp_path / "image.iso"
    write_image(root, image, OPTIONS, on_problem=problems.append)
    assert {(Path(os.fsdecode(p.path)).name, p.missing, p.error is None) for p in problems} == {
        ("small", 3000, False),
        ("big", 256 * 20000 - 2_000_000, True),
    }
    assert read(image, b"/a.txt") == b"hello"
    assert read(image, b"/sub/small") == bytes(3000)
    assert read(image, b"/big") == (bytes(range(256)) * 20000)[:2_000_000].ljust(256 * 20000, b"\0")


def test_what_can_t_be_scanned_is_left_out_and_told_of(tmp_path: Path, source: Path) -> None:
    (source / "long").symlink_to("/".join(["x" * 200] * 6))
    told: list[bytes] = []
    root = scan_path(os.fsencode(source), b"", ScanOptions(on_problem=lambda path, _: told.append(path)))
    assert told == [os.fsencode(source / "long")]
    assert isinstance(root, Directory) and sorted(root.children) == [b"a.txt", b"big", b"sub"]


def test_links_may_be_followed_but_not_in_circles(tmp_path: Path, source: Path) -> None:
    (source / "sub" / "up").symlink_to("..")
    (source / "link").symlink_to("a.txt")
    (source / "dangling").symlink_to("nowhere")
    told: list[bytes] = []
    options = ScanOptions(follow=True, on_problem=lambda path, _: told.append(path))
    root = scan_path(os.fsencode(source), b"", options)
    assert isinstance(root, Directory) and isinstance(root.children[b"link"], File)
    assert told == [os.fsencode(source / "sub" / "up")]


def test_a_full_target_is_an_error_and_leaves_the_old_session(tmp_path: Path, source: Path) -> None:
    image = tmp_path / "image.iso"
    write_image(source, image, OPTIONS)
    script = (
        "import resource, signal, sys\n"
        "from burnlab.iso9660 import ImageOptions, grow_image\n"
        "from burnlab.iso9660.tree import File, MemoryContent\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (8 << 20, 8 << 20))\n"
        "new = File(name=b'new', mode=0o100600, content=MemoryContent(bytes(4 << 20)))\n"
        "try:\n"
        "    grow_image(sys.argv[1], lambda root: root.add(new), ImageOptions(now=0, md5=True))\n"
        "except OSError as error:\n"
        "    sys.exit(7)\n"
    )
    done = subprocess.run([sys.executable, "-c", script, str(image)])
    assert done.returncode == 7
    assert read(image, b"/a.txt") == b"hello"


KILLED = """
import os, signal, sys
from burnlab.iso9660 import ImageOptions, grow_image
from burnlab.iso9660.tree import File, MemoryContent
limit = int(sys.argv[2])
new = File(name=b"new", mode=0o100600, content=MemoryContent(bytes(5 << 20)))
def progress(done, total):
    if done >= limit:
        os.kill(os.getpid(), signal.SIGKILL)
grow_image(sys.argv[1], lambda root: root.add(new), ImageOptions(now=0, md5=True), progress=progress)
"""


@pytest.mark.parametrize("limit", [1, 20, 600, 2500])
def test_killed_while_growing(tmp_path: Path, source: Path, limit: int) -> None:
    image = tmp_path / "image.iso"
    written = write_image(source, image, OPTIONS)
    before = image.read_bytes()
    done = subprocess.run([sys.executable, "-c", KILLED, str(image), str(limit)])
    assert done.returncode == -signal.SIGKILL
    after = image.read_bytes()
    assert after[: written.end * BLOCK] == before[: written.end * BLOCK] and after != before
    assert read(image, b"/big") == bytes(range(256)) * 20000
    # The next growth takes the same place, and succeeds.
    grown = grow_image(image, lambda root: root.remove(b"big") and None, OPTIONS)
    assert grown.base == -(-written.end // 32) * 32
    with open_image(image) as loaded:
        assert sorted(loaded.root.children) == [b"a.txt", b"sub"]
