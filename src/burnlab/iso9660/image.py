"""The library's front: images in files are written, grown and opened.

from burnlab.iso9660 import grow_image, open_image, write_image
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, TypeAlias

from burnlab.iso9660.ecma119 import BLOCK, ImageError
from burnlab.iso9660.emit import OnProblem, emit
from burnlab.iso9660.head import MEDIA_HEAD_BLOCKS, head_steps, make_head
from burnlab.iso9660.layout import HEAD_BLOCKS, Layout, plan_layout
from burnlab.iso9660.options import ImageOptions
from burnlab.iso9660.scan import ScanOptions, scan_path
from burnlab.iso9660.tree import Directory, File, TreeError, find_node, show, walk
from burnlab.writeback import Writeback

if TYPE_CHECKING:
    from burnlab.iso9660.extract import ExtractOptions, ExtractProblem, ExtractSummary
    from burnlab.iso9660.load import LoadedImage
    from burnlab.iso9660.verify import FileCheck

Name: TypeAlias = str | bytes | os.PathLike[str]
Progress: TypeAlias = Callable[[int, int], None]
"""Is told the blocks written and the blocks to be written in all."""

FIRST_BASE: Final = HEAD_BLOCKS


@dataclass(frozen=True, slots=True)
class Written:
    """What was written: the session's first block, the block behind it, and how many bytes of contents it
    stores.
    """

    base: int
    end: int
    content_bytes: int


def write_image(
    source: Directory | Name,
    file: Name,
    options: ImageOptions,
    *,
    head: bool = True,
    progress: Progress | None = None,
    on_problem: OnProblem | None = None,
) -> Written:
    """Write a new image with one session.

    Args:
        source: a tree of nodes, or a directory on disk.
        file: what is there already is overwritten.
        options: what the image is to be like.
        head: leave room for a head, so that the image can grow; without one it starts at block 0.
        progress: is called after each chunk.
        on_problem: is told of contents that can't be read as planned.

    Raises:
        OSError: the file can't be written, or the directory can't be read.
        TreeError: what is to be the root is no directory.
    """
    root = source if isinstance(source, Directory) else scan_root(source, options)
    layout = plan_layout(root, FIRST_BASE if head else 0, options, head=head)
    with _opened(file, os.O_RDWR | os.O_CREAT | os.O_TRUNC) as fd:
        _write_session(fd, layout, progress, on_problem)
        if head:
            _write_head(fd, make_head(layout))
    return Written(layout.base, layout.end, layout.content_bytes)


def grow_image(
    file: Name,
    change: Callable[[Directory], None],
    options: ImageOptions,
    *,
    progress: Progress | None = None,
    on_problem: OnProblem | None = None,
) -> Written:
    """Add a session with a changed tree. Until its last moment the image stays what it was before.

    Args:
        file: an image with a head.
        change: edits the tree that it is given.
        options: what the new session is to be like; the system area and, if it isn't set, the volume id stay.
        progress: is called after each chunk.
        on_problem: is told of contents that can't be read as planned.

    Raises:
        OSError: the file can't be read or written.
        ImageError: it has no image that could grow.
        TreeError: the tree can't be changed that way.
    """
    from burnlab.iso9660.load import load_tree

    with _opened(file, os.O_RDWR) as fd:
        reader = FileBlocks(fd)
        old = reader(0, MEDIA_HEAD_BLOCKS)
        image = load_tree(reader, 0, want_md5=options.md5, number_nodes=options.hardlinks)
        if image.size_blocks * BLOCK > os.fstat(fd).st_size:
            raise ImageError("The image is longer than its file")
        change(image.root)
        base = -(-image.size_blocks // HEAD_BLOCKS) * HEAD_BLOCKS
        area = options.system_area or old[: 16 * BLOCK]
        options = replace(options, system_area=area, last_inode=image.last_inode or 0)
        layout = plan_layout(image.root, base, options, head=True)
        _write_session(fd, layout, progress, on_problem)
        for lba, piece in head_steps(old, make_head(layout, old)):
            _write_head(fd, piece, lba)
    return Written(layout.base, layout.end, layout.content_bytes)


@contextmanager
def open_image(file: Name, lba: int = 0) -> Iterator[LoadedImage]:
    """Load the tree of an image; its contents can be read as long as the context lasts.

    Raises:
        OSError: the file can't be read.
        ImageError: there is no image in it.
    """
    from burnlab.iso9660.load import load_tree

    with _opened(file, os.O_RDONLY) as fd:
        yield load_tree(FileBlocks(fd), lba)


def check_image(file: Name, lba: int = 0, *, workers: int | None = None) -> list[FileCheck]:
    """Check all files of an image against their recorded MD5; results in order of paths.

    `workers` is how many digest side by side; by default as many as there are processors.

    Raises:
        OSError: the file can't be read.
        TagMismatch: the tags say that superblock or tree aren't as written.
        ImageError: there is no image in it.
    """
    from burnlab.iso9660.forks import usable_fork
    from burnlab.iso9660.load import load_tree
    from burnlab.iso9660.verify import check_files

    with _opened(file, os.O_RDONLY) as fd:
        read = FileBlocks(fd)
        files = [node for node in walk(load_tree(read, lba, check_tags=True).root) if isinstance(node, File)]
        count = workers or os.cpu_count() or 1
        return list(check_files(read, files, workers=count, fork=usable_fork()))


def extract_image(
    file: Name,
    target: Name,
    path: bytes = b"/",
    *,
    lba: int = 0,
    options: ExtractOptions | None = None,
    on_problem: Callable[[ExtractProblem], None] | None = None,
) -> ExtractSummary:
    """Restore what is at a path of an image as `target` on disk, and nothing outside of it.

    Raises:
        OSError: the file can't be read, or `target` can't be made.
        ImageError: there is no image in it.
        TreeError: the image has no such path.
    """
    from burnlab.iso9660.extract import ExtractOptions, extract_tree
    from burnlab.iso9660.load import load_tree

    with _opened(file, os.O_RDONLY) as fd:
        read = FileBlocks(fd)
        node = find_node(load_tree(read, lba).root, path)
        if node is None:
            raise TreeError(f"The image has no {show(path)}")
        return extract_tree(
            read, node, os.fsencode(target), options or ExtractOptions(), on_problem=on_problem
        )


class FileBlocks:
    """Blocks of a file, to be called with the first one and their count."""

    def __init__(self, fd: int) -> None:
        """`fd` stays the caller's."""
        self._fd = fd

    def __call__(self, lba: int, count: int) -> bytes:
        """As many of the blocks as there are."""
        return os.pread(self._fd, count * BLOCK, lba * BLOCK)


