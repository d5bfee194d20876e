"""Nodes to a disk tree, never outside of its folder.

All names are looked up one by one from the folder's descriptor, and no symbolic link is ever followed on the
way; links are made when all else is there. What fails is told of and left out.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import md5
from pathlib import Path
from typing import Final, NamedTuple

from burnlab.iso9660 import aaip, posix_acl
from burnlab.iso9660.blocks import BlockWindow, ReadBlocks
from burnlab.iso9660.ecma119 import BLOCK, ImageError, blocks_of
from burnlab.iso9660.hashing import Lane
from burnlab.iso9660.tree import (
    Directory,
    DiskContent,
    File,
    ImageContent,
    MemoryContent,
    Node,
    Special,
    Symlink,
)

RUN_BLOCKS: Final = 1024
RUN_BYTES: Final = RUN_BLOCKS * BLOCK
ZEROS: Final = bytes(RUN_BYTES)
HOLE_BYTES: Final = 1 << 16
OPEN_FOLDERS: Final = 64
FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
NEW_FILE: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
PRIVATE: Final = 0o700
DANGEROUS: Final = stat.S_ISUID | stat.S_ISGID
FAILURES: Final = (OSError, ImageError, ValueError, OverflowError)
"""What the system refuses, or can't even be asked for: a zero byte in a name, a time out of its range."""
RESTORED: Final = (b"user.", b"trusted.", b"security.")


@dataclass(frozen=True, slots=True)
class ExtractOptions:
    """What is restored. `owner` None: if the user is root."""

    overwrite: bool = True
    """Files on disk give way to those of the image; directories never do."""
    owner: bool | None = None
    dangerous_modes: bool = False
    """setuid and setgid of files."""
    devices: bool = False
    xattr: bool = True
    acl: bool = True
    hardlinks: bool = False
    """Files with the same inode number and content become links of one file."""
    sparse: bool = True
    """Long runs of zeros become holes."""
    check_md5: bool = True
    times: bool = True
    sockets: bool = True
    keep_directories: bool = False
    """Directories that are there already stay as they are, but for what gets into them."""


class ExtractProblem(NamedTuple):
    """What couldn't be done: path in the image, and why. `is_mismatch`: all is there but not as recorded."""

    path: bytes
    text: str
    is_mismatch: bool = False


@dataclass(slots=True)
class ExtractSummary:
    """What was done: nodes, bytes of content, and how many problems there were."""

    files: int = 0
    bytes: int = 0
    problems: int = 0


OnProblem = Callable[[ExtractProblem], None]
OnProgress = Callable[[int, int], None]


def extract_tree(
    read: ReadBlocks,
    node: Node,
    target: bytes,
    options: ExtractOptions = ExtractOptions(),
    *,
    on_problem: OnProblem | None = None,
    on_progress: OnProgress | None = None,
) -> ExtractSummary:
    """Restore a node, with all below it, as the disk path `target`.

    Folders on the way to `target` are made as needed, and may be symbolic links: the user named them. Nothing
    else is. `on_progress` gets nodes and bytes done so far.

    Raises:
        OSError: the folder itself can't be had.
    """
    run = _Run(read, options, on_problem, on_progress)
    path = Path(os.fsdecode(target))
    outer = path if isinstance(node, Directory) else path.parent
    try:
        if isinstance(node, Directory) and outer.is_dir():
            run.kept.add(id(node))
        outer.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(outer, FOLDER & ~os.O_NOFOLLOW)
        if isinstance(node, Directory):
            run.folder(node, descriptor)
        else:
            run.single(node, os.fsencode(path.name), descriptor)
    finally:
        run.lane.close()
    return run.summary


