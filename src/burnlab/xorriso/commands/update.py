"""Commands that bring trees in the image up to what is on disk."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from burnlab.iso9660.tree import Directory, File, Node, Symlink
from burnlab.xorriso.command import CommandFailed
from burnlab.xorriso.commands import changes
from burnlab.xorriso.commands.compare import only_on_disk, paths_of
from burnlab.xorriso.commands.comparison import (
    EXCLUDED,
    MISSING_IN_IMAGE,
    MISSING_ON_DISK,
    OTHER_CONTENT,
    OTHER_TYPE,
    FileComparer,
)
from burnlab.xorriso.commands.grafting import Grafter
from burnlab.xorriso.commands.insert import need_prefixes, other_prefix
from burnlab.xorriso.commands.parents import transfer_attributes
from burnlab.xorriso.commands.targets import (
    disk_path,
    expand_disk,
    expand_image,
    image_path,
    lookup,
)
from burnlab.xorriso.commands.views import node_size
from burnlab.xorriso.pacifier import DVD_SPEED, Counter, scaled
from burnlab.xorriso.severity import Severity
from burnlab.xorriso.words import quote

if TYPE_CHECKING:
    from burnlab.xorriso.program import Program


class Updater:
    """Compares files and makes those in the image equal to those on disk."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.files = FileComparer(program)
        self.grafter = Grafter(program)
        self.has_changes = False
        self.had_error = False

    # Pairs.

    def update(self, disk: str, image: str, *, is_parameter: bool = False, shown: str = "") -> None:
        """Bring one file up to date; a directory only as far as its attributes go, if it is there."""
        found = self.files.difference(disk, image, is_parameter=is_parameter)
        kinds = found.kinds
        if not kinds or (EXCLUDED in kinds and self.program.settings.exclusions.ignored):
            return
        node = lookup(self.files.root, image)
        if MISSING_ON_DISK in kinds and node is None:
            self.had_error = True
            text = f"Missing on disk and in ISO: disk_path {quote(shown or disk)}"
            self.program.messages.event(Severity.SORRY, text)
        elif MISSING_IN_IMAGE in kinds or node is None:
            self.add(disk, image)
        elif MISSING_ON_DISK in kinds:
            changes.remove(node)
            self._told("Deleted", image)
        elif OTHER_TYPE in kinds or (OTHER_CONTENT in kinds and isinstance(node, Symlink)):
            changes.remove(node)
            self._graft(disk, image)
            self._told("Deleted and re-added", image)
        elif OTHER_CONTENT in kinds:
            changes.remove(node)
            self.add(disk, image)
        else:
            transfer_attributes(self.program, self.grafter.scan(disk, image, recursive=False), node)
            self._told("Adjusted attributes of", image)

    def add(self, disk: str, image: str) -> None:
        """Insert a file or tree that is missing in the image."""
        node = self._graft(disk, image)
        if node is None:
            return
        size = node_size(node) if isinstance(node, Directory) else max(node_size(node) - 2048, 0)
        self._told(
            "Added/overwrote",
            image,
            f"  ({scaled(size, 4).strip()})" if size or isinstance(node, File) else "",
        )

    def _graft(self, disk: str, image: str) -> Node | None:
        return self.grafter.graft(disk, image)

    def _told(self, what: str, image: str, extra: str = "") -> None:
        self.has_changes = True
        self.program.volume.mark_changed()
        self.program.messages.event(Severity.UPDATE, f"{what} {quote(image or '/')}{extra}")

    # Trees.

    def update_tree(self, disk: str, image: str, shown: str = "") -> None:
        """Bring a tree up to date: what is in the image, then what is only on disk."""
        top = lookup(self.files.root, image)
        if top is None or self.files.difference(disk, image, is_parameter=True).kinds & {
            MISSING_ON_DISK,
            OTHER_TYPE,
        }:
            self.update(disk, image, is_parameter=True, shown=shown)
            return
        for below, is_top in list(paths_of(top, image)):
            if lookup(self.files.root, image + below) is not None:
                self.update(disk + below, image + below, is_parameter=is_top)
        for path in only_on_disk(self.program, self.files, disk, image):
            self.add(disk + path[len(image) :], path)

    def conclude(self, begun: float) -> None:
        """Tell the outcome."""
        if self.had_error:
            text = "Not ok. Comparison or update failed due to error."
        elif self.has_changes:
            text = "Differences detected and updated."
        else:
            text = "No file object needed update."
        runtime = self.program.environment.monotonic() - begun
        self.program.messages.info(f"{text} (runtime {runtime:.1f} s)")


def _update(program: Program, words: list[str], *, recursive: bool) -> None:
    begun = program.environment.monotonic()
    disk, image = disk_path(program, words[0]), image_path(program, words[1] or words[0])
    updater = Updater(program)
    program.messages.info(f"Updating {quote(disk)} to {quote(image)}")
    try:
        if recursive:
            updater.update_tree(disk, image, words[0])
        else:
            updater.update(disk, image, is_parameter=True)
    except CommandFailed:
        updater.had_error = True
    updater.conclude(begun)


def update(program: Program, words: list[str]) -> None:
    """Bring a file in the image up to that on disk."""
    _update(program, words, recursive=False)


def update_r(program: Program, words: list[str]) -> None:
    """Bring a tree in the image up to that on disk."""
    _update(program, words, recursive=True)


def _update_pairs(program: Program, pairs: Iterable[tuple[str, str]]) -> None:
    updater = Updater(program)
    counter = Counter(program, "content bytes read", speed=DVD_SPEED)
    for disk, image in pairs:
        updater.update_tree(disk, image)
    counter.end(max(updater.files.bytes_read, 1))


def update_l(program: Program, words: list[str]) -> None:
    """Bring trees up to date, at paths with another prefix than on disk."""
    need_prefixes(program, words, "update_l")
    old, new = disk_path(program, words[0]), image_path(program, words[1])
    disks = expand_disk(program, words[2:])
    _update_pairs(program, [(disk, other_prefix(program, disk, old, new, "update_l")) for disk in disks])


def update_li(program: Program, words: list[str]) -> None:
    """The same, by paths and patterns of the image."""
    need_prefixes(program, words, "update_li")
    old, new = image_path(program, words[0]), disk_path(program, words[1])
    pairs = [
        (other_prefix(program, image, old, new, "update_li"), image)
        for image in expand_image(program, words[2:])
    ]
    _update_pairs(program, pairs)


def update_lxi(program: Program, words: list[str]) -> None:
    """The same, by patterns that are expanded on disk and in the image."""
    need_prefixes(program, words, "update_lxi")
    old, new = disk_path(program, words[0]), image_path(program, words[1])
    disks = {
        disk: other_prefix(program, disk, old, new, "update_lxi") for disk in expand_disk(program, words[2:])
    }
    for word in words[2:]:
        target = other_prefix(program, disk_path(program, word), old, new, "update_lxi")
        for image in expand_image(program, [target]):
            if lookup(Updater(program).files.root, image) is not None:
                disks.setdefault(old + image[len(new) :], image)
    _update_pairs(program, disks.items())


update_lx = update_l
