"""How a file on disk differs from one in the image."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from burnlab.iso9660.aaip import ACL, DEVICE_INODE
from burnlab.iso9660.tree import Content, DiskContent, File, ImageContent, Node, Symlink, TreeError
from burnlab.xorriso.acl import unpack_acl
from burnlab.xorriso.commands.contents import chunks_of, md5_of
from burnlab.xorriso.commands.targets import Follow, local_time, lookup, text_of
from burnlab.xorriso.listing_format import listing_time, type_letter, type_name
from burnlab.xorriso.volume import now, require_image
from burnlab.xorriso.words import quote

if TYPE_CHECKING:
    from burnlab.xorriso.program import Program

MISSING_ON_DISK: Final = "missing on disk"
MISSING_IN_IMAGE: Final = "missing in image"
OTHER_TYPE: Final = "type"
OTHER_CONTENT: Final = "content"
OTHER_ATTRIBUTES: Final = "attributes"
EXCLUDED: Final = "excluded"
PIECE: Final = 32 * 1024


@dataclass(slots=True)
class Difference:
    """Kinds of what differs, a line about each, and the letter of the type on disk."""

    disk: str
    image: str
    kinds: set[str] = field(default_factory=set)
    lines: list[str] = field(default_factory=list)
    letter: str = "?"
    is_about_both: bool = True
    """The lines tell of both files; else they are complete."""

    def add(self, kind: str, line: str) -> None:
        """Note something that differs."""
        self.kinds.add(kind)
        self.lines.append(line)

    def missing(self, kind: str, line: str) -> None:
        """Note that one of the files isn't there."""
        self.is_about_both = False
        self.add(kind, line)


