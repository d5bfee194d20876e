"""Sense data of other formats brought into the one that the rooms use."""

from __future__ import annotations

from burnlab.scsi.sense import SenseData, as_fixed


def test_fixed_format_stays_and_gets_its_length() -> None:
    sense = SenseData(3, 0x11, 0, information=77)
    assert as_fixed(sense.pack()) == sense.pack()
    assert as_fixed(sense.pack() + bytes(14)) == sense.pack()
    assert as_fixed(sense.pack()[:14]) == sense.pack()
    assert as_fixed(b"") == b""


def test_descriptor_format_is_read() -> None:
    information = bytes((0x00, 10, 0x80, 0)) + (1234).to_bytes(8, "big")
    progress = bytes((0x02, 6, 0, 0, 0x80, 0x40, 0x00, 0))
    stream = bytes((0x04, 2, 0, 0))
    body = stream + information + progress
    data = bytes((0x72, 0x02, 0x04, 0x08, 0, 0, 0, len(body))) + body
    assert SenseData.unpack(as_fixed(data)) == SenseData(2, 0x04, 0x08, 1234, 0x4000)


def test_a_deferred_error_and_descriptors_that_say_nothing() -> None:
    body = bytes((0x00, 10, 0, 0)) + bytes(8)
    data = bytes((0x73, 0x03, 0x0C, 0x00, 0, 0, 0, len(body))) + body
    assert SenseData.unpack(as_fixed(data)) == SenseData(3, 0x0C, 0, deferred=True)


def test_cut_descriptors_do_no_harm() -> None:
    for length in range(1, 20):
        as_fixed((bytes((0x72, 5, 0x24, 0, 0, 0, 0, 30, 0, 10, 0x80, 0)) + bytes(8))[:length])
