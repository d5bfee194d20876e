"""What a system shows of a disc that it has mounted, read without a system by burnlab's own reader."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator

from burnlab.burn.drive import BLOCK, Drive, Medium
from burnlab.iso9660.ecma119 import ImageError
from burnlab.iso9660.load import load_tree
from burnlab.iso9660.tree import Directory, File, ImageContent, Node, find_node

from .matching import Transcript
from .plan import Reading

MOUNT_POINT = "/tmp/disc"
IDENTIFIER = slice(1, 6)
"""Standard Identifier of a volume descriptor (ECMA-119, 8.1)."""
CHUNK_BLOCKS = 512


class NothingThereError(Exception):
    """What was asked for isn't on the disc; a command would have failed."""


def read_disc(drive: Drive, reading: Reading) -> Transcript:
    """Carry out a reading. What a command would complain of is a line of standard error and exit value 1."""
    show = {"digests": _digests, "names": _names, "identifiers": _identifiers}[reading.show]
    medium = drive.medium()
    lines: list[str] = []
    try:
        for place in reading.at:
            lines.extend(show(drive, medium, place, reading))
    except (NothingThereError, ImageError, OSError) as error:
        return Transcript(_text(lines), f"{error}\n", 1)
    return Transcript(_text(lines), "")


def _text(lines: list[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def _digests(drive: Drive, medium: Medium, place: str, reading: Reading) -> Iterator[str]:
    root = load_tree(drive.read, start_of(medium, place)).root
    for path in reading.paths:
        node = _node(root, path)
        if not isinstance(node, File) or not isinstance(node.content, ImageContent):
            raise NothingThereError(f"{path} is no file")
        digest = hashlib.md5(usedforsecurity=False)
        for data in _content(drive.read, node.content):
            digest.update(data)
        yield f"{digest.hexdigest()}  {MOUNT_POINT}{path}"


def _content(read: Callable[[int, int], bytes], content: ImageContent) -> Iterator[bytes]:
    for lba, size in content.extents:
        while size > 0:
            count = min(CHUNK_BLOCKS, -(-size // BLOCK))
            data = read(lba, count)
            if len(data) < count * BLOCK:
                raise NothingThereError(f"the disc ends before block {lba + count}")
            yield data[:size]
            lba, size = lba + count, size - len(data)


def _names(drive: Drive, medium: Medium, place: str, reading: Reading) -> Iterator[str]:
    root = load_tree(drive.read, start_of(medium, place)).root
    for path in reading.paths:
        node = _node(root, path)
        if not isinstance(node, Directory):
            raise NothingThereError(f"{path} is no directory")
        names = " ".join(os.fsdecode(child.name) for child in node.sorted_children())
        yield f"{place.removeprefix('sbsector ')} has {names}"


def _identifiers(drive: Drive, _medium: Medium, place: str, _reading: Reading) -> Iterator[str]:
    yield drive.read(_number(place, "block"), 1)[IDENTIFIER].decode("ascii", "replace")


def _node(root: Directory, path: str) -> Node:
    node = find_node(root, os.fsencode(path))
    if node is None:
        raise NothingThereError(f"{path} isn't there")
    return node


def start_of(medium: Medium, place: str) -> int:
    """The first block of what a system would mount: the newest session unless a place is named."""
    if place.startswith("sbsector "):
        return _number(place, "sbsector")
    starts: dict[int, int] = {}
    for track in medium.tracks:
        if track.is_complete:
            starts.setdefault(track.session, track.start)
    if not place:
        return list(starts.values())[-1] if starts else 0
    number = _number(place, "session") + 1
    if number not in starts:
        raise NothingThereError(f"there is no {place}")
    return starts[number]


def _number(place: str, word: str) -> int:
    kind, _, number = place.partition(" ")
    if kind != word or not number.isdigit():
        raise NothingThereError(f"{place!r} is no place of the kind `{word} NUMBER`")
    return int(number)