class _Folders:
    """Descriptors of the folders on the way to where work is done; few are open at a time."""

    def __init__(self, root: int) -> None:
        self.root = root
        self.names: list[bytes] = []
        self.open: list[int | None] = []

    def enter(self, names: list[bytes]) -> int:
        """The descriptor of a folder by its names from the root on.

        Raises:
            OSError: one of them is no directory of that very name.
        """
        common = 0
        for ours, theirs in zip(self.names, names, strict=False):
            if ours != theirs:
                break
            common += 1
        while len(self.names) > common:
            self._leave()
        depth = len(self.open)
        while depth and self.open[depth - 1] is None:
            depth -= 1
        for at in range(depth, len(names)):
            parent = self.open[at - 1] if at else self.root
            assert parent is not None
            opened = os.open(names[at], FOLDER, dir_fd=parent)
            if at < len(self.open):
                self.open[at] = opened
            else:
                self.names.append(names[at])
                self.open.append(opened)
            self._close(at - OPEN_FOLDERS)
        last = self.open[-1] if self.open else self.root
        assert last is not None
        return last

    def _leave(self) -> None:
        self._close(len(self.open) - 1)
        self.names.pop()
        self.open.pop()

    def _close(self, at: int) -> None:
        if at >= 0:
            descriptor = self.open[at]
            if descriptor is not None:
                os.close(descriptor)
                self.open[at] = None

    def close(self) -> None:
        """All of them, the root too."""
        while self.open:
            self._leave()
        os.close(self.root)


