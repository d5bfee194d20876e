"""Putting a disk tree into the image: scan, sieve, merge."""

from __future__ import annotations

import errno
import os
from dataclasses import replace
from typing import TYPE_CHECKING

from burnlab.iso9660.tree import Directory, DiskContent, File, Node, TreeError
from burnlab.xorriso.commands import changes
from burnlab.xorriso.commands.parents import (
    make_parents,
    scan_options,
    transfer_attributes,
    verify_name,
)
from burnlab.xorriso.commands.targets import Follow, fail
from burnlab.xorriso.paths import name_of
from burnlab.xorriso.severity import Severity
from burnlab.xorriso.volume import require_image
from burnlab.xorriso.words import quote

if TYPE_CHECKING:
    from burnlab.iso9660.scan import ScanOptions
    from burnlab.xorriso.pacifier import Counter
    from burnlab.xorriso.program import Program


class Grafter:
    """Puts disk files into the image, one after another, and counts them."""

    def __init__(self, program: Program, counter: Counter | None = None) -> None:
        self.program = program
        self.root = require_image(program)
        self.counter = counter
        self.count = 0
        self.had_problem = False
        self.follow = Follow(program.settings.follow)
        self._prefixes = (b"", b"")
        self._can_read_all = os.geteuid() == 0

    def graft(self, disk: str, target: str, *, recursive: bool = True) -> Node | None:
        """Put a file or tree from disk at a path in the image; None if it is excluded.

        Directories of both trees are merged; `-overwrite` rules what else may be replaced.

        Raises:
            CommandFailed: the disk file can't be had, or something is in its way.
        """
        program = self.program
        if not disk:
            fail(program, "Will not graft-in the whole local filesystem by path '/'")
        reason = program.settings.exclusions.reason_for_parameter(disk)
        if reason:
            text = f"Disk path parameter excluded by {reason} : {quote(disk)}"
            program.messages.event(Severity.NOTE, text)
            return None
        node = self.scan(disk, target, recursive=recursive)
        if not target and not isinstance(node, Directory):
            fail(program, f"Source {quote(disk)} is not a directory. Target {quote(target)} would be.")
        self._sieve(node)
        self.place(disk, target, node)
        return node

    # Scanning.

    def options(self) -> ScanOptions:
        """How the settings want disk trees to be looked at."""
        return replace(
            scan_options(self.program),
            follow=self.follow.links,
            follow_top=self.follow.parameters,
            one_filesystem=not self.follow.mounts,
            excluded=self.program.settings.exclusions.test(os.fsdecode),
            on_problem=self.on_problem,
            on_directory=self.on_directory,
        )

    def scan(self, disk: str, target: str, *, recursive: bool = True) -> Node:
        """The node for a path on disk, with all below it.

        Raises:
            CommandFailed: the path can't be looked at.
        """
        from burnlab.iso9660.scan import scan_path

        name = os.fsencode(name_of(target))
        if name:
            verify_name(self.program, name)
        path = os.fsencode(disk)
        self._prefixes = (path, os.fsencode(target))
        options = self.options()
        if not recursive:
            options.excluded = lambda _path: True
        try:
            return scan_path(path, name, options)
        except OSError as error:
            text = f"Cannot determine attributes of source file {quote(disk)}"
            fail(self.program, text, cause=error.strerror or "")
        except TreeError as error:
            self.on_problem(path, error)
            fail(self.program, f"Grafting failed:  {quote(target)} = {quote(disk)}")

    def on_directory(self, _path: bytes, count: int) -> None:
        """Tell of progress."""
        if self.counter is not None:
            self.counter.at(self.count + count)

    def on_problem(self, path: bytes, error: OSError | TreeError) -> None:
        """Tell of a file that couldn't be had."""
        event = self.program.messages.event
        disk = quote(os.fsdecode(path))
        if isinstance(error, OSError) and error.errno == errno.ELOOP:
            event(Severity.WARNING, f"Detected symbolic link loop around : {disk}")
            return
        self.had_problem = True
        before, after = self._prefixes
        target = quote(os.fsdecode(after + path[len(before) :]))
        if isinstance(error, TreeError):
            event(Severity.FAILURE, f"{error}: {target}", "libisofs")
            event(Severity.FAILURE, f"Grafting failed:  {target} = {disk}")
        elif error.errno == errno.EACCES:
            event(Severity.FAILURE, f"Cannot open as source directory: {disk}")
        else:
            text = f"Cannot determine attributes of source file {disk}"
            event(Severity.FAILURE, text, cause=error.strerror or "")

    # Sieving.

    def _sieve(self, top: Node) -> None:
        """Count nodes, and take out files that are too large or can't be read."""
        limit = self.program.settings.file_size_limit or None
        stack = [top]
        count = int(not isinstance(top, Directory))
        while stack:
            node = stack.pop()
            if isinstance(node, Directory):
                count += len(node.children)
                stack.extend(node.children.values())
            elif isinstance(node, File):
                too_large = limit is not None and node.content.size > limit
                if too_large or (not self._can_read_all and node.mode & 0o444 != 0o444):
                    count -= self._refuse(node, too_large=too_large)
        self.count += count

    def _refuse(self, node: File, *, too_large: bool) -> bool:
        """Take a file out if it is too large, or can't be read; tell whether it went."""
        content = node.content
        if not isinstance(content, DiskContent):
            return False
        event = self.program.messages.event
        disk = quote(os.fsdecode(content.path))
        target = node.path() if node.parent is not None else b""
        if too_large:
            limit = self.program.settings.file_size_limit
            event(Severity.FAILURE, f"File exceeds size limit of {limit} bytes: {disk}\n")
        elif os.access(content.path, os.R_OK):
            return False
        else:
            self.had_problem = True
            event(Severity.FAILURE, "Access to file is not allowed", "libisofs")
            where = quote(os.fsdecode(self._prefixes[1] + target))
            event(Severity.FAILURE, f"Grafting failed:  {where} = {disk}")
        if node.parent is None:
            fail(self.program, f"Cannot insert {disk}")
        node.parent.remove(node.name)
        return not too_large

    # Merging.

    def place(self, disk: str, target: str, node: Node) -> None:
        """Put a scanned node at a path, merging directories.

        Raises:
            CommandFailed: something is in its way.
        """
        program = self.program
        if not target:
            assert isinstance(node, Directory)
            self._merge(self.root, node, "")
            transfer_attributes(program, node, self.root)
        else:
            may_replace = program.settings.overwrite != "off"
            parent = make_parents(program, target, disk, may_replace=may_replace)
            existing = parent.children.get(node.name)
            if isinstance(existing, Directory) and isinstance(node, Directory):
                transfer_attributes(program, node, existing)
                self._merge(existing, node, target)
            elif isinstance(node, Directory):
                self._check_overwrite(existing, target)
                made = Directory(name=node.name, mode=node.mode)
                transfer_attributes(program, node, made)
                made.children = node.children
                for child in made.children.values():
                    child.parent = made
                changes.put(parent, made)
            else:
                self._check_overwrite(existing, target)
                changes.put(parent, node)
        program.volume.mark_changed()

    def _merge(self, into: Directory, new: Directory, path: str) -> None:
        """Move the children of a scanned directory into one of the image, which keeps its attributes."""
        stack = [(into, new, path)]
        while stack:
            into, new, path = stack.pop()
            if not into.children:
                into.children = new.children
                for child in into.children.values():
                    child.parent = into
                continue
            for name, child in new.children.items():
                existing = into.children.get(name)
                if existing is None:
                    changes.put(into, child)
                    continue
                below = f"{path}/{os.fsdecode(name)}"
                if isinstance(existing, Directory) and isinstance(child, Directory):
                    stack.append((existing, child, below))
                else:
                    self._check_overwrite(existing, below)
                    changes.put(into, child)

    def _check_overwrite(self, existing: Node | None, path: str) -> None:
        if existing is None:
            return
        mode = self.program.settings.overwrite
        if mode == "off" or (mode == "nondir" and isinstance(existing, Directory)):
            text = f"While grafting {quote(path)} : file object exists and may not be overwritten"
            self.program.volume.mark_changed()
            fail(self.program, text)
