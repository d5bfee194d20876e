"""READ DISC STRUCTURE, GET PERFORMANCE and SET STREAMING: physical format and speeds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from burnlab.scsi.record import Record, at, bit, bits

PHYSICAL_SECTOR_OFFSET = 0x30000
"""Physical sector number of LBA 0 on a DVD.    Source: ECMA-267, 16."""


def disc_structure(payload: bytes) -> bytes:
    """4 bytes of header, then the structure.    Source: MMC-5, 6.23.2."""
    return (len(payload) + 2).to_bytes(2, "big") + b"\0\0" + payload


@dataclass(frozen=True, slots=True)
class PhysicalFormat(Record):
    """Physical format information: the part that all DVDs share.    Source: MMC-5, 6.23."""

    LENGTH: ClassVar[int] = 2048
    book_type: int = bits(0, 4, 4)
    part_version: int = bits(0, 0, 4)
    disc_size: int = bits(1, 4, 4)
    maximum_rate: int = bits(1, 0, 4, default=0x0F)
    layers: int = bits(2, 5, 2)
    track_path: int = bits(2, 4, 1)
    layer_type: int = bits(2, 0, 4)
    linear_density: int = bits(3, 4, 4)
    track_density: int = bits(3, 0, 4)
    first_sector: int = at(5, 3)
    last_sector: int = at(9, 3)
    last_sector_layer_0: int = at(13, 3)


def pre_recorded_information(manufacturer: bytes) -> bytes:
    """Pre-recorded lead-in information of DVD-R and DVD-RW: 5 fields of 8 bytes, the id in two of them.

    `manufacturer` holds up to 12 characters.    Source: MMC-5, 6.23 (format 0Eh); ECMA-338, 27.
    """
    name = manufacturer.ljust(12, b"\0")
    fields = (
        bytes((1, 0x40)) + bytes(6),
        bytes((2,)) + bytes(7),
        bytes((3,)) + name[:6] + b"\0",
        bytes((4,)) + name[6:12] + b"\0",
        bytes((5,)) + bytes(7),
    )
    return b"".join(fields)


def adip_information(physical_format: bytes, product: bytes) -> bytes:
    """ADIP information of DVD+R and DVD+RW, 256 bytes: `product` is MANUFACTURER/TYPE.

    The first bytes are those of the physical format; the ids lie at 19 (8 bytes) and 27 (3 bytes).
    Source: ECMA-337, 14.4.2.
    """
    manufacturer, _, kind = product.partition(b"/")
    data = bytearray(physical_format[:256])
    data[19:27] = manufacturer.ljust(8, b"\0")[:8]
    data[27:30] = kind.ljust(3, b"\0")[:3]
    return bytes(data)


def disc_definition(product: bytes) -> bytes:
    """Disc information of a BD, 112 bytes: `product` is MANUFACTURER/TYPE.

    The ids lie at 100 (6 bytes) and 106 (3 bytes).    Source: MMC-5, 6.23 (format 00h of BD).
    """
    manufacturer, _, kind = product.partition(b"/")
    data = bytearray(112)
    data[0:3] = b"DI\x01"
    data[100:106] = manufacturer.ljust(6, b"\0")[:6]
    data[106:109] = kind.ljust(3, b"\0")[:3]
    return bytes(data)


@dataclass(frozen=True, slots=True)
class SpareAreaInformation(Record):
    """Spare area information of a BD, 12 bytes, in blocks.    Source: MMC-5, 6.23 (format 0Ah)."""

    LENGTH: ClassVar[int] = 12
    free_blocks: int = at(4, 4)
    total_blocks: int = at(8, 4)


@dataclass(frozen=True, slots=True)
class WriteSpeed(Record):
    """Write speed descriptor, 16 bytes, speeds in kB/s.    Source: MMC-5, 6.8."""

    LENGTH: ClassVar[int] = 16
    rotation: int = bits(0, 3, 2)
    exact: bool = bit(0, 1)
    mixed: bool = bit(0, 0)
    end_lba: int = at(4, 4)
    read_kbps: int = at(8, 4)
    write_kbps: int = at(12, 4)


@dataclass(frozen=True, slots=True)
class NominalPerformance(Record):
    """Nominal performance descriptor, 16 bytes, speeds in kB/s.    Source: MMC-5, 6.8."""

    LENGTH: ClassVar[int] = 16
    start_lba: int = at(0, 4)
    start_kbps: int = at(4, 4)
    end_lba: int = at(8, 4)
    end_kbps: int = at(12, 4)


def performance(descriptors: Sequence[Record], maximum: int, *, write: bool) -> bytes:
    """8 bytes of header that announce all descriptors, then at most `maximum` of them.

    Source: MMC-5, 6.8.3. Programs ask with 0 first to learn the length.
    """
    length = 4 + sum(d.LENGTH for d in descriptors)
    return (
        length.to_bytes(4, "big")
        + bytes((write << 1, 0, 0, 0))
        + b"".join(d.pack() for d in descriptors[:maximum])
    )


@dataclass(frozen=True, slots=True)
class StreamingParameters(Record):
    """Performance descriptor of SET STREAMING, 28 bytes; kB and ms.    Source: MMC-5, 6.39.2."""

    LENGTH: ClassVar[int] = 28
    rotation: int = bits(0, 3, 2)
    random_access: bool = bit(0, 2)
    exact: bool = bit(0, 1)
    restore_defaults: bool = bit(0, 0)
    start_lba: int = at(4, 4)
    end_lba: int = at(8, 4)
    read_size: int = at(12, 4)
    read_time: int = at(16, 4)
    write_size: int = at(20, 4)
    write_time: int = at(24, 4)

    @property
    def write_kbps(self) -> int:
        """The write speed asked for; 0 where none is."""
        return self.write_size * 1000 // self.write_time if self.write_time else 0

    @property
    def read_kbps(self) -> int:
        """The read speed asked for; 0 where none is."""
        return self.read_size * 1000 // self.read_time if self.read_time else 0


@dataclass(frozen=True, slots=True)
class BufferCapacity(Record):
    """READ BUFFER CAPACITY, 12 bytes; sizes in bytes.    Source: MMC-5, 6.18.2."""

    LENGTH: ClassVar[int] = 12
    PRESET: ClassVar[bytes] = b"\x00\x0a"
    buffer_bytes: int = at(4, 4)
    free_bytes: int = at(8, 4)


@dataclass(frozen=True, slots=True)
class MechanismStatusHeader(Record):
    """MECHANISM STATUS, 8 bytes, a drive with one slot and no changer.    Source: MMC-5."""

    LENGTH: ClassVar[int] = 8
    fault: bool = bit(0, 7)
    mechanism_state: int = bits(1, 5, 3)
    door_open: bool = bit(1, 4)
    current_lba: int = at(2, 3)
