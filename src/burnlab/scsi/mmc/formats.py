"""READ FORMAT CAPACITIES: what size the medium has, and what sizes it can be given."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from burnlab.scsi.task import Data

BLOCK_BYTES = 2048


class CapacityType(IntEnum):
    """Descriptor type of the current capacity.    Source: MMC-5, 6.24.3.2."""

    UNFORMATTED = 1
    FORMATTED = 2
    NO_MEDIUM = 3


@dataclass(frozen=True, slots=True)
class FormattableCapacity:
    """One formattable capacity: `blocks` under a format type.    Source: MMC-5, 6.24.3.3.

    `parameter` is the type dependent parameter, 24 bits.
    """

    blocks: int
    format_type: int
    parameter: int = BLOCK_BYTES

    def pack(self) -> bytes:
        """The 8 bytes of the descriptor."""
        return (
            self.blocks.to_bytes(4, "big")
            + bytes((self.format_type << 2,))
            + self.parameter.to_bytes(3, "big")
        )


@dataclass(frozen=True, slots=True)
class FormatCapacities:
    """The whole answer.    Source: MMC-5, 6.24.3."""

    current_blocks: int
    current_type: CapacityType
    formattable: tuple[FormattableCapacity, ...] = ()

    def pack(self) -> bytes:
        """4 bytes of header, the current capacity, then a descriptor of 8 bytes a format."""
        current = (
            self.current_blocks.to_bytes(4, "big")
            + bytes((self.current_type,))
            + BLOCK_BYTES.to_bytes(3, "big")
        )
        body = current + b"".join(f.pack() for f in self.formattable)
        return bytes((0, 0, 0, len(body))) + body

    @classmethod
    def unpack(cls, data: Data) -> FormatCapacities:
        """Read the answer, never past the announced length."""
        end = min(len(data), 4 + data[3])
        return cls(
            int.from_bytes(data[4:8], "big"),
            CapacityType(data[8] & 0x03),
            tuple(_formattable(data[offset : offset + 8]) for offset in range(12, end - 7, 8)),
        )


def _formattable(data: Data) -> FormattableCapacity:
    return FormattableCapacity(
        int.from_bytes(data[0:4], "big"), data[4] >> 2, int.from_bytes(data[5:8], "big")
    )
