"""The "newc" cpio archive that the kernel unpacks as its first file system."""

from __future__ import annotations

import stat
from dataclasses import dataclass, field

_TRAILER = "TRAILER!!!"


@dataclass(slots=True)
class Archive:
    """An archive that grows entry by entry; folders above an entry are made as needed.

    Source: Linux, Documentation/driver-api/early-userspace/buffer-format.rst.
    """

    _entries: dict[str, tuple[int, bytes, int]] = field(default_factory=dict)

    def __contains__(self, path: str) -> bool:
        return path.strip("/") in self._entries

    def folder(self, path: str, mode: int = 0o755) -> None:
        """Add a folder."""
        self._add(path, stat.S_IFDIR | mode)

    def file(self, path: str, content: bytes, mode: int = 0o644) -> None:
        """Add a plain file."""
        self._add(path, stat.S_IFREG | mode, content)

    def link(self, path: str, target: str) -> None:
        """Add a symbolic link."""
        self._add(path, stat.S_IFLNK | 0o777, target.encode())

    def console(self) -> None:
        """Add /dev/console, without which the kernel's messages about a failing init are lost."""
        self._add("dev/console", stat.S_IFCHR | 0o600, device=(5 << 8) | 1)

    def pack(self) -> bytes:
        """Return the archive's bytes, the same ones for the same entries."""
        entries = [*self._entries.items(), (_TRAILER, (0, b"", 0))]
        return b"".join(_pack(inode, name, *entry) for inode, (name, entry) in enumerate(entries, 1))

    def _add(self, path: str, mode: int, content: bytes = b"", device: int = 0) -> None:
        path = path.strip("/")
        above = path.rpartition("/")[0]
        if above and above not in self._entries:
            self.folder(above)
        self._entries[path] = (mode, content, device)


def _pack(inode: int, name: str, mode: int, content: bytes, device: int) -> bytes:
    encoded = name.encode() + b"\0"
    numbers = (
        inode, mode, 0, 0, 1, 0, len(content), 0, 0, device >> 8, device & 0xFF, len(encoded), 0,
    )  # fmt: skip
    head = b"070701" + b"".join(b"%08X" % number for number in numbers) + encoded
    return _padded(head) + _padded(content)


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)
