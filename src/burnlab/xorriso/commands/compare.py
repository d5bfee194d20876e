"""Commands that compare trees on disk with trees in the image."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

from burnlab.iso9660.tree import Node, walk
from burnlab.xorriso.command import CommandFailed
from burnlab.xorriso.commands.comparison import EXCLUDED, MISSING_ON_DISK, Difference, FileComparer
from burnlab.xorriso.commands.find import DiskFile, lba_of, walk_disk
from burnlab.xorriso.commands.insert import need_prefixes, other_prefix
from burnlab.xorriso.commands.targets import disk_path, expand_disk, image_path, lookup, node_at
from burnlab.xorriso.pacifier import DVD_SPEED, Counter
from burnlab.xorriso.severity import Severity
from burnlab.xorriso.words import quote

if TYPE_CHECKING:
    from burnlab.xorriso.program import Program


class Comparer:
    """Compares and prints what differs. `with_paths` puts the path before each line."""

    def __init__(self, program: Program, *, with_paths: bool) -> None:
        self.program = program
        self.files = FileComparer(program)
        self.with_paths = with_paths
        self.has_differences = False
        self.had_error = False

    def compare(self, disk: str, image: str, *, is_parameter: bool = False) -> None:
        """Compare two files and print how they differ."""
        found = self.files.difference(disk, image, is_parameter=is_parameter)
        self.had_error |= self.with_paths and is_parameter and MISSING_ON_DISK in found.kinds
        if EXCLUDED in found.kinds and self.program.settings.exclusions.ignored:
            return
        if found.kinds:
            self.has_differences = True
            self.tell(found)

    def tell(self, found: Difference) -> None:
        """Print a difference."""
        before = f"{found.letter} {quote(found.disk)} (DISK) : " if self.with_paths else " "
        data = {"disk": found.disk, "image": found.image or "/", "differs": sorted(found.kinds)}
        for line in found.lines:
            text = before + line if found.is_about_both else line
            self.program.messages.result(text, data=data)

    def compare_tree(self, disk: str, image: str) -> None:
        """Compare two trees: what is in the image with what is on disk, then what is only on disk.

        Raises:
            CommandFailed: nothing is at the path in the image.
        """
        exclusions = self.program.settings.exclusions
        reason = exclusions.reason_for_parameter(disk)
        if reason:
            text = f"Disk path parameter excluded by {reason} : {quote(disk)}"
            self.program.messages.event(Severity.NOTE, text)
            self.had_error = True
            return
        for below, is_top in paths_of(node_at(self.program, image), image):
            self.compare(disk + below, image + below, is_parameter=is_top)
        for path in only_on_disk(self.program, self.files, disk, image):
            self.has_differences = True
            text = f"? {quote(path)}  (ISO) : cannot find this file in ISO image"
            self.program.messages.result(text, data={"image": path, "differs": ["missing in image"]})

    def conclude(self) -> None:
        """Print the outcome."""
        if self.had_error:
            text = "Comparison failed due to error."
        elif self.has_differences:
            text = "Differences detected."
        else:
            text = "Both file objects match as far as expectable."
        self.program.messages.result(text, data={"match": not (self.had_error or self.has_differences)})


def paths_of(top: Node, image: str) -> Iterator[tuple[str, bool]]:
    """What is behind `image` in the paths of a node and all below it, contents in order of blocks."""
    nodes = sorted(walk(top), key=lba_of)
    for node in nodes:
        path = os.fsdecode(node.path())
        yield ("" if node is top else path[len(image) :] if image else path), node is top


def only_on_disk(program: Program, files: FileComparer, disk: str, image: str) -> Iterator[str]:
    """Image paths that disk files would have, for those that have no counterpart."""
    for candidate in walk_disk(program, disk, disk):
        file = candidate.subject
        assert isinstance(file, DiskFile)
        path = image + file.path[len(disk) :]
        if lookup(files.root, path) is None:
            yield path


def _pair(program: Program, words: list[str]) -> tuple[str, str]:
    return disk_path(program, words[0]), image_path(program, words[1] or words[0])


def compare(program: Program, words: list[str]) -> None:
    """Compare a file on disk with one in the image."""
    disk, image = _pair(program, words)
    comparer = Comparer(program, with_paths=False)
    comparer.compare(disk, image, is_parameter=True)
    comparer.conclude()


def compare_r(program: Program, words: list[str]) -> None:
    """Compare a tree on disk with one in the image."""
    disk, image = _pair(program, words)
    comparer = Comparer(program, with_paths=True)
    try:
        comparer.compare_tree(disk, image)
    except CommandFailed:
        comparer.had_error = True
    comparer.conclude()


def compare_l(program: Program, words: list[str]) -> None:
    """Compare trees on disk with those at paths with another prefix in the image."""
    need_prefixes(program, words, "compare_l")
    old, new = disk_path(program, words[0]), image_path(program, words[1])
    comparer = Comparer(program, with_paths=True)
    counter = Counter(program, "content bytes read", speed=DVD_SPEED)
    for disk in expand_disk(program, words[2:]):
        comparer.compare_tree(disk, other_prefix(program, disk, old, new, "compare_l"))
    counter.end(max(comparer.files.bytes_read, 1))
