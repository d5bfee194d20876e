"""INQUIRY data: what a device says it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from burnlab.scsi.record import Record, at, bit, bits, text

CD_DVD_DEVICE = 0x05
"""Peripheral device type of every optical drive.    Source: SPC-4, 6.4.2."""


@dataclass(frozen=True, slots=True)
class StandardInquiry(Record):
    """Standard INQUIRY data, 36 bytes.    Source: SPC-4, 6.4.2."""

    LENGTH: ClassVar[int] = 36
    qualifier: int = bits(0, 5, 3)
    device_type: int = bits(0, 0, 5, default=CD_DVD_DEVICE)
    removable: bool = bit(1, 7, default=True)
    version: int = at(2, default=5)
    response_data_format: int = bits(3, 0, 4, default=2)
    additional_length: int = at(4, default=31)
    vendor: bytes = text(8, 8)
    product: bytes = text(16, 16)
    revision: bytes = text(32, 4)


def vital_product_data(page_code: int, payload: bytes) -> bytes:
    """A vital product data page around `payload`.    Source: SPC-4, 7.8.1."""
    return bytes((CD_DVD_DEVICE, page_code)) + len(payload).to_bytes(2, "big") + payload


def device_identification(vendor: bytes, product: bytes, serial: bytes) -> bytes:
    """One T10 vendor identification designator, ASCII.    Source: SPC-4, 7.8.6.5."""
    designator = vendor.ljust(8, b" ")[:8] + product.ljust(16, b" ")[:16] + serial
    return bytes((0x02, 0x01, 0x00, len(designator))) + designator
