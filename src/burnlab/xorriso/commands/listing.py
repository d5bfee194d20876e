"""Commands that show trees, in the image and on disk: lists, sizes, attributes, working directories."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from burnlab.iso9660.recorded import recorded_attributes
from burnlab.iso9660.tree import Directory, DiskContent, File, ImageContent, Node
from burnlab.xorriso.commands.targets import (
    disk_path,
    display,
    expand_image,
    fail,
    image_path,
    local_time,
    lookup,
    node_at,
    shown,
    text_of,
    warn_of_pattern,
)
from burnlab.xorriso.commands.views import DiskView, ImageView, View, node_attributes, node_size
from burnlab.xorriso.listing_format import Attributes, dated_line, listing_time, long_line, size_line
from burnlab.xorriso.severity import Severity
from burnlab.xorriso.volume import NO_IMAGE, now, require_image
from burnlab.xorriso.words import quote

if TYPE_CHECKING:
    from burnlab.xorriso.program import Program
    from burnlab.xorriso.table import Handler

KIB: Final = 1024


# Lists.


def as_data(path: str, attributes: Attributes) -> dict[str, object]:
    """The facts of a line for JSON output."""
    data: dict[str, object] = {
        "path": path,
        "mode": f"{attributes.mode:o}",
        "uid": attributes.uid,
        "gid": attributes.gid,
        "size": attributes.size,
        "mtime": attributes.mtime,
    }
    if attributes.target is not None:
        data["target"] = attributes.target
    return data


class _Lister:
    def __init__(self, view: View, *, is_long: bool) -> None:
        self.view = view
        self.program = view.program
        self.is_long = is_long
        self.now = now(view.program)

    def line(self, path: str, name: str, attributes: Attributes) -> None:
        text = shown(self.program, name)
        if self.is_long:
            text = long_line(attributes, text, self.now, local_time)
        data = as_data(path or "/", attributes) if self.program.messages.json else None
        self.program.messages.result(text, data=data)

    def found(self, words: list[str]) -> list[tuple[str, str, Attributes]]:
        """Path, shown name and attributes of what words lead to, sorted; what is missing is told."""
        view = self.view
        entries = []
        any_absolute = any(word.startswith("/") for word in words)
        for word in words:
            for path in view.expand([word]):
                attributes = view.attributes(path)
                if attributes is None:
                    text = f"Not found in {view.place}: {quote(path or '/')}"
                    self.program.messages.event(Severity.WARNING, text)
                else:
                    name = display(path, "/" if any_absolute else word, view.base)
                    entries.append((path, name, attributes))
        return sorted(entries, key=lambda entry: os.fsencode(entry[1]))

    def items(self, words: list[str]) -> None:
        entries = self.found(words)
        self.program.messages.info(f"{self.view.found_text}: {len(entries)}")
        for entry in entries:
            self.line(*entry)

    def contents(self, words: list[str]) -> None:
        entries = self.found(words)
        directories = [entry for entry in entries if stat.S_ISDIR(entry[2].mode)]
        for entry in entries:
            if not stat.S_ISDIR(entry[2].mode):
                self.line(*entry)
        for path, name, _attributes in directories:
            if len(words) > 1 or len(entries) > 1:
                self.program.messages.result(f"\n{shown(self.program, name)}:", data={"path": path or "/"})
            self.directory(path)

    def directory(self, path: str) -> None:
        names = self.view.names(path)
        if self.is_long:
            self.program.messages.result(f"total {len(names)}")
        for name in names:
            below = f"{path}/{name}"
            attributes = self.view.attributes(below, is_word=False)
            if attributes is not None:
                self.line(below, name, attributes)


def _list(view: View, words: list[str], *, is_long: bool, as_items: bool) -> None:
    lister = _Lister(view, is_long=is_long)
    words = [word for word in words if word]
    if not words:
        need_directory(view)
    if as_items:
        lister.items(words or ["."])
    elif words:
        lister.contents(words)
    elif view.wants_dot:
        lister.contents(view.names(view.base))
    else:
        lister.items(view.names(view.base))


def need_directory(view: View) -> None:
    """See to it that the working directory exists.

    Raises:
        CommandFailed: it doesn't.
    """
    if view.attributes(view.base) is None:
        text = f"Current -cd path does not yet exist in the {view.place}"
        fail(view.program, text, Severity.SORRY)


def _lister(view: Callable[[Program], View], *, is_long: bool = False, as_items: bool = False) -> Handler:
    """A command that lists files: with their attributes, and directories as such or by their contents."""

    def handler(program: Program, words: list[str]) -> None:
        _list(view(program), words, is_long=is_long, as_items=as_items)

    return handler


HANDLERS: Final[dict[str, Handler]] = {
    "ls": _lister(ImageView),
    "lsd": _lister(ImageView, as_items=True),
    "lsl": _lister(ImageView, is_long=True),
    "lsdl": _lister(ImageView, is_long=True, as_items=True),
    "lsx": _lister(DiskView),
    "lsdx": _lister(DiskView, as_items=True),
    "lslx": _lister(DiskView, is_long=True),
    "lsdlx": _lister(DiskView, is_long=True, as_items=True),
}


class NodeLines:
    """Lines of long listings, many of them: for `-find ... -exec lsdl`."""

    def __init__(self, program: Program) -> None:
        self.messages = program.messages
        self.is_plain = program.settings.sh_style_result
        self.now = now(program)
        self.times: dict[int, str] = {}

    def show(self, node: Node, name: str) -> None:
        """Print the line of a node under a name."""
        attributes = node_attributes(node)
        time = self.times.get(node.mtime)
        if time is None:
            time = self.times[node.mtime] = listing_time(node.mtime, self.now, local_time)
        text = dated_line(attributes, name if self.is_plain else quote(name), time)
        data = as_data(os.fsdecode(node.path()), attributes) if self.messages.json else None
        self.messages.result(text, data=data)


# Sizes.


def _size_result(program: Program, size: int, path: str, name: str) -> None:
    is_plain = program.settings.sh_style_result
    text = f"{size:<7} {name}" if is_plain else size_line(size, quote(name))
    program.messages.result(text, data={"path": path or "/", "kib": size})


def _round_up(size: int) -> int:
    return (size + KIB - 1) // KIB


def _image_sizes(program: Program, words: list[str], *, recursive: bool) -> None:
    lister = _Lister(ImageView(program), is_long=False)
    root = require_image(program)
    if not any(words):
        need_directory(lister.view)
    given = [word for word in words if word] or lister.view.names(lister.view.base)
    for path, name, _attributes in lister.found(given):
        node = lookup(root, path)
        assert node is not None
        if recursive and isinstance(node, Directory):
            size = _show_subdirectories(program, node, path, name)
        else:
            size = node_size(node)
        _size_result(program, size // KIB, path, name)


@dataclass(slots=True)
class _Level:
    """A directory whose size is being summed up: what is left to look at, where it is, bytes so far."""

    rest: Iterator[Node] | Iterator[str]
    path: str
    name: str
    total: int = 0
    key: tuple[int, int] = (0, 0)


def _show_subdirectories(program: Program, directory: Directory, path: str, name: str) -> int:
    """Print the sizes of all directories below and return the whole in bytes."""
    levels = [_Level(iter(directory.sorted_children()), path, name.rstrip("/"))]
    while True:
        level = levels[-1]
        node = next(level.rest, None)
        if node is None:
            levels.pop()
            if not levels:
                return level.total
            _size_result(program, _round_up(level.total), level.path, level.name)
            levels[-1].total += level.total
        elif isinstance(node, Directory):
            text = text_of(node.name)
            children = iter(node.sorted_children())
            levels.append(_Level(children, f"{level.path}/{text}", f"{level.name}/{text}"))
        else:
            assert isinstance(node, Node)
            level.total += node_size(node)


def du(program: Program, words: list[str]) -> None:
    """Sizes of directories and all below them, in KiB."""
    _image_sizes(program, words, recursive=True)


def dus(program: Program, words: list[str]) -> None:
    """Sizes of the given files, in KiB."""
    _image_sizes(program, words, recursive=False)


class _DiskSizes:
    """Sums like those of the image, but every file counts 2048 bytes more and directories have a size."""

    def __init__(self, program: Program, *, recursive: bool) -> None:
        self.program = program
        self.view = DiskView(program)
        self.recursive = recursive

    def run(self, words: list[str]) -> None:
        lister = _Lister(self.view, is_long=False)
        given = [word for word in words if word] or self.view.names(self.view.base)
        for path, name, _attributes in lister.found(given):
            status = self.view.status(path)
            if status is None:
                continue
            is_directory = stat.S_ISDIR(status.st_mode)
            size = self.directory(path, name, status) if is_directory else status.st_size
            _size_result(self.program, size // KIB, path, name)

    def directory(self, path: str, name: str, status: os.stat_result) -> int:
        """The bytes of all below a directory; those of its subdirectories get printed if wanted."""
        levels = [self.level(path, name.rstrip("/"), status, 0)]
        while True:
            level = levels[-1]
            leaf = next(level.rest, None)
            if leaf is None:
                levels.pop()
                if not levels:
                    return level.total
                if self.recursive:
                    _size_result(self.program, _round_up(level.total), level.path, level.name)
                levels[-1].total += level.total
                continue
            below, shown_below = f"{level.path}/{leaf}", f"{level.name}/{leaf}"
            found = self.view.status(below, is_word=False)
            if found is None:
                continue
            is_loop = (found.st_dev, found.st_ino) in (each.key for each in levels)
            if stat.S_ISDIR(found.st_mode) and not is_loop:
                levels.append(self.level(below, shown_below, found, level.key[0]))
                levels[-1].total = found.st_size + 2048
            else:
                level.total += found.st_size + 2048

    def level(self, path: str, name: str, status: os.stat_result, device: int) -> _Level:
        """A directory to sum up; a mount point that isn't crossed counts as empty."""
        is_crossed = self.view.follow.mounts or not device or status.st_dev == device
        names = self.view.names(path) if is_crossed else []
        return _Level(iter(names), path, name, key=(status.st_dev, status.st_ino))


