"""CDBs of SPC and SBC that an optical drive answers."""

from __future__ import annotations

from dataclasses import dataclass
from struct import Struct
from typing import ClassVar, Self

from burnlab.scsi.record import Cdb, at, bit, bits
from burnlab.scsi.sense import Asc, CheckCondition, SenseKey
from burnlab.scsi.task import Data


@dataclass(frozen=True, slots=True)
class TestUnitReady(Cdb):
    """TEST UNIT READY.    Source: SPC-4, 6.37."""

    OPCODE: ClassVar[int] = 0x00
    NAME: ClassVar[str] = "TEST UNIT READY"
    LENGTH: ClassVar[int] = 6


@dataclass(frozen=True, slots=True)
class RequestSense(Cdb):
    """REQUEST SENSE.    Source: SPC-4, 6.29."""

    OPCODE: ClassVar[int] = 0x03
    NAME: ClassVar[str] = "REQUEST SENSE"
    LENGTH: ClassVar[int] = 6
    desc: bool = bit(1, 0)
    allocation_length: int = at(4)


@dataclass(frozen=True, slots=True)
class Inquiry(Cdb):
    """INQUIRY.    Source: SPC-4, 6.4."""

    OPCODE: ClassVar[int] = 0x12
    NAME: ClassVar[str] = "INQUIRY"
    LENGTH: ClassVar[int] = 6
    evpd: bool = bit(1, 0)
    page_code: int = at(2)
    allocation_length: int = at(3, 2)


@dataclass(frozen=True, slots=True)
class ModeSelect6(Cdb):
    """MODE SELECT (6).    Source: SPC-4, 6.9."""

    OPCODE: ClassVar[int] = 0x15
    NAME: ClassVar[str] = "MODE SELECT (6)"
    LENGTH: ClassVar[int] = 6
    page_format: bool = bit(1, 4)
    save_pages: bool = bit(1, 0)
    parameter_list_length: int = at(4)


@dataclass(frozen=True, slots=True)
class ModeSense6(Cdb):
    """MODE SENSE (6).    Source: SPC-4, 6.11."""

    OPCODE: ClassVar[int] = 0x1A
    NAME: ClassVar[str] = "MODE SENSE (6)"
    LENGTH: ClassVar[int] = 6
    dbd: bool = bit(1, 3)
    page_control: int = bits(2, 6, 2)
    page_code: int = bits(2, 0, 6)
    subpage_code: int = at(3)
    allocation_length: int = at(4)


@dataclass(frozen=True, slots=True)
class StartStopUnit(Cdb):
    """START STOP UNIT.    Source: MMC-5, 6.40."""

    OPCODE: ClassVar[int] = 0x1B
    NAME: ClassVar[str] = "START STOP UNIT"
    LENGTH: ClassVar[int] = 6
    immed: bool = bit(1, 0)
    power_condition: int = bits(4, 4, 4)
    load_eject: bool = bit(4, 1)
    start: bool = bit(4, 0)


@dataclass(frozen=True, slots=True)
class PreventAllowMediumRemoval(Cdb):
    """PREVENT ALLOW MEDIUM REMOVAL.    Source: MMC-5, PREVENT ALLOW MEDIUM REMOVAL."""

    OPCODE: ClassVar[int] = 0x1E
    NAME: ClassVar[str] = "PREVENT ALLOW MEDIUM REMOVAL"
    LENGTH: ClassVar[int] = 6
    persistent: bool = bit(4, 1)
    prevent: bool = bit(4, 0)


@dataclass(frozen=True, slots=True)
class ReadCapacity10(Cdb):
    """READ CAPACITY (10).    Source: MMC-5, 6.19."""

    OPCODE: ClassVar[int] = 0x25
    NAME: ClassVar[str] = "READ CAPACITY (10)"
    LENGTH: ClassVar[int] = 10


@dataclass(frozen=True, slots=True)
class Transfer10(Cdb):
    """What READ (10), WRITE (10) and their kin have in common: blocks of 2048 bytes from `lba` on."""

    LENGTH: ClassVar[int] = 10
    FORMAT: ClassVar[Struct] = Struct(">BBiBHB")
    lba: int = at(2, 4, signed=True)
    length: int = at(7, 2)
    fua: bool = bit(1, 3)

    @classmethod
    def parse(cls, cdb: Data) -> Self:
        """Read the CDB; by Struct, since these carry all the data."""
        if len(cdb) < 10:
            raise CheckCondition.of(SenseKey.ILLEGAL_REQUEST, Asc.INVALID_FIELD_IN_CDB)
        _, flags, lba, _, length, _ = cls.FORMAT.unpack_from(cdb)
        return cls(lba, length, bool(flags & 0x08))


@dataclass(frozen=True, slots=True)
class Read10(Transfer10):
    """READ (10).    Source: MMC-5, 6.15."""

    OPCODE: ClassVar[int] = 0x28
    NAME: ClassVar[str] = "READ (10)"


