"""Directory records of the shape that xorriso writes: PX, TF, NM, perhaps the index of an MD5, nothing else.

Source: ECMA-119, 9.1; RRIP 1.12, 4. A record of another shape goes through `record_reader` by itself. What
would need a look at each name, bad characters and equal names, is looked at once for a run of blocks; if
there is anything, the run is read again without any haste.
"""

from __future__ import annotations

from collections.abc import Callable
from struct import Struct
from typing import Any, Final, TypeAlias

from burnlab.iso9660.aaip import CHECKSUM_INDEX, INDEX_PREFIX, pack_index
from burnlab.iso9660.ecma119 import BLOCK, U32BE, DirectoryRecord, ImageError, days_from_civil
from burnlab.iso9660.record_reader import Namespace, RecordReader, Subdirectory
from burnlab.iso9660.tree import Directory, Extent, File, ImageContent, Node

Unpack: TypeAlias = Callable[[bytes, int], tuple[Any, ...]]

PX_BYTES: Final = 36
PX_NUMBERED_BYTES: Final = 44
FIXED_BYTES: Final = 34 + 26 + 5
"""What a record has beside identifier, PX and name: its own fields with a byte of padding, TF, head of NM."""
REMEMBERED: Final = 1 << 16
"""Fields that are kept in mind at most."""
TF_HEAD: Final = b"TF\x1a\x01\x0e"
INDEX_HEAD: Final = b"AL\x10\x01\0" + INDEX_PREFIX
INDEX_BYTES: Final = 16
PLACE_BE: Final = Struct(">6xI4xI")
"""The big-endian halves of extent and size."""
PLAIN: Final = b"\0\0\0"
FOLDER: Final = b"\2\0\0"
MARGIN: Final = bytes(512)


class Times(dict[bytes, tuple[int, int, int] | None]):
    """Seconds since 1970 of modification, access and change by the bytes of a TF field; None for others.

    What many nodes have alike is worked out once.
    """

    def __init__(self) -> None:
        """Nothing worked out yet."""
        super().__init__()
        self._dates: dict[bytes, int] = {}
        self._days: dict[bytes, int] = {}

    def __missing__(self, field: bytes) -> tuple[int, int, int] | None:
        """Work three dates out."""
        if not field.startswith(TF_HEAD):
            return None
        found = self._date(field[5:12]), self._date(field[12:19]), self._date(field[19:])
        if len(self) < REMEMBERED:
            self[field] = found
        return found

    def _date(self, date: bytes) -> int:
        seconds = self._dates.get(date)
        if seconds is not None:
            return seconds
        day = date[:3]
        start = self._days.get(day)
        if start is None:
            start = self._days[day] = days_from_civil(1900 + date[0], date[1], date[2]) * 86400
        zone = date[6] - 256 if date[6] > 127 else date[6]
        seconds = start + date[3] * 3600 + date[4] * 60 + date[5] - zone * 900
        if len(self._dates) < REMEMBERED:
            self._dates[date] = seconds
        return seconds


class Owners(dict[bytes, tuple[int, int, int] | None]):
    """Mode, user and group by the bytes of a PX field up to the inode; None for others."""

    def __init__(self, px_bytes: int) -> None:
        """For fields of one length."""
        super().__init__()
        self._head = b"PX" + bytes((px_bytes, 1))

    def __missing__(self, field: bytes) -> tuple[int, int, int] | None:
        """Take a field apart."""
        mode, user, group = map(both_endian, (field[4:12], field[20:28], field[28:36]))
        if not field.startswith(self._head) or mode is None or user is None or group is None:
            return None
        if len(self) < REMEMBERED:
            self[field] = mode, user, group
        return mode, user, group


def both_endian(field: bytes) -> int | None:
    """The number that 8 bytes tell twice; None if they tell two."""
    number = int.from_bytes(field[:4], "little")
    return number if number == int.from_bytes(field[4:], "big") else None


def shapes(px_bytes: int) -> list[Unpack | None]:
    """How to take a record apart, by the length of its identifier; None where that can't be.

    Length, attribute blocks, extent, size, flags with unit and gap; PX up to the inode; inode; TF; NM:
    letters, length, version with flags. The inode is empty if PX has none.
    """
    inode = "8s" if px_bytes == PX_NUMBERED_BYTES else "0s"
    found: list[Unpack | None] = [None] * 256
    for length in range(1, 256 - FIXED_BYTES - px_bytes):
        padded = length + (length + 1) % 2
        found[length] = Struct(f"<BBI4xI11x3s5x{padded}x36s{inode}26s2sBH").unpack_from
    return found


