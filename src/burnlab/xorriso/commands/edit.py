"""Commands that change the tree of the image: remove, rename, make, copy, set attributes."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from burnlab.iso9660.tree import Directory, Node, Symlink, walk
from burnlab.xorriso.commands import changes
from burnlab.xorriso.commands.parents import make_parents, new_directory, verify_name
from burnlab.xorriso.commands.targets import (
    NO_IMAGE_EXPANSION,
    expand_image,
    fail,
    image_path,
    lookup,
    need_words,
    node_at,
    tolerance,
    warn_of_pattern,
)
from burnlab.xorriso.paths import name_of
from burnlab.xorriso.pattern import has_wildcards
from burnlab.xorriso.severity import Severity
from burnlab.xorriso.volume import now, require_image
from burnlab.xorriso.words import quote

if TYPE_CHECKING:
    from burnlab.xorriso.program import Program


# Removing.


def rm(program: Program, words: list[str]) -> None:
    """Remove files that aren't directories."""
    for path, word in expand_pairs(program, words):
        with tolerance(program):
            remove(program, path, word=word)


def rm_r(program: Program, words: list[str]) -> None:
    """Remove files and directories with all below them."""
    for path, word in expand_pairs(program, words):
        with tolerance(program):
            remove(program, path, recursive=True, word=word)


def rmdir(program: Program, words: list[str]) -> None:
    """Remove empty directories."""
    for path, word in expand_pairs(program, words):
        with tolerance(program):
            remove(program, path, only_empty=True, word=word)


def expand_pairs(program: Program, words: list[str]) -> list[tuple[str, str]]:
    """Paths that words mean, each with its word.

    Raises:
        CommandFailed: a word can't be expanded.
    """
    shows_word = program.settings.iso_rr_pattern == "on"
    return [(path, word if shows_word else path) for word in words for path in expand_image(program, [word])]


def remove(
    program: Program,
    path: str,
    *,
    recursive: bool = False,
    only_empty: bool = False,
    tell: bool = True,
    word: str = "",
) -> int:
    """Take a path out of the tree and return how many nodes went. The root itself stays, but may be emptied.

    `word` is what the user said, for the case that nothing is there.

    Raises:
        CommandFailed: it is of another kind than wanted, or the root.
    """
    root = require_image(program)
    node = lookup(root, path)
    if node is None:
        text = f"Cannot find path {quote(word or path)} in loaded ISO image for removal"
        program.messages.event(Severity.SORRY, text)
        return 0
    if not path and not recursive:
        fail(program, "May not delete root directory")
    is_directory = isinstance(node, Directory)
    if only_empty and not is_directory:
        fail(program, f"{quote(path)} in loaded ISO image is not a directory")
    if is_directory and not recursive and not only_empty:
        fail(program, f"{quote(path)} in loaded ISO image is a directory")
    if only_empty and isinstance(node, Directory) and node.children:
        fail(program, f"Directory not empty on attempt to delete: {quote(path)}")
    count = changes.remove(node)
    program.volume.mark_changed()
    if tell:
        kind = "directory" if only_empty else "subtree" if is_directory else "file"
        program.messages.info(f"Removed from ISO image: {kind} '{path}'")
    return count


# Renaming.


def mv(program: Program, words: list[str]) -> None:
    """Rename a file, or move files into a directory, like the shell command."""
    sources, target, into = destination(program, words, "mvi")
    for path in sources:
        goal = f"{target}/{name_of(path)}" if into else target
        with tolerance(program):
            rename(program, path, goal)
            program.messages.info(f"Renamed in ISO image: {quote(path)} to {quote(goal)}")


def move(program: Program, words: list[str]) -> None:
    """Rename one file; a directory of that name gets replaced, if at all."""
    rename(program, image_path(program, words[0]), image_path(program, words[1]))


def destination(program: Program, words: list[str], name: str) -> tuple[list[str], str, bool]:
    """Sources, target, and whether files go into the target, of a command like `cp` or `mv`.

    Raises:
        CommandFailed: too few words, or the last one can't be the target.
    """
    if len(words) < 2:
        fail(program, f"-{name}: not enough arguments", Severity.SORRY)
    sources = expand_image(program, words[:-1])
    target = single_target(program, words[-1])
    node = lookup(require_image(program), target)
    into = isinstance(node, Directory)
    if not into and len(sources) > 1:
        goal = quote(target if node else words[-1])
        fail(program, f"-{name}: more than one origin given, destination is a non-directory: {goal}")
    return sources, target, into


