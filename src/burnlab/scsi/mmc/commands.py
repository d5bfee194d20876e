"""CDBs that only optical drives have, in the order of their opcodes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from burnlab.scsi.record import Cdb, at, bit, bits


@dataclass(frozen=True, slots=True)
class FormatUnit(Cdb):
    """FORMAT UNIT.    Source: MMC-5, 6.5. The parameter list follows as data."""

    OPCODE: ClassVar[int] = 0x04
    NAME: ClassVar[str] = "FORMAT UNIT"
    LENGTH: ClassVar[int] = 6
    format_data: bool = bit(1, 4)
    complete_list: bool = bit(1, 3)
    format_code: int = bits(1, 0, 3)


@dataclass(frozen=True, slots=True)
class ReadFormatCapacities(Cdb):
    """READ FORMAT CAPACITIES.    Source: MMC-5, 6.24."""

    OPCODE: ClassVar[int] = 0x23
    NAME: ClassVar[str] = "READ FORMAT CAPACITIES"
    LENGTH: ClassVar[int] = 10
    allocation_length: int = at(7, 2)


@dataclass(frozen=True, slots=True)
class ReadTocPmaAtip(Cdb):
    """READ TOC/PMA/ATIP.    Source: MMC-5, 6.26; byte 9 bits 7-6 hold the format of SFF-8020 hosts."""

    OPCODE: ClassVar[int] = 0x43
    NAME: ClassVar[str] = "READ TOC/PMA/ATIP"
    LENGTH: ClassVar[int] = 10
    msf: bool = bit(1, 1)
    format: int = bits(2, 0, 4)
    track: int = at(6)
    allocation_length: int = at(7, 2)
    old_format: int = bits(9, 6, 2)


@dataclass(frozen=True, slots=True)
class GetConfiguration(Cdb):
    """GET CONFIGURATION.    Source: MMC-5, 6.6. `rt`: 0 all, 1 current, 2 only the one named."""

    OPCODE: ClassVar[int] = 0x46
    NAME: ClassVar[str] = "GET CONFIGURATION"
    LENGTH: ClassVar[int] = 10
    rt: int = bits(1, 0, 2)
    starting_feature: int = at(2, 2)
    allocation_length: int = at(7, 2)


@dataclass(frozen=True, slots=True)
class GetEventStatusNotification(Cdb):
    """GET EVENT STATUS NOTIFICATION.    Source: MMC-5, 6.7."""

    OPCODE: ClassVar[int] = 0x4A
    NAME: ClassVar[str] = "GET EVENT STATUS NOTIFICATION"
    LENGTH: ClassVar[int] = 10
    polled: bool = bit(1, 0)
    class_request: int = at(4)
    allocation_length: int = at(7, 2)


@dataclass(frozen=True, slots=True)
class ReadDiscInformation(Cdb):
    """READ DISC INFORMATION.    Source: MMC-5, 6.22."""

    OPCODE: ClassVar[int] = 0x51
    NAME: ClassVar[str] = "READ DISC INFORMATION"
    LENGTH: ClassVar[int] = 10
    data_type: int = bits(1, 0, 3)
    allocation_length: int = at(7, 2)


@dataclass(frozen=True, slots=True)
class ReadTrackInformation(Cdb):
    """READ TRACK INFORMATION.    Source: MMC-5, 6.27. `address_type`: 0 LBA, 1 track, 2 session."""

    OPCODE: ClassVar[int] = 0x52
    NAME: ClassVar[str] = "READ TRACK INFORMATION"
    LENGTH: ClassVar[int] = 10
    open: bool = bit(1, 2)
    address_type: int = bits(1, 0, 2)
    address: int = at(2, 4)
    allocation_length: int = at(7, 2)


@dataclass(frozen=True, slots=True)
class ReserveTrack(Cdb):
    """RESERVE TRACK.    Source: MMC-5, 6.31. `size` in blocks; with `by_lba` it is where to split."""

    OPCODE: ClassVar[int] = 0x53
    NAME: ClassVar[str] = "RESERVE TRACK"
    LENGTH: ClassVar[int] = 10
    by_lba: bool = bit(1, 0)
    size: int = at(5, 4)


@dataclass(frozen=True, slots=True)
class SendOpcInformation(Cdb):
    """SEND OPC INFORMATION.    Source: MMC-5, SEND OPC INFORMATION."""

    OPCODE: ClassVar[int] = 0x54
    NAME: ClassVar[str] = "SEND OPC INFORMATION"
    LENGTH: ClassVar[int] = 10
    do_opc: bool = bit(1, 0)
    parameter_list_length: int = at(7, 2)


@dataclass(frozen=True, slots=True)
class CloseTrackSession(Cdb):
    """CLOSE TRACK/SESSION.    Source: MMC-5, 6.3. `function`: 0 stop formatting, 1 track, 2 session, 5, 6."""

    OPCODE: ClassVar[int] = 0x5B
    NAME: ClassVar[str] = "CLOSE TRACK/SESSION"
    LENGTH: ClassVar[int] = 10
    immed: bool = bit(1, 0)
    function: int = bits(2, 0, 3)
    track: int = at(4, 2)


@dataclass(frozen=True, slots=True)
class ReadBufferCapacity(Cdb):
    """READ BUFFER CAPACITY.    Source: MMC-5, 6.18."""

    OPCODE: ClassVar[int] = 0x5C
    NAME: ClassVar[str] = "READ BUFFER CAPACITY"
    LENGTH: ClassVar[int] = 10
    in_blocks: bool = bit(1, 0)
    allocation_length: int = at(7, 2)


@dataclass(frozen=True, slots=True)
class Blank(Cdb):
    """BLANK.    Source: MMC-5, 6.2. `blanking_type`: 0 the whole disc, 1 minimal."""

    OPCODE: ClassVar[int] = 0xA1
    NAME: ClassVar[str] = "BLANK"
    LENGTH: ClassVar[int] = 12
    immed: bool = bit(1, 4)
    blanking_type: int = bits(1, 0, 3)
    address: int = at(2, 4)


@dataclass(frozen=True, slots=True)
class GetPerformance(Cdb):
    """GET PERFORMANCE.    Source: MMC-5, 6.8. `type` 0 performance, 3 write speeds."""

    OPCODE: ClassVar[int] = 0xAC
    NAME: ClassVar[str] = "GET PERFORMANCE"
    LENGTH: ClassVar[int] = 12
    tolerance: int = bits(1, 3, 2)
    write: bool = bit(1, 2)
    except_: int = bits(1, 0, 2)
    start_lba: int = at(2, 4)
    maximum_descriptors: int = at(8, 2)
    type: int = at(10)


@dataclass(frozen=True, slots=True)
class ReadDiscStructure(Cdb):
    """READ DISC STRUCTURE.    Source: MMC-5, 6.23. `media_type`: 0 DVD, 1 BD."""

    OPCODE: ClassVar[int] = 0xAD
    NAME: ClassVar[str] = "READ DISC STRUCTURE"
    LENGTH: ClassVar[int] = 12
    media_type: int = bits(1, 0, 4)
    address: int = at(2, 4)
    layer: int = at(6)
    format: int = at(7)
    allocation_length: int = at(8, 2)


@dataclass(frozen=True, slots=True)
class SetStreaming(Cdb):
    """SET STREAMING.    Source: MMC-5, 6.39."""

    OPCODE: ClassVar[int] = 0xB6
    NAME: ClassVar[str] = "SET STREAMING"
    LENGTH: ClassVar[int] = 12
    type: int = at(8)
    parameter_list_length: int = at(9, 2)


@dataclass(frozen=True, slots=True)
class SetCdSpeed(Cdb):
    """SET CD SPEED, in kB/s; FFFFh is the maximum.    Source: MMC-5, 6.37."""

    OPCODE: ClassVar[int] = 0xBB
    NAME: ClassVar[str] = "SET CD SPEED"
    LENGTH: ClassVar[int] = 12
    read_kbps: int = at(2, 2)
    write_kbps: int = at(4, 2)


@dataclass(frozen=True, slots=True)
class MechanismStatus(Cdb):
    """MECHANISM STATUS.    Source: MMC-5, MECHANISM STATUS."""

    OPCODE: ClassVar[int] = 0xBD
    NAME: ClassVar[str] = "MECHANISM STATUS"
    LENGTH: ClassVar[int] = 12
    allocation_length: int = at(8, 2)


@dataclass(frozen=True, slots=True)
class ReadCd(Cdb):
    """READ CD.    Source: MMC-5, 6.20. The field selection bits say which parts of a sector to return."""

    OPCODE: ClassVar[int] = 0xBE
    NAME: ClassVar[str] = "READ CD"
    LENGTH: ClassVar[int] = 12
    sector_type: int = bits(1, 2, 3)
    lba: int = at(2, 4, signed=True)
    length: int = at(6, 3)
    sync: bool = bit(9, 7)
    header_codes: int = bits(9, 5, 2)
    user_data: bool = bit(9, 4)
    edc_ecc: bool = bit(9, 3)
    c2_errors: int = bits(9, 1, 2)
    sub_channel: int = bits(10, 0, 3)