@contextmanager
def _opened(file: Name, flags: int) -> Iterator[int]:
    fd = os.open(file, flags | os.O_CLOEXEC, 0o666)
    try:
        yield fd
    finally:
        os.close(fd)


def scan_root(source: Name, options: ImageOptions) -> Directory:
    """The tree of a directory on disk.

    Raises:
        TreeError: it is none.
        OSError: it can't be read.
    """
    wanted = ScanOptions(xattr=options.xattr, acl=options.acl, source_ids=options.hardlinks)
    root = scan_path(os.fsencode(source), b"", wanted)
    if not isinstance(root, Directory):
        raise TreeError(f"{show(os.fsencode(source))} is no directory")
    return root


def _write_session(fd: int, layout: Layout, progress: Progress | None, on_problem: OnProblem | None) -> None:
    """The blocks of a session at their place."""
    start = position = layout.base * BLOCK
    writeback = Writeback()
    os.lseek(fd, start, os.SEEK_SET)
    for chunk in emit(layout, FileBlocks(fd), on_problem):
        _write_all(fd, chunk)
        writeback.wrote(fd, position, len(chunk))
        position += len(chunk)
        if progress is not None:
            progress((position - start) // BLOCK, layout.stream_blocks)
    os.fsync(fd)


def _write_head(fd: int, head: bytes, lba: int = 0) -> None:
    """Blocks 0 to 31, or a part of them, after all that they lead to is safely written."""
    os.lseek(fd, lba * BLOCK, os.SEEK_SET)
    _write_all(fd, head)
    os.fsync(fd)


def _write_all(fd: int, data: bytes | memoryview) -> None:
    written = os.write(fd, data)
    while written < len(data):
        written += os.write(fd, data[written:])


__all__ = ["FileBlocks", "Written", "grow_image", "open_image", "write_image"]