def single_target(program: Program, word: str) -> str:
    """The one path that the last word of a command means; a pattern must fit exactly one file.

    Raises:
        CommandFailed: it fits none, or several.
    """
    if program.settings.iso_rr_pattern != "on":
        return image_path(program, word)
    paths = expand_image(program, [word])
    if not has_wildcards(word):
        return paths[0]
    found = [path for path in paths if lookup(require_image(program), path)]
    if not found:
        fail(program, f"No pattern match with any file object: {quote(word)}")
    if len(found) > 1:
        fail(program, f"Pattern match of more than one file object: {quote(word)}")
    return found[0]


def rename(program: Program, source: str, target: str) -> None:
    """Move a node to another path, over what is there as far as `-overwrite` allows.

    Raises:
        CommandFailed: it can't be moved there.
    """
    root = require_image(program)
    if not source:
        fail(program, "May not rename root directory")
    node = node_at(program, source)
    if f"{target}/".startswith(f"{source}/"):
        if target == source:
            return
        fail(program, f"May not rename {quote(source)} to its own sub address {quote(target)}")
    existing = lookup(root, target)
    if existing is not None:
        mode = program.settings.overwrite
        if isinstance(existing, Directory) and (mode != "on" or not target):
            fail(program, f"Renaming: May not overwrite directory: {quote(target)}")
        if mode == "off":
            fail(program, f"Renaming: May not overwrite: {quote(target)}")
        if f"{source}/".startswith(f"{target}/"):
            fail(program, f"Renaming: May not overwrite directory: {quote(target)}")
        changes.remove(existing)
    parent = make_parents(program, target)
    assert node.parent is not None
    node.parent.remove(node.name)
    node.name = os.fsencode(name_of(target))
    changes.put(parent, node)
    program.volume.mark_changed()


# Making.


def mkdir(program: Program, words: list[str]) -> None:
    """Make empty directories, with the directories they are in."""
    root = require_image(program)
    patterns = [word for word in words if has_wildcards(word)]
    if patterns:
        warn_of_pattern(program, patterns[0], NO_IMAGE_EXPANSION)
    for word in words:
        with tolerance(program):
            _make_directory(program, root, image_path(program, word))


def _make_directory(program: Program, root: Directory, path: str) -> None:
    node = lookup(root, path)
    if node is not None:
        severity = Severity.WARNING if isinstance(node, Directory) else Severity.FAILURE
        fail(program, f"-mkdir: Address already existing {quote(path)}", severity)
    parent = make_parents(program, path)
    changes.put(parent, new_directory(program, os.fsencode(name_of(path)), parent))
    program.volume.mark_changed()
    program.messages.info(f"Created directory in ISO image: {quote(path)}")


def lns(program: Program, words: list[str]) -> None:
    """Make a symbolic link."""
    target, path = os.fsencode(words[0]), image_path(program, words[1])
    if lookup(require_image(program), path) is not None:
        fail(program, f"-lns: Address already existing: {quote(path)}")
    parts = target.split(b"/")
    if not target or len(target) > 1023 or any(len(part) > 255 for part in parts):
        program.messages.event(Severity.FATAL, f"Reserved Rock Ridge leaf name: {quote(path)}", "libisofs")
        return
    name = os.fsencode(name_of(path))
    verify_name(program, name)
    time = now(program)
    link = Symlink(name=name, mode=stat.S_IFLNK | 0o777, target=target, mtime=time, atime=time, ctime=time)
    link.uid, link.gid = os.getuid(), os.getgid()
    # As with a file from disk, and as if the link were where the program is.
    model = os.path.normpath(os.path.join(program.settings.disk_directory, words[0]))
    changes.put(make_parents(program, path, model), link)
    program.volume.mark_changed()


# Copying.


def clone(program: Program, words: list[str]) -> None:
    """Copy a tree within the image; contents are shared."""
    source, target = image_path(program, words[0]), image_path(program, words[1])
    copy_node(program, source, target)


