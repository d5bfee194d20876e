"""Single changes of nodes, which commands and actions of `-find` have in common."""

from __future__ import annotations

import os
from collections.abc import Callable
from copy import copy as shallow_copy
from typing import TYPE_CHECKING, Final

from burnlab.iso9660.aaip import ACL
from burnlab.iso9660.recorded import recorded_attributes
from burnlab.iso9660.tree import Directory, Node
from burnlab.xorriso.acl import AclError, pack_acl, parse_acl, permissions_of
from burnlab.xorriso.commands.targets import fail, local_seconds
from burnlab.xorriso.dates import decode
from burnlab.xorriso.modes import ModeError, parse_mode
from burnlab.xorriso.severity import Severity
from burnlab.xorriso.volume import now
from burnlab.xorriso.words import quote

if TYPE_CHECKING:
    from burnlab.xorriso.program import Program

Change = Callable[[Node], None]

DATE_TYPES: Final = {
    "a": ("atime",), "m": ("mtime",), "b": ("atime", "mtime"), "c": ("ctime",),
    "a-c": ("atime",), "m-c": ("mtime",), "b-c": ("atime", "mtime"),
}  # fmt: skip
TYPES_WITH_CTIME: Final = frozenset("amb")


# Trees.


def remove(node: Node) -> int:
    """Take a node out of its directory and return how many there were; the root gets emptied instead."""
    count = count_nodes(node)
    if node.parent is None:
        assert isinstance(node, Directory)
        node.children.clear()
        return count - 1
    node.parent.remove(node.name)
    return count


def count_nodes(node: Node) -> int:
    """How many nodes there are at and below a node."""
    if not isinstance(node, Directory):
        return 1
    count = 0
    stack: list[Node] = [node]
    while stack:
        node = stack.pop()
        count += 1
        if isinstance(node, Directory):
            stack.extend(node.children.values())
    return count


def put(directory: Directory, node: Node) -> None:
    """Put a node into a directory, in place of what has its name."""
    directory.children[node.name] = node
    node.parent = directory


def copy(node: Node, name: bytes) -> Node:
    """A copy of a node and all below it, which shares contents with the original."""
    top = _copy_one(node)
    top.name = name
    stack = [(node, top)]
    while stack:
        original, twin = stack.pop()
        if not isinstance(original, Directory) or not isinstance(twin, Directory):
            continue
        for child in original.children.values():
            below = _copy_one(child)
            put(twin, below)
            stack.append((child, below))
    return top


def _copy_one(node: Node) -> Node:
    twin = shallow_copy(node)
    twin.parent = None
    twin.attributes = dict(node.attributes) if node.attributes else None
    if isinstance(twin, Directory):
        twin.children = {}
    return twin


# Attributes.


def chmod(program: Program, text: str, origin: str) -> Change:
    """What a permission text does to a node.

    Raises:
        CommandFailed: it is none.
    """
    try:
        mode = parse_mode(text)
    except ModeError:
        trouble = f"{origin}: Unrecognizable or faulty permission mode {quote(text)}"
        fail(program, trouble, Severity.SORRY)
    time = now(program)

    def change(node: Node) -> None:
        node.mode = mode.apply(node.mode)
        node.ctime = time

    return change


def chown(program: Program, text: str) -> Change:
    """What an owner, by number or name, does to a node.

    Raises:
        CommandFailed: there is no such user.
    """
    return _set_number(program, "uid", user_number(program, text))


def chgrp(program: Program, text: str) -> Change:
    """What a group, by number or name, does to a node.

    Raises:
        CommandFailed: there is no such group.
    """
    return _set_number(program, "gid", group_number(program, text))


def _set_number(program: Program, field: str, number: int) -> Change:
    time = now(program)

    def change(node: Node) -> None:
        setattr(node, field, number)
        node.ctime = time

    return change


def user_number(program: Program, text: str) -> int:
    """The number of a user.

    Raises:
        CommandFailed: there is no such user.
    """
    number = _find_user(text)
    if number is None:
        fail(program, f"-uid: Not a known user: {quote(text)}", Severity.SORRY)
    return number