class _Run:
    def __init__(
        self,
        read: ReadBlocks,
        options: ExtractOptions,
        on_problem: OnProblem | None,
        on_progress: OnProgress | None,
    ) -> None:
        self.read = read
        self.window = BlockWindow(read)
        self.options = options
        self.on_problem = on_problem
        self.on_progress = on_progress
        self.summary = ExtractSummary()
        self.lane = Lane(2)
        self.owner = os.geteuid() == 0 if options.owner is None else options.owner
        self.links: dict[tuple[int, int], tuple[list[bytes], bytes]] = {}
        self.folders: _Folders | None = None
        self.kept: set[int] = set()

    def tell(self, node: Node, error: Exception | str, is_mismatch: bool = False) -> None:
        self.summary.problems += 1
        text = (error.strerror or str(error)) if isinstance(error, OSError) else str(error)
        if self.on_problem:
            self.on_problem(ExtractProblem(node.path(), text, is_mismatch))

    def count(self, size: int = 0) -> None:
        self.summary.files += 1
        self.summary.bytes += size
        if self.on_progress:
            self.on_progress(self.summary.files, self.summary.bytes)

    # The order of things.

    def single(self, node: Node, name: bytes, parent: int) -> None:
        """A node that isn't a directory."""
        self.folders = _Folders(parent)
        try:
            self.node(node, [], name, parent)
        finally:
            self.folders.close()

    def folder(self, root: Directory, descriptor: int) -> None:
        """Directories and files, then symbolic links, then what directories are like, deepest first."""
        self.folders = folders = _Folders(descriptor)
        made: list[tuple[Directory, list[bytes]]] = []
        links: list[tuple[Symlink, list[bytes]]] = []
        stack: list[tuple[Directory, list[bytes]]] = [(root, [])]
        try:
            while stack:
                directory, names = stack.pop()
                made.append((directory, names))
                below = self.children(directory, names, links)
                stack.extend((child, [*names, child.name]) for child in reversed(below))
            for link, names in links:
                self.guarded(link, names, self.symlink)
            for directory, names in reversed(made):
                self.finish(directory, names)
        finally:
            folders.close()

    def children(
        self, directory: Directory, names: list[bytes], links: list[tuple[Symlink, list[bytes]]]
    ) -> list[Directory]:
        """What is in a directory; directories that could be made come back, links wait."""
        below: list[Directory] = []
        for child in sorted(directory.children.values(), key=_place):
            if isinstance(child, Symlink):
                links.append((child, names))
            elif isinstance(child, Directory):
                if self.guarded(child, names, self.subfolder):
                    below.append(child)
            else:
                self.guarded(child, names, self.node_at)
        return below

    def guarded(self, node: Node, names: list[bytes], work: Callable[[Node, list[bytes], int], None]) -> bool:
        """Work on a node in its folder; whether it went well."""
        assert self.folders is not None
        try:
            work(node, names, self.folders.enter(names))
        except FAILURES as error:
            self.tell(node, error)
            return False
        return True

    # Nodes.

    def subfolder(self, node: Node, _names: list[bytes], parent: int) -> None:
        """A directory, still private; one that is there is taken if it is a real one."""
        try:
            os.mkdir(node.name, PRIVATE, dir_fd=parent)
        except FileExistsError:
            found = os.stat(node.name, dir_fd=parent, follow_symlinks=False)
            if stat.S_ISDIR(found.st_mode):
                self.kept.add(id(node))
            else:
                self.make_room(node.name, parent)
                os.mkdir(node.name, PRIVATE, dir_fd=parent)
        self.count()

    def finish(self, directory: Directory, names: list[bytes]) -> None:
        """What a directory is like, when nothing gets into it any more."""
        assert self.folders is not None
        if self.options.keep_directories and id(directory) in self.kept:
            return
        try:
            self.restore(directory, self.folders.enter(names))
        except FAILURES as error:
            self.tell(directory, error)

    def symlink(self, node: Node, _names: list[bytes], parent: int) -> None:
        """A symbolic link with its own owner and time."""
        assert isinstance(node, Symlink)
        self.make_room(node.name, parent)
        os.symlink(node.target, node.name, dir_fd=parent)
        if self.owner:
            os.chown(node.name, node.uid, node.gid, dir_fd=parent, follow_symlinks=False)
        os.utime(node.name, (node.atime, node.mtime), dir_fd=parent, follow_symlinks=False)
        self.count()

    def node_at(self, node: Node, names: list[bytes], parent: int) -> None:
        """A node under its own name."""
        self.node(node, names, node.name, parent)

    def node(self, node: Node, names: list[bytes], name: bytes, parent: int) -> None:
        """A file, a link, or something special.

        Raises:
            OSError: it can't be made.
        """
        if isinstance(node, File):
            self.file(node, names, name, parent)
        elif isinstance(node, Special):
            self.special(node, name, parent)
        elif isinstance(node, Symlink):
            self.make_room(name, parent)
            os.symlink(node.target, name, dir_fd=parent)
            self.count()

    def special(self, node: Special, name: bytes, parent: int) -> None:
        """A fifo or socket; a device only on request."""
        is_device = stat.S_ISCHR(node.mode) or stat.S_ISBLK(node.mode)
        if is_device and not self.options.devices:
            self.tell(node, "Device is left out")
            return
        if stat.S_ISSOCK(node.mode) and not self.options.sockets:
            return
        self.make_room(name, parent)
        os.mknod(name, stat.S_IFMT(node.mode) | 0o600, node.device, dir_fd=parent)
        if self.owner:
            os.chown(name, node.uid, node.gid, dir_fd=parent, follow_symlinks=False)
        os.chmod(name, stat.S_IMODE(node.mode) & 0o777, dir_fd=parent)
        os.utime(name, (node.atime, node.mtime), dir_fd=parent, follow_symlinks=False)
        self.count()

    def make_room(self, name: bytes, parent: int) -> None:
        """Remove what isn't a directory.

        Raises:
            OSError: it may not be, or is one.
        """
        try:
            os.stat(name, dir_fd=parent, follow_symlinks=False)
        except FileNotFoundError:
            return
        if not self.options.overwrite:
            raise FileExistsError(17, "File exists and may not be overwritten")
        os.unlink(name, dir_fd=parent)

    # Files.

    def file(self, node: File, names: list[bytes], name: bytes, parent: int) -> None:
        """A file with its content, or a link to one that has it."""
        if self.linked(node, names, name):
            return
        try:
            descriptor = os.open(name, NEW_FILE, 0o600, dir_fd=parent)
        except FileExistsError:
            self.make_room(name, parent)
            descriptor = os.open(name, NEW_FILE, 0o600, dir_fd=parent)
        try:
            self.copy(node, descriptor)
            self.restore(node, descriptor)
        finally:
            os.close(descriptor)
        self.count()

    def linked(self, node: File, names: list[bytes], name: bytes) -> bool:
        """Whether the file could become another name of one that is there."""
        if not self.options.hardlinks or not node.inode or self.folders is None:
            return False
        key = (node.inode, id(node.content))
        first = self.links.setdefault(key, (names, name))
        if first == (names, name):
            return False
        source = os.dup(self.folders.enter(first[0]))
        try:
            here = self.folders.enter(names)
            self.make_room(name, here)
            os.link(first[1], name, src_dir_fd=source, dst_dir_fd=here, follow_symlinks=False)
        finally:
            os.close(source)
        self.count()
        return True

    def copy(self, node: File, descriptor: int) -> None:
        """Content into an empty file, holes where it is zero for long, and a look at its MD5."""
        recorded = (
            node.content.md5 if isinstance(node.content, ImageContent) and self.options.check_md5 else None
        )
        digest = md5()
        at = 0
        for piece in self.pieces(node):
            if recorded:
                self.lane.update(digest, piece)
            if self.options.sparse and len(piece) >= HOLE_BYTES and piece == ZEROS[: len(piece)]:
                os.lseek(descriptor, len(piece), os.SEEK_CUR)
            else:
                _write_all(descriptor, piece)
            at += len(piece)
            self.summary.bytes += len(piece)
            if self.on_progress and len(piece) == RUN_BYTES:
                self.on_progress(self.summary.files, self.summary.bytes)
        os.ftruncate(descriptor, at)
        if at != node.content.size:
            self.tell(node, f"Only {at} of {node.content.size} bytes can be had")
        elif recorded:
            self.lane.drain()
            if digest.digest() != recorded:
                self.tell(node, "MD5 of extracted data does not match recorded MD5", is_mismatch=True)

    def pieces(self, node: File) -> Iterator[bytes]:
        """Content in order; it ends where it can't be read."""
        content = node.content
        if isinstance(content, MemoryContent):
            yield content.data
        elif isinstance(content, DiskContent):
            yield from _disk_pieces(content)
        else:
            for lba, size in content.extents:
                for at in range(0, blocks_of(size), RUN_BLOCKS):
                    wanted = min(RUN_BYTES, size - at * BLOCK)
                    piece = self.blocks(lba + at, blocks_of(wanted), node)
                    yield piece if len(piece) <= wanted else piece[:wanted]
                    if len(piece) < wanted:
                        return

    def blocks(self, lba: int, count: int, node: Node) -> bytes:
        """Blocks of the image; short files come from a window that is read ahead."""
        try:
            return self.window.get(lba, count) if count <= 64 else self.read(lba, count)
        except (OSError, ImageError) as error:
            self.tell(node, error)
            return b""

    # What nodes are like.

    def restore(self, node: Node, descriptor: int) -> None:
        """Owner, attributes, mode and times of an open file or directory."""
        if self.owner:
            os.fchown(descriptor, node.uid, node.gid)
        mode = stat.S_IMODE(node.mode)
        if isinstance(node, File) and not self.options.dangerous_modes:
            mode &= ~DANGEROUS
        os.fchmod(descriptor, mode)
        if node.attributes:
            self.attributes(node, descriptor)
        if self.options.times:
            os.utime(descriptor, (node.atime, node.mtime))

    def attributes(self, node: Node, descriptor: int) -> None:
        """Extended attributes and ACL, each by itself."""
        for name, value in (node.attributes or {}).items():
            try:
                if name == aaip.ACL and self.options.acl:
                    lists = posix_acl.to_linux(value)
                    if lists.access:
                        os.setxattr(descriptor, "system.posix_acl_access", lists.access)
                    if lists.default:
                        os.setxattr(descriptor, "system.posix_acl_default", lists.default)
                elif name.startswith(RESTORED) and self.options.xattr:
                    os.setxattr(descriptor, name, value)
            except FAILURES as error:
                self.tell(node, error)


def _place(node: Node) -> int:
    """Where a node's content is, so that reading goes forward."""
    content = node.content if isinstance(node, File) else None
    return content.extents[0].lba if isinstance(content, ImageContent) and content.extents else 0


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def _disk_pieces(content: DiskContent) -> Iterator[bytes]:
    """Content that isn't in any image yet."""
    descriptor = os.open(content.path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        while piece := os.read(descriptor, RUN_BYTES):
            yield piece
    finally:
        os.close(descriptor)
