"""The head of a medium that somebody else's session was written to."""

from __future__ import annotations

from burnlab.iso9660.head import grown_head

BLOCK = 2048


def descriptor(kind: int, size: int) -> bytes:
    data = bytearray(BLOCK)
    data[:6] = bytes([kind]) + b"CD001"
    data[80:88] = size.to_bytes(4, "little") + size.to_bytes(4, "big")
    return bytes(data)


def test_descriptors_are_taken_and_their_sizes_count_from_block_0() -> None:
    session = bytes(16 * BLOCK) + descriptor(1, 184) + descriptor(2, 184) + descriptor(255, 0)
    session += b"data" * (13 * BLOCK // 4)
    head = grown_head(b"boot" + bytes(40 * BLOCK), session, 192)
    assert len(head) == 32 * BLOCK
    assert head[:4] == b"boot"
    for at in (16, 17):
        found = head[at * BLOCK + 80 : at * BLOCK + 88]
        assert found == (376).to_bytes(4, "little") + (376).to_bytes(4, "big")
    assert head[18 * BLOCK :] == session[18 * BLOCK : 32 * BLOCK]
