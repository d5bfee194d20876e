"""Commands that copy files from the image to disk. `-osirrox` has to allow it."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final

from burnlab.iso9660.tree import Directory, File, Node
from burnlab.xorriso.commands.contents import chunks_of
from burnlab.xorriso.commands.restoring import Restorer
from burnlab.xorriso.commands.settings import size_of
from burnlab.xorriso.commands.targets import disk_path, expand_image, fail, image_path, lookup, node_at
from burnlab.xorriso.paths import name_of, parent_of, swap_prefix
from burnlab.xorriso.severity import Severity
from burnlab.xorriso.volume import require_image
from burnlab.xorriso.words import quote

if TYPE_CHECKING:
    from burnlab.xorriso.program import Program
    from burnlab.xorriso.settings import Osirrox

STATES: Final = {
    "on": "on", "device_files": "on", "unblock": "on", "off": "off", "blocked": "blocked", "banned": "banned",
}  # fmt: skip
SWITCHES: Final = {
    "concat_split": ("concat_split", True, False),
    "auto_chmod": ("auto_chmod", True, False),
    "sort_lba": ("sort_lba", True, False),
    "o_excl": ("o_excl", True, False),
    "strict_acl": ("strict_acl", True, False),
    "check_md5": ("check_md5", "on", "off"),
}


# Permission.


def osirrox(program: Program, words: list[str]) -> None:
    """Allow or forbid copying to disk, and rule how it is done."""
    settings = program.settings.osirrox
    for word in words[0].split(":"):
        if word in STATES:
            _set_state(program, settings, word)
        elif not _set_option(settings, word):
            fail(program, f"-osirrox: unknown mode '{word}'")
    enabled = "Enabled" if settings.state == "on" else "Disabled"
    program.messages.info(f"Copying of file objects from ISO image to disk filesystem is: {enabled}")


def _set_state(program: Program, settings: Osirrox, word: str) -> None:
    wanted = STATES[word]
    if wanted == "on":
        if settings.state == "banned":
            fail(program, "-osirrox: was already permanently disabled by setting 'banned'")
        if settings.state == "blocked" and word != "unblock":
            fail(program, "-osirrox: is currently disabled by setting 'blocked'")
        settings.device_files = word == "device_files" or (word != "on" and settings.device_files)
    elif settings.state == "banned" or (settings.state == "blocked" and wanted == "off"):
        return
    settings.state = wanted


def _set_option(settings: Osirrox, word: str) -> bool:
    if not word:
        settings.state = "on" if settings.state == "off" else settings.state
        return True
    name, _, value = word.rpartition("_")
    if word == "check_md5_force":
        settings.check_md5 = "force"
    elif name in SWITCHES and value in ("on", "off"):
        field, on, off = SWITCHES[name]
        setattr(settings, field, on if value == "on" else off)
    elif word.startswith("sparse="):
        settings.sparse = size_of(word.removeprefix("sparse="))
    else:
        return False
    return True


def need_permission(program: Program, name: str, what: str = "image-to-disk copies") -> None:
    """See to it that copying to disk is allowed.

    Raises:
        CommandFailed: it isn't.
    """
    if program.settings.osirrox.state != "on":
        fail(program, f"-{name}: {what} are not enabled by option -osirrox")


# Trees.


def _source(program: Program, image: str) -> Node:
    node = lookup(require_image(program), image)
    if node is None:
        text = f"Cannot determine attributes of (ISO) source file {quote(image)}"
        fail(program, text, cause=os.strerror(2))
    return node


def _extract(program: Program, words: list[str], *, recursive: bool) -> None:
    need_permission(program, "extract")
    name = program.command.name if program.command else "extract"
    if not words[1]:
        fail(program, f"-{name}: Empty disk_path given", Severity.SORRY)
    disk, image = disk_path(program, words[1]), image_path(program, words[0] or words[1])
    restorer = Restorer(program)
    node = _source(program, image)
    restorer.restore(node, disk, recursive=recursive)
    restorer.end(with_speed=True)
    tell_extracted(program, image, disk)


def tell_extracted(program: Program, image: str, disk: str) -> None:
    """Say that a file or tree is on disk now."""
    program.messages.info(f"Extracted from ISO image: file '{image or '/'}'='{disk}'")


def extract(program: Program, words: list[str]) -> None:
    """Copy a file or tree to a path on disk."""
    _extract(program, words, recursive=True)


def extract_single(program: Program, words: list[str]) -> None:
    """Copy a file, or a directory without what is in it, to a path on disk."""
    _extract(program, words, recursive=False)


def extract_l(program: Program, words: list[str]) -> None:
    """Copy files and trees to paths with another prefix."""
    need_permission(program, "extract")
    if len(words) < 3:
        fail(program, f"-extract_l: Not enough arguments given ({len(words)} < 3)")
    old, new = image_path(program, words[0]), disk_path(program, words[1])
    restorer = Restorer(program)
    for image in expand_image(program, words[2:]):
        disk = swap_prefix(image, old, new)
        if disk is None:
            text = f"-extract_l: disk_path {quote(image)} does not begin with disk_prefix {quote(old)}"
            fail(program, text)
        restorer.restore(_source(program, image), disk)
        tell_extracted(program, image, disk)
    restorer.end()


# Like cp.


def _copy(program: Program, words: list[str], *, recursive: bool, archive: bool) -> None:
    need_permission(program, "cpx")
    if len(words) < 2:
        fail(program, "-cp*x: not enough arguments", Severity.SORRY)
    images = expand_image(program, words[:-1])
    target = disk_path(program, words[-1])
    into = len(images) > 1 or os.path.isdir(target)
    restorer = Restorer(program, owner=None if archive else False, times=archive)
    for image in images:
        node = node_at(program, image)
        if isinstance(node, Directory) and not recursive:
            fail(program, f"-cpx: May not copy directory {quote(image)}")
        disk = f"{target}/{name_of(image)}" if into and image else target
        restorer.restore(node, disk)
        if not recursive:
            program.messages.info(f"Copied from ISO image to disk: file '{image}' = '{disk}'")
    restorer.end()


def cpx(program: Program, words: list[str]) -> None:
    """Copy files like cp."""
    _copy(program, words, recursive=False, archive=False)


def cpax(program: Program, words: list[str]) -> None:
    """Copy files with owners and times."""
    _copy(program, words, recursive=False, archive=True)


def cp_rx(program: Program, words: list[str]) -> None:
    """Copy trees like cp -r."""
    _copy(program, words, recursive=True, archive=False)


def cp_rax(program: Program, words: list[str]) -> None:
    """Copy trees with owners and times."""
    _copy(program, words, recursive=True, archive=True)


# Pieces.


def _data_file(program: Program, word: str, name: str) -> tuple[str, File]:
    image = image_path(program, word)
    node = node_at(program, image)
    if not isinstance(node, File):
        fail(program, f"-{name}: ISO file {quote(image)} is not a data file")
    return image, node


def _interval(program: Program, node: File, start: int, count: int) -> Iterator[bytes]:
    """The bytes of a content from an offset on."""
    at = 0
    for data in chunks_of(program, node.content):
        end = at + len(data)
        if end > start and at < start + count:
            yield data[max(start - at, 0) : max(start + count - at, 0)]
        at = end
        if at >= start + count:
            return


def extract_cut(program: Program, words: list[str]) -> None:
    """Copy an interval of a data file to a new file on disk."""
    need_permission(program, "extract_cut")
    image, node = _data_file(program, words[0], "extract_cut")
    disk = disk_path(program, words[3])
    start, count = size_of(words[1]), size_of(words[2])
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW
    _write(program, disk, _interval(program, node, start, count), flags, image)
    os.utime(disk, (node.atime, node.mtime))


def paste_in(program: Program, words: list[str]) -> None:
    """Write the content of a data file into a file on disk, from an offset on."""
    need_permission(program, "paste_in")
    image, node = _data_file(program, words[0], "paste_in")
    disk = disk_path(program, words[1])
    start, count = size_of(words[2]), size_of(words[3])
    os.makedirs(parent_of(disk) or "/", exist_ok=True)
    restorer = Restorer(program)
    flags = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW
    size = _write(program, disk, _interval(program, node, 0, count), flags, image, offset=start)
    os.chmod(disk, stat.S_IMODE(node.mode))
    os.utime(disk, (node.atime, node.mtime))
    restorer.count(1, size)
    restorer.end(with_speed=True)


def _write(  # noqa: PLR0917
    program: Program, disk: str, pieces: Iterable[bytes], flags: int, image: str, offset: int = 0
) -> int:
    """Write pieces to a file on disk and return how many bytes they had."""
    size = 0
    try:
        with os.fdopen(os.open(disk, flags, 0o644), "wb") as file:
            if offset:
                file.seek(offset)
            for piece in pieces:
                file.write(piece)
                size += len(piece)
    except OSError as error:
        text = f"Cannot open path {quote(disk)}" if not size else f"Error while copying {quote(image)}"
        fail(program, text, cause=error.strerror or str(error))
    return size


# Streams.


def concat(program: Program, words: list[str]) -> None:
    """Write the contents of data files one after another to a file, standard output or a program."""
    need_permission(program, "concat", "image content copies")
    if len(words) < 3:
        fail(program, "-concat: Not enough arguments. Need mode, target, iso_rr_path.")
    mode, target = words[0], words[1]
    arguments: list[str] = []
    rest = words[2:]
    if mode == "pipe":
        if target not in rest:
            fail(program, "-concat: Delimiter mark not found")
        end = rest.index(target)
        arguments, rest = rest[:end], rest[end + 1 :]
        if not arguments or "/" not in arguments[0]:
            shown = quote(arguments[0] if arguments else "")
            fail(program, f"External program path contains no '/': {shown}")
    nodes = []
    for image in expand_image(program, rest):
        node = node_at(program, image)
        if not isinstance(node, File):
            fail(program, f"-concat: iso_rr_path is not a regular data file: {quote(image)}")
        nodes.append(node)
    if mode not in ("overwrite", "append", "pipe"):
        fail(program, f"-concat: Unrecognized mode {quote(mode)}")
    pieces = (piece for node in nodes for piece in chunks_of(program, node.content))
    if mode == "pipe":
        _pipe(program, arguments, pieces)
    elif target == "-":
        for piece in pieces:
            program.messages.content(piece)
    else:
        flags = os.O_WRONLY | os.O_CREAT | (os.O_TRUNC if mode == "overwrite" else os.O_APPEND)
        _write(program, disk_path(program, target), pieces, flags, target)


def _pipe(program: Program, arguments: list[str], pieces: Iterable[bytes]) -> None:
    import subprocess

    try:
        process = subprocess.Popen(arguments, stdin=subprocess.PIPE)
    except OSError as error:
        fail(program, f"Cannot start program {quote(arguments[0])}", cause=error.strerror or "")
    assert process.stdin is not None
    try:
        for piece in pieces:
            process.stdin.write(piece)
        process.stdin.close()
    except BrokenPipeError:
        pass
    process.wait()
