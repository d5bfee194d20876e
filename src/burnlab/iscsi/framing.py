"""Bytes into PDUs and back: lengths, padding, additional headers, digests.

The reader keeps no more than one PDU that is not complete, and its length is checked before its data come.

Source: RFC 7143, 11.2 and 13.1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from struct import Struct

import google_crc32c

from burnlab.iscsi.pdu import HEADER_BYTES
from burnlab.scsi.task import Data

DIGEST_BYTES = 4
_PADDING = (b"", b"\0\0\0", b"\0\0", b"\0")
_EXTENDED_CDB = 0x01
_LENGTHS = Struct(">4xI")


class FramingError(Exception):
    """The byte stream can't be followed any further: only closing the connection helps."""


@dataclass(frozen=True, slots=True)
class Digests:
    """Which digests follow the headers and the data segments.    Source: RFC 7143, 13.1."""

    header: bool = False
    data: bool = False


NO_DIGESTS = Digests()


def digests_of(*, header: bool, data: bool) -> Digests:
    """`NO_DIGESTS` itself if there are none: the hot path looks for that object."""
    return Digests(header, data) if header or data else NO_DIGESTS


@dataclass(slots=True)
class Frame:
    """One PDU as it came: 48 bytes of header, additional header segments, data without padding.

    `data` may look into the receive buffer; the bytes it shows never change. `intact` is false if the data
    digest was wrong.
    """

    header: bytes
    ahs: bytes = b""
    data: Data = b""
    intact: bool = True

    def long_cdb(self, cdb: bytes) -> bytes:
        """`cdb` with the rest from an extended CDB header, if there is one.    Source: RFC 7143, 11.2.2.3."""
        ahs, position = self.ahs, 0
        while position + 4 <= len(ahs):
            length = int.from_bytes(ahs[position : position + 2], "big")
            if ahs[position + 2] == _EXTENDED_CDB and length > 1:
                return cdb + ahs[position + 4 : position + 3 + length]
            position += (3 + length + 3) & ~3
        return cdb


def crc32c(*parts: Data) -> bytes:
    """CRC32C over all parts, its bytes as they travel.    Source: RFC 7143, 13.1 and A.4."""
    value = 0
    for part in parts:
        # The library takes nothing but bytes; bytes() of bytes is no copy.
        value = google_crc32c.extend(value, bytes(part))
    return int(value).to_bytes(4, "little")


def frame_parts(
    header: bytes, data: Data = b"", digests: Digests = NO_DIGESTS, ahs: bytes = b""
) -> Sequence[Data]:
    """A PDU as buffers to send one after another; `header` already states the lengths of `ahs` and `data`."""
    parts: list[Data] = [header]
    if ahs:
        parts.append(ahs)
    if digests.header:
        parts.append(crc32c(header, ahs))
    if data:
        parts.append(data)
        padding = _PADDING[len(data) & 3]
        if padding:
            parts.append(padding)
        if digests.data:
            parts.append(crc32c(data, padding))
    return parts


@dataclass(slots=True)
class FrameReader:
    """Cuts a byte stream into PDUs: `feed` bytes, then call `next_frame` until it returns None.

    A data segment longer than `max_data_bytes` is an error before its bytes are waited for.
    """

    max_data_bytes: int
    digests: Digests = NO_DIGESTS
    _chunk: bytes = b""
    _position: int = 0
    _later: list[bytes] = field(default_factory=list)
    _held: int = 0  # bytes not yet cut, in the chunk and later ones
    _need: int = HEADER_BYTES  # bytes without which the next step is pointless

    @property
    def is_mid_pdu(self) -> bool:
        """A PDU has begun, and its end isn't here yet."""
        return self._held > 0

    def feed(self, data: bytes) -> None:
        """Take bytes as they came, in any portions."""
        if self._held:
            self._later.append(data)
            self._held += len(data)
        else:
            self._chunk, self._position, self._held = data, 0, len(data)

    def next_frame(self) -> Frame | None:
        """The next complete PDU, or None until more bytes have come.

        Raises:
            FramingError: a data segment is too long, or a header digest is wrong.
        """
        if self._held < self._need:
            return None
        if len(self._chunk) - self._position < self._need:
            self._join()
        start = self._position
        chunk = self._chunk
        lengths: int = _LENGTHS.unpack_from(chunk, start)[0]
        if not lengths and self.digests is NO_DIGESTS:
            # Nothing but a header, as every command that reads is.
            self._position = end = start + HEADER_BYTES
            self._held -= HEADER_BYTES
            return Frame(chunk[start:end])
        data_bytes = lengths & 0xFFFFFF
        if data_bytes > self.max_data_bytes:
            raise FramingError(f"a data segment has {data_bytes} bytes, limit {self.max_data_bytes}")
        head_bytes = HEADER_BYTES + (lengths >> 24) * 4
        data_start = head_bytes + (DIGEST_BYTES if self.digests.header else 0)
        tail_bytes = ((data_bytes + 3) & ~3) + (DIGEST_BYTES if self.digests.data and data_bytes else 0)
        self._need = data_start + tail_bytes
        if self._held < self._need:
            if self.digests.header and self._held >= data_start:
                self._check_header(head_bytes)
            return None
        if len(chunk) - start < self._need:
            self._join()
        return self._cut(head_bytes, data_start, data_bytes)

    def _join(self) -> None:
        """Bring all bytes that are held into one chunk."""
        self._chunk = b"".join((memoryview(self._chunk)[self._position :], *self._later))
        self._later.clear()
        self._position = 0

    def _check_header(self, head_bytes: int) -> None:
        """Hold a header against its digest before its lengths are believed."""
        start = self._position
        if len(self._chunk) - start < head_bytes + DIGEST_BYTES:
            self._join()
            start = 0
        end = start + head_bytes
        if crc32c(self._chunk[start:end]) != self._chunk[end : end + DIGEST_BYTES]:
            raise FramingError("a header digest is wrong")

    def _cut(self, head_bytes: int, data_start: int, data_bytes: int) -> Frame:
        """Take the PDU that starts at the position and is complete."""
        if self.digests.header:
            self._check_header(head_bytes)
        start = self._position
        end = start + self._need
        frame = Frame(self._chunk[start : start + HEADER_BYTES])
        if head_bytes > HEADER_BYTES:
            frame.ahs = self._chunk[start + HEADER_BYTES : start + head_bytes]
        if data_bytes:
            first = start + data_start
            frame.data = memoryview(self._chunk)[first : first + data_bytes]
            if self.digests.data:
                digest = end - DIGEST_BYTES
                frame.intact = crc32c(self._chunk[first:digest]) == self._chunk[digest:end]
        self._position = end
        self._held -= self._need
        self._need = HEADER_BYTES
        return frame
