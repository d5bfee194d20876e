"""Files of the image to disk, with the events and progress lines of that."""

from __future__ import annotations

import os
import stat
from copy import copy as shallow_copy
from typing import TYPE_CHECKING, Final

from burnlab.iso9660.extract import ExtractOptions, ExtractProblem, extract_tree
from burnlab.iso9660.tree import Directory, Node
from burnlab.xorriso.commands.targets import fail
from burnlab.xorriso.listing_format import scaled_bytes
from burnlab.xorriso.pacifier import DVD_SPEED, Counter
from burnlab.xorriso.severity import Severity
from burnlab.xorriso.words import quote

if TYPE_CHECKING:
    from burnlab.xorriso.program import Program

IGNORED_TYPES: Final = {
    stat.S_IFBLK: "block device", stat.S_IFCHR: "character device", stat.S_IFSOCK: "unix socket",
}  # fmt: skip
LEFT_OUT: Final = "Device is left out"
IN_THE_WAY: Final = "File exists and may not be overwritten"


class Restorer:
    """Copies nodes to disk, one after another, and counts files and bytes."""

    def __init__(self, program: Program, *, owner: bool | None = None, times: bool = True) -> None:
        self.program = program
        settings = program.settings
        how = settings.osirrox
        self.options = ExtractOptions(
            overwrite=settings.overwrite != "off",
            owner=owner,
            dangerous_modes=True,
            devices=how.device_files,
            xattr=settings.xattr != "off",
            acl=settings.acl,
            hardlinks=settings.hardlinks,
            sparse=how.sparse > 0,
            check_md5=settings.md5 and how.check_md5 != "off",
            times=times,
            sockets=False,
            keep_directories=True,
        )
        self.counter = Counter(program, "files restored")
        self.begun = program.environment.monotonic()
        self.files = 0
        self.bytes = 0
        self._names = ("", "")

    # Counting.

    def count(self, files: int, size: int) -> None:
        """Note files and bytes that were restored."""
        self.files += files
        self.bytes += size

    def progress(self, files: int, size: int) -> None:
        """Tell of progress within a tree."""
        extra = f" ({scaled_bytes(self.bytes + size)})"
        self.counter.at(self.files + files, extra=extra)

    def end(self, *, with_speed: bool = False) -> None:
        """The last progress line, if there was anything."""
        if not self.files:
            return
        interval = self.program.settings.pacifier_interval
        elapsed = self.program.environment.monotonic() - self.begun
        least = 0.1 if interval < 1 else 1.0
        seconds = f"{max(elapsed, least):.{int(interval < 1)}f}"
        text = f"{self.files:7d} files restored ({scaled_bytes(self.bytes)}) in {seconds} seconds"
        if with_speed:
            letter, per_second = DVD_SPEED
            text += f" = {self.bytes / max(elapsed, least) / per_second:.1f}x{letter}"
        self.program.messages.event(Severity.UPDATE, text)

    # Restoring.

    def restore(self, node: Node, disk: str, *, recursive: bool = True) -> None:
        """Copy a node, with all below it if wanted, to a path on disk.

        Raises:
            CommandFailed: it can't be put there.
        """
        program = self.program
        image = os.fsdecode(node.path())
        image = "" if image == "/" else image
        self._check_target(node, image, disk)
        if self._is_ignored(node, image, disk):
            return
        if not recursive and isinstance(node, Directory):
            node = shallow_copy(node)
            node.children = {}
        self._names = (image, disk)
        try:
            summary = extract_tree(
                self._read,
                node,
                os.fsencode(disk or "/"),
                self.options,
                on_problem=self._tell,
                on_progress=self.progress,
            )
        except OSError as error:
            text = f"While restoring {quote(disk)} : could not insert {quote(disk)}"
            fail(program, text, cause=error.strerror or "")
        self.count(summary.files, summary.bytes)

    def _check_target(self, node: Node, image: str, disk: str) -> None:
        """See to it that what is on disk may give way."""
        try:
            found = os.lstat(disk or "/")
        except OSError:
            return
        if stat.S_ISDIR(found.st_mode) or (isinstance(node, Directory) and os.path.isdir(disk)):
            if not isinstance(node, Directory):
                text = f"Attempt to replace DISK directory {quote(disk)} by ISO file {quote(image)}"
                fail(self.program, text)
        elif self.program.settings.overwrite == "off":
            text = f"While restoring {quote(disk)} : file object exists and may not be overwritten"
            fail(self.program, text)
        elif isinstance(node, Directory):
            os.unlink(disk)

    def _is_ignored(self, node: Node, image: str, disk: str) -> bool:
        kind = stat.S_IFMT(node.mode)
        if kind not in IGNORED_TYPES or (kind != stat.S_IFSOCK and self.options.devices):
            return False
        text = f"Ignored file type: {IGNORED_TYPES[kind]} {quote(image)} = {quote(disk)}"
        self.program.messages.event(Severity.NOTE, text)
        return True

    def _read(self, lba: int, blocks: int) -> bytes:
        drive = self.program.volume.indev
        if drive is None:
            raise OSError("No input drive to read content from")
        return drive.read(lba, blocks)

    def _tell(self, problem: ExtractProblem) -> None:
        """An event for a file that couldn't be restored as it is."""
        if problem.text == LEFT_OUT:
            return
        image = os.fsdecode(problem.path)
        event = self.program.messages.event
        if problem.is_mismatch:
            text = f"MD5 of extracted data does not match recorded MD5 of file {quote(image)}"
            event(Severity.SORRY, text)
            return
        before, after = self._names
        disk = quote(after + image[len(before) :])
        if problem.text == IN_THE_WAY:
            text = f"While restoring {disk} : file object exists and may not be overwritten"
            fail(self.program, text)
        if problem.text == os.strerror(21):
            fail(self.program, f"Attempt to replace DISK directory {disk} by ISO file {quote(image)}")
        event(Severity.FAILURE, f"Cannot restore {quote(image)} to {disk}", cause=problem.text)