class FileComparer:
    """Compares pairs of files. `bytes_read` counts what was read of disk files."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.root = require_image(program)
        self.follow = Follow(program.settings.follow)
        self.now = now(program)
        self.bytes_read = 0
        self.device_inode = program.settings.texts.get("disk_dev_ino", "off")

    def difference(self, disk: str, image: str, *, is_parameter: bool = False) -> Difference:
        """How the file at a disk path differs from that at a path in the image."""
        found = Difference(disk, image)
        exclusions = self.program.settings.exclusions
        reason = exclusions.reason_for_parameter(disk) if is_parameter else exclusions.reason(disk)
        if reason:
            found.kinds.add(EXCLUDED)
            found.missing(MISSING_ON_DISK, f"? {quote(disk)} (DISK) : excluded by {reason}")
            return found
        status = self.status(disk, found, is_parameter=is_parameter)
        node = lookup(self.root, image)
        if node is None:
            text = f"? {quote(image)}  (ISO) : cannot find this file in ISO image"
            found.missing(MISSING_IN_IMAGE, text)
        if status is None or node is None:
            return found
        found.letter = type_letter(status.st_mode)
        self._attributes(found, status, node)
        if OTHER_TYPE in found.kinds:
            return found
        if isinstance(node, Symlink) and stat.S_ISLNK(status.st_mode):
            target = os.readlink(disk)
            if os.fsencode(target) != node.target:
                line = f"target   :  {quote(target)}  <>  {quote(text_of(node.target))}"
                found.add(OTHER_CONTENT, line)
        elif isinstance(node, File):
            self._content(found, status, node)
        return found

    def status(self, disk: str, found: Difference, *, is_parameter: bool) -> os.stat_result | None:
        """The state of the disk file; None if it isn't there, which is noted."""
        path = disk or "/"
        try:
            if self.follow.parameters if is_parameter else self.follow.links:
                try:
                    return os.stat(path)
                except OSError:
                    pass
            return os.lstat(path)
        except OSError as error:
            text = f"? {quote(disk)} (DISK) : cannot lstat() : {error.strerror}"
            found.missing(MISSING_ON_DISK, text)
            return None

    def _attributes(self, found: Difference, status: os.stat_result, node: Node) -> None:
        mode = status.st_mode
        if stat.S_IMODE(mode) != stat.S_IMODE(node.mode):
            line = f"st_mode  :  {stat.S_IMODE(mode):07o}  <>  {stat.S_IMODE(node.mode):07o}"
            found.add(OTHER_ATTRIBUTES, line)
        settings = self.program.settings
        if settings.acl or settings.xattr != "off":
            self._extended(found, status, node)
        if stat.S_IFMT(mode) != stat.S_IFMT(node.mode):
            found.add(OTHER_TYPE, f"type     :  {type_name(mode)}  <>  {type_name(node.mode)}")
        for name, here, there in (("uid", status.st_uid, node.uid), ("gid", status.st_gid, node.gid)):
            if here != there:
                found.add(OTHER_ATTRIBUTES, f"st_{name}   :   {here}  <>  {there}")
        if isinstance(node, File) and status.st_size != node.content.size:
            here, there = status.st_size, node.content.size
            found.add(OTHER_CONTENT, f"st_size  :  {here}  <>  {there}      diff= {here - there}")
        times = (("mtime", status.st_mtime, node.mtime), ("ctime", status.st_ctime, node.ctime))
        for name, exact, there in times:
            here = int(exact // 1)
            if here != there:
                texts = [listing_time(time, self.now, local_time) for time in (here, there)]
                found.add(
                    OTHER_ATTRIBUTES, f"st_{name} :  {texts[0]}  <>  {texts[1]}      diff= {here - there} s"
                )

    def _extended(self, found: Difference, status: os.stat_result, node: Node) -> None:
        """Access control lists and extended attributes."""
        from burnlab.iso9660.scan import ScanOptions, scan_path

        settings = self.program.settings
        options = ScanOptions(
            follow_top=not stat.S_ISLNK(status.st_mode),
            xattr=settings.xattr != "off",
            acl=settings.acl,
            excluded=lambda _path: True,
        )
        try:
            here = scan_path(os.fsencode(found.disk or "/"), b"", options).attributes or {}
        except (OSError, TreeError):
            return
        there = node.attributes or {}
        if settings.acl and here.get(ACL) != there.get(ACL):
            ours, theirs = (set(unpack_acl(attributes.get(ACL, b""))) for attributes in (here, there))
            self._tell_count(found, "ACL     ", len(ours ^ theirs))
        if settings.xattr != "off":
            names = {name for name in (*here, *there) if name.startswith(b"user.")}
            self._tell_count(found, "xattr   ", sum(here.get(name) != there.get(name) for name in names))

    @staticmethod
    def _tell_count(found: Difference, what: str, count: int) -> None:
        if count:
            found.add(OTHER_ATTRIBUTES, f"{what} :  {count} difference{'' if count == 1 else 's'}")

    # Contents.

    def _content(self, found: Difference, status: os.stat_result, node: File) -> None:
        content = node.content
        if isinstance(content, DiskContent) and content.path == os.fsencode(found.disk):
            return
        known = self._by_device_inode(status, node)
        label = "content" if _differs_in_time(found) else "CONTENT"
        if known is not None:
            if not known:
                found.add(
                    OTHER_CONTENT, f"{label}  :  may differ: the disk file is another one, or was changed"
                )
            return
        recorded = content.md5 if isinstance(content, ImageContent) and self.program.settings.md5 else None
        disk = DiskContent(os.fsencode(found.disk), status.st_size)
        try:
            if recorded is not None and status.st_size == content.size:
                self.bytes_read += status.st_size
                if md5_of(self.program, disk) != recorded:
                    found.add(OTHER_CONTENT, f"{label}  :  differs by MD5 sums.")
                return
            count, first = self._differing_bytes(disk, node)
        except OSError as error:
            found.add(OTHER_CONTENT, f"content  :  cannot be read : {error.strerror or error}")
            return
        if count:
            found.add(OTHER_CONTENT, f"{label}  :  differs by at least {count} bytes. First at {first}")

    def _by_device_inode(self, status: os.stat_result, node: File) -> bool | None:
        """Whether the recorded identity says that the disk file is unchanged; None if it can't tell."""
        from burnlab.iso9660.scan import pack_device_inode

        recorded = (node.attributes or {}).get(DEVICE_INODE)
        if self.device_inode == "off" or recorded is None:
            return None
        actual = pack_device_inode(status.st_dev, status.st_ino)
        if self.device_inode == "ino_only":
            recorded, actual = recorded[1 + recorded[0] :], actual[1 + actual[0] :]
        return (recorded, node.mtime, node.ctime) == (
            actual,
            int(status.st_mtime // 1),
            int(status.st_ctime // 1),
        )

    def _differing_bytes(self, disk: DiskContent, node: File) -> tuple[int, int]:
        """How many bytes differ at least, and the first such position, as xorriso counts them.

        It reads pieces of 32 KiB and stops at the first that is shorter in one of the files.
        """
        count, first, at = 0, -1, 0
        here, there = _Pieces(self.program, disk), _Pieces(self.program, node.content)
        while True:
            ours, theirs = here.take(PIECE), there.take(PIECE)
            if ours != theirs:
                common = min(len(ours), len(theirs))
                differing = [i for i in range(common) if ours[i] != theirs[i]]
                if first < 0:
                    # A position in a piece that is longer on disk counts from the end of the longer one.
                    first = at + (differing[0] + max(0, len(ours) - common) if differing else common)
                count += len(differing) + abs(len(ours) - len(theirs))
            at += len(ours)
            if min(len(ours), len(theirs)) < PIECE:
                break
        self.bytes_read += at
        return count, first


def _differs_in_time(found: Difference) -> bool:
    return any(line.startswith(("st_mtime", "st_ctime")) for line in found.lines)


class _Pieces:
    """A content in pieces of a wanted size."""

    def __init__(self, program: Program, content: Content) -> None:
        self._chunks = iter(chunks_of(program, content))
        self._data = memoryview(b"")

    def take(self, size: int) -> bytes:
        """The next bytes; fewer than wanted only at the end."""
        parts: list[memoryview] = []
        while size:
            if not self._data:
                self._data = memoryview(next(self._chunks, b""))
                if not self._data:
                    break
            part = self._data[:size]
            self._data = self._data[len(part) :]
            size -= len(part)
            parts.append(part)
        return b"".join(parts)