def dux(program: Program, words: list[str]) -> None:
    """Sizes of directories on disk and all below them, in KiB."""
    _DiskSizes(program, recursive=True).run(words)


def dusx(program: Program, words: list[str]) -> None:
    """Sizes of the given files on disk, in KiB."""
    _DiskSizes(program, recursive=False).run(words)


# Working directories.


def _tell_directory(program: Program, label: str, path: str) -> None:
    program.messages.info(label)
    text = (path or "/") if program.settings.sh_style_result else f"{quote(path)}/"
    program.messages.result(text, data={"path": path or "/"})


def pwd(program: Program, _words: list[str]) -> None:
    """Print the working directory in the image."""
    label = "current working directory in ISO image:"
    _tell_directory(program, label, program.settings.image_directory)


def pwdx(program: Program, _words: list[str]) -> None:
    """Print the working directory on disk."""
    label = "current working directory on hard disk:"
    _tell_directory(program, label, program.settings.disk_directory.rstrip("/"))


def cd(program: Program, words: list[str]) -> None:
    """Change the working directory in the image; it need not exist."""
    warn_of_pattern(program, words[0])
    _tell_directory(program, "previous working directory:", program.settings.image_directory)
    base = program.settings.image_directory
    path = image_path(program, words[0] if base or words[0].startswith("/") else f"/{words[0]}")
    root = program.volume.root
    if root is None:
        program.messages.event(Severity.FAILURE, NO_IMAGE)
    node = None if root is None else lookup(root, path)
    if node is None and path:
        program.messages.event(Severity.WARNING, f"-cdi: not existing yet in ISO image : {quote(path)}")
    elif node is not None and not isinstance(node, Directory):
        fail(program, f"-cdi: not a directory : {quote(path)}")
    program.settings.image_directory = path
    pwd(program, [])


