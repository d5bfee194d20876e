"""The image's tree and the disk's tree seen alike: expansion of words, names, attributes."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, Protocol

from burnlab.iso9660.aaip import ACL
from burnlab.iso9660.tree import Directory, File, Node, Special, Symlink
from burnlab.xorriso.commands.targets import (
    Follow,
    disk_names,
    disk_path,
    expand_disk,
    expand_image,
    image_path,
    lookup,
    text_of,
)
from burnlab.xorriso.listing_format import Attributes
from burnlab.xorriso.volume import require_image

if TYPE_CHECKING:
    from burnlab.xorriso.program import Program


class View(Protocol):
    """A tree that can be listed. Paths are absolute, the root is the empty text."""

    program: Program
    place: str
    found_text: str
    wants_dot: bool
    base: str

    def expand(self, words: list[str]) -> list[str]:
        """Absolute paths for words and patterns."""

    def absolute(self, word: str) -> str:
        """The absolute path of a word."""

    def attributes(self, path: str, *, is_word: bool = True) -> Attributes | None:
        """What a listing tells of a file; None if there is none."""

    def names(self, path: str) -> list[str]:
        """Names in a directory in bytewise order."""


class ImageView:
    """The tree of the image at hand."""

    place = "ISO image"
    found_text = "Valid ISO nodes found"
    wants_dot = False

    def __init__(self, program: Program) -> None:
        self.program = program
        self.root = require_image(program)
        self.base = program.settings.image_directory

    def expand(self, words: list[str]) -> list[str]:
        """Absolute paths for words and patterns."""
        return expand_image(self.program, words, listing=True)

    def absolute(self, word: str) -> str:
        """The absolute path of a word."""
        return image_path(self.program, word)

    def attributes(self, path: str, *, is_word: bool = True) -> Attributes | None:  # noqa: ARG002
        """What a listing tells of a node; None if there is none."""
        node = lookup(self.root, path)
        return None if node is None else node_attributes(node)

    def names(self, path: str) -> list[str]:
        """Names in a directory in bytewise order."""
        node = lookup(self.root, path)
        return [text_of(name) for name in sorted(node.children)] if isinstance(node, Directory) else []


class DiskView:
    """The filesystem of the machine. `-follow` says whether links are shown as what they point to."""

    place = "local filesystem"
    found_text = "Valid local files found"
    wants_dot = True

    def __init__(self, program: Program) -> None:
        self.program = program
        self.base = program.settings.disk_directory.rstrip("/")
        self.follow = Follow(program.settings.follow)

    def expand(self, words: list[str]) -> list[str]:
        """Absolute paths for words and patterns."""
        return expand_disk(self.program, words, listing=True)

    def absolute(self, word: str) -> str:
        """The absolute path of a word."""
        return disk_path(self.program, word)

    def status(self, path: str, *, is_word: bool = True) -> os.stat_result | None:
        """The state of a file; a link that leads nowhere is shown itself."""
        try:
            if self.follow.parameters if is_word else self.follow.links:
                try:
                    return os.stat(path or "/")
                except OSError:
                    pass
            return os.lstat(path or "/")
        except OSError:
            return None

    def attributes(self, path: str, *, is_word: bool = True) -> Attributes | None:
        """What a listing tells of a file; None if there is none."""
        status = self.status(path, is_word=is_word)
        return None if status is None else disk_attributes(path, status)

    def names(self, path: str) -> list[str]:
        """Names in a directory in bytewise order."""
        return sorted(disk_names(path), key=os.fsencode)


def node_attributes(node: Node) -> Attributes:
    """What a listing tells of a node."""
    size, target, device = 0, None, None
    if isinstance(node, File):
        size = node.content.size
    elif isinstance(node, Symlink):
        target = text_of(node.target)
    elif isinstance(node, Special) and (stat.S_ISBLK(node.mode) or stat.S_ISCHR(node.mode)):
        device = (os.major(node.device), os.minor(node.device))
    mark = "+" if node.attributes and ACL in node.attributes else " "
    return Attributes(node.mode, 1, node.uid, node.gid, size, node.mtime, target, device, mark)


def disk_attributes(path: str, status: os.stat_result) -> Attributes:
    """What a listing tells of a file on disk."""
    mode = status.st_mode
    target, device = None, None
    if stat.S_ISLNK(mode):
        target = os.readlink(path)
    elif stat.S_ISBLK(mode) or stat.S_ISCHR(mode):
        device = (os.major(status.st_rdev), os.minor(status.st_rdev))
    mark = "+" if _has_acl(path) else " "
    size = 0 if device else status.st_size
    return Attributes(
        mode,
        status.st_nlink,
        status.st_uid,
        status.st_gid,
        size,
        int(status.st_mtime // 1),
        target,
        device,
        mark,
    )


def _has_acl(path: str) -> bool:
    try:
        return "system.posix_acl_access" in os.listxattr(path or "/", follow_symlinks=False)
    except OSError:
        return False


def node_size(node: Node) -> int:
    """Bytes that a node and all below it count for in `-du`: each data file 2048 more than its size."""
    total = 0
    stack = [node]
    while stack:
        node = stack.pop()
        if isinstance(node, File):
            total += node.content.size + 2048
        elif isinstance(node, Directory):
            stack.extend(node.children.values())
    return total
