"""Directories of the image that a command makes on its way, and what they take over from disk."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, Final

from burnlab.iso9660.aaip import DEVICE_INODE
from burnlab.iso9660.recorded import recorded_attributes
from burnlab.iso9660.tree import Directory, Node, TreeError, check_name
from burnlab.xorriso.commands import changes
from burnlab.xorriso.commands.targets import fail
from burnlab.xorriso.severity import Severity
from burnlab.xorriso.volume import now, require_image
from burnlab.xorriso.words import quote

if TYPE_CHECKING:
    from burnlab.iso9660.scan import ScanOptions
    from burnlab.xorriso.program import Program

PRODUCER: Final = b"isofs."


def verify_name(program: Program, name: bytes) -> None:
    """See to it that a name can be had.

    Raises:
        CommandFailed: it can't.
    """
    try:
        check_name(name)
    except TreeError as error:
        program.messages.event(Severity.FAILURE, str(error), "libisofs")
        fail(program, f"Cannot make a file of the name {quote(os.fsdecode(name))}")


def new_directory(program: Program, name: bytes, parent: Directory) -> Directory:
    """An empty directory as of now, with the permissions of the one that it is to be in.

    Raises:
        CommandFailed: the name can't be had.
    """
    verify_name(program, name)
    time = now(program)
    made = Directory(name=name, mode=parent.mode, uid=os.geteuid(), gid=os.getegid())
    made.mtime = made.atime = made.ctime = time
    return made


def make_parents(
    program: Program, path: str, disk: str | None = None, *, may_replace: bool = True
) -> Directory:
    """The directory that a path is in; what is missing on the way is made, what isn't a directory goes.

    With `disk`, the path of what is to be there, made directories look like those of that path.

    Raises:
        CommandFailed: a name can't be had, or is taken by what must not be replaced.
    """
    directory = require_image(program)
    names = os.fsencode(path).split(b"/")[1:]
    levels = [] if disk is None else disk.split("/")
    for at, name in enumerate(names[:-1], start=1):
        node = directory.children.get(name)
        if not isinstance(node, Directory):
            if node is not None and not may_replace:
                way = quote("/" + os.fsdecode(b"/".join(names[:at])))
                fail(program, f"While grafting {quote(path)} : {way} exists and may not be overwritten")
            node = new_directory(program, name, directory)
            kept = len(levels) - (len(names) - at)
            if kept > 0:
                _look_like(program, node, "/".join(levels[:kept]) or "/")
            changes.put(directory, node)
        directory = node
    return directory


def _look_like(program: Program, node: Directory, disk: str) -> None:
    """Let a directory take over what one on disk has, if that is there."""
    from burnlab.iso9660.scan import scan_path

    options = scan_options(program)
    options.follow_top, options.excluded = True, lambda _path: True
    try:
        model = scan_path(os.fsencode(disk), node.name, options)
    except (OSError, TreeError):
        return
    if isinstance(model, Directory):
        transfer_attributes(program, model, node)


def scan_options(program: Program) -> ScanOptions:
    """What of the attributes of disk files is taken in."""
    from burnlab.iso9660.scan import ScanOptions

    settings, volume = program.settings, program.volume
    return ScanOptions(
        xattr=volume.scans_xattr,
        any_namespace=settings.xattr == "any",
        acl=volume.scans_acl,
        device_inodes=settings.hardlinks or settings.dev_ino,
        source_ids=settings.hardlinks,
        contents=volume.scanned,
    )


def transfer_attributes(program: Program, source: Node, target: Node) -> None:
    """Give a node that is there already what a scanned one has of permissions, owners, times and attributes.

    Attributes are only touched if the settings want some; those of the image's producer stay.
    """
    settings = program.settings
    target.mode = stat.S_IFMT(target.mode) | (source.mode & (0o7777 if settings.acl else 0o777))
    target.uid, target.gid = source.uid, source.gid
    target.mtime, target.atime, target.ctime = source.mtime, source.atime, source.ctime
    own, found = recorded_attributes(target), source.attributes or {}
    if settings.acl or settings.xattr != "off":
        wanted = {
            name: value
            for name, value in found.items()
            if not name.startswith(PRODUCER) and (not name or settings.xattr != "off")
        }
        own = {name: own[name] for name in own if name in wanted or name.startswith(PRODUCER)} | wanted
    if DEVICE_INODE in found:
        own[DEVICE_INODE] = found[DEVICE_INODE]
    target.attributes = own or None