def cdx(program: Program, words: list[str]) -> None:
    """Change the working directory on disk."""
    warn_of_pattern(program, words[0])
    before = program.settings.disk_directory.rstrip("/")
    _tell_directory(program, "previous working directory on hard disk:", before)
    path = disk_path(program, words[0])
    if not os.path.exists(path or "/"):
        fail(program, f"-cdx: file not found : {quote(path)}")
    if not os.path.isdir(path or "/"):
        fail(program, f"-cdx: not a directory : {quote(path)}")
    program.settings.disk_directory = path
    pwdx(program, [])


# Attributes.


def for_nodes(program: Program, words: list[str], *, recursive: bool) -> list[tuple[str, Node]]:
    """Nodes that words and patterns lead to, with all below them if wanted, by their paths.

    Raises:
        CommandFailed: one of them isn't there.
    """
    from burnlab.iso9660.tree import walk

    found: list[tuple[str, Node]] = []
    for path in expand_image(program, words, listing=True):
        node = node_at(program, path)
        if recursive:
            found.extend((os.fsdecode(each.path()), each) for each in walk(node))
        else:
            found.append((path, node))
    return found


def show_stream(program: Program, words: list[str]) -> None:
    """Print where the contents of files come from."""
    for _path, node in for_nodes(program, words, recursive=False):
        show_source(program, node)


