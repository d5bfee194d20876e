"""A disc's state out of a `state.sqlite` that SQLite doesn't read any more: its head or its end is gone.

The table has one row, in a leaf page of its own: if that page is whole, so is the document.

Source: "Database File Format", sqlite.org/fileformat2.html, 1.5 (overflow), 1.6 (b-trees), 2.1 (records).
"""

from __future__ import annotations

from collections.abc import Iterator

PAGE_BYTES = 4096
"""What SQLite takes for a new file."""
LEAF = 0x0D
LEAF_HEADER_BYTES = 8
TEXT = 13
"""A text of n bytes has the serial type 13 + 2n."""


def documents(database: bytes) -> Iterator[str]:
    """Texts that may be a state: the last column of the first row of each leaf page."""
    for start in range(0, len(database) - LEAF_HEADER_BYTES, PAGE_BYTES):
        page = database[start : start + PAGE_BYTES]
        # The first page begins with 100 bytes of the file's own header.
        if page[0] == LEAF and start:
            try:
                yield _last_text(_payload(database, page))
            except (ValueError, IndexError):
                continue


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """A number of 1 to 9 bytes, and where the next thing begins."""
    value = 0
    for n in range(8):
        value = value << 7 | data[at + n] & 0x7F
        if not data[at + n] & 0x80:
            return value, at + n + 1
    return value << 8 | data[at + 8], at + 9


def _payload(database: bytes, page: bytes) -> bytes:
    """The record of a page's first cell, with what didn't fit into the page. ValueError if it isn't whole."""
    cell = int.from_bytes(page[8:10], "big")
    size, at = _varint(page, cell)
    _rowid, at = _varint(page, at)
    most, least = PAGE_BYTES - 35, (PAGE_BYTES - 12) * 32 // 255 - 23
    local = size
    if size > most:
        local = least + (size - least) % (PAGE_BYTES - 4)
        local = local if local <= most else least
    pieces = [page[at : at + local]]
    following = int.from_bytes(page[at + local : at + local + 4], "big") if local < size else 0
    left = size - local
    while left > 0:
        start = (following - 1) * PAGE_BYTES
        overflow = database[start : start + PAGE_BYTES] if following else b""
        if len(overflow) < 4:
            raise ValueError("the chain of pages breaks")
        following = int.from_bytes(overflow[:4], "big")
        pieces.append(overflow[4 : 4 + left])
        left -= PAGE_BYTES - 4
    record = b"".join(pieces)
    if len(record) != size:
        raise ValueError("the record isn't whole")
    return record


def _last_text(record: bytes) -> str:
    """The last column of a record. ValueError if that is no text."""
    header_bytes, at = _varint(record, 0)
    kind = 0
    while at < header_bytes:
        kind, at = _varint(record, at)
    if kind < TEXT or not kind % 2:
        raise ValueError("no text")
    return record[len(record) - (kind - TEXT) // 2 :].decode()
