"""Bytes to frames: any portions, padding, additional headers, digests, limits."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from burnlab.iscsi.framing import Digests, FrameReader, FramingError, crc32c
from burnlab.iscsi.pdu import NopOut, ScsiCommand
from support.iscsi_initiator import frames, pdu

# RFC 7143, appendix A.4: the bytes, and the CRC32C as it travels.
CRC_VECTORS = [
    (bytes(32), "aa36918a"),
    (b"\xff" * 32, "43aba862"),
    (bytes(range(32)), "4e79dd46"),
    (bytes(range(31, -1, -1)), "5cdb3f11"),
    (
        bytes.fromhex(
            "01c00000 00000000 00000000 00000000 14000000 00000400"
            "00000014 00000018 28000000 00000000 02000000 00000000"
        ),
        "563a96d9",
    ),
]


@pytest.mark.parametrize(("data", "digest"), CRC_VECTORS)
def test_crc32c_of_the_standards_examples(data: bytes, digest: str) -> None:
    assert crc32c(data).hex() in (digest, bytes.fromhex(digest)[::-1].hex())
    assert crc32c(data[:7], memoryview(data)[7:]) == crc32c(data)


def test_crc32c_byte_order() -> None:
    assert crc32c(bytes(32)).hex() == "aa36918a"


digests = st.builds(Digests, st.booleans(), st.booleans())


@given(st.lists(st.tuples(st.binary(max_size=50), st.integers(0, 3)), max_size=6), digests, st.data())
def test_frames_survive_any_portions(
    contents: list[tuple[bytes, int]], chosen: Digests, data: st.DataObject
) -> None:
    stream = b"".join(
        pdu(NopOut(itt=index), segment, chosen, bytes(4 * words))
        for index, (segment, words) in enumerate(contents)
    )
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    portions = [stream[start:end] for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    found = frames(portions, chosen)
    assert [(bytes(frame.data), len(frame.ahs) // 4) for frame in found] == contents
    assert [NopOut.unpack(frame.header).itt for frame in found] == list(range(len(contents)))
    assert all(frame.intact for frame in found)


def test_byte_by_byte() -> None:
    stream = pdu(NopOut(itt=1), b"hello", Digests(True, True)) * 2
    assert len(frames([stream[i : i + 1] for i in range(len(stream))], Digests(True, True))) == 2


def test_too_long_segment_is_refused_before_its_data_come() -> None:
    with pytest.raises(FramingError, match="1000 bytes, limit 512"):
        frames([NopOut().pack(1000)], limit=512)


@pytest.mark.parametrize("position", [0, 5, 20, 47, 50])
def test_wrong_header_digest(position: int) -> None:
    raw = bytearray(pdu(NopOut(itt=1), digests=Digests(header=True)))
    raw[position] ^= 0x10
    with pytest.raises(FramingError):
        frames([bytes(raw)], Digests(header=True), limit=1 << 24)


def test_header_digest_is_checked_before_a_wrong_length_is_waited_for() -> None:
    raw = bytearray(pdu(NopOut(itt=1), digests=Digests(header=True)))
    raw[6] = 0x10
    reader = FrameReader(0xFFFFFF, Digests(header=True))
    reader.feed(bytes(raw[:30]))
    assert reader.next_frame() is None
    reader.feed(bytes(raw[30:]))
    with pytest.raises(FramingError, match="header digest"):
        reader.next_frame()


def test_wrong_data_digest_is_told_and_the_stream_goes_on() -> None:
    chosen = Digests(data=True)
    raw = bytearray(pdu(NopOut(itt=1), b"abc", chosen))
    raw[49] ^= 1
    first, second = frames([bytes(raw), pdu(NopOut(itt=2), b"abc", chosen)], chosen)
    assert (first.intact, second.intact) == (False, True)


def test_extended_cdb() -> None:
    cdb = bytes(range(32))
    ahs = (1 + 16).to_bytes(2, "big") + b"\x01\0" + cdb[16:]
    (frame,) = frames([pdu(ScsiCommand(cdb=cdb[:16]), ahs=ahs)])
    assert frame.long_cdb(cdb[:16]) == cdb


@given(st.binary(max_size=60))
def test_additional_headers_of_any_content(ahs: bytes) -> None:
    ahs += bytes(-len(ahs) % 4)
    (frame,) = frames([pdu(ScsiCommand(), ahs=ahs)])
    assert frame.long_cdb(bytes(16))[:16] == bytes(16)