def show_stream_r(program: Program, words: list[str]) -> None:
    """Print where the contents of files of trees come from."""
    for _path, node in for_nodes(program, words, recursive=True):
        show_source(program, node)


def show_source(program: Program, node: Node) -> None:
    """Print where the content of a data file comes from."""
    if not isinstance(node, File):
        return
    path = os.fsdecode(node.path())
    if isinstance(node.content, DiskContent):
        source = f"disk:{quote(os.fsdecode(node.content.path))}"
    elif isinstance(node.content, ImageContent):
        source = f"image:{quote(path)}"
    else:
        source = "mem"
    program.messages.result(f"{quote(path)} < {source}", data={"path": path, "source": source})


def getfattr(program: Program, words: list[str]) -> None:
    """Print extended attributes in the form of the shell command of that name."""
    for path, node in for_nodes(program, words, recursive=False):
        show_attributes(program, path, node)


def getfattr_r(program: Program, words: list[str]) -> None:
    """Print extended attributes of trees."""
    for path, node in for_nodes(program, words, recursive=True):
        show_attributes(program, path, node)


def getfacl(program: Program, words: list[str]) -> None:
    """Print access permissions in the form of the shell command of that name."""
    for path, node in for_nodes(program, words, recursive=False):
        show_acl(program, path, node)


def getfacl_r(program: Program, words: list[str]) -> None:
    """Print access permissions of trees."""
    for path, node in for_nodes(program, words, recursive=True):
        show_acl(program, path, node)


def show_attributes(program: Program, path: str, node: Node, *, any_space: bool = False) -> None:
    """Print the attributes of a node, if it has any; `any_space` includes those of the image's producer."""
    wanted = [
        (name, value)
        for name, value in sorted(recorded_attributes(node).items())
        if name and (any_space or name.startswith(b"user.") or _is_listed(program, name))
    ]
    if not wanted:
        return
    lines = [f"# file: {(path or '/').lstrip('/') or '.'}"]
    lines += [f'{os.fsdecode(name)}="{octal(value)}"' for name, value in wanted]
    data = {"path": path or "/", "attributes": {os.fsdecode(name): octal(value) for name, value in wanted}}
    program.messages.result("\n".join([*lines, "", ""]), data=data)


def _is_listed(program: Program, name: bytes) -> bool:
    return program.settings.xattr == "any" and not name.startswith(b"isofs.")


def octal(value: bytes) -> str:
    """Bytes as text between quotation marks: what isn't plain becomes its octal code."""
    plain = range(0x20, 0x7F)
    return "".join(chr(b) if b in plain and b not in b'"\\' else f"\\{b:03o}" for b in value)


def show_acl(program: Program, path: str, node: Node) -> None:
    """Print the access control list of a node; one without gets it from its permissions."""
    import grp
    import pwd as users

    from burnlab.xorriso.acl import text_of_acl

    def user(number: int) -> str:
        try:
            return users.getpwuid(number).pw_name
        except (KeyError, OverflowError):
            return str(number)

    def group(number: int) -> str:
        try:
            return grp.getgrgid(number).gr_name
        except (KeyError, OverflowError):
            return str(number)

    lines = [
        f"# file: {(path or '/').lstrip('/') or '.'}",
        f"# owner: {user(node.uid)}",
        f"# group: {group(node.gid)}",
        *text_of_acl((node.attributes or {}).get(b""), node.mode, user, group),
        "",
    ]
    program.messages.result("\n".join([*lines, ""]), data={"path": path or "/"})