@dataclass(frozen=True, slots=True)
class Write10(Transfer10):
    """WRITE (10).    Source: MMC-5, 6.44. LBAs before 0 are the lead-in and pre-gap of a CD."""

    OPCODE: ClassVar[int] = 0x2A
    NAME: ClassVar[str] = "WRITE (10)"


@dataclass(frozen=True, slots=True)
class WriteAndVerify10(Transfer10):
    """WRITE AND VERIFY (10).    Source: MMC-5, 6.46."""

    OPCODE: ClassVar[int] = 0x2E
    NAME: ClassVar[str] = "WRITE AND VERIFY (10)"


@dataclass(frozen=True, slots=True)
class Verify10(Transfer10):
    """VERIFY (10).    Source: MMC-5, 6.43."""

    OPCODE: ClassVar[int] = 0x2F
    NAME: ClassVar[str] = "VERIFY (10)"
    bytchk: bool = bit(1, 1)

    @classmethod
    def parse(cls, cdb: Data) -> Self:
        """Read the CDB with its BYTCHK bit."""
        plain = super(Verify10, cls).parse(cdb)
        return cls(plain.lba, plain.length, plain.fua, bool(cdb[1] & 0x02))


@dataclass(frozen=True, slots=True)
class Seek10(Cdb):
    """SEEK (10).    Source: MMC-5, SEEK (10)."""

    OPCODE: ClassVar[int] = 0x2B
    NAME: ClassVar[str] = "SEEK (10)"
    LENGTH: ClassVar[int] = 10
    lba: int = at(2, 4)


@dataclass(frozen=True, slots=True)
class SynchronizeCache10(Cdb):
    """SYNCHRONIZE CACHE (10).    Source: MMC-5, 6.41."""

    OPCODE: ClassVar[int] = 0x35
    NAME: ClassVar[str] = "SYNCHRONIZE CACHE (10)"
    LENGTH: ClassVar[int] = 10
    immed: bool = bit(1, 1)


@dataclass(frozen=True, slots=True)
class ModeSelect10(Cdb):
    """MODE SELECT (10).    Source: SPC-4, 6.10."""

    OPCODE: ClassVar[int] = 0x55
    NAME: ClassVar[str] = "MODE SELECT (10)"
    LENGTH: ClassVar[int] = 10
    page_format: bool = bit(1, 4)
    save_pages: bool = bit(1, 0)
    parameter_list_length: int = at(7, 2)


@dataclass(frozen=True, slots=True)
class ModeSense10(Cdb):
    """MODE SENSE (10).    Source: SPC-4, 6.12."""

    OPCODE: ClassVar[int] = 0x5A
    NAME: ClassVar[str] = "MODE SENSE (10)"
    LENGTH: ClassVar[int] = 10
    dbd: bool = bit(1, 3)
    page_control: int = bits(2, 6, 2)
    page_code: int = bits(2, 0, 6)
    subpage_code: int = at(3)
    allocation_length: int = at(7, 2)


@dataclass(frozen=True, slots=True)
class ReportLuns(Cdb):
    """REPORT LUNS.    Source: SPC-4, 6.24."""

    OPCODE: ClassVar[int] = 0xA0
    NAME: ClassVar[str] = "REPORT LUNS"
    LENGTH: ClassVar[int] = 12
    select_report: int = at(2)
    allocation_length: int = at(6, 4)


@dataclass(frozen=True, slots=True)
class Transfer12(Cdb):
    """READ (12) and WRITE (12): as the ten-byte forms, with a longer length and the streaming bit."""

    LENGTH: ClassVar[int] = 12
    FORMAT: ClassVar[Struct] = Struct(">BBiIBB")
    lba: int = at(2, 4, signed=True)
    length: int = at(6, 4)
    fua: bool = bit(1, 3)
    streaming: bool = bit(10, 7)

    @classmethod
    def parse(cls, cdb: Data) -> Self:
        """Read the CDB; by Struct, since these carry all the data."""
        if len(cdb) < 12:
            raise CheckCondition.of(SenseKey.ILLEGAL_REQUEST, Asc.INVALID_FIELD_IN_CDB)
        _, flags, lba, length, control, _ = cls.FORMAT.unpack_from(cdb)
        return cls(lba, length, bool(flags & 0x08), bool(control & 0x80))


@dataclass(frozen=True, slots=True)
class Read12(Transfer12):
    """READ (12).    Source: MMC-5, 6.16."""

    OPCODE: ClassVar[int] = 0xA8
    NAME: ClassVar[str] = "READ (12)"


@dataclass(frozen=True, slots=True)
class Write12(Transfer12):
    """WRITE (12).    Source: MMC-5, 6.45."""

    OPCODE: ClassVar[int] = 0xAA
    NAME: ClassVar[str] = "WRITE (12)"