class FastReader:
    """Reads runs of blocks into the sink of a `RecordReader`. `numbered`: PX fields have inode numbers."""

    def __init__(self, reader: RecordReader, *, numbered: bool) -> None:
        """For all directories of one tree."""
        self.reader = reader
        self.times = Times()
        self.is_fast = reader.namespace == Namespace.ROCK_RIDGE and not reader.skip
        self.px_bytes = PX_NUMBERED_BYTES if numbered else PX_BYTES
        self.owners = Owners(self.px_bytes)
        self.shapes = shapes(self.px_bytes) if self.is_fast else []

    def read(self, where: Subdirectory, data: bytes, found: list[Subdirectory]) -> None:
        """All records of some blocks of a directory: nodes to its children, subdirectories to `found`."""
        reader = self.reader
        if not self.is_fast or not self._try(where, data, found):
            reader.sink = {}
            for start in range(0, len(data), BLOCK):
                reader.read_block(where, data, start, found)
        if where.node.children:
            where.node.children.update(reader.sink)
        else:
            where.node.children, reader.sink = reader.sink, {}

    def _try(self, where: Subdirectory, data: bytes, found: list[Subdirectory]) -> bool:
        """Whether all records could be read and no names are bad or equal; if not, nothing has happened."""
        reader = self.reader
        reader.enter(where)
        before = (reader.pending, reader.nodes, reader.collisions, dict(reader.tails))
        extents = len(reader.pending.extents) if reader.pending else 0
        known, held = len(found), len(reader.held)
        reader.sink = {}
        try:
            self._records(where, data, found)
            if len(reader.sink) == reader.nodes - before[1] and names_are_good(reader.sink):
                return not where.node.children or reader.sink.keys().isdisjoint(where.node.children)
        except ImageError:
            pass
        reader.pending, reader.nodes, reader.collisions, reader.tails = before
        if reader.pending:
            del reader.pending.extents[extents:]
        del found[known:], reader.held[held:]
        return False

    def _records(self, where: Subdirectory, data: bytes, found: list[Subdirectory]) -> None:
        """Records into the sink; a name that comes twice isn't noticed."""
        reader, sink, by_length, owners, times = (
            self.reader, self.reader.sink, self.shapes, self.owners, self.times)  # fmt: skip
        contents, array, pending = reader.contents, reader.array, reader.pending
        takes_index = reader.wants_attributes
        new, pair = object.__new__, tuple.__new__
        fixed, medium_end = FIXED_BYTES + self.px_bytes, reader.medium_end
        last = reader.slots - 1 if reader.slots else 1 << 32
        offset, end, count, data = 0, len(data), 0, data + MARGIN
        has, index_of, place_of = data.startswith, U32BE.unpack_from, PLACE_BE.unpack_from
        while offset < end:
            shape = by_length[data[offset + 32]]
            if shape is not None and pending is None:
                (length, xattr, extent, size, kind, px, serial,
                 tf, nm, nm_length, version) = shape(data, offset)  # fmt: skip
                owner, dates, inode = owners[px], times[tf], both_endian(serial) if serial else 0
                name_at = offset + fixed + (data[offset + 32] & 254)
                name_end = name_at + nm_length - 5
                rest, index = offset + length - name_end, 0
                if rest >= INDEX_BYTES and has(INDEX_HEAD, name_end):
                    (index,) = index_of(data, name_end + 12)
                    rest -= INDEX_BYTES if index else BLOCK
                if (owner and dates and inode is not None and nm == b"NM" and version == 1 and not xattr
                        and 0 <= rest <= 1 and index < last and place_of(data, offset) == (extent, size)
                        and (offset & BLOCK - 1) + length <= BLOCK):  # fmt: skip
                    mode, uid, gid = owner
                    node: Any = None
                    if kind == PLAIN and mode >> 12 == 8 and extent + (size + BLOCK - 1 >> 11) <= medium_end:
                        key = pair(Extent, (extent, size))
                        content, attributes = contents.get(key), None
                        index = index if takes_index else 0
                        if content is None:
                            content = contents[key] = new(ImageContent)
                            content.extents, content.size, content.index = (key,), size, index
                            content.md5 = array[16 * index : 16 * index + 16] or None if index else None
                        elif content.index != index:
                            attributes = self._of_another_index(content, index)
                        node = new(File)
                        node.content, node.attributes = content, attributes
                    elif kind == FOLDER and mode >> 12 == 4 and not index:
                        node = self._folder(where, extent, size, found)
                    if node is not None:
                        node.name = name = data[name_at:name_end]
                        node.mode, node.uid, node.gid = mode, uid, gid
                        node.mtime, node.atime, node.ctime = dates
                        node.parent = where.node
                        node.source_id, node.inode = None, inode
                        sink[name] = node
                        count += 1
                        offset += length
                        continue
            offset = self._other(where, data, offset, end, found)
            pending = reader.pending
        reader.nodes += count

    def _of_another_index(self, content: ImageContent, index: int) -> dict[bytes, bytes]:
        """The attributes of a file whose index isn't that which its content has."""
        if not index:
            return {}
        content.md5 = content.md5 or self.reader.array[16 * index : 16 * index + 16] or None
        return {CHECKSUM_INDEX: pack_index(index)}

    def _folder(self, where: Subdirectory, extent: int, size: int, found: list[Subdirectory]) -> Directory:
        """A directory whose own attributes are still to be set."""
        node = Directory(name=b"", mode=0)
        found.append(Subdirectory(node, extent, size, where.depth + 1))
        return node

    def _other(
        self, where: Subdirectory, data: bytes, offset: int, end: int, found: list[Subdirectory]
    ) -> int:
        """A record of any shape, or none; returns where the next one is.

        Raises:
            ImageError: it doesn't fit.
        """
        length = data[offset]
        if not length:
            following = (offset | BLOCK - 1) + 1
            if data.count(0, offset, min(following, end)) < min(following, end) - offset:
                raise ImageError("Records end before the block does")
            return following
        if data[offset + 32] != 1 or data[offset + 33] > 1:
            within = data[: min((offset | BLOCK - 1) + 1, end)]
            self.reader.read_record(where, DirectoryRecord.unpack(within, offset), found)
        return offset + length


def names_are_good(nodes: dict[bytes, Node]) -> bool:
    """Whether all names can stand in a directory; those of other shapes have been looked at before."""
    if not nodes:
        return True
    joined = b"/".join(nodes)
    if joined.count(b"/") != len(nodes) - 1 or b"\0" in joined:
        return False
    return not any(name in nodes for name in (b"", b".", b".."))
