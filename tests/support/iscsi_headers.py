"""iSCSI headers of any opcode, for tests that look at all that was sent."""

from __future__ import annotations

from burnlab.iscsi.pdu import Header, Request

HEADERS: dict[int, type[Header]] = {
    cls.OPCODE: cls for base in (Request, Header) for cls in base.__subclasses__() if cls is not Request
}
"""Opcode → class."""


def unpack_header(header: bytes | memoryview) -> Header:
    """Read a header of any known opcode.

    Raises:
        KeyError: no such opcode.
        struct.error: the header has another length.
    """
    return HEADERS[header[0] & 0x3F].unpack(header)
