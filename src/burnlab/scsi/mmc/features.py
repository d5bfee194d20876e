"""GET CONFIGURATION: feature descriptors and the header before them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import IntEnum

from burnlab.scsi.task import Data


class Feature(IntEnum):
    """Feature codes.    Source: MMC-5, 5.3, table 90."""

    PROFILE_LIST = 0x0000
    CORE = 0x0001
    MORPHING = 0x0002
    REMOVABLE_MEDIUM = 0x0003
    RANDOM_READABLE = 0x0010
    MULTI_READ = 0x001D
    CD_READ = 0x001E
    DVD_READ = 0x001F
    RANDOM_WRITABLE = 0x0020
    INCREMENTAL_STREAMING_WRITABLE = 0x0021
    FORMATTABLE = 0x0023
    DEFECT_MANAGEMENT = 0x0024
    RESTRICTED_OVERWRITE = 0x0026
    DVD_PLUS_RW = 0x002A
    DVD_PLUS_R = 0x002B
    RIGID_RESTRICTED_OVERWRITE = 0x002C
    CD_TRACK_AT_ONCE = 0x002D
    CD_MASTERING = 0x002E
    DVD_R_RW_WRITE = 0x002F
    CD_RW_MEDIA_WRITE = 0x0037
    DVD_PLUS_R_DL = 0x003B
    BD_READ = 0x0040
    BD_WRITE = 0x0041
    POWER_MANAGEMENT = 0x0100
    TIMEOUT = 0x0105
    REAL_TIME_STREAMING = 0x0107
    SERIAL_NUMBER = 0x0108
    DISC_CONTROL_BLOCKS = 0x010A
    FIRMWARE_INFORMATION = 0x010C


@dataclass(frozen=True, slots=True)
class FeatureDescriptor:
    """One feature: header of 4 bytes, then `data` (a multiple of 4 bytes).    Source: MMC-5, 5.2.2."""

    code: int
    data: bytes = b""
    version: int = 0
    persistent: bool = False
    current: bool = False

    def pack(self) -> bytes:
        """The descriptor's bytes."""
        flags = self.version << 2 | self.persistent << 1 | self.current
        return self.code.to_bytes(2, "big") + bytes((flags, len(self.data))) + self.data

    @classmethod
    def iter_unpack(cls, data: Data) -> Iterator[FeatureDescriptor]:
        """Read descriptors until `data` ends; one that is cut short ends the list."""
        offset = 0
        while offset + 4 <= len(data):
            length = data[offset + 3]
            if offset + 4 + length > len(data):
                return
            flags = data[offset + 2]
            yield cls(
                code=int.from_bytes(data[offset : offset + 2], "big"),
                data=bytes(data[offset + 4 : offset + 4 + length]),
                version=flags >> 2 & 0x0F,
                persistent=bool(flags & 0x02),
                current=bool(flags & 0x01),
            )
            offset += 4 + length


@dataclass(frozen=True, slots=True)
class Configuration:
    """The whole answer: current profile and descriptors.    Source: MMC-5, 6.6.2."""

    current_profile: int
    features: tuple[FeatureDescriptor, ...] = ()

    def pack(self) -> bytes:
        """8 bytes of header, whose length counts all that follows it, then the descriptors."""
        body = b"".join(f.pack() for f in self.features)
        return (len(body) + 4).to_bytes(4, "big") + b"\0\0" + self.current_profile.to_bytes(2, "big") + body

    @classmethod
    def unpack(cls, data: Data) -> Configuration:
        """Read header and descriptors, never past the announced length."""
        end = min(len(data), int.from_bytes(data[0:4], "big") + 4)
        return cls(int.from_bytes(data[6:8], "big"), tuple(FeatureDescriptor.iter_unpack(bytes(data[8:end]))))


def profile_list(profiles: Iterable[int], current: int) -> bytes:
    """Data of the Profile List feature: 4 bytes a profile.    Source: MMC-5, 5.3.1."""
    return b"".join(p.to_bytes(2, "big") + bytes((int(p == current), 0)) for p in profiles)


def incremental_streaming(data_types: int, link_sizes: tuple[int, ...]) -> bytes:
    """Data of feature 0021h: `data_types` is a bit mask of data block types.    Source: MMC-5, 5.3.11."""
    data = data_types.to_bytes(2, "big") + bytes((0x01, len(link_sizes), *link_sizes))
    return data.ljust(-(-len(data) // 4) * 4, b"\0")


def dvd_r_rw_write(*, buffer_underrun_free: bool, test_write: bool, dvd_rw: bool, dual_layer: bool) -> bytes:
    """Data of feature 002Fh.    Source: MMC-5, 5.3.25."""
    return bytes((buffer_underrun_free << 6 | dual_layer << 3 | test_write << 2 | dvd_rw << 1, 0, 0, 0))