def cp_clone(program: Program, words: list[str]) -> None:
    """Copy files and trees within the image, like `cp -r`."""
    if len(words) < 2:
        fail(program, "-cp_clone: not enough arguments", Severity.SORRY)
    sources = expand_image(program, words[:-1])
    target = single_target(program, words[-1])
    into = len(sources) > 1 or isinstance(lookup(require_image(program), target), Directory)
    for path in sources:
        with tolerance(program):
            copy_node(program, path, f"{target}/{name_of(path)}" if into else target)


def copy_node(program: Program, source: str, target: str) -> None:
    """Put a copy of a node and all below it at a path where nothing is.

    Raises:
        CommandFailed: something is there.
    """
    node = node_at(program, source)
    if lookup(require_image(program), target) is not None:
        fail(program, f"Cloning: Copy address already exists: {quote(target)}")
    twin = changes.copy(node, os.fsencode(name_of(target)))
    changes.put(make_parents(program, target), twin)
    program.volume.mark_changed()
    program.messages.info(f"Cloned in ISO image: {quote(source)} to {quote(target)}")


# Attributes.


def each_node(program: Program, words: list[str], *, recursive: bool = False) -> list[Node]:
    """Nodes that words lead to, with all below them if wanted.

    Raises:
        CommandFailed: one of them isn't there.
    """
    found: list[Node] = []
    for path in expand_image(program, words):
        node = node_at(program, path)
        found.extend(walk(node) if recursive else (node,))
    return found


def _apply(program: Program, words: list[str], change: changes.Change, *, recursive: bool) -> None:
    for path in expand_image(program, words):
        with tolerance(program):
            node = node_at(program, path, whole=recursive)
            for each in walk(node) if recursive else (node,):
                change(each)
            program.volume.mark_changed()


def _chmod(program: Program, words: list[str], *, recursive: bool) -> None:
    need_words(program, words)
    change = changes.chmod(program, words[0], "-chmodi")
    _apply(program, words[1:], change, recursive=recursive)


def chmod(program: Program, words: list[str]) -> None:
    """Set the permissions of files."""
    _chmod(program, words, recursive=False)


def chmod_r(program: Program, words: list[str]) -> None:
    """Set the permissions of trees."""
    _chmod(program, words, recursive=True)


def chown(program: Program, words: list[str]) -> None:
    """Set the owner of files."""
    need_words(program, words)
    _apply(program, words[1:], changes.chown(program, words[0]), recursive=False)


def chown_r(program: Program, words: list[str]) -> None:
    """Set the owner of trees."""
    need_words(program, words)
    _apply(program, words[1:], changes.chown(program, words[0]), recursive=True)


def chgrp(program: Program, words: list[str]) -> None:
    """Set the group of files."""
    need_words(program, words)
    _apply(program, words[1:], changes.chgrp(program, words[0]), recursive=False)


def chgrp_r(program: Program, words: list[str]) -> None:
    """Set the group of trees."""
    need_words(program, words)
    _apply(program, words[1:], changes.chgrp(program, words[0]), recursive=True)


def alter_date(program: Program, words: list[str]) -> None:
    """Set times of files."""
    need_words(program, words, 2)
    change = changes.alter_date(program, words[0], words[1], "-alter_date")
    _apply(program, words[2:], change, recursive=False)


def alter_date_r(program: Program, words: list[str]) -> None:
    """Set times of trees."""
    need_words(program, words, 2)
    change = changes.alter_date(program, words[0], words[1], "-alter_date")
    _apply(program, words[2:], change, recursive=True)


def setfattr(program: Program, words: list[str]) -> None:
    """Set or remove an extended attribute of files."""
    need_words(program, words, 2)
    _apply(program, words[2:], changes.setfattr(program, words[0], words[1]), recursive=False)


def setfattr_r(program: Program, words: list[str]) -> None:
    """Set or remove an extended attribute of trees."""
    need_words(program, words, 2)
    _apply(program, words[2:], changes.setfattr(program, words[0], words[1]), recursive=True)


def setfacl(program: Program, words: list[str]) -> None:
    """Set the access control list of files."""
    need_words(program, words)
    change = changes.setfacl(program, words[0], quote(words[1]) if words[1:] else "''")
    _apply(program, words[1:], change, recursive=False)


def setfacl_r(program: Program, words: list[str]) -> None:
    """Set the access control list of trees."""
    need_words(program, words)
    change = changes.setfacl(program, words[0], quote(words[1]) if words[1:] else "''")
    _apply(program, words[1:], change, recursive=True)