def group_number(program: Program, text: str) -> int:
    """The number of a group.

    Raises:
        CommandFailed: there is no such group.
    """
    number = _find_group(text)
    if number is None:
        fail(program, f"-gid: Not a known group: {quote(text)}", Severity.SORRY)
    return number


def _find_user(text: str) -> int | None:
    import pwd

    try:
        return pwd.getpwnam(text).pw_uid if (number := _number(text)) is None else number
    except (KeyError, ValueError):
        return None


def _find_group(text: str) -> int | None:
    import grp

    try:
        return grp.getgrnam(text).gr_gid if (number := _number(text)) is None else number
    except (KeyError, ValueError):
        return None


def _number(text: str) -> int | None:
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdigit()):
        return None
    return int(text) & 0xFFFFFFFF


def alter_date(program: Program, kind: str, text: str, origin: str) -> Change:
    """What a date type and a time do to a node.

    Raises:
        CommandFailed: one of them means nothing.
    """
    seconds = decode(text, now(program), local_seconds)
    if seconds is None:
        fail(program, f"{origin}: Cannot decode timestring {quote(text)}", Severity.SORRY)
    if kind not in DATE_TYPES:
        fail(program, f"{origin}: Unrecognized type {quote(kind)}", Severity.SORRY)
    fields = DATE_TYPES[kind]
    time = now(program) if kind in TYPES_WITH_CTIME else None

    def change(node: Node) -> None:
        for name in fields:
            setattr(node, name, seconds)
        if time is not None:
            node.ctime = time

    return change


def setfattr(program: Program, name: str, value: str) -> Change:
    """What a name, or `-name`, or `--remove-all`, and a value do to the attributes of a node.

    Raises:
        CommandFailed: the name isn't allowed.
    """
    if name == "--remove-all":
        return _remove_user_attributes
    if name.startswith("-"):
        gone = os.fsencode(name[1:])
        return lambda node: _set_attribute(node, gone, None)
    if not name:
        fail(program, "-setfattr: Empty attribute name is not allowed", Severity.SORRY)
    if not name.startswith("user.") and (program.settings.xattr != "any" or name.startswith("isofs.")):
        text = f"-setfattr: Attribute name is not allowed by the setting of -xattr: {quote(name)}"
        fail(program, text)
    stored, data = os.fsencode(name), os.fsencode(value)
    return lambda node: _set_attribute(node, stored, data)


def _set_attribute(node: Node, name: bytes, value: bytes | None) -> None:
    attributes = recorded_attributes(node)
    if value is None:
        attributes.pop(name, None)
    else:
        attributes[name] = value
    node.attributes = attributes or None


def _remove_user_attributes(node: Node) -> None:
    kept = {key: value for key, value in recorded_attributes(node).items() if not key.startswith(b"user.")}
    node.attributes = kept or None


def setfacl(program: Program, text: str, shown: str) -> Change:
    """What an ACL text does to a node; an empty one, `clear` or `--remove-all` removes the list.

    Raises:
        CommandFailed: it is none.
    """
    if text in ("", "clear", "--remove-all"):
        return lambda node: _set_attribute(node, ACL, None)
    try:
        entries = parse_acl(text, _find_user, _find_group)
    except AclError as error:
        program.messages.event(Severity.FAILURE, str(error), "libisofs")
        program.messages.event(Severity.FAILURE, "Error with encoding ACL for AAIP", "libisofs")
        fail(program, f"Error with setting ACL of {shown}")
    stored = pack_acl(entries)

    def change(node: Node) -> None:
        _set_attribute(node, ACL, stored)
        node.mode = permissions_of(entries, node.mode)

    return change


def mkisofs_r(node: Node) -> None:
    """What `mkisofs -r` does to a node: owned by root, readable by all, writable by none."""
    executable = 0o111 if node.mode & 0o111 else 0
    node.mode = (node.mode & ~0o7777) | 0o444 | executable
    node.uid = node.gid = 0


def set_to_mtime(node: Node) -> None:
    """Make all times that of the last modification."""
    node.atime = node.ctime = node.mtime
